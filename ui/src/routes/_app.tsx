import { createFileRoute, Outlet, redirect } from '@tanstack/react-router';
import { hasStatus } from '@/api/error';
import { AppShell } from '@/components/layout/app-shell';
import { applyZone, customerQuery } from '@/features/auth/session';
import { useAuth } from '@/stores/auth';

export const Route = createFileRoute('/_app')({
  // Everything below is for signed-in customers. The server decides; the hint only spares a question with a known answer.
  beforeLoad: async ({ context, location }) => {
    const toSignIn = () => redirect({ to: '/login', search: location.href === '/' ? {} : { redirect: location.href } });
    if (!useAuth.getState().maybeSignedIn) throw toSignIn();
    try {
      applyZone(await context.queryClient.ensureQueryData({ ...customerQuery, revalidateIfStale: true }));
    } catch (e) {
      if (hasStatus(e, 401)) throw toSignIn();
      throw e;
    }
  },
  component: App,
});

function App() {
  return (
    <AppShell>
      <Outlet />
    </AppShell>
  );
}

import type { QueryClient } from '@tanstack/react-query';
import { createRootRouteWithContext, Outlet } from '@tanstack/react-router';
import { lazy, Suspense } from 'react';
import { useSignInAgain } from '@/stores/sign-in-again';
import { useToaster } from '@/stores/toaster';

const Toaster = lazy(() => import('@/components/ui/toaster').then((m) => ({ default: m.Toaster })));
const SignInAgainDialog = lazy(() =>
  import('@/features/auth/sign-in-again-dialog').then((m) => ({ default: m.SignInAgainDialog })),
);

export const Route = createRootRouteWithContext<{ queryClient: QueryClient }>()({ component: Root });

function Root() {
  const toaster = useToaster((s) => s.needed);
  const asking = useSignInAgain((s) => s.asking);
  return (
    <>
      <Outlet />
      {asking && (
        <Suspense fallback={null}>
          <SignInAgainDialog />
        </Suspense>
      )}
      {toaster && (
        <Suspense fallback={null}>
          <Toaster />
        </Suspense>
      )}
    </>
  );
}

import { createFileRoute } from '@tanstack/react-router';
import { SignInPage } from '@/features/auth/sign-in-page';
import { only, type Search, text } from '@/lib/search';

export const Route = createFileRoute('/login')({
  validateSearch: (s: Search) => only({ redirect: text(s.redirect, 2_000) }),
  component: Login,
});

function Login() {
  return <SignInPage redirect={Route.useSearch().redirect} />;
}

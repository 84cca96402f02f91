import { queryClient } from '@/api';
import type { CustomerProfile } from '@/api/gen/types.gen';
import { whenSignedOut } from '@/api/renew';
import type { makeRouter } from '@/router';
import { useAuth } from '@/stores/auth';
import { useSignInAgain } from '@/stores/sign-in-again';
import { beginSession, customerQuery, forgetSession } from './session';

type Router = ReturnType<typeof makeRouter>;

let router: Router | null = null;
let waiting: { answer: Promise<boolean>; settle: (again: boolean) => void } | null = null;

/**
 * What happens when the session turns out to be over. A page that is open stays, with all that was typed into it: its owner is
 * asked to sign in again over it, and the requests that failed wait and are sent once more. Everywhere else: the sign-in page.
 */
export function guardSession(of: Router) {
  router = of;
  whenSignedOut(async () => {
    if (of.state.location.pathname === '/login') return false;
    // A sign-out in another tab is meant: nothing of the account stays on the screen.
    await useAuth.persist.rehydrate();
    const seen = queryClient.getQueryData(customerQuery.queryKey) !== undefined;
    if (!seen || !useAuth.getState().maybeSignedIn) {
      toSignIn();
      return false;
    }
    if (!waiting) {
      let settle = (_: boolean) => {};
      const answer = new Promise<boolean>((done) => {
        settle = done;
      });
      waiting = { answer, settle };
      useSignInAgain.getState().setAsking(true);
    }
    return waiting.answer;
  });
}

function toSignIn() {
  const href = router?.state.location.href ?? '/';
  // The form's own question before leaving would be of no use: nothing can be saved without a session.
  void router
    ?.navigate({ to: '/login', search: href === '/' ? {} : { redirect: href }, ignoreBlocker: true })
    .then(forgetSession);
}

function answer(again: boolean) {
  useSignInAgain.getState().setAsking(false);
  waiting?.settle(again);
  waiting = null;
}

/** Somebody signed in over the page. Only the same customer's requests go on: another one's page starts anew. */
export function signedInAgain(customer: CustomerProfile) {
  const before = queryClient.getQueryData(customerQuery.queryKey);
  if (before?.customer_id === customer.customer_id) {
    queryClient.setQueryData(customerQuery.queryKey, customer);
    answer(true);
    void queryClient.invalidateQueries();
    return;
  }
  answer(false);
  void router?.navigate({ to: '/', ignoreBlocker: true }).then(() => beginSession(customer));
}

/** The owner does not sign in now: what was typed is given up. */
export function leaveForSignIn() {
  answer(false);
  toSignIn();
}

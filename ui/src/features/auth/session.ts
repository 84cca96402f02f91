import { type Query, queryOptions, useQuery } from '@tanstack/react-query';
import { useRouter } from '@tanstack/react-router';
import { queryClient } from '@/api';
import { authCustomer, authLogout } from '@/api/gen/sdk.gen';
import type { CustomerProfile } from '@/api/gen/types.gen';
import { useAuth } from '@/stores/auth';
import { useWalletWidget } from '@/stores/wallet';
import { metaQuery } from './meta';

/** Who is signed in, asked of the server. Everything behind sign-in waits for this once. */
export const customerQuery = queryOptions({
  queryKey: ['session', 'customer'],
  queryFn: async ({ signal }) => (await authCustomer({ signal, throwOnError: true })).data,
  staleTime: 60_000,
});

export const useCustomer = () => useQuery(customerQuery).data;

/** All but what is of no account: the installation. */
const ofAccount = (q: Query) => q.queryKey[0] !== metaQuery.queryKey[0];

/** Somebody signed in: nothing of the account before may be seen. What stands on the screen loads again. */
export function beginSession(customer: CustomerProfile) {
  queryClient.removeQueries({ type: 'inactive', predicate: ofAccount });
  queryClient.getMutationCache().clear();
  void queryClient.resetQueries({ type: 'active', predicate: ofAccount });
  queryClient.setQueryData(customerQuery.queryKey, customer);
}

/** Nobody is signed in: not even a hint is left that somebody was. */
export function forgetSession() {
  useAuth.getState().signedOut();
  useWalletWidget.getState().setOpen(false);
  queryClient.removeQueries({ predicate: ofAccount });
  queryClient.getMutationCache().clear();
}

export function useSignOut() {
  const router = useRouter();
  return async () => {
    await authLogout({ throwOnError: true });
    await router.navigate({ to: '/login' });
    forgetSession();
  };
}

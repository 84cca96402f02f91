import { type Query, queryOptions, useQuery } from '@tanstack/react-query';
import { useRouter } from '@tanstack/react-router';
import { queryClient } from '@/api';
import { authCustomer, authLogout } from '@/api/gen/sdk.gen';
import type { CustomerProfile } from '@/api/gen/types.gen';
import { setOwnZone } from '@/lib/time';
import { useAuth } from '@/stores/auth';
import { useUi } from '@/stores/ui';
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

/** The zone of the profile is what "your zone" means wherever times are shown. */
export const applyZone = (customer: CustomerProfile) => setOwnZone(customer.preferences.time_zone);

/** The theme of the profile comes along when its owner signs in; "system" leaves what was chosen in this browser. */
function applyTheme({ preferences: { theme } }: CustomerProfile) {
  if (theme !== 'system') useUi.getState().setTheme(theme);
}

/** Somebody signed in: nothing of the account before may be seen. What stands on the screen loads again. */
export function beginSession(customer: CustomerProfile) {
  queryClient.removeQueries({ type: 'inactive', predicate: ofAccount });
  queryClient.getMutationCache().clear();
  void queryClient.resetQueries({ type: 'active', predicate: ofAccount });
  queryClient.setQueryData(customerQuery.queryKey, customer);
  applyZone(customer);
  applyTheme(customer);
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

import { queryOptions, useQuery } from '@tanstack/react-query';
import { useRouter } from '@tanstack/react-router';
import { queryClient } from '@/api';
import { authCustomer, authLogout } from '@/api/gen/sdk.gen';
import { useAuth } from '@/stores/auth';
import { useWalletWidget } from '@/stores/wallet';

/** Who is signed in, asked of the server. Everything behind sign-in waits for this once. */
export const customerQuery = queryOptions({
  queryKey: ['session', 'customer'],
  queryFn: async ({ signal }) => (await authCustomer({ signal, throwOnError: true })).data,
  staleTime: 60_000,
});

export const useCustomer = () => useQuery(customerQuery).data;

/** After this nothing of the account is left in the page: not its data, not a hint that somebody was signed in. */
export function forgetSession() {
  useAuth.getState().signedOut();
  useWalletWidget.getState().setOpen(false);
  queryClient.clear();
}

export function useSignOut() {
  const router = useRouter();
  return async () => {
    await authLogout({ throwOnError: true });
    await router.navigate({ to: '/login' });
    forgetSession();
  };
}

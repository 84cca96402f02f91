import { queryOptions, useQuery } from '@tanstack/react-query';
import { metaGet } from '@/api/gen/sdk.gen';

/** What this installation is: its network and version. It does not change while a page lives. */
export const metaQuery = queryOptions({
  queryKey: ['meta'],
  queryFn: async ({ signal }) => (await metaGet({ signal, throwOnError: true })).data,
  staleTime: Number.POSITIVE_INFINITY,
});

export const useMeta = () => useQuery(metaQuery).data;
export const useNetwork = () => useMeta()?.network;
/** "Sui testnet" */
export const networkName = (network: string | undefined) => (network ? `Sui ${network}` : 'Sui');

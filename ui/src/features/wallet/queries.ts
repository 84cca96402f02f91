import { infiniteQueryOptions, queryOptions } from '@tanstack/react-query';
import { walletBalanceOptions, walletTransactionsOptions } from '@/api/gen/@tanstack/react-query.gen';
import { walletTransactions } from '@/api/gen/sdk.gen';

export const balanceQuery = queryOptions({ ...walletBalanceOptions(), refetchInterval: 10_000 });

export const lastTransactionsQuery = (limit: number) =>
  queryOptions({
    ...walletTransactionsOptions({ query: { limit } }),
    select: (d) => d.transactions,
    refetchInterval: 15_000,
  });

/** The whole ledger, page by page. */
export const transactionsQuery = infiniteQueryOptions({
  queryKey: ['wallet', 'ledger'],
  queryFn: async ({ pageParam, signal }) =>
    (
      await walletTransactions({
        query: { limit: 50, ...(pageParam && { cursor: pageParam }) },
        signal,
        throwOnError: true,
      })
    ).data,
  initialPageParam: '',
  getNextPageParam: (last) => last.next_cursor || undefined,
});

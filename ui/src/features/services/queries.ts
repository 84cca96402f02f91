import { queryOptions, useQuery } from '@tanstack/react-query';
import { queryClient } from '@/api';
import {
  servicesHistoryOptions,
  servicesListApiKeysOptions,
  servicesListOptions,
} from '@/api/gen/@tanstack/react-query.gen';
import { servicesGetConfig, servicesQuote, servicesReplay } from '@/api/gen/sdk.gen';
import type { ConfigOut, ServicesListResponse } from '@/api/gen/types.gen';

/** Every service of the catalog with the customer's configuration of it. The sidebar, cards, forms and keys all read this. */
export const servicesQuery = queryOptions({
  ...servicesListOptions(),
  select: (d: ServicesListResponse) => d.services,
});

/** One service of the list; undefined while loading and when there is none of that name. */
export const useService = (name: string) => useQuery(servicesQuery).data?.find((s) => s.type.name === name);

/** Puts what the server answered after a change into the list, so that every page shows it at once. */
export function putConfiguration(configuration: ConfigOut) {
  queryClient.setQueryData<ServicesListResponse>(
    servicesListOptions().queryKey,
    (list) =>
      list && {
        ...list,
        services: list.services.map((s) => (s.type.name === configuration.service ? { ...s, configuration } : s)),
      },
  );
  void queryClient.invalidateQueries({ queryKey: historyQuery(configuration.service).queryKey });
}

export const freshConfiguration = async (service: string): Promise<ConfigOut> =>
  (await servicesGetConfig({ path: { service }, throwOnError: true })).data;

export const historyQuery = (service: string) =>
  queryOptions({ ...servicesHistoryOptions({ path: { service }, query: { limit: 10 } }), select: (d) => d.versions });

/** The price of a configuration that is not saved, by the server's own calculator. */
export const quoteQuery = (service: string, config: Record<string, unknown>) =>
  queryOptions({
    queryKey: ['quote', service, config],
    queryFn: async ({ signal }) =>
      (await servicesQuote({ path: { service }, body: { config }, signal, throwOnError: true })).data,
    staleTime: 5 * 60_000,
  });

/** What last month would have cost with a configuration. */
export const replayQuery = (service: string, config: Record<string, unknown>) =>
  queryOptions({
    queryKey: ['replay', service, config],
    queryFn: async ({ signal }) =>
      (await servicesReplay({ path: { service }, body: { config }, signal, throwOnError: true })).data,
    staleTime: 5 * 60_000,
  });

export const apiKeysQuery = queryOptions({ ...servicesListApiKeysOptions(), select: (d) => d.api_keys });

/** The same answer whole: with the address that a key's networks should let in. */
export const accessQuery = queryOptions(servicesListApiKeysOptions());

/** After a key came or went: the list, and how many keys each configuration says exist. */
export const apiKeysChanged = () =>
  Promise.all([
    queryClient.invalidateQueries({ queryKey: apiKeysQuery.queryKey }),
    queryClient.invalidateQueries({ queryKey: servicesQuery.queryKey }),
  ]);

import { keepPreviousData, queryOptions } from '@tanstack/react-query';
import { logsListOptions, logsStatsOptions } from '@/api/gen/@tanstack/react-query.gen';
import { iso } from '@/lib/time';
import { RANGES, type Range, windowOf } from './ranges';

/**
 * Requests by bucket over the range and the range before it, which it is compared with. `now` moves the window along; while the
 * next one loads, the one before stays on the screen.
 */
export function statsQuery(range: Range, now: number) {
  const { from, to } = windowOf(range, now);
  return queryOptions({
    ...logsStatsOptions({ query: { from: iso(from - RANGES[range].span), to: iso(to), step: RANGES[range].step } }),
    placeholderData: keepPreviousData,
    refetchInterval: RANGES[range].refreshMs,
  });
}

/** A page of requests, newest first. */
export const requestsQuery = (query: { service?: string; cursor?: string; limit: number }) =>
  queryOptions({
    ...logsListOptions({
      query: {
        limit: query.limit,
        ...(query.service && { service: [query.service] }),
        ...(query.cursor && { cursor: query.cursor }),
      },
    }),
    placeholderData: keepPreviousData,
  });

/** How often a live list asks for what is new. */
export const LIVE_MS = 3_000;

import { keepPreviousData, queryOptions } from '@tanstack/react-query';
import { billingUsageOptions } from '@/api/gen/@tanstack/react-query.gen';
import { DAY, floorTo, iso, monthStart } from '@/lib/time';

/** What was used and charged in [from, to), by hour or UTC day. */
export const usageQuery = (from: number, to: number, step: 'hour' | 'day') =>
  queryOptions({
    ...billingUsageOptions({ query: { from: iso(from), to: iso(to), step } }),
    placeholderData: keepPreviousData,
    refetchInterval: 15_000,
  });

/** This UTC month until the end of today. The key changes once a day. */
export const monthUsageQuery = (now: number) => usageQuery(monthStart(now), floorTo(now, DAY) + DAY, 'day');

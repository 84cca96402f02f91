import { type Clock, ceilTo, DAY, day, HOUR, hourMinute, MINUTE, zoneName } from '@/lib/time';

/** The spans a chart of requests can show. `bucket` is what one column stands for, `step` what the API is asked for. */
export const RANGES = {
  '1h': { label: '1 h', long: 'last hour', span: HOUR, bucket: MINUTE, step: 'minute', refreshMs: 5_000 },
  '24h': { label: '24 h', long: 'last 24 hours', span: DAY, bucket: HOUR, step: 'hour', refreshMs: 10_000 },
  '7d': { label: '7 d', long: 'last 7 days', span: 7 * DAY, bucket: 3 * HOUR, step: 'hour', refreshMs: 60_000 },
  '30d': { label: '30 d', long: 'last 30 days', span: 30 * DAY, bucket: DAY, step: 'hour', refreshMs: 60_000 },
} as const;

export type Range = keyof typeof RANGES;
export const RANGE_NAMES = Object.keys(RANGES) as Range[];
export const RANGE_OPTIONS = RANGE_NAMES.map((value) => ({
  value,
  label: RANGES[value].label,
  title: `The ${RANGES[value].long}`,
}));

/** [from, to) in whole buckets; the last bucket is the one that is filling now. */
export function windowOf(range: Range, now: number): { from: number; to: number } {
  const { span, bucket } = RANGES[range];
  const to = ceilTo(now + 1, bucket);
  return { from: to - span, to };
}

/** What a column is called: "24 Nov, 14:00 to 15:00 UTC", "24 Nov (UTC day)". */
export function nameBucket(range: Range, at: number, clock: Clock): string {
  const { bucket } = RANGES[range];
  // Days are UTC days on any clock: the totals behind them are kept by UTC hour.
  if (bucket === DAY) return `${day(at, 'utc')} (UTC day)`;
  if (bucket === MINUTE) return `${hourMinute(at, clock)} ${zoneName(clock)}`;
  return `${day(at, clock)}, ${hourMinute(at, clock)} to ${hourMinute(at + bucket, clock)} ${zoneName(clock)}`;
}

/** What stands under a column. */
export function tickBucket(range: Range, at: number, clock: Clock): string {
  const { span, bucket } = RANGES[range];
  if (bucket === DAY) return day(at, 'utc');
  return span > DAY ? day(at, clock) : hourMinute(at, clock);
}

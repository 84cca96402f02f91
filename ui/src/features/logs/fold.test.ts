import { describe, expect, test } from 'vitest';
import type { RequestBucket, RequestStats } from '@/api/gen/types.gen';
import { HOUR } from '@/lib/time';
import { byOutcome, byService, quantile, totals } from './fold';
import { windowOf } from './ranges';

const T0 = Date.UTC(2026, 10, 24, 0);
const bucket = (hour: number, over: Partial<RequestBucket> = {}): RequestBucket => ({
  at: new Date(T0 + hour * HOUR).toISOString(),
  requests: 10,
  billable: 8,
  bytes: 1_000,
  status_2xx: 8,
  status_3xx: 0,
  status_4xx: 1,
  status_429: 1,
  status_5xx: 1,
  status_other: 0,
  duration_sum_ms: 100,
  latency: [5, 4, 1],
  ...over,
});
const stats: RequestStats = {
  from: new Date(T0).toISOString(),
  to: new Date(T0 + 6 * HOUR).toISOString(),
  step: 'hour',
  latency_bounds_ms: [10, 100],
  services: [
    { service: 'grpc', buckets: [bucket(0), bucket(1), bucket(5)] },
    { service: 'seal', buckets: [bucket(1, { requests: 7 })] },
  ],
};

test('columns line up for every service, also for one without a request', () => {
  expect(byService(stats, ['seal', 'grpc', 'graphql'], T0, T0 + 6 * HOUR, 3 * HOUR)).toEqual([
    { at: T0, values: [7, 20, 0] },
    { at: T0 + 3 * HOUR, values: [0, 10, 0] },
  ]);
});

test('what lies outside of the window is left out', () => {
  expect(byService(stats, ['grpc'], T0 + HOUR, T0 + 2 * HOUR, HOUR)).toEqual([{ at: T0 + HOUR, values: [10] }]);
});

test('outcomes of a bucket add up to its requests', () => {
  const [first] = byOutcome(stats, 'grpc', T0, T0 + HOUR, HOUR);
  expect(first?.values).toEqual([8, 1, 0, 1, 0]);
});

test('totals are of one service, of all, or of a part of the time', () => {
  expect(totals(stats, 'grpc')).toMatchObject({ requests: 30, billable: 24, bytes: 3_000, failed: 3, refused: 3 });
  expect(totals(stats, undefined).requests).toBe(37);
  expect(totals(stats, 'grpc', T0 + HOUR, T0 + 5 * HOUR).requests).toBe(10);
});

describe('a quantile names the class it falls in and makes nothing up', () => {
  test.each([
    [[5, 4, 1], 0.5, { ms: 10, over: false }],
    [[5, 4, 1], 0.9, { ms: 100, over: false }],
    [[5, 4, 1], 0.99, { ms: 100, over: true }],
    [[0, 0, 0], 0.5, null],
  ])('%j at %d', (classes, q, latency) => expect(quantile([10, 100], classes, q)).toEqual(latency));
});

test('a window ends with the bucket that is filling', () => {
  expect(windowOf('24h', T0 + 90 * 60_000)).toEqual({ from: T0 - 22 * HOUR, to: T0 + 2 * HOUR });
  expect(windowOf('24h', T0)).toEqual({ from: T0 - 23 * HOUR, to: T0 + HOUR });
});

import { describe, expect, test } from 'vitest';
import type { UsageAnswer } from '@/api/gen/types.gen';
import { formatUsdExact, parseUsd } from '@/lib/money';
import { iso } from '@/lib/time';
import { PERIODS, spanOf } from './periods';
import { rows } from './table';

const now = Date.UTC(2026, 0, 3, 14, 5, 9);

describe('a period is cut in UTC, and ends with what is running', () => {
  test.each([
    ['month', '2026-01-01T00:00:00Z', '2026-01-04T00:00:00Z', 'January 2026'],
    ['last-month', '2025-12-01T00:00:00Z', '2026-01-01T00:00:00Z', 'December 2025'],
    ['7d', '2025-12-28T00:00:00Z', '2026-01-04T00:00:00Z', 'the last 7 days'],
    ['24h', '2026-01-02T15:00:00Z', '2026-01-03T15:00:00Z', 'the last 24 hours'],
  ] as const)('%s', (period, from, to, label) => {
    const s = spanOf(period, now);
    expect([iso(s.from), iso(s.to), s.label]).toEqual([from, to, label]);
  });

  test('every period is whole steps', () => {
    for (const p of PERIODS) {
      const s = spanOf(p, now);
      expect((s.to - s.from) % s.width).toBe(0);
    }
  });
});

test('rows add up to the total to the micro', () => {
  const bucket = (start: string, service: string, amount_usd: string) => ({
    start,
    service,
    requests: 2,
    billable: 1,
    bytes: 10,
    amount_usd,
    plan_usd: '0.000000',
  });
  const usage: UsageAnswer = {
    from: '2026-01-01T00:00:00Z',
    to: '2026-01-03T00:00:00Z',
    step: 'day',
    billed_through: null,
    total: { requests: 6, billable: 3, bytes: 30, amount_usd: '0.600001', plan_usd: '0.000000' },
    services: [],
    buckets: [
      bucket('2026-01-01T00:00:00Z', 'grpc', '0.100000'),
      bucket('2026-01-01T00:00:00Z', 'seal', '0.200000'),
      bucket('2026-01-02T00:00:00Z', 'seal', '0.300001'),
    ],
  };
  const list = rows(usage);
  expect(list.map((r) => [iso(r.start), r.requests, formatUsdExact(r.amount), r.parts.length])).toEqual([
    ['2026-01-02T00:00:00Z', 2, '$0.300001', 1],
    ['2026-01-01T00:00:00Z', 4, '$0.30', 2],
  ]);
  expect(list.reduce((s, r) => s + r.amount, 0n)).toBe(parseUsd(usage.total.amount_usd));
});

import type { UsageAnswer, UsageBucket } from '@/api/gen/types.gen';
import { type Micros, parseUsd } from '@/lib/money';

export interface UsageRow {
  start: number;
  requests: number;
  billable: number;
  bytes: number;
  amount: Micros;
  /** By service, in the order of the answer. */
  parts: UsageBucket[];
}

/** The buckets of one step as one row, newest first. A step without usage has none. */
export function rows(usage: UsageAnswer): UsageRow[] {
  const by = new Map<number, UsageRow>();
  for (const b of usage.buckets) {
    const start = Date.parse(b.start);
    const row = by.get(start) ?? { start, requests: 0, billable: 0, bytes: 0, amount: 0n, parts: [] };
    row.requests += b.requests;
    row.billable += b.billable;
    row.bytes += b.bytes;
    row.amount += parseUsd(b.amount_usd);
    row.parts.push(b);
    by.set(start, row);
  }
  return [...by.values()].sort((a, b) => b.start - a.start);
}

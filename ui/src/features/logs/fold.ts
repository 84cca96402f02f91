import type { RequestBucket, RequestStats } from '@/api/gen/types.gen';
import type { Column } from '@/components/charts/stacked-columns';

type Count = (b: RequestBucket) => number;

/**
 * Columns of `bucket` ms over [from, to), one value for each of `counts`. API buckets are finer or equal; what lies outside is
 * left out. A series without any request is all zeros, so that columns always line up.
 */
function columns(
  from: number,
  to: number,
  bucket: number,
  parts: readonly { buckets: readonly RequestBucket[]; count: Count }[],
): Column[] {
  const n = Math.max(0, Math.ceil((to - from) / bucket));
  const out = Array.from({ length: n }, (_, i) => ({ at: from + i * bucket, values: parts.map(() => 0) }));
  parts.forEach(({ buckets, count }, k) => {
    for (const b of buckets) {
      const values = out[Math.floor((Date.parse(b.at) - from) / bucket)]?.values;
      if (values) values[k] = (values[k] ?? 0) + count(b);
    }
  });
  return out;
}

const bucketsOf = (stats: RequestStats, service: string) =>
  stats.services.find((s) => s.service === service)?.buckets ?? [];

/** One series for each service. */
export const byService = (
  stats: RequestStats,
  services: readonly string[],
  from: number,
  to: number,
  bucket: number,
): Column[] =>
  columns(
    from,
    to,
    bucket,
    services.map((s) => ({ buckets: bucketsOf(stats, s), count: (b) => b.requests })),
  );

/** The outcomes of a request, in the order they are stacked. */
export const OUTCOMES: readonly { key: string; name: string; color: string; count: Count }[] = [
  { key: 'ok', name: 'Answered (2xx, 3xx)', color: 'var(--chart-1)', count: (b) => b.status_2xx + b.status_3xx },
  { key: 'limited', name: 'Over the limit (429)', color: 'var(--chart-4)', count: (b) => b.status_429 },
  { key: 'refused', name: 'Refused (other 4xx)', color: 'var(--chart-3)', count: (b) => b.status_4xx - b.status_429 },
  { key: 'failed', name: 'Failed (5xx)', color: 'var(--chart-5)', count: (b) => b.status_5xx },
  { key: 'left', name: 'Client left', color: 'var(--muted-foreground)', count: (b) => b.status_other },
];

/** One series for each outcome, of one service. */
export const byOutcome = (stats: RequestStats, service: string, from: number, to: number, bucket: number): Column[] =>
  columns(
    from,
    to,
    bucket,
    OUTCOMES.map(({ count }) => ({ buckets: bucketsOf(stats, service), count })),
  );

export interface Totals {
  requests: number;
  billable: number;
  bytes: number;
  failed: number;
  refused: number;
  /** Latency at the quantile, as the bound of the histogram's class it falls in; null: nothing was timed. */
  latency: (quantile: number) => Latency | null;
}
export interface Latency {
  ms: number;
  /** The class is open: more than ms. */
  over: boolean;
}

/** Sums over [from, to) of one service, or of all of them. */
export function totals(
  stats: RequestStats,
  service: string | undefined,
  from = Number.NEGATIVE_INFINITY,
  to = Number.POSITIVE_INFINITY,
): Totals {
  const sum = { requests: 0, billable: 0, bytes: 0, failed: 0, refused: 0 };
  const classes: number[] = stats.latency_bounds_ms.map(() => 0).concat(0);
  for (const s of stats.services) {
    if (service !== undefined && s.service !== service) continue;
    for (const b of s.buckets) {
      const at = Date.parse(b.at);
      if (at < from || at >= to) continue;
      sum.requests += b.requests;
      sum.billable += b.billable;
      sum.bytes += b.bytes;
      sum.failed += b.status_5xx;
      sum.refused += b.status_4xx;
      b.latency.forEach((n, i) => {
        classes[i] = (classes[i] ?? 0) + n;
      });
    }
  }
  return { ...sum, latency: (q) => quantile(stats.latency_bounds_ms, classes, q) };
}

/** The class in which the q-th of the counted requests falls. Exact to the class; no value inside of it is made up. */
export function quantile(bounds: readonly number[], classes: readonly number[], q: number): Latency | null {
  const all = classes.reduce((s, n) => s + n, 0);
  if (all === 0) return null;
  let seen = 0;
  for (const [i, n] of classes.entries()) {
    seen += n;
    if (seen >= Math.ceil(q * all)) {
      const bound = bounds[i];
      return bound === undefined ? { ms: bounds.at(-1) ?? 0, over: true } : { ms: bound, over: false };
    }
  }
  return null;
}

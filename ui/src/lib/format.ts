const compact = new Intl.NumberFormat('en-US', { notation: 'compact', maximumSignificantDigits: 3 });
const whole = new Intl.NumberFormat('en-US');

/** 1234567 -> "1,234,567", for tables and tooltips. */
export const count = (n: number) => whole.format(n);
/** 1234567 -> "1.23M", for summaries. */
export const short = (n: number) => compact.format(n);

/** A share with as many digits as it needs to be neither 0 % nor 100 % by rounding. */
export function percent(part: number, total: number): string {
  if (total <= 0 || part <= 0) return '0%';
  if (part >= total) return '100%';
  const p = (part / total) * 100;
  if (p < 0.01) return '<0.01%';
  if (p > 99.99) return '>99.99%';
  return `${p < 10 ? p.toFixed(2) : p.toFixed(1)}%`;
}

const UNITS = ['B', 'KiB', 'MiB', 'GiB', 'TiB', 'PiB'] as const;
/** Binary units: bandwidth is sold by the GiB (2^30 bytes). */
export function bytes(n: number): string {
  let unit = 0;
  let v = n;
  while (v >= 1024 && unit < UNITS.length - 1) {
    v /= 1024;
    unit++;
  }
  return `${unit === 0 || v >= 100 ? Math.round(v) : v.toFixed(1)} ${UNITS[unit]}`;
}

export function duration(ms: number): string {
  if (ms < 1) return '<1 ms';
  if (ms < 1_000) return `${Math.round(ms)} ms`;
  if (ms < 60_000) return `${(ms / 1_000).toFixed(ms < 10_000 ? 2 : 1)} s`;
  return `${Math.floor(ms / 60_000)} min ${Math.round((ms % 60_000) / 1_000)} s`;
}

/** 0x12ab…9f3e. The full value belongs in a title or behind a copy button. */
export const shortAddress = (a: string) => (a.length > 14 ? `${a.slice(0, 6)}…${a.slice(-4)}` : a);

export const plural = (n: number, one: string, many = `${one}s`) => `${count(n)} ${n === 1 ? one : many}`;

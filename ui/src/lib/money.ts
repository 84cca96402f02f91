/** Micro-dollars: 1e-6 USD, one base unit of 6-decimal USDC. The API speaks decimal strings, this file is the only door. */
export type Micros = bigint;

const ONE_USD = 1_000_000n;
const ONE_CENT = 10_000n;

/** Reads a decimal USD string of the API ("12.340000"). Throws on anything else: a wrong amount must never be shown. */
export function parseUsd(text: string): Micros {
  const m = /^(-)?(\d+)(?:\.(\d{1,6}))?$/.exec(text);
  if (!m) throw new Error(`not an amount in USD: ${JSON.stringify(text)}`);
  const micros = BigInt(m[2] ?? '0') * ONE_USD + BigInt((m[3] ?? '').padEnd(6, '0'));
  return m[1] ? -micros : micros;
}

const grouped = new Intl.NumberFormat('en-US');
const abs = (m: Micros) => (m < 0n ? -m : m);
const sign = (m: Micros) => (m < 0n ? '−' : '');

/**
 * For summaries: cents, cut toward zero as a balance must never look larger than it is.
 * An amount below a cent is "<$0.01", never "$0.00".
 */
export function formatUsd(m: Micros): string {
  const a = abs(m);
  if (a !== 0n && a < ONE_CENT) return m < 0n ? '−<$0.01' : '<$0.01';
  const cents = a / ONE_CENT;
  return `${sign(m)}$${grouped.format(cents / 100n)}.${String(cents % 100n).padStart(2, '0')}`;
}

/** As the API writes amounts: dollars with six decimals. */
export const formatMicros = (m: Micros): string =>
  `${m < 0n ? '-' : ''}${abs(m) / ONE_USD}.${String(abs(m) % ONE_USD).padStart(6, '0')}`;

/** For tables, tooltips and prices: every digit that is not a trailing zero, at least cents. "$0.0001", "$1.25". */
export function formatUsdExact(m: Micros): string {
  const a = abs(m);
  const fraction = String(a % ONE_USD)
    .padStart(6, '0')
    .replace(/0{1,4}$/, '');
  return `${sign(m)}$${grouped.format(a / ONE_USD)}.${fraction}`;
}

/** With its sign, for differences: "+$5.40", "−$5.40". */
export const formatUsdChange = (m: Micros) => (m > 0n ? `+${formatUsdExact(m)}` : formatUsdExact(m));

export const sumUsd = (amounts: readonly string[]): Micros => amounts.reduce((sum, a) => sum + parseUsd(a), 0n);

/** Only for drawing (bar heights, axis): the number loses nothing visible, and never goes back into an amount. */
export const usdForDrawing = (m: Micros): number => Number(m) / 1e6;

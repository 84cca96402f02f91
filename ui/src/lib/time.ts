/** How instants are read out: in UTC, as everything is stored and billed, or in the visitor's own zone. */
export type Clock = 'utc' | 'local';

const cache = new Map<string, Intl.DateTimeFormat>();

let own: string | undefined;
const zone = (clock: Clock) => (clock === 'utc' ? 'UTC' : own);

/** The zone that "the visitor's own" means from now on, by its IANA name; empty, or unknown to this browser: the browser's. */
export function setOwnZone(name: string) {
  let next: string | undefined;
  try {
    next = name === '' ? undefined : new Intl.DateTimeFormat('en-GB', { timeZone: name }).resolvedOptions().timeZone;
  } catch {
    next = undefined; // the server's list of zones is newer than this browser's
  }
  if (next === own) return;
  own = next;
  cache.clear();
}

// en-GB: day before month in words, 24 hours. hourCycle h23, or midnight reads 24:00.
function formatter(key: string, clock: Clock, options: Intl.DateTimeFormatOptions): Intl.DateTimeFormat {
  const id = `${key} ${clock}`;
  let f = cache.get(id);
  if (!f) {
    f = new Intl.DateTimeFormat('en-GB', { hourCycle: 'h23', timeZone: zone(clock), ...options });
    cache.set(id, f);
  }
  return f;
}

export type Instant = string | number | Date;
const date = (at: Instant) => (at instanceof Date ? at : new Date(at));
const HM = { hour: '2-digit', minute: '2-digit' } as const;

/** 14:05 */
export const hourMinute = (at: Instant, clock: Clock) => formatter('hm', clock, HM).format(date(at));
/** 14:05:09 */
export const clockTime = (at: Instant, clock: Clock) =>
  formatter('hms', clock, { ...HM, second: '2-digit' }).format(date(at));
/** 3 Nov */
export const day = (at: Instant, clock: Clock) =>
  formatter('d', clock, { day: 'numeric', month: 'short' }).format(date(at));
/** 3 November 2026 */
export const dayLong = (at: Instant, clock: Clock) =>
  formatter('dl', clock, { day: 'numeric', month: 'long', year: 'numeric' }).format(date(at));
/** November 2026 */
export const month = (at: Instant, clock: Clock) =>
  formatter('m', clock, { month: 'long', year: 'numeric' }).format(date(at));
/** 3 Nov, 14:05 */
export const dayTime = (at: Instant, clock: Clock) =>
  formatter('dt', clock, { day: 'numeric', month: 'short', ...HM }).format(date(at));
/** 3 Nov, 14:05:09 */
export const dayTimeSeconds = (at: Instant, clock: Clock) =>
  formatter('dts', clock, { day: 'numeric', month: 'short', ...HM, second: '2-digit' }).format(date(at));
/** 3 Nov 2026, 14:05:09.123 */
export const exactTime = (at: Instant, clock: Clock) =>
  formatter('x', clock, {
    day: 'numeric',
    month: 'short',
    year: 'numeric',
    ...HM,
    second: '2-digit',
    fractionalSecondDigits: 3,
  }).format(date(at));

/** What a panel says once about its times: "UTC", or the zone's short name. */
export function zoneName(clock: Clock): string {
  if (clock === 'utc') return 'UTC';
  return (
    formatter('zone', clock, { timeZoneName: 'short' })
      .formatToParts(new Date())
      .find((p) => p.type === 'timeZoneName')?.value ?? 'local time'
  );
}

/** "just now", "12 s ago", "3 min ago", "2 h ago", "3 days ago" */
export function ago(at: Instant, now: number): string {
  const s = Math.max(0, Math.round((now - +date(at)) / 1000));
  if (s < 3) return 'just now';
  if (s < 60) return `${s} s ago`;
  if (s < 3_600) return `${Math.floor(s / 60)} min ago`;
  if (s < 86_400) return `${Math.floor(s / 3_600)} h ago`;
  const days = Math.floor(s / 86_400);
  return days === 1 ? '1 day ago' : `${days} days ago`;
}

export const MINUTE = 60_000;
export const HOUR = 60 * MINUTE;
export const DAY = 24 * HOUR;

/** RFC 3339 without milliseconds, as the API writes instants. */
export const iso = (ms: number) => new Date(ms).toISOString().replace('.000Z', 'Z');

export const floorTo = (ms: number, step: number) => ms - (ms % step);
export const ceilTo = (ms: number, step: number) => floorTo(ms + step - 1, step);
/** Billing months are UTC months, whatever clock the visitor reads. */
export const monthStart = (ms: number, offset = 0) => {
  const d = new Date(ms);
  return Date.UTC(d.getUTCFullYear(), d.getUTCMonth() + offset, 1);
};

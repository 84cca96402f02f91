import { DAY, floorTo, HOUR, month, monthStart } from '@/lib/time';

/** The spans the billing page can show. All of them are UTC: billing knows no other day. */
export const PERIODS = ['month', 'last-month', '7d', '24h'] as const;
export type Period = (typeof PERIODS)[number];

export const PERIOD_OPTIONS: { value: Period; label: string }[] = [
  { value: '24h', label: '24 h' },
  { value: '7d', label: '7 d' },
  { value: 'month', label: 'This month' },
  { value: 'last-month', label: 'Last month' },
];

export interface Span {
  from: number;
  to: number;
  step: 'hour' | 'day';
  /** The step in ms. */
  width: number;
  /** In a sentence: "in November 2026". */
  label: string;
}

export function spanOf(period: Period, now: number): Span {
  const today = floorTo(now, DAY) + DAY;
  switch (period) {
    case 'month':
      return { from: monthStart(now), to: today, step: 'day', width: DAY, label: month(now, 'utc') };
    case 'last-month': {
      const from = monthStart(now, -1);
      return { from, to: monthStart(now), step: 'day', width: DAY, label: month(from, 'utc') };
    }
    case '7d':
      return { from: today - 7 * DAY, to: today, step: 'day', width: DAY, label: 'the last 7 days' };
    case '24h': {
      const to = floorTo(now, HOUR) + HOUR;
      return { from: to - DAY, to, step: 'hour', width: HOUR, label: 'the last 24 hours' };
    }
  }
}

import { useCustomer } from '@/features/auth/session';
import { PERIODS, type Period } from '@/features/billing/periods';
import { RANGE_NAMES, type Range } from '@/features/logs/ranges';
import { oneOf } from '@/lib/search';

/** What a page shows when its address does not say, kept in the profile as the query part of an address by the page's name. */
const VIEWS = {
  overview: { parameter: 'range', choices: RANGE_NAMES as readonly string[], usual: '24h' },
  billing: { parameter: 'period', choices: PERIODS as readonly string[], usual: 'month' },
};
interface Views {
  overview: Range;
  billing: Period;
}

export type DefaultViews = Record<string, string>;

/** What no longer exists counts as the usual view. */
export function viewOf<P extends keyof Views>(page: P, saved: DefaultViews | undefined): Views[P] {
  const { parameter, choices, usual } = VIEWS[page];
  const kept = new URLSearchParams(saved?.[page]).get(parameter);
  return (oneOf(kept, choices) ?? usual) as Views[P];
}

/** The saved views with another one for the page; the usual view is not kept. */
export function withView<P extends keyof Views>(saved: DefaultViews, page: P, view: Views[P]): DefaultViews {
  const { [page]: _, ...others } = saved;
  const { parameter, usual } = VIEWS[page];
  return view === usual ? others : { ...others, [page]: `${parameter}=${view}` };
}

export const useDefaultView = <P extends keyof Views>(page: P): Views[P] =>
  viewOf(page, useCustomer()?.preferences.default_views);

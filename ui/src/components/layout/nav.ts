import type { LinkProps } from '@tanstack/react-router';
import {
  Boxes,
  CreditCard,
  KeyRound,
  LayoutDashboard,
  type LucideIcon,
  MonitorSmartphone,
  ScrollText,
  UserRound,
  Wallet,
} from 'lucide-react';

export interface NavItem {
  label: string;
  icon: LucideIcon;
  link: Pick<LinkProps, 'to' | 'params'>;
  /** g, then this letter. */
  key?: string;
}

/** The pages that always exist. The services between them come from the catalog. */
export const OVERVIEW: NavItem = { label: 'Overview', icon: LayoutDashboard, link: { to: '/' }, key: 'o' };
export const SERVICES: NavItem = { label: 'All services', icon: Boxes, link: { to: '/services' }, key: 's' };
export const REQUESTS: NavItem = { label: 'Requests', icon: ScrollText, link: { to: '/logs' }, key: 'r' };
export const ACCOUNT: NavItem[] = [
  { label: 'Billing', icon: CreditCard, link: { to: '/billing' }, key: 'b' },
  { label: 'Wallet', icon: Wallet, link: { to: '/wallet' }, key: 'w' },
  { label: 'API keys', icon: KeyRound, link: { to: '/api-keys' }, key: 'k' },
];
/** In the account menu, not in the sidebar. */
export const SETTINGS: NavItem[] = [
  { label: 'Profile', icon: UserRound, link: { to: '/settings/profile' } },
  { label: 'Sessions', icon: MonitorSmartphone, link: { to: '/settings/sessions' } },
];
export const PAGES: NavItem[] = [OVERVIEW, SERVICES, REQUESTS, ...ACCOUNT, ...SETTINGS];

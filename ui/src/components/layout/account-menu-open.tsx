// Its own chunk: the menu and what positions it are fetched when the page has come to rest, or when they are asked for.
import { Link } from '@tanstack/react-router';
import { Copy, Globe, LogOut, MapPin, Monitor, Moon, Sun } from 'lucide-react';
import type { ReactElement } from 'react';
import { Badge } from '@/components/ui/badge';
import {
  Menu,
  MenuContent,
  MenuItem,
  MenuLabel,
  MenuRadioGroup,
  MenuRadioItem,
  MenuSeparator,
  MenuTrigger,
} from '@/components/ui/menu';
import { useCustomer, useSignOut } from '@/features/auth/session';
import { shortAddress } from '@/lib/format';
import { notify } from '@/lib/notify';
import { type Clock, zoneName } from '@/lib/time';
import { usePreferences } from '@/stores/preferences';
import { type Theme, useUi } from '@/stores/ui';
import { SETTINGS } from './nav';

/** The account menu, open from the start: its closed form is account-menu.tsx. */
export function AccountMenuOpen({ trigger }: { trigger: ReactElement }) {
  const customer = useCustomer();
  const signOut = useSignOut();
  const { clock, setClock } = usePreferences();
  const { theme, setTheme } = useUi();
  return (
    <Menu defaultOpen modal={false}>
      <MenuTrigger asChild>{trigger}</MenuTrigger>
      <MenuContent className="w-64">
        {customer && (
          <>
            <MenuLabel className="flex items-center justify-between gap-2">
              <span>
                <span className="block">Signed in as</span>
                <span className="font-mono text-sm text-foreground">{shortAddress(customer.address)}</span>
              </span>
              {customer.operator && <Badge tone="info">Operator</Badge>}
              {customer.status === 'suspended' && <Badge tone="danger">Suspended</Badge>}
            </MenuLabel>
            <MenuItem
              onSelect={() => {
                navigator.clipboard.writeText(customer.address).then(
                  () => notify.done('Address copied'),
                  () =>
                    notify.problem('The browser did not let the address be copied. It is in the wallet panel in full.'),
                );
              }}
            >
              <Copy aria-hidden /> Copy address
            </MenuItem>
          </>
        )}
        {SETTINGS.map(({ label, icon: Icon, link }) => (
          <MenuItem key={label} asChild>
            <Link {...link}>
              <Icon aria-hidden /> {label}
            </Link>
          </MenuItem>
        ))}
        <MenuSeparator />
        <MenuLabel>Theme</MenuLabel>
        <MenuRadioGroup value={theme} onValueChange={(v) => setTheme(v as Theme)} aria-label="Theme">
          <MenuRadioItem value="light">
            <Sun aria-hidden /> Light
          </MenuRadioItem>
          <MenuRadioItem value="dark">
            <Moon aria-hidden /> Dark
          </MenuRadioItem>
          <MenuRadioItem value="system">
            <Monitor aria-hidden /> System
          </MenuRadioItem>
        </MenuRadioGroup>
        <MenuSeparator />
        <MenuLabel>Times are shown in</MenuLabel>
        <MenuRadioGroup value={clock} onValueChange={(v) => setClock(v as Clock)} aria-label="Times are shown in">
          <MenuRadioItem value="utc">
            <Globe aria-hidden /> UTC
          </MenuRadioItem>
          <MenuRadioItem value="local">
            <MapPin aria-hidden /> Your zone ({zoneName('local')})
          </MenuRadioItem>
        </MenuRadioGroup>
        <MenuSeparator />
        <MenuItem
          onSelect={() => {
            signOut().catch((e: unknown) => notify.failed('You are still signed in.', e));
          }}
        >
          <LogOut aria-hidden /> Sign out
        </MenuItem>
      </MenuContent>
    </Menu>
  );
}

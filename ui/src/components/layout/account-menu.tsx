import { ChevronDown, Copy, Globe, LogOut, MapPin, UserRound } from 'lucide-react';
import { Badge } from '@/components/ui/badge';
import { Button } from '@/components/ui/button';
import { Menu, MenuContent, MenuItem, MenuLabel, MenuRadioGroup, MenuRadioItem, MenuSeparator, MenuTrigger } from '@/components/ui/menu';
import { useCustomer, useSignOut } from '@/features/auth/session';
import { shortAddress } from '@/lib/format';
import { type Clock, zoneName } from '@/lib/time';
import { notify } from '@/lib/notify';
import { usePreferences } from '@/stores/preferences';
import { ThemeChoice } from './theme-menu';

export function AccountMenu() {
  const customer = useCustomer();
  const signOut = useSignOut();
  const { clock, setClock } = usePreferences();
  return (
    <Menu>
      <MenuTrigger asChild>
        <Button variant="ghost" size="sm" className="-mr-1" aria-label="Account menu">
          <span className="grid size-6 place-items-center rounded-full bg-accent text-on-accent">
            <UserRound aria-hidden className="size-3.5" />
          </span>
          <ChevronDown aria-hidden className="hidden size-3.5 text-muted-foreground sm:block" />
        </Button>
      </MenuTrigger>
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
                  () => notify.problem('The browser did not let the address be copied. It is in the wallet panel in full.'),
                );
              }}
            >
              <Copy aria-hidden /> Copy address
            </MenuItem>
            <MenuSeparator />
          </>
        )}
        <MenuLabel>Theme</MenuLabel>
        <ThemeChoice />
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

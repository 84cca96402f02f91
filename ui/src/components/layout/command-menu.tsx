// Its own chunk: fetched when the palette is opened for the first time.
import { useQuery } from '@tanstack/react-query';
import { useNavigate } from '@tanstack/react-router';
import { Command } from 'cmdk';
import { Globe, KeyRound, type LucideIcon, MapPin, Monitor, Moon, Sun } from 'lucide-react';
import { Dialog as D } from 'radix-ui';
import { lookOf } from '@/features/services/look';
import { servicesQuery } from '@/features/services/queries';
import { usePreferences } from '@/stores/preferences';
import { useUi } from '@/stores/ui';
import { PAGES } from './nav';

const group =
  '[&_[cmdk-group-heading]]:px-2.5 [&_[cmdk-group-heading]]:pt-2 [&_[cmdk-group-heading]]:pb-1 [&_[cmdk-group-heading]]:text-xs [&_[cmdk-group-heading]]:text-muted-foreground';

function Item({
  icon: Icon,
  label,
  hint,
  onSelect,
}: {
  icon: LucideIcon;
  label: string;
  hint?: string | undefined;
  onSelect: () => void;
}) {
  return (
    <Command.Item
      value={label}
      onSelect={onSelect}
      className="flex min-h-9 items-center gap-2.5 rounded-md px-2.5 text-sm data-[selected=true]:bg-accent data-[selected=true]:text-on-accent"
    >
      <Icon aria-hidden className="size-4 text-muted-foreground" />
      <span className="flex-1">{label}</span>
      {hint && <kbd className="font-sans text-xs text-muted-foreground">{hint}</kbd>}
    </Command.Item>
  );
}

export function CommandMenu({ open, onOpenChange }: { open: boolean; onOpenChange: (open: boolean) => void }) {
  const navigate = useNavigate();
  const services = useQuery(servicesQuery).data ?? [];
  const setTheme = useUi((s) => s.setTheme);
  const setClock = usePreferences((s) => s.setClock);
  const run = (work: () => void) => () => {
    onOpenChange(false);
    work();
  };
  return (
    <D.Root open={open} onOpenChange={onOpenChange}>
      <D.Portal>
        <D.Overlay className="fixed inset-0 z-50 bg-black/45 fade-motion" />
        <D.Content
          aria-describedby={undefined}
          className="fixed top-[12vh] left-1/2 z-50 w-[calc(100%-2rem)] max-w-lg -translate-x-1/2 overflow-hidden rounded-xl border bg-popover text-foreground shadow-pop outline-none pop-motion"
        >
          <D.Title className="sr-only">Go to</D.Title>
          <Command loop label="Go to">
            <Command.Input
              placeholder="Go to a page or a service, or do something…"
              className="h-12 w-full border-b bg-transparent px-4 text-base outline-none placeholder:text-muted-foreground sm:text-[15px]"
            />
            <Command.List className="max-h-80 overflow-y-auto p-1.5">
              <Command.Empty className="py-8 text-center text-muted-foreground">
                Nothing here has that name.
              </Command.Empty>
              <Command.Group heading="Pages" className={group}>
                {PAGES.map((p) => (
                  <Item
                    key={p.label}
                    icon={p.icon}
                    label={p.label}
                    hint={p.key && `g ${p.key}`}
                    onSelect={run(() => void navigate(p.link))}
                  />
                ))}
              </Command.Group>
              {services.length > 0 && (
                <Command.Group heading="Services" className={group}>
                  {services.map(({ type }) => (
                    <Item
                      key={type.name}
                      icon={lookOf(type.name).icon}
                      label={type.label}
                      onSelect={run(() => void navigate({ to: '/services/$service', params: { service: type.name } }))}
                    />
                  ))}
                </Command.Group>
              )}
              <Command.Group heading="Do" className={group}>
                <Item
                  icon={KeyRound}
                  label="Create an API key"
                  onSelect={run(() => void navigate({ to: '/api-keys', search: { create: true } }))}
                />
                <Item icon={Sun} label="Light theme" onSelect={run(() => setTheme('light'))} />
                <Item icon={Moon} label="Dark theme" onSelect={run(() => setTheme('dark'))} />
                <Item icon={Monitor} label="Theme of the system" onSelect={run(() => setTheme('system'))} />
                <Item icon={Globe} label="Times in UTC" onSelect={run(() => setClock('utc'))} />
                <Item icon={MapPin} label="Times in your zone" onSelect={run(() => setClock('local'))} />
              </Command.Group>
            </Command.List>
          </Command>
        </D.Content>
      </D.Portal>
    </D.Root>
  );
}

import { useQuery } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import { Skeleton } from '@/components/ui/skeleton';
import { useMeta } from '@/features/auth/meta';
import { lookOf } from '@/features/services/look';
import { pinnedFirst, usePins } from '@/features/services/pins';
import { servicesQuery } from '@/features/services/queries';
import { STATES } from '@/features/services/state';
import { cn } from '@/lib/cn';
import { ACCOUNT, type NavItem, OVERVIEW, REQUESTS, SERVICES } from './nav';

const row =
  'focus-ring-inset flex h-9 items-center gap-2.5 rounded-md px-2.5 text-sm text-foreground/80 transition-colors hover:bg-accent/60 hover:text-foreground aria-[current=page]:bg-accent aria-[current=page]:font-medium aria-[current=page]:text-on-accent pointer-coarse:h-11 [&_svg]:text-muted-foreground aria-[current=page]:[&_svg]:text-primary';

function Item({
  item,
  exact = false,
  dot,
  onNavigate,
}: {
  item: NavItem;
  exact?: boolean;
  dot?: { className: string; label: string };
  onNavigate?: (() => void) | undefined;
}) {
  const Icon = item.icon;
  return (
    <li>
      <Link {...item.link} onClick={onNavigate} activeOptions={{ exact, includeSearch: false }} className={row}>
        <Icon aria-hidden className="size-[17px] shrink-0" strokeWidth={1.8} />
        <span className="flex-1 truncate">{item.label}</span>
        {dot && (
          <>
            <span aria-hidden title={dot.label} className={cn('size-2 rounded-full', dot.className)} />
            <span className="sr-only">, {dot.label}</span>
          </>
        )}
      </Link>
    </li>
  );
}

function Group({ title, children }: { title?: string; children: React.ReactNode }) {
  return (
    <div>
      {title && <p className="mb-1 px-2.5 text-xs font-medium text-muted-foreground">{title}</p>}
      <ul className="space-y-0.5">{children}</ul>
    </div>
  );
}

export function SidebarNav({ onNavigate }: { onNavigate?: () => void }) {
  const services = useQuery(servicesQuery);
  const meta = useMeta();
  const pins = usePins();
  return (
    <nav aria-label="Main" className="flex h-full flex-col gap-5 overflow-y-auto px-3 py-4">
      <Group>
        <Item item={OVERVIEW} exact onNavigate={onNavigate} />
      </Group>
      <Group title="Infrastructure">
        <Item item={SERVICES} exact onNavigate={onNavigate} />
        {services.data &&
          pinnedFirst(services.data, pins).map(({ type, configuration }) => (
            <Item
              key={type.name}
              item={{
                label: type.label,
                icon: lookOf(type.name).icon,
                link: { to: '/services/$service', params: { service: type.name } },
              }}
              dot={{ className: STATES[configuration.state].dot, label: STATES[configuration.state].label }}
              onNavigate={onNavigate}
            />
          ))}
        {services.isPending &&
          [0, 1, 2].map((i) => (
            <li key={i} className="flex h-9 items-center px-2.5">
              <Skeleton className="h-4 w-28" />
            </li>
          ))}
      </Group>
      <Group title="Observe">
        <Item item={REQUESTS} onNavigate={onNavigate} />
      </Group>
      <Group title="Account">
        {ACCOUNT.map((item) => (
          <Item key={item.label} item={item} onNavigate={onNavigate} />
        ))}
      </Group>
      {meta && <p className="mt-auto border-t px-2.5 pt-3 text-xs text-muted-foreground">Suiftly {meta.version}</p>}
    </nav>
  );
}

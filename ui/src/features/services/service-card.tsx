import { Link } from '@tanstack/react-router';
import { ArrowRight } from 'lucide-react';
import type { RequestStats, ServiceOut, UsageAnswer } from '@/api/gen/types.gen';
import { Sparkline } from '@/components/charts/sparkline';
import { Badge } from '@/components/ui/badge';
import { Button } from '@/components/ui/button';
import { Card, CardFooter } from '@/components/ui/card';
import { Money } from '@/components/ui/money';
import { Skeleton } from '@/components/ui/skeleton';
import { byService, totals } from '@/features/logs/fold';
import { count, duration, percent, plural, short } from '@/lib/format';
import { formatUsdExact, parseUsd } from '@/lib/money';
import { DAY, HOUR } from '@/lib/time';
import { lookOf } from './look';
import { PinButton } from './pin-button';
import { reasons, STATES } from './state';

/** A service at a glance. `stats` are hourly and end now; `usage` is of this month. */
export function ServiceCard({
  service,
  stats,
  usage,
  heading = 'h2',
}: {
  service: ServiceOut;
  stats: RequestStats | undefined;
  usage: UsageAnswer | undefined;
  heading?: 'h2' | 'h3';
}) {
  const { type, configuration } = service;
  const { icon: Icon } = lookOf(type.name);
  const state = STATES[configuration.state];
  const Heading = heading;
  const never = configuration.version === 0;
  return (
    <Card className="overflow-hidden">
      <div className="flex items-start gap-3 px-5 pt-4">
        <span className="grid size-9 shrink-0 place-items-center rounded-lg bg-accent text-on-accent">
          <Icon aria-hidden className="size-[18px]" strokeWidth={1.8} />
        </span>
        <div className="min-w-0 flex-1">
          <Heading className="leading-5 font-semibold">{type.label}</Heading>
          <p className="line-clamp-2 text-[13px] text-muted-foreground">{type.description}</p>
        </div>
        <Badge tone={state.tone} dot>
          {never ? 'Not set up' : state.label}
        </Badge>
        <PinButton service={type.name} label={type.label} />
      </div>
      {configuration.enabled ? (
        <Numbers service={service} stats={stats} usage={usage} />
      ) : (
        <p className="flex-1 px-5 pt-4 pb-5 text-[13px] text-pretty text-muted-foreground">
          {never
            ? `From ${formatUsdExact(cheapest(service))} a month, and what you use. Nothing is charged before you turn it on.`
            : `Turned off. Requests are refused and nothing is charged; settings and ${plural(configuration.api_keys, 'API key')} are kept.`}
        </p>
      )}
      {configuration.state === 'suspended' && (
        <p className="px-5 pb-4 text-[13px] text-destructive">Suspended for {reasons(configuration.suspended_for)}.</p>
      )}
      <CardFooter>
        <Button asChild variant="link" size="inline">
          <Link
            to="/services/$service"
            params={{ service: type.name }}
            search={configuration.enabled ? {} : { tab: 'config' }}
          >
            {configuration.enabled ? 'Open' : never ? 'Set up' : 'Turn on'}{' '}
            <span className="sr-only">{type.label}</span> <ArrowRight aria-hidden />
          </Link>
        </Button>
      </CardFooter>
    </Card>
  );
}

const cheapest = ({ type }: ServiceOut) =>
  type.tiers
    .map((t) => parseUsd(t.monthly_usd))
    .reduce((a, b) => (b < a ? b : a), parseUsd(type.tiers[0]?.monthly_usd ?? '0'));

function Numbers({
  service: { type },
  stats,
  usage,
}: {
  service: ServiceOut;
  stats: RequestStats | undefined;
  usage: UsageAnswer | undefined;
}) {
  const to = stats ? Date.parse(stats.to) : 0;
  const day = stats && totals(stats, type.name, to - DAY, to);
  const p95 = day?.latency(0.95);
  const spent = usage && (usage.services.find((s) => s.service === type.name)?.amount_usd ?? '0');
  return (
    <>
      <div className="mt-4 flex items-end justify-between gap-4 px-5">
        <div>
          {day ? (
            <p className="tnum text-2xl leading-7 font-semibold tracking-tight" title={count(day.requests)}>
              {short(day.requests)}
            </p>
          ) : (
            <Skeleton className="h-7 w-20" />
          )}
          <p className="text-xs text-muted-foreground">requests, last 24 h</p>
        </div>
        {stats ? (
          <Sparkline
            values={byService(stats, [type.name], to - DAY, to, HOUR).map((c) => c.values[0] ?? 0)}
            color={lookOf(type.name).color}
            className="h-10 w-32"
          />
        ) : (
          <Skeleton className="h-10 w-32" />
        )}
      </div>
      <dl className="grid grid-cols-3 gap-3 px-5 py-4 text-[13px]">
        <Stat label="Failed">
          {day && (
            <span className={day.failed > day.requests / 100 ? 'text-warning' : undefined}>
              {percent(day.failed, day.requests)}
            </span>
          )}
        </Stat>
        <Stat label="p95">{day && (p95 ? `${p95.over ? '>' : '≤'} ${duration(p95.ms)}` : '–')}</Stat>
        <Stat label="This month">{spent && <Money usd={spent} />}</Stat>
      </dl>
    </>
  );
}

function Stat({ label, children }: { label: string; children: React.ReactNode }) {
  return (
    <div className="min-w-0">
      <dt className="text-xs text-muted-foreground">{label}</dt>
      <dd className="tnum font-medium whitespace-nowrap">{children ?? <Skeleton className="mt-1 h-4 w-12" />}</dd>
    </div>
  );
}

export const ServiceCardSkeleton = () => (
  <Card aria-hidden className="h-[226px] gap-4 p-5">
    <div className="flex gap-3">
      <Skeleton className="size-9" />
      <div className="flex-1 space-y-2">
        <Skeleton className="h-4 w-20" />
        <Skeleton className="h-3 w-40" />
      </div>
    </div>
    <Skeleton className="h-10" />
    <Skeleton className="h-10" />
  </Card>
);

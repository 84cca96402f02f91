import { useQuery } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import { ArrowDownRight, ArrowUpRight, ChartColumn } from 'lucide-react';
import { lazy, Suspense } from 'react';
import type { RequestStats, ServiceOut } from '@/api/gen/types.gen';
import { ShareBar } from '@/components/charts/share-bar';
import { Button } from '@/components/ui/button';
import { Card, CardAction, CardContent, CardDescription, CardHeader, CardTitle } from '@/components/ui/card';
import { Empty } from '@/components/ui/empty';
import { Loaded } from '@/components/ui/panel';
import { Skeleton } from '@/components/ui/skeleton';
import { lookOf } from '@/features/services/look';
import { servicesQuery } from '@/features/services/queries';
import { count, short } from '@/lib/format';
import { MINUTE, zoneName } from '@/lib/time';
import { useNow } from '@/lib/use-now';
import { useClock } from '@/stores/preferences';
import { byService, totals } from './fold';
import { statsQuery } from './queries';
import { nameBucket, RANGES, type Range, tickBucket, windowOf } from './ranges';

const StackedColumns = lazy(() =>
  import('@/components/charts/stacked-columns').then((m) => ({ default: m.StackedColumns })),
);

/** Requests over time, by service, compared with the time before. */
export function TrafficPanel({ range }: { range: Range }) {
  const clock = useClock();
  const now = useNow(MINUTE / 4);
  const stats = useQuery(statsQuery(range, now));
  const services = useQuery(servicesQuery);
  return (
    <Card>
      <CardHeader>
        <CardTitle>Requests</CardTitle>
        <CardDescription>
          All services, {RANGES[range].long}, {range === '30d' ? 'UTC days' : zoneName(clock)}
        </CardDescription>
        <CardAction>
          <Button asChild variant="link" size="inline">
            <Link to="/logs">Open requests</Link>
          </Button>
        </CardAction>
      </CardHeader>
      <CardContent className="flex min-h-[386px] flex-1 flex-col">
        <Loaded query={stats} what="Requests could not be loaded" skeleton={<TrafficSkeleton />}>
          {(data) => <Traffic stats={data} services={services.data ?? []} range={range} now={now} />}
        </Loaded>
      </CardContent>
    </Card>
  );
}

function Traffic({
  stats,
  services,
  range,
  now,
}: {
  stats: RequestStats;
  services: readonly ServiceOut[];
  range: Range;
  now: number;
}) {
  const clock = useClock();
  const { span, bucket, long } = RANGES[range];
  // While the next window loads, the data is of the one before: draw what it covers.
  const to = Math.min(windowOf(range, now).to, Date.parse(stats.to));
  const from = to - span;
  // The catalog's services in its order, then whatever else has traffic (a service that is sold no more).
  const names = [
    ...services.map((s) => s.type.name),
    ...stats.services.map((s) => s.service).filter((s) => !services.some((x) => x.type.name === s)),
  ];
  const parts = names.map((name) => {
    const { color } = lookOf(name);
    return {
      key: name,
      name: services.find((s) => s.type.name === name)?.type.label ?? name,
      color,
      value: totals(stats, name, from, to).requests,
      before: totals(stats, name, from - span, from).requests,
    };
  });
  const total = parts.reduce((s, p) => s + p.value, 0);
  if (total === 0) {
    return (
      <Empty icon={ChartColumn} title={`No requests in the ${long}`} className="flex-1">
        As soon as one of your services is called, it shows up here.
      </Empty>
    );
  }
  return (
    <>
      <dl className="grid grid-cols-2 gap-x-6 gap-y-3 sm:grid-cols-[repeat(auto-fit,minmax(7.5rem,1fr))]">
        <Figure label="Total" value={total} before={parts.reduce((s, p) => s + p.before, 0)} />
        {parts.map((p) => (
          <Figure key={p.key} label={p.name} color={p.color} value={p.value} before={p.before} />
        ))}
      </dl>
      <div className="mt-4">
        <ShareBar label="Share of requests" parts={parts} />
      </div>
      <div className="mt-5 h-[272px]">
        <Suspense fallback={<Skeleton className="size-full" />}>
          <StackedColumns
            label={`Requests by service, ${long}`}
            columns={byService(stats, names, from, to, bucket)}
            series={parts}
            nameOf={(at) => nameBucket(range, at, clock)}
            tickOf={(at) => tickBucket(range, at, clock)}
            format={(v, exact) => (exact ? count(v) : short(v))}
            fillingFrom={to - bucket}
          />
        </Suspense>
      </div>
    </>
  );
}

function Figure({ label, value, before, color }: { label: string; value: number; before: number; color?: string }) {
  return (
    <div>
      <dt className="flex items-center gap-1.5 text-[13px] text-muted-foreground">
        {color && <span aria-hidden className="size-2 rounded-full" style={{ backgroundColor: color }} />}
        {label}
      </dt>
      <dd className="flex items-baseline gap-1.5">
        <span className="tnum text-xl font-semibold tracking-tight" title={count(value)}>
          {short(value)}
        </span>
        <Delta now={value} before={before} />
      </dd>
    </div>
  );
}

function Delta({ now, before }: { now: number; before: number }) {
  if (before === 0) return null;
  const change = Math.round((now / before - 1) * 100);
  // From next to nothing, a share says nothing: the account was not here yet.
  if (change === 0 || change > 999) return null;
  const Icon = change > 0 ? ArrowUpRight : ArrowDownRight;
  return (
    <span
      className="inline-flex items-center text-[13px] text-muted-foreground"
      title={`${count(before)} in the time before`}
    >
      <Icon aria-hidden className="size-3.5" />
      <span className="sr-only">{change > 0 ? 'up' : 'down'} </span>
      <span className="tnum">{Math.abs(change)}%</span>
    </span>
  );
}

function TrafficSkeleton() {
  return (
    <>
      <div className="grid grid-cols-2 gap-x-6 gap-y-3 sm:grid-cols-4">
        {['a', 'b', 'c', 'd'].map((k) => (
          <Skeleton key={k} className="h-12" />
        ))}
      </div>
      <Skeleton className="mt-4 h-2.5" />
      <Skeleton className="mt-5 h-[272px]" />
    </>
  );
}

import { useQuery } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import { ChartColumn, History } from 'lucide-react';
import { lazy, Suspense } from 'react';
import type { RequestStats, ServiceOut } from '@/api/gen/types.gen';
import { Button } from '@/components/ui/button';
import { Card, CardAction, CardContent, CardDescription, CardHeader, CardTitle } from '@/components/ui/card';
import { Empty } from '@/components/ui/empty';
import { Money } from '@/components/ui/money';
import { Loaded } from '@/components/ui/panel';
import { Segmented } from '@/components/ui/segmented';
import { Skeleton, SkeletonLines } from '@/components/ui/skeleton';
import { Timestamp } from '@/components/ui/timestamp';
import { monthUsageQuery } from '@/features/billing/queries';
import { byOutcome, type Latency, OUTCOMES, totals } from '@/features/logs/fold';
import { LatestRequests } from '@/features/logs/latest-requests';
import { statsQuery } from '@/features/logs/queries';
import { nameBucket, RANGE_OPTIONS, RANGES, type Range, tickBucket, windowOf } from '@/features/logs/ranges';
import { bytes, count, duration, percent, short } from '@/lib/format';
import { MINUTE, month, zoneName } from '@/lib/time';
import { useNow } from '@/lib/use-now';
import { useClock } from '@/stores/preferences';
import { historyQuery } from './queries';
import { changes, toDraft } from './settings';

const StackedColumns = lazy(() =>
  import('@/components/charts/stacked-columns').then((m) => ({ default: m.StackedColumns })),
);

/** What a service does and costs: numbers, requests by outcome, the latest of them, and what was changed. */
export function ServiceOverview({
  service,
  range,
  onRange,
}: {
  service: ServiceOut;
  range: Range;
  onRange: (range: Range) => void;
}) {
  const clock = useClock();
  const now = useNow(MINUTE / 4);
  const stats = useQuery(statsQuery(range, now));
  return (
    <div className="space-y-6">
      <Card>
        <CardHeader>
          <CardTitle>Requests by outcome</CardTitle>
          <CardDescription>
            The {RANGES[range].long}, {range === '30d' ? 'UTC days' : zoneName(clock)}
          </CardDescription>
          <CardAction>
            <Segmented label="Time range" value={range} onChange={onRange} options={RANGE_OPTIONS} />
          </CardAction>
        </CardHeader>
        <CardContent className="flex min-h-[386px] flex-col">
          <Loaded query={stats} what="Numbers could not be loaded" skeleton={<Skeleton className="h-[366px]" />}>
            {(data) => <Outcomes stats={data} service={service.type.name} range={range} now={now} />}
          </Loaded>
        </CardContent>
      </Card>
      <div className="grid grid-cols-1 items-start gap-6 xl:grid-cols-[minmax(0,1fr)_320px]">
        <LatestRequests service={service.type.name} />
        <div className="grid min-w-0 grid-cols-1 gap-6 md:grid-cols-2 xl:grid-cols-1">
          <MonthCard service={service} now={now} />
          <HistoryCard service={service} />
        </div>
      </div>
    </div>
  );
}

const said = (l: Latency | null) => (l ? `${l.over ? '> ' : '≤ '}${duration(l.ms)}` : '–');

function Outcomes({ stats, service, range, now }: { stats: RequestStats; service: string; range: Range; now: number }) {
  const clock = useClock();
  const { span, bucket, long } = RANGES[range];
  const to = Math.min(windowOf(range, now).to, Date.parse(stats.to));
  const from = to - span;
  const sum = totals(stats, service, from, to);
  if (sum.requests === 0) {
    return (
      <Empty icon={ChartColumn} title={`No requests in the ${long}`} className="flex-1">
        As soon as an API key of this service is used, it shows up here.
      </Empty>
    );
  }
  const columns = byOutcome(stats, service, from, to, bucket);
  // An outcome that did not happen needs no line in the legend or the tooltip.
  const shown = OUTCOMES.map((o, k) => ({ ...o, k })).filter(({ k }) => columns.some((c) => (c.values[k] ?? 0) > 0));
  return (
    <>
      <dl className="grid grid-cols-2 gap-x-6 gap-y-3 sm:grid-cols-3 lg:grid-cols-6">
        <Figure label="Requests" title={count(sum.requests)}>
          {short(sum.requests)}
        </Figure>
        <Figure label="Billable" title={count(sum.billable)}>
          {percent(sum.billable, sum.requests)}
        </Figure>
        <Figure label="Failed (5xx)" title={`${count(sum.failed)} of ${count(sum.requests)}`}>
          {percent(sum.failed, sum.requests)}
        </Figure>
        <Figure label="Latency p50">{said(sum.latency(0.5))}</Figure>
        <Figure label="Latency p95">{said(sum.latency(0.95))}</Figure>
        <Figure label="Sent" title={`${count(sum.bytes)} bytes`}>
          {bytes(sum.bytes)}
        </Figure>
      </dl>
      <ul aria-label="Legend" className="mt-5 flex flex-wrap gap-x-4 gap-y-1 text-[13px] text-muted-foreground">
        {shown.map((o) => (
          <li key={o.key} className="flex items-center gap-1.5">
            <span aria-hidden className="size-2 rounded-full" style={{ backgroundColor: o.color }} /> {o.name}
          </li>
        ))}
      </ul>
      <div className="mt-3 h-[260px]">
        <Suspense fallback={<Skeleton className="size-full" />}>
          <StackedColumns
            label={`Requests by outcome, ${long}`}
            columns={columns.map((c) => ({ at: c.at, values: shown.map(({ k }) => c.values[k] ?? 0) }))}
            series={shown}
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

function Figure({ label, title, children }: { label: string; title?: string; children: React.ReactNode }) {
  return (
    <div>
      <dt className="text-[13px] text-muted-foreground">{label}</dt>
      <dd className="tnum text-xl font-semibold tracking-tight whitespace-nowrap" title={title}>
        {children}
      </dd>
    </div>
  );
}

function MonthCard({ service: { type, configuration }, now }: { service: ServiceOut; now: number }) {
  const usage = useQuery(monthUsageQuery(now));
  return (
    <Card>
      <CardHeader>
        <CardTitle>Cost this month</CardTitle>
        <CardDescription>Usage charged in {month(now, 'utc')}, UTC</CardDescription>
      </CardHeader>
      <CardContent>
        <Loaded query={usage} what="Usage could not be loaded" skeleton={<SkeletonLines lines={4} />}>
          {(data) => {
            const s = data.services.find((x) => x.service === type.name);
            return (
              <>
                <Money usd={s?.amount_usd ?? '0'} exact className="text-2xl font-semibold tracking-tight" />
                <dl className="mt-3 divide-y border-y text-[13px]">
                  <Line label="Billable requests">{count(s?.billable ?? 0)}</Line>
                  <Line label="Sent">{bytes(s?.bytes ?? 0)}</Line>
                  <Line label={configuration.enabled ? 'Plan, a month' : 'Plan, when on'}>
                    <Money usd={configuration.price.monthly_usd} exact />
                  </Line>
                </dl>
                <Button asChild variant="link" size="inline" className="mt-3">
                  <Link to="/billing">Open billing</Link>
                </Button>
              </>
            );
          }}
        </Loaded>
      </CardContent>
    </Card>
  );
}

const Line = ({ label, children }: { label: string; children: React.ReactNode }) => (
  <div className="flex justify-between gap-3 py-2">
    <dt className="text-muted-foreground">{label}</dt>
    <dd className="tnum">{children}</dd>
  </div>
);

function HistoryCard({ service: { type } }: { service: ServiceOut }) {
  const history = useQuery(historyQuery(type.name));
  return (
    <Card>
      <CardHeader>
        <CardTitle>Changes</CardTitle>
        <CardDescription>Saved versions, newest first</CardDescription>
      </CardHeader>
      <Loaded
        query={history}
        what="Changes could not be loaded"
        skeleton={<SkeletonLines lines={3} className="px-5 pb-5" />}
      >
        {(versions) =>
          versions.length === 0 ? (
            <Empty icon={History} title="No configuration saved" className="!py-6" />
          ) : (
            <ol className="divide-y border-t text-[13px]">
              {versions.slice(0, 6).map((v, i) => {
                const before = versions[i + 1];
                const list = before ? changes(type, toDraft(type, before.config), toDraft(type, v.config)) : [];
                return (
                  <li key={v.version} className="px-5 py-2.5">
                    <p className="flex justify-between gap-3">
                      <span className="font-medium">Version {v.version}</span>
                      <Timestamp at={v.changed_at} className="text-muted-foreground" />
                    </p>
                    <p className="text-muted-foreground">
                      {v.version === 1
                        ? 'First configuration'
                        : list.length > 0
                          ? list.map((c) => `${c.label}: ${c.after}`).join('; ')
                          : 'Saved without a change'}
                      , <Money usd={v.price.monthly_usd} exact /> a month
                    </p>
                  </li>
                );
              })}
            </ol>
          )
        }
      </Loaded>
    </Card>
  );
}

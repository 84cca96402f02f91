import { useQuery } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import { ReceiptText } from 'lucide-react';
import { lazy, Suspense } from 'react';
import type { ServiceOut, UsageAnswer } from '@/api/gen/types.gen';
import { PageHeader } from '@/components/layout/page-header';
import { Card, CardContent, CardDescription, CardHeader, CardTitle } from '@/components/ui/card';
import { Empty } from '@/components/ui/empty';
import { Money } from '@/components/ui/money';
import { Loaded } from '@/components/ui/panel';
import { Segmented } from '@/components/ui/segmented';
import { Skeleton, SkeletonLines } from '@/components/ui/skeleton';
import { Timestamp } from '@/components/ui/timestamp';
import { lookOf } from '@/features/services/look';
import { servicesQuery } from '@/features/services/queries';
import { bytes, count } from '@/lib/format';
import { formatUsdExact, type Micros, parseUsd, usdForDrawing } from '@/lib/money';
import { day, hourMinute, MINUTE } from '@/lib/time';
import { useNow } from '@/lib/use-now';
import { PERIOD_OPTIONS, type Period, type Span, spanOf } from './periods';
import { usageQuery } from './queries';
import { UsageTable } from './usage-table';

const StackedColumns = lazy(() =>
  import('@/components/charts/stacked-columns').then((m) => ({ default: m.StackedColumns })),
);

/** What was used and what it cost, by service and by hour or day, as far as it is billed. */
export function BillingPage({ period, onPeriod }: { period: Period; onPeriod: (period: Period) => void }) {
  const now = useNow(MINUTE / 4);
  const span = spanOf(period, now);
  const usage = useQuery(usageQuery(span.from, span.to, span.step));
  const services = useQuery(servicesQuery).data ?? [];
  return (
    <>
      <PageHeader
        title="Billing"
        description="Usage is charged to your balance hour by hour. All times are UTC."
        actions={<Segmented label="Period" value={period} onChange={onPeriod} options={PERIOD_OPTIONS} />}
      />
      <div className="space-y-6">
        <div className="grid grid-cols-1 gap-6 xl:grid-cols-[minmax(0,1fr)_380px]">
          <Card>
            <CardHeader>
              <CardTitle>Charged for usage</CardTitle>
              <CardDescription className="first-letter:uppercase">{span.label}</CardDescription>
            </CardHeader>
            <CardContent className="flex min-h-[340px] flex-1 flex-col">
              <Loaded query={usage} what="Usage could not be loaded" skeleton={<Skeleton className="h-[320px]" />}>
                {(data) => <Charged usage={data} span={span} services={services} />}
              </Loaded>
            </CardContent>
          </Card>
          <Card>
            <CardHeader>
              <CardTitle>By service</CardTitle>
              <CardDescription className="first-letter:uppercase">{span.label}</CardDescription>
            </CardHeader>
            <Loaded
              query={usage}
              what="Usage could not be loaded"
              skeleton={<SkeletonLines lines={4} className="px-5 pb-5" />}
            >
              {(data) => <ByService usage={data} services={services} />}
            </Loaded>
          </Card>
        </div>
        <Card className="overflow-hidden">
          <CardHeader>
            <CardTitle>By {span.step}</CardTitle>
            <CardDescription>A {span.step} without usage has no row</CardDescription>
          </CardHeader>
          <Loaded
            query={usage}
            what="Usage could not be loaded"
            skeleton={<SkeletonLines lines={6} className="px-5 pb-5" />}
          >
            {(data) => <UsageTable usage={data} step={span.step} />}
          </Loaded>
        </Card>
      </div>
    </>
  );
}

const labelOf = (services: readonly ServiceOut[], name: string) =>
  services.find((s) => s.type.name === name)?.type.label ?? name;

/** As everywhere else: the catalog's order, then what is sold no more. */
function inCatalogOrder(usage: UsageAnswer, services: readonly ServiceOut[]) {
  const place = (name: string) => services.findIndex((s) => s.type.name === name) + 1 || services.length + 1;
  return [...usage.services].sort((a, b) => place(a.service) - place(b.service));
}

function Charged({ usage, span, services }: { usage: UsageAnswer; span: Span; services: readonly ServiceOut[] }) {
  const names = inCatalogOrder(usage, services).map((s) => s.service);
  // The answer may still be of the period before: draw what it covers.
  const [from, to] = [Date.parse(usage.from), Date.parse(usage.to)];
  const width = usage.step === span.step ? span.width : span.step === 'day' ? span.width / 24 : span.width * 24;
  const columns = Array.from({ length: Math.round((to - from) / width) }, (_, i) => ({
    at: from + i * width,
    values: names.map(() => 0),
  }));
  for (const b of usage.buckets) {
    const values = columns[Math.round((Date.parse(b.start) - from) / width)]?.values;
    if (values) values[names.indexOf(b.service)] = usdForDrawing(parseUsd(b.amount_usd));
  }
  const exact = new Map(usage.buckets.map((b) => [usdForDrawing(parseUsd(b.amount_usd)), parseUsd(b.amount_usd)]));
  return (
    <>
      <div className="flex flex-wrap items-baseline justify-between gap-x-4">
        <Money usd={usage.total.amount_usd} exact className="text-[28px] leading-9 font-semibold tracking-tight" />
        <p className="text-[13px] text-muted-foreground">
          {usage.billed_through ? (
            <>
              Billed through <Timestamp at={usage.billed_through} className="text-foreground" />
            </>
          ) : (
            'Nothing is billed yet: the first run is within the hour'
          )}
        </p>
      </div>
      {usage.buckets.length === 0 ? (
        <Empty icon={ReceiptText} title={`Nothing was used in ${span.label}`} className="flex-1">
          Requests show up here within seconds of being metered, their charge with the next billing run.
        </Empty>
      ) : (
        <div className="mt-4 h-[272px]">
          <Suspense fallback={<Skeleton className="size-full" />}>
            <StackedColumns
              label={`Charged by ${usage.step}, ${span.label}`}
              columns={columns}
              series={names.map((name) => ({ key: name, name: labelOf(services, name), color: lookOf(name).color }))}
              nameOf={(at) =>
                usage.step === 'day'
                  ? `${day(at, 'utc')} (UTC day)`
                  : `${day(at, 'utc')}, ${hourMinute(at, 'utc')} to ${hourMinute(at + width, 'utc')} UTC`
              }
              tickOf={(at) => (usage.step === 'day' ? day(at, 'utc') : hourMinute(at, 'utc'))}
              format={(v, full) => drawn(v, full, exact)}
              fillingFrom={usage.billed_through ? Date.parse(usage.billed_through) - width + 1 : from}
              whole={false}
            />
          </Suspense>
        </div>
      )}
    </>
  );
}

/** Axis and sums of a drawing are rounded to the micro, which is what money is made of; single amounts are exact anyhow. */
function drawn(v: number, full: boolean, exact: Map<number, Micros>): string {
  const micros = exact.get(v) ?? BigInt(Math.round(v * 1e6));
  if (full) return formatUsdExact(micros);
  return v === 0 ? '$0' : v >= 1 && Number.isInteger(v) ? `$${count(v)}` : formatUsdExact(micros);
}

function ByService({ usage, services }: { usage: UsageAnswer; services: readonly ServiceOut[] }) {
  if (usage.services.length === 0) {
    return <p className="px-5 pb-5 text-[13px] text-muted-foreground">No service was used.</p>;
  }
  return (
    <dl className="divide-y border-t text-[13px]">
      {inCatalogOrder(usage, services).map((s) => (
        <div key={s.service} className="px-5 py-3">
          <dt className="flex items-center justify-between gap-3 font-medium">
            <Link
              to="/services/$service"
              params={{ service: s.service }}
              className="focus-ring inline-flex items-center gap-1.5 rounded-sm hover:underline"
            >
              <span aria-hidden className="size-2 rounded-full" style={{ backgroundColor: lookOf(s.service).color }} />
              {labelOf(services, s.service)}
            </Link>
            <Money usd={s.amount_usd} exact />
          </dt>
          <dd className="tnum mt-0.5 text-muted-foreground">
            {count(s.billable)} billable of {count(s.requests)} requests,{' '}
            <span title={`${count(s.bytes)} bytes`}>{bytes(s.bytes)} sent</span>
          </dd>
        </div>
      ))}
      <div className="flex justify-between gap-3 px-5 py-3 font-semibold">
        <dt>Total</dt>
        <dd>
          <Money usd={usage.total.amount_usd} exact />
        </dd>
      </div>
    </dl>
  );
}

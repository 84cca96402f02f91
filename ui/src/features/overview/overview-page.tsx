import { useQuery } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import { ArrowLeftRight, Plus } from 'lucide-react';
import { PageHeader } from '@/components/layout/page-header';
import { Banner } from '@/components/ui/banner';
import { Button } from '@/components/ui/button';
import { Card, CardAction, CardHeader, CardTitle } from '@/components/ui/card';
import { Empty } from '@/components/ui/empty';
import { Money } from '@/components/ui/money';
import { Loaded } from '@/components/ui/panel';
import { Segmented } from '@/components/ui/segmented';
import { SkeletonLines } from '@/components/ui/skeleton';
import { SpendCard } from '@/features/billing/spend-card';
import { LatestRequests } from '@/features/logs/latest-requests';
import { RANGE_OPTIONS, type Range } from '@/features/logs/ranges';
import { TrafficPanel } from '@/features/logs/traffic-panel';
import { servicesQuery } from '@/features/services/queries';
import { ServiceCards } from '@/features/services/service-cards';
import { balanceQuery, lastTransactionsQuery } from '@/features/wallet/queries';
import { TransactionList } from '@/features/wallet/transaction-list';
import { parseUsd } from '@/lib/money';
import { FirstSteps } from './first-steps';

export function OverviewPage({ range, onRange }: { range: Range; onRange: (range: Range) => void }) {
  return (
    <>
      <PageHeader
        title="Overview"
        description="Traffic, spend and services at a glance."
        actions={
          <>
            <Segmented label="Time range" value={range} onChange={onRange} options={RANGE_OPTIONS} />
            <Button asChild>
              <Link to="/api-keys" search={{ create: true }}>
                <Plus aria-hidden /> Create API key
              </Link>
            </Button>
          </>
        }
      />
      <div className="space-y-6">
        <BalanceBanner />
        <FirstSteps />
        <div className="grid grid-cols-1 gap-6 xl:grid-cols-[minmax(0,1fr)_320px]">
          <TrafficPanel range={range} />
          <SpendCard />
        </div>
        <section aria-labelledby="services-heading">
          <div className="mb-3 flex items-center justify-between">
            <h2 id="services-heading" className="text-base font-semibold">
              Services
            </h2>
            <Button asChild variant="link" size="inline">
              <Link to="/services">View all</Link>
            </Button>
          </div>
          <ServiceCards heading="h3" />
        </section>
        <div className="grid grid-cols-1 items-start gap-6 xl:grid-cols-[minmax(0,1fr)_320px]">
          <LatestRequests />
          <LastTransactions />
        </div>
      </div>
    </>
  );
}

/** Says when the balance does not cover what is used. */
function BalanceBanner() {
  const b = useQuery(balanceQuery).data;
  const on = useQuery(servicesQuery).data?.some((s) => s.configuration.enabled);
  const toWallet = (
    <Button asChild size="sm" variant="outline">
      <Link to="/wallet">Open wallet</Link>
    </Button>
  );
  if (!b) return null;
  if (parseUsd(b.receivable_usd) > 0n) {
    return (
      <Banner tone="danger" title="Your balance is used up." action={toWallet}>
        You owe <Money usd={b.receivable_usd} exact className="font-medium" /> for usage. The next credit pays it first.
      </Banner>
    );
  }
  if (on && parseUsd(b.available_usd) === 0n) {
    return (
      <Banner tone="warning" title="Nothing is left to spend." action={toWallet}>
        Usage from now on is owed.
      </Banner>
    );
  }
  return null;
}

function LastTransactions() {
  const last = useQuery(lastTransactionsQuery(6));
  return (
    <Card>
      <CardHeader>
        <CardTitle>Transactions</CardTitle>
        <CardAction>
          <Button asChild variant="link" size="inline">
            <Link to="/wallet">View all</Link>
          </Button>
        </CardAction>
      </CardHeader>
      <Loaded
        query={last}
        what="Transactions could not be loaded"
        skeleton={<SkeletonLines lines={6} className="px-5 pb-5" />}
      >
        {(list) =>
          list.length > 0 ? (
            <TransactionList transactions={list} className="border-t px-5 py-1" />
          ) : (
            <Empty icon={ArrowLeftRight} title="No transactions yet" className="border-t">
              Credits and hourly charges are listed here.
            </Empty>
          )
        }
      </Loaded>
    </Card>
  );
}

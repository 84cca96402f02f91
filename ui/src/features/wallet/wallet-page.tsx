import { useInfiniteQuery, useQuery } from '@tanstack/react-query';
import { ArrowLeftRight } from 'lucide-react';
import type { WalletBalance } from '@/api/gen/types.gen';
import { PageHeader } from '@/components/layout/page-header';
import { Banner } from '@/components/ui/banner';
import { BusyButton } from '@/components/ui/button';
import { Card, CardContent, CardDescription, CardHeader, CardTitle } from '@/components/ui/card';
import { CopyValue } from '@/components/ui/copy';
import { Empty } from '@/components/ui/empty';
import { ErrorState } from '@/components/ui/error-state';
import { Money } from '@/components/ui/money';
import { Loaded } from '@/components/ui/panel';
import { Skeleton, SkeletonLines } from '@/components/ui/skeleton';
import { Timestamp } from '@/components/ui/timestamp';
import { networkName, useNetwork } from '@/features/auth/meta';
import { useCustomer } from '@/features/auth/session';
import { parseUsd } from '@/lib/money';
import { Ledger } from './ledger';
import { balanceQuery, transactionsQuery } from './queries';

export function WalletPage() {
  const balance = useQuery(balanceQuery);
  const customer = useCustomer();
  const network = useNetwork();
  return (
    <>
      <PageHeader title="Wallet" description="What you have at Suiftly, and every amount that came or went." />
      <div className="space-y-6">
        <div className="grid grid-cols-1 gap-6 lg:grid-cols-[minmax(0,1fr)_380px]">
          <Card>
            <CardHeader>
              <CardTitle>Balance</CardTitle>
              <CardDescription>In US dollars</CardDescription>
            </CardHeader>
            <CardContent>
              <Loaded
                query={balance}
                what="The balance could not be loaded"
                skeleton={<Skeleton className="h-[124px]" />}
              >
                {(b) => <Balance b={b} />}
              </Loaded>
            </CardContent>
          </Card>
          <Card>
            <CardHeader>
              <CardTitle>Your account</CardTitle>
              <CardDescription>{networkName(network)}</CardDescription>
            </CardHeader>
            <CardContent className="space-y-3 text-[13px]">
              {customer ? (
                <>
                  <CopyValue
                    value={customer.address}
                    label="address"
                    className="items-start text-left text-foreground [&>span:first-child]:break-all [&>span:first-child]:whitespace-normal"
                  />
                  <dl className="divide-y border-t">
                    <div className="flex justify-between gap-3 py-2">
                      <dt className="text-muted-foreground">Customer since</dt>
                      <dd>
                        <Timestamp at={customer.created_at} />
                      </dd>
                    </div>
                    <div className="flex justify-between gap-3 pt-2">
                      <dt className="text-muted-foreground">Customer number</dt>
                      <dd className="tnum">{customer.customer_id}</dd>
                    </div>
                  </dl>
                </>
              ) : (
                <SkeletonLines lines={4} />
              )}
            </CardContent>
          </Card>
        </div>
        <Transactions />
      </div>
    </>
  );
}

function Balance({ b }: { b: WalletBalance }) {
  return (
    <>
      {parseUsd(b.receivable_usd) > 0n && (
        <Banner tone="danger" title="You owe for usage." className="mb-4">
          Your balance did not cover <Money usd={b.receivable_usd} exact className="font-medium" />. The next credit
          pays it first.
        </Banner>
      )}
      <Money usd={b.available_usd} className="text-[28px] leading-9 font-semibold tracking-tight" />
      <p className="text-[13px] text-muted-foreground">available for usage</p>
      <dl className="mt-4 grid grid-cols-1 gap-px overflow-hidden rounded-lg border bg-border text-[13px] sm:grid-cols-3">
        <Part label="Reserved" help="Held back for withdrawals under way">
          <Money usd={b.reserved_usd} />
        </Part>
        <Part label="Owed" help="Usage beyond the balance">
          <Money usd={b.receivable_usd} />
        </Part>
        <Part label="Together" help="Available and reserved, less what is owed">
          <Money usd={b.balance_usd} />
        </Part>
      </dl>
    </>
  );
}

const Part = ({ label, help, children }: { label: string; help: string; children: React.ReactNode }) => (
  <div className="bg-card px-3.5 py-2.5">
    <dt className="text-muted-foreground">{label}</dt>
    <dd className="mt-0.5 text-base font-semibold">{children}</dd>
    <dd className="text-xs text-pretty text-muted-foreground">{help}</dd>
  </div>
);

function Transactions() {
  const list = useInfiniteQuery(transactionsQuery);
  const all = list.data?.pages.flatMap((p) => p.transactions);
  return (
    <Card className="overflow-hidden">
      <CardHeader>
        <CardTitle>Transactions</CardTitle>
        <CardDescription>Your ledger, newest first. Nothing in it is ever changed or removed.</CardDescription>
      </CardHeader>
      {all ? (
        all.length > 0 ? (
          <Ledger transactions={all} />
        ) : (
          <Empty icon={ArrowLeftRight} title="No transactions yet" className="border-t">
            Credits and hourly charges for usage are listed here.
          </Empty>
        )
      ) : list.isError ? (
        <ErrorState
          title="Transactions could not be loaded"
          error={list.error}
          onRetry={() => void list.refetch()}
          busy={list.isFetching}
        />
      ) : (
        <SkeletonLines lines={6} className="px-5 pb-5" />
      )}
      {list.hasNextPage && (
        <div className="flex justify-center border-t px-5 py-3">
          <BusyButton
            variant="outline"
            size="sm"
            busy={list.isFetchingNextPage}
            busyLabel="Loading…"
            onClick={() => void list.fetchNextPage()}
          >
            Load older transactions
          </BusyButton>
        </div>
      )}
    </Card>
  );
}

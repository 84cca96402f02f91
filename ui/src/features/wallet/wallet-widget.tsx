import { useQuery } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import { ArrowRight, ChevronDown, Wallet } from 'lucide-react';
import { useState } from 'react';
import { sentence } from '@/api/error';
import { Button } from '@/components/ui/button';
import { CopyValue } from '@/components/ui/copy';
import { Money } from '@/components/ui/money';
import { Popover, PopoverContent, PopoverTrigger } from '@/components/ui/popover';
import { Skeleton } from '@/components/ui/skeleton';
import { useCustomer } from '@/features/auth/session';
import { useWalletAccount } from '@/features/auth/use-wallet-account';
import { servicesQuery } from '@/features/services/queries';
import { shortAddress } from '@/lib/format';
import { parseUsd } from '@/lib/money';
import { useWalletWidget } from '@/stores/wallet';
import { AccountSwitched } from './account-switched';
import { balanceQuery, lastTransactionsQuery } from './queries';
import { TransactionList } from './transaction-list';

/** The balance in the header of every page, and behind it what a customer asks of a wallet most. */
export function WalletWidget() {
  const customer = useCustomer();
  const balance = useQuery(balanceQuery);
  const shown = useWalletAccount();
  const { open, setOpen } = useWalletWidget();
  const [stayed, setStayed] = useState<string | null>(null); // the other account that the customer chose not to follow
  const other = shown && customer && shown !== customer.address ? shown : null;
  const warn = other !== null && other !== stayed;
  const b = balance.data;
  return (
    <Popover open={open} onOpenChange={setOpen}>
      <PopoverTrigger asChild>
        <Button variant="outline" size="sm" data-testid="wallet-widget" className="relative">
          <Wallet aria-hidden className="text-primary" />
          <span className="sr-only">Wallet, available </span>
          {b ? <Money usd={b.available_usd} className="font-semibold" /> : balance.isError ? <span title={sentence(balance.error)}>–</span> : <Skeleton className="h-3.5 w-14" />}
          {customer && <span className="hidden border-l pl-2 font-mono text-xs text-muted-foreground xl:inline">{shortAddress(customer.address)}</span>}
          <ChevronDown aria-hidden className="size-3.5 text-muted-foreground" />
          {warn && (
            <>
              <span aria-hidden className="absolute -top-1.5 -right-1.5 size-3.5 rounded-full border-2 border-sidebar bg-destructive" />
              <span className="sr-only">. Your wallet switched account.</span>
            </>
          )}
        </Button>
      </PopoverTrigger>
      <PopoverContent aria-label="Wallet" className="w-[min(22rem,calc(100vw-1.5rem))] p-4">
        <div className="flex items-center justify-between gap-3">
          <p className="text-[13px] text-muted-foreground">Available</p>
          {customer && <CopyValue value={customer.address} shown={shortAddress(customer.address)} label="address" />}
        </div>
        {b ? (
          <Money usd={b.available_usd} className="text-2xl leading-8 font-semibold tracking-tight" />
        ) : balance.isError ? (
          <p role="alert" className="py-1 text-[13px] text-destructive">
            {sentence(balance.error)}{' '}
            <button type="button" className="focus-ring rounded-sm font-medium underline" onClick={() => void balance.refetch()}>
              Try again
            </button>
          </p>
        ) : (
          <Skeleton className="my-0.5 h-7 w-32" />
        )}
        {warn && customer && (
          <div className="mt-3">
            <AccountSwitched shown={other} signedIn={customer.address} onStay={() => setStayed(other)} />
          </div>
        )}
        <dl className="mt-3 grid grid-cols-2 gap-px overflow-hidden rounded-lg border bg-border text-[13px]">
          <div className="bg-popover px-3 py-2">
            <dt className="text-muted-foreground">Reserved</dt>
            <dd className="font-medium">{b ? <Money usd={b.reserved_usd} /> : <Skeleton className="h-5 w-14" />}</dd>
          </div>
          <div className="bg-popover px-3 py-2">
            <dt className="text-muted-foreground">Owed</dt>
            <dd className="font-medium">{b ? <Money usd={b.receivable_usd} className={parseUsd(b.receivable_usd) > 0n ? 'text-destructive' : undefined} /> : <Skeleton className="h-5 w-14" />}</dd>
          </div>
        </dl>
        <LastTransactions />
        <Button asChild size="sm" variant="outline" className="mt-3 w-full">
          <Link to="/wallet">
            Open wallet <ArrowRight aria-hidden />
          </Link>
        </Button>
      </PopoverContent>
    </Popover>
  );
}

function LastTransactions() {
  const { showTransactions, setShowTransactions } = useWalletWidget();
  const services = useQuery(servicesQuery).data ?? [];
  const last = useQuery({ ...lastTransactionsQuery(3), enabled: showTransactions });
  return (
    <details className="group mt-3" open={showTransactions} onToggle={(e) => setShowTransactions(e.currentTarget.open)}>
      <summary className="focus-ring flex cursor-pointer list-none items-center justify-between rounded-sm text-[13px] text-muted-foreground">
        Last transactions <ChevronDown aria-hidden className="size-3.5 transition-transform group-open:rotate-180" />
      </summary>
      <div className="mt-1 min-h-[88px]">
        {last.data ? (
          last.data.length > 0 ? (
            <TransactionList transactions={last.data} services={services} />
          ) : (
            <p className="py-2 text-[13px] text-muted-foreground">Nothing was charged or credited yet.</p>
          )
        ) : last.isError ? (
          <p role="alert" className="py-2 text-[13px] text-destructive">
            {sentence(last.error)}
          </p>
        ) : (
          <Skeleton className="h-20" />
        )}
      </div>
    </details>
  );
}

// Its own chunk: fetched when the page has come to rest, or with the first click on the widget.
import { useQuery } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import { ArrowRight, ChevronDown } from 'lucide-react';
import type { ReactElement } from 'react';
import { sentence } from '@/api/error';
import { Button } from '@/components/ui/button';
import { CopyValue } from '@/components/ui/copy';
import { Money } from '@/components/ui/money';
import { Popover, PopoverContent, PopoverTrigger } from '@/components/ui/popover';
import { Skeleton } from '@/components/ui/skeleton';
import { useCustomer } from '@/features/auth/session';
import { shortAddress } from '@/lib/format';
import { parseUsd } from '@/lib/money';
import { useWalletWidget } from '@/stores/wallet';
import { AccountSwitched } from './account-switched';
import { balanceQuery, lastTransactionsQuery } from './queries';
import { TransactionList } from './transaction-list';

/** What opens behind the widget. `other` is the account that the wallet shows instead of the one signed in. */
export function WalletPanel({
  trigger,
  other,
  onStay,
}: {
  trigger: ReactElement;
  other: string | null;
  onStay: () => void;
}) {
  const customer = useCustomer();
  const balance = useQuery(balanceQuery);
  const { open, setOpen } = useWalletWidget();
  const b = balance.data;
  return (
    <Popover open={open} onOpenChange={setOpen}>
      <PopoverTrigger asChild>{trigger}</PopoverTrigger>
      <PopoverContent
        aria-label="Wallet"
        className="w-[min(22rem,calc(100vw-1.5rem))] p-4"
        // A new page takes the focus to its heading; that alone does not close the panel. Escape and a click elsewhere do.
        onFocusOutside={(e) => e.preventDefault()}
      >
        <div className="flex items-center justify-between gap-3">
          <p className="text-[13px] text-muted-foreground">Available</p>
          {customer && <CopyValue value={customer.address} shown={shortAddress(customer.address)} label="address" />}
        </div>
        {b ? (
          <Money usd={b.available_usd} className="text-2xl leading-8 font-semibold tracking-tight" />
        ) : balance.isError ? (
          <p role="alert" className="py-1 text-[13px] text-destructive">
            {sentence(balance.error)}{' '}
            <button
              type="button"
              className="focus-ring rounded-sm font-medium underline"
              onClick={() => void balance.refetch()}
            >
              Try again
            </button>
          </p>
        ) : (
          <Skeleton className="my-0.5 h-7 w-32" />
        )}
        {other && customer && (
          <div className="mt-3">
            <AccountSwitched shown={other} signedIn={customer.address} onStay={onStay} />
          </div>
        )}
        <dl className="mt-3 grid grid-cols-2 gap-px overflow-hidden rounded-lg border bg-border text-[13px]">
          <div className="bg-popover px-3 py-2">
            <dt className="text-muted-foreground">Reserved</dt>
            <dd className="font-medium">{b ? <Money usd={b.reserved_usd} /> : <Skeleton className="h-5 w-14" />}</dd>
          </div>
          <div className="bg-popover px-3 py-2">
            <dt className="text-muted-foreground">Owed</dt>
            <dd className="font-medium">
              {b ? (
                <Money
                  usd={b.receivable_usd}
                  className={parseUsd(b.receivable_usd) > 0n ? 'text-destructive' : undefined}
                />
              ) : (
                <Skeleton className="h-5 w-14" />
              )}
            </dd>
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
  const last = useQuery({ ...lastTransactionsQuery(3), enabled: showTransactions });
  return (
    <details className="group mt-3" open={showTransactions} onToggle={(e) => setShowTransactions(e.currentTarget.open)}>
      <summary className="focus-ring flex cursor-pointer list-none items-center justify-between rounded-sm text-[13px] text-muted-foreground">
        Last transactions <ChevronDown aria-hidden className="size-3.5 transition-transform group-open:rotate-180" />
      </summary>
      <div className="mt-1 min-h-[88px]">
        {last.data ? (
          last.data.length > 0 ? (
            <TransactionList transactions={last.data} />
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

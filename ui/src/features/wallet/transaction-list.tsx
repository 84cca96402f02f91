import { ArrowDownLeft, ArrowUpRight } from 'lucide-react';
import type { WalletTransaction } from '@/api/gen/types.gen';
import { Money } from '@/components/ui/money';
import { Timestamp } from '@/components/ui/timestamp';
import { useLabels } from '@/features/services/service-name';
import { cn } from '@/lib/cn';
import { parseUsd } from '@/lib/money';
import { describe } from './transaction';

/** Transactions for a small panel: what, when, how much. */
export function TransactionList({
  transactions,
  className,
}: {
  transactions: readonly WalletTransaction[];
  className?: string;
}) {
  const labelOf = useLabels();
  return (
    <ul className={cn('divide-y text-[13px]', className)}>
      {transactions.map((t) => {
        const gained = parseUsd(t.amount_usd) > 0n;
        const Icon = gained ? ArrowDownLeft : ArrowUpRight;
        return (
          <li key={t.transaction_id} className="flex items-center gap-3 py-2">
            <span
              className={cn(
                'grid size-7 shrink-0 place-items-center rounded-full',
                gained ? 'bg-success-subtle text-success' : 'bg-secondary text-on-secondary',
              )}
            >
              <Icon aria-hidden className="size-3.5" />
            </span>
            <span className="min-w-0 flex-1">
              <span className="block truncate">{describe(t, labelOf)}</span>
              <Timestamp at={t.at} className="block text-xs text-muted-foreground" />
            </span>
            <Money usd={t.amount_usd} exact className={cn('font-medium', gained && 'text-success')} />
          </li>
        );
      })}
    </ul>
  );
}

import { cn } from '@/lib/cn';
import { formatUsd, formatUsdExact, type Micros, parseUsd } from '@/lib/money';

/** An amount. Summaries show cents with the exact amount on hover; `exact` shows every digit that counts. */
export function Money({
  usd,
  exact = false,
  className,
}: {
  usd: string | Micros;
  exact?: boolean;
  className?: string;
}) {
  const micros = typeof usd === 'bigint' ? usd : parseUsd(usd);
  const full = formatUsdExact(micros);
  const shown = exact ? full : formatUsd(micros);
  return (
    <data data-slot="money" value={String(micros)} title={`${full} USD`} className={cn('tnum', className)}>
      {shown}
    </data>
  );
}

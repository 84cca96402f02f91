import { useQuery } from '@tanstack/react-query';
import { ChevronDown, Wallet } from 'lucide-react';
import { lazy, Suspense, useState } from 'react';
import { sentence } from '@/api/error';
import { Button } from '@/components/ui/button';
import { Money } from '@/components/ui/money';
import { Skeleton } from '@/components/ui/skeleton';
import { useCustomer } from '@/features/auth/session';
import { useWalletAccount } from '@/features/auth/use-wallet-account';
import { shortAddress } from '@/lib/format';
import { useIdle } from '@/lib/use-idle';
import { useWalletWidget } from '@/stores/wallet';
import { balanceQuery } from './queries';

const load = () => import('./wallet-panel');
const WalletPanel = lazy(() => load().then((m) => ({ default: m.WalletPanel })));

const look = {
  variant: 'outline',
  size: 'sm',
  className: 'relative',
  'aria-haspopup': 'dialog',
  'data-testid': 'wallet-widget',
} as const;

/** The balance in the header of every page, and behind it what a customer asks of a wallet most. */
export function WalletWidget() {
  const customer = useCustomer();
  const balance = useQuery(balanceQuery);
  const shown = useWalletAccount();
  const { open, setOpen } = useWalletWidget();
  const [wanted, setWanted] = useState(open);
  const [stayed, setStayed] = useState<string | null>(null); // the other account that the customer chose not to follow
  useIdle(() => void load());
  const other = shown && customer && shown !== customer.address && shown !== stayed ? shown : null;
  const face = (
    <>
      <Wallet aria-hidden className="text-primary" />
      <span className="sr-only">Wallet, available </span>
      {balance.data ? (
        <Money usd={balance.data.available_usd} className="font-semibold" />
      ) : balance.isError ? (
        <span title={sentence(balance.error)}>–</span>
      ) : (
        <Skeleton className="h-3.5 w-14" />
      )}
      {customer && (
        <span className="hidden border-l pl-2 font-mono text-xs text-muted-foreground xl:inline">
          {shortAddress(customer.address)}
        </span>
      )}
      <ChevronDown aria-hidden className="size-3.5 text-muted-foreground" />
      {other && (
        <>
          <span
            aria-hidden
            className="absolute -top-1.5 -right-1.5 size-3.5 rounded-full border-2 border-sidebar bg-destructive"
          />
          <span className="sr-only">. Your wallet switched account.</span>
        </>
      )}
    </>
  );
  const closed = (
    <Button
      {...look}
      aria-expanded={false}
      onClick={() => {
        setWanted(true);
        setOpen(true);
      }}
    >
      {face}
    </Button>
  );
  if (!wanted) return closed;
  return (
    <Suspense fallback={closed}>
      <WalletPanel trigger={<Button {...look}>{face}</Button>} other={other} onStay={() => setStayed(other)} />
    </Suspense>
  );
}

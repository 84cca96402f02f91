import { ChevronDown, UserRound } from 'lucide-react';
import { lazy, Suspense, useState } from 'react';
import { Button } from '@/components/ui/button';
import { useIdle } from '@/lib/use-idle';

const load = () => import('./account-menu-open');
const AccountMenuOpen = lazy(() => load().then((m) => ({ default: m.AccountMenuOpen })));

const look = {
  variant: 'ghost',
  size: 'sm',
  className: '-mr-1',
  'aria-label': 'Account menu',
  'aria-haspopup': 'menu',
} as const;
const face = (
  <>
    <span className="grid size-6 place-items-center rounded-full bg-accent text-on-accent">
      <UserRound aria-hidden className="size-3.5" />
    </span>
    <ChevronDown aria-hidden className="hidden size-3.5 text-muted-foreground sm:block" />
  </>
);

/** The button of the account menu. The menu itself comes with the first click. */
export function AccountMenu() {
  const [wanted, setWanted] = useState(false);
  useIdle(() => void load());
  const closed = (
    <Button {...look} aria-expanded={false} onClick={() => setWanted(true)}>
      {face}
    </Button>
  );
  if (!wanted) return closed;
  return (
    <Suspense fallback={closed}>
      <AccountMenuOpen trigger={<Button {...look}>{face}</Button>} />
    </Suspense>
  );
}

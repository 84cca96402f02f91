import { useQuery } from '@tanstack/react-query';
import { useRouter } from '@tanstack/react-router';
import { PenLine, ShieldCheck, Wallet } from 'lucide-react';
import { lazy, Suspense, useEffect } from 'react';
import { Logo } from '@/components/layout/logo';
import { ThemeToggle } from '@/components/layout/theme-toggle';
import { Card } from '@/components/ui/card';
import { ErrorState } from '@/components/ui/error-state';
import { Skeleton } from '@/components/ui/skeleton';
import { safeRedirect } from '@/lib/redirect';
import { metaQuery, networkName } from './meta';
import { beginSession } from './session';

const ConnectPanel = lazy(() => import('./connect-panel').then((m) => ({ default: m.ConnectPanel })));

const FACTS = [
  { icon: Wallet, text: 'Your wallet shows its address. Suiftly never sees a key or a recovery phrase.' },
  { icon: PenLine, text: 'You sign one message. It is not a transaction, costs nothing and moves no funds.' },
  { icon: ShieldCheck, text: 'You stay signed in here until you sign out or stay away for a week.' },
] as const;

export function SignInPage({ redirect }: { redirect: string | undefined }) {
  const router = useRouter();
  const meta = useQuery(metaQuery);
  useEffect(() => {
    document.title = 'Sign in · Suiftly';
  }, []);
  return (
    <div className="flex min-h-svh flex-col">
      <header className="flex h-14 items-center justify-between px-4 sm:px-6">
        <Logo />
        <ThemeToggle />
      </header>
      <main className="grid flex-1 place-items-center px-4 py-8">
        <div className="w-full max-w-[420px]">
          <Card>
            <div className="px-6 pt-6 pb-5">
              <h1 className="text-xl leading-7 font-semibold">Sign in with your wallet</h1>
              <p className="mt-1 text-pretty text-muted-foreground">
                {meta.data
                  ? `Your ${networkName(meta.data.network)} address is your account.`
                  : 'Your Sui address is your account.'}{' '}
                There is no password.
              </p>
              <div className="mt-5 min-h-11">
                {meta.isError ? (
                  <ErrorState
                    className="!px-0 !py-4"
                    title="Suiftly is not answering"
                    error={meta.error}
                    onRetry={() => void meta.refetch()}
                    busy={meta.isFetching}
                  />
                ) : meta.data ? (
                  <Suspense fallback={<Skeleton className="h-11" />}>
                    <ConnectPanel
                      network={meta.data.network}
                      onSignedIn={(customer) => {
                        beginSession(customer);
                        router.history.push(safeRedirect(redirect));
                      }}
                    />
                  </Suspense>
                ) : (
                  <Skeleton className="h-11" />
                )}
              </div>
            </div>
            <ul className="space-y-2.5 border-t px-6 py-4 text-[13px] text-muted-foreground">
              {FACTS.map(({ icon: Icon, text }) => (
                <li key={text} className="flex gap-2.5">
                  <Icon aria-hidden className="mt-0.5 size-4 shrink-0 text-primary" strokeWidth={1.8} />
                  <span className="text-pretty">{text}</span>
                </li>
              ))}
            </ul>
          </Card>
        </div>
      </main>
    </div>
  );
}

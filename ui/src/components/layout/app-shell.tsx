import { Link } from '@tanstack/react-router';
import { Menu as MenuIcon, Search } from 'lucide-react';
import { lazy, type ReactNode, Suspense, useCallback, useEffect, useState } from 'react';
import { Button } from '@/components/ui/button';
import { networkName, useNetwork } from '@/features/auth/meta';
import { useCustomer } from '@/features/auth/session';
import { WalletWidget } from '@/features/wallet/wallet-widget';
import { AccountMenu } from './account-menu';
import { ConnectionBanner } from './connection-banner';
import { Logo } from './logo';
import { SidebarNav } from './sidebar';
import { SuspendedBanner } from './suspended-banner';
import { ThemeToggle } from './theme-toggle';
import { useRouteFocus } from './use-route-focus';
import { useShortcuts } from './use-shortcuts';

const NavSheet = lazy(() => import('./nav-sheet').then((m) => ({ default: m.NavSheet })));
const CommandMenu = lazy(() => import('./command-menu').then((m) => ({ default: m.CommandMenu })));

/** A lazy layer stays mounted once it was opened, so that it can fade out. */
type Once = 'never' | 'open' | 'closed';

const apple = /Mac|iPhone|iPad/.test(navigator.userAgent);

export function AppShell({ children }: { children: ReactNode }) {
  const [nav, setNav] = useState<Once>('never');
  const [palette, setPalette] = useState<Once>('never');
  const network = useNetwork();
  const customer = useCustomer();
  const openPalette = useCallback(() => setPalette('open'), []);
  useShortcuts(openPalette);
  useRouteFocus();

  // The sheet belongs to narrow windows: widening one must not leave it over the sidebar.
  useEffect(() => {
    const wide = matchMedia('(min-width: 64rem)');
    const close = () => wide.matches && setNav((n) => (n === 'open' ? 'closed' : n));
    wide.addEventListener('change', close);
    return () => wide.removeEventListener('change', close);
  }, []);

  return (
    <div className="flex min-h-svh flex-col">
      <a
        href="#main"
        className="sr-only focus:not-sr-only focus:fixed focus:top-2 focus:left-2 focus:z-50 focus:rounded-md focus:bg-primary focus:px-3 focus:py-2 focus:text-on-primary"
      >
        Skip to content
      </a>
      <header className="sticky top-0 z-40 flex h-14 items-center gap-1.5 border-b bg-sidebar px-3 sm:gap-2 sm:px-4">
        <Button
          variant="ghost"
          size="icon"
          className="lg:hidden"
          aria-label="Open navigation"
          onClick={() => setNav('open')}
        >
          <MenuIcon aria-hidden />
        </Button>
        <Link to="/" aria-label="Suiftly, overview" className="focus-ring mr-1 rounded-md">
          <span className="hidden sm:block">
            <Logo />
          </span>
          <span className="sm:hidden">
            <Logo compact />
          </span>
        </Link>
        {network && (
          <span className="hidden items-center gap-1.5 rounded-full border px-2.5 py-0.5 text-xs text-muted-foreground md:inline-flex">
            <span aria-hidden className="size-1.5 rounded-full bg-success" /> {networkName(network)}
          </span>
        )}
        <div className="flex-1" />
        <button
          type="button"
          onClick={openPalette}
          className="focus-ring hidden h-8 w-60 items-center gap-2 rounded-md border border-border-strong bg-card px-2.5 text-[13px] text-muted-foreground shadow-card hover:bg-accent/50 lg:flex"
        >
          <Search aria-hidden className="size-4" />
          <span className="flex-1 text-left">Go to…</span>
          <kbd className="rounded border bg-muted px-1.5 font-sans text-[11px]">{apple ? '⌘ K' : 'Ctrl K'}</kbd>
        </button>
        <Button variant="ghost" size="icon" className="lg:hidden" aria-label="Go to a page" onClick={openPalette}>
          <Search aria-hidden />
        </Button>
        <ThemeToggle className="max-sm:hidden" />
        <WalletWidget />
        <AccountMenu />
      </header>
      <div className="flex flex-1">
        <aside className="sticky top-14 hidden h-[calc(100svh-3.5rem)] w-60 shrink-0 border-r bg-sidebar lg:block">
          <SidebarNav />
        </aside>
        <main id="main" tabIndex={-1} className="min-w-0 flex-1 outline-none">
          <ConnectionBanner />
          {customer?.status === 'suspended' && <SuspendedBanner />}
          <div className="mx-auto w-full max-w-[1240px] px-4 py-6 sm:px-8 sm:py-8">{children}</div>
        </main>
      </div>
      {nav !== 'never' && (
        <Suspense fallback={null}>
          <NavSheet open={nav === 'open'} onOpenChange={(open) => setNav(open ? 'open' : 'closed')} />
        </Suspense>
      )}
      {palette !== 'never' && (
        <Suspense fallback={null}>
          <CommandMenu open={palette === 'open'} onOpenChange={(open) => setPalette(open ? 'open' : 'closed')} />
        </Suspense>
      )}
    </div>
  );
}

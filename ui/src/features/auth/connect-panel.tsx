// A lazy chunk: it pulls dapp-kit. The look is ours; the kit's own components bring Lit, shadow DOM and an RPC client.
import { LoaderCircle } from 'lucide-react';
import { useEffect, useState, useSyncExternalStore } from 'react';
import { ApiError } from '@/api/error';
import type { CustomerProfile } from '@/api/gen/types.gen';
import { Banner } from '@/components/ui/banner';
import { Button } from '@/components/ui/button';
import { ErrorNote } from '@/components/ui/error-state';
import { shortAddress } from '@/lib/format';
import { useAuth } from '@/stores/auth';
import { networkName } from './meta';
import { connect, type SignInStep, signIn } from './sign-in';
import { sayFailure } from './wallet-failure';
import { type UiWallet, type UiWalletAccount, type WalletKit, walletKit } from './wallet-runtime';

// Extensions may register a moment after the page's own scripts ran.
const EXTENSIONS_MS = 1_200;

/** A value of the kit's stores, as React likes it. */
function useKit<T>(store: { get: () => T; listen: (fn: () => void) => () => void }): T {
  return useSyncExternalStore(store.listen.bind(store), store.get.bind(store));
}

export function ConnectPanel({
  network,
  onSignedIn,
}: {
  network: string;
  onSignedIn: (customer: CustomerProfile) => void;
}) {
  const kit = walletKit(network);
  const wallets = useKit(kit.stores.$wallets);
  const connection = useKit(kit.stores.$connection);
  const lastWallet = useAuth((s) => s.lastWallet);
  const [step, setStep] = useState<SignInStep | null>(null);
  const [wallet, setWallet] = useState('');
  const [failure, setFailure] = useState<unknown>(null);
  const [looked, setLooked] = useState(false);

  useEffect(() => {
    const t = window.setTimeout(() => setLooked(true), EXTENSIONS_MS);
    return () => clearTimeout(t);
  }, []);

  function run(name: string, work: () => Promise<CustomerProfile>) {
    setWallet(name);
    setFailure(null);
    setStep({ at: 'connecting' });
    work()
      .then(onSignedIn, setFailure)
      .finally(() => setStep(null));
  }
  const choose = (w: UiWallet) => run(w.name, async () => signIn(kit, await connect(kit, w), setStep));
  const resume = (w: UiWallet, account: UiWalletAccount) => run(w.name, () => signIn(kit, account, setStep));

  const sorted = [...wallets].sort((a, b) => Number(b.name === lastWallet) - Number(a.name === lastWallet));
  return (
    <div className="space-y-3">
      <Failure failure={failure} wallet={wallet} network={network} />
      {step ? (
        <Progress key={step.at} step={step} wallet={wallet} />
      ) : connection.account ? (
        <Connected
          kit={kit}
          wallet={connection.wallet}
          account={connection.account}
          onSignIn={() => resume(connection.wallet, connection.account)}
        />
      ) : wallets.length > 0 ? (
        <ul className="space-y-2">
          {sorted.map((w) => (
            <li key={w.name}>
              <Button variant="outline" size="lg" className="w-full" onClick={() => choose(w)}>
                <img src={w.icon} alt="" className="size-6 rounded-md" />
                <span className="flex-1 pl-1 text-left">{w.name}</span>
                {w.name === lastWallet && <span className="text-xs font-normal text-muted-foreground">Last used</span>}
              </Button>
            </li>
          ))}
        </ul>
      ) : looked ? (
        <Banner title="No Sui wallet found.">
          Install a wallet such as Slush in this browser, or open this page inside of your wallet's own browser, then{' '}
          <button
            type="button"
            className="focus-ring rounded-sm font-medium text-primary underline underline-offset-2"
            onClick={() => location.reload()}
          >
            look again
          </button>
          .
        </Banner>
      ) : (
        <p role="status" className="flex h-11 items-center justify-center gap-2 text-muted-foreground">
          <LoaderCircle aria-hidden className="size-4 animate-spin" /> Looking for wallets…
        </p>
      )}
    </div>
  );
}

function Failure({ failure, wallet, network }: { failure: unknown; wallet: string; network: string }) {
  if (!failure) return null;
  if (failure instanceof ApiError) return <ErrorNote error={failure} />;
  const said = sayFailure(failure, wallet || 'The wallet', networkName(network));
  return (
    <Banner tone="danger" title={said.title}>
      {said.text}
    </Banner>
  );
}

function Connected({
  kit,
  wallet,
  account,
  onSignIn,
}: {
  kit: WalletKit;
  wallet: UiWallet;
  account: UiWalletAccount;
  onSignIn: () => void;
}) {
  return (
    <div className="space-y-2">
      <Button size="lg" className="w-full" onClick={onSignIn}>
        <img src={wallet.icon} alt="" className="size-5 rounded" /> Sign in as{' '}
        <span className="font-mono">{shortAddress(account.address)}</span>
      </Button>
      <Button variant="ghost" className="w-full" onClick={() => void kit.disconnectWallet()}>
        Use another wallet
      </Button>
    </div>
  );
}

function Progress({ step, wallet }: { step: SignInStep; wallet: string }) {
  const [long, setLong] = useState(false);
  useEffect(() => {
    const t = window.setTimeout(() => setLong(true), 15_000);
    return () => clearTimeout(t);
  }, []);
  const says = {
    connecting: `Waiting for ${wallet} to share its address…`,
    asking: 'Asking Suiftly for the message to sign…',
    signing: `Sign the message in ${wallet}…`,
    verifying: 'Checking the signature…',
  }[step.at];
  return (
    <div className="space-y-3">
      <p role="status" className="flex min-h-11 items-center gap-2.5 rounded-md border bg-muted px-3.5 font-medium">
        <LoaderCircle aria-hidden className="size-4 shrink-0 animate-spin text-primary" /> {says}
      </p>
      {step.at === 'signing' && (
        <details className="rounded-md border px-3.5 py-2 text-[13px]">
          <summary className="focus-ring cursor-pointer rounded-sm text-muted-foreground">What you sign</summary>
          <pre className="mt-2 overflow-x-auto font-mono text-xs whitespace-pre-wrap">{step.message}</pre>
        </details>
      )}
      {long && (step.at === 'connecting' || step.at === 'signing') && (
        <p className="text-[13px] text-muted-foreground">
          Still waiting. The wallet's window may be hidden behind this one, or the wallet may be locked.
        </p>
      )}
    </div>
  );
}

import { useRouter } from '@tanstack/react-router';
import { useState } from 'react';
import { Banner } from '@/components/ui/banner';
import { BusyButton, Button } from '@/components/ui/button';
import { networkName, useMeta } from '@/features/auth/meta';
import { beginSession } from '@/features/auth/session';
import { sayFailure } from '@/features/auth/wallet-failure';
import { shortAddress } from '@/lib/format';
import { notify } from '@/lib/notify';

/**
 * The wallet shows another account than the one signed in. The session never follows by itself: the customer says whether to sign
 * in as the other one, or to stay.
 */
export function AccountSwitched({ shown, signedIn, onStay }: { shown: string; signedIn: string; onStay: () => void }) {
  const meta = useMeta();
  const router = useRouter();
  const [busy, setBusy] = useState(false);
  const [problem, setProblem] = useState<{ title: string; text: string } | null>(null);

  async function follow() {
    if (!meta) return;
    setBusy(true);
    setProblem(null);
    try {
      const [{ walletKit }, { signIn }] = await Promise.all([
        import('@/features/auth/wallet-runtime'),
        import('@/features/auth/sign-in'),
      ]);
      const kit = walletKit(meta.network);
      const { account } = kit.stores.$connection.get();
      if (!account) throw new Error('The wallet shows no account any more.');
      const customer = await signIn(kit, account, () => {});
      beginSession(customer);
      await router.navigate({ to: '/' });
      await router.invalidate();
      notify.done(`Signed in as ${shortAddress(customer.address)}`);
    } catch (e) {
      setProblem(sayFailure(e, 'The wallet', networkName(meta.network)));
    } finally {
      setBusy(false);
    }
  }

  return (
    <div className="space-y-2">
      <Banner tone="danger" title="Your wallet switched account.">
        It shows <span className="font-mono text-xs">{shortAddress(shown)}</span>; you are signed in as{' '}
        <span className="font-mono text-xs">{shortAddress(signedIn)}</span>, and everything here is still of that
        account.
      </Banner>
      {problem && (
        <p role="alert" className="text-[13px] text-destructive">
          {problem.title} {problem.text}
        </p>
      )}
      <div className="flex flex-wrap gap-2">
        <BusyButton size="sm" busy={busy} busyLabel="Check your wallet…" onClick={() => void follow()}>
          Sign in as {shortAddress(shown)}
        </BusyButton>
        <Button
          size="sm"
          variant="outline"
          disabled={busy}
          onClick={onStay}
          title="Switch back in your wallet when you like"
        >
          Stay as {shortAddress(signedIn)}
        </Button>
      </div>
    </div>
  );
}

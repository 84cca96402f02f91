import { authChallenge, authVerify } from '@/api/gen/sdk.gen';
import type { CustomerProfile } from '@/api/gen/types.gen';
import { useAuth } from '@/stores/auth';
import { toWalletFailure, WalletFailure } from './wallet-failure';
import type { UiWallet, UiWalletAccount, WalletKit } from './wallet-runtime';

/** How far a sign-in has come. `message` is the exact text the wallet is asked to sign. */
export type SignInStep =
  | { at: 'connecting' }
  | { at: 'asking' }
  | { at: 'signing'; message: string }
  | { at: 'verifying' };

// A wallet that was closed without an answer leaves its promise open for ever.
const WALLET_PATIENCE_MS = 120_000;

async function ofWallet<T>(work: Promise<T>): Promise<T> {
  let timer = 0;
  const patience = new Promise<never>((_, fail) => {
    timer = window.setTimeout(() => fail(new WalletFailure('timeout')), WALLET_PATIENCE_MS);
  });
  try {
    return await Promise.race([work, patience]);
  } catch (e) {
    throw toWalletFailure(e);
  } finally {
    clearTimeout(timer);
  }
}

/** Connects a wallet and gives the account it shows. */
export async function connect(kit: WalletKit, wallet: UiWallet): Promise<UiWalletAccount> {
  await ofWallet(
    kit.connectWallet({ wallet }).catch((e: unknown) => {
      throw e instanceof Error && /no accounts/i.test(e.message)
        ? new WalletFailure(elsewhere(kit, wallet), { cause: e })
        : e;
    }),
  );
  const { account } = kit.stores.$connection.get();
  if (!account) throw new WalletFailure('no-account');
  return account;
}

/** The kit leaves out accounts of other networks: a wallet that shows only such is not one that shows none. */
const elsewhere = (kit: WalletKit, wallet: UiWallet) =>
  kit.stores.$wallets.get().some((w) => w.name === wallet.name && w.accounts.length > 0)
    ? 'wrong-network'
    : 'no-account';

/** Lets the wallet sign a text of the server as the account. The text is signed byte for byte as it came. */
export async function signText(kit: WalletKit, account: UiWalletAccount, text: string): Promise<string> {
  const { signature } = await ofWallet(kit.signPersonalMessage({ message: new TextEncoder().encode(text), account }));
  if (kit.stores.$connection.get().account?.address !== account.address) throw new WalletFailure('changed');
  return signature;
}

/** Proves to the server that the visitor owns the account. The server answers with the session's cookies. */
export async function signIn(
  kit: WalletKit,
  account: UiWalletAccount,
  onStep: (step: SignInStep) => void,
): Promise<CustomerProfile> {
  if (!account.chains.includes(`sui:${kit.stores.$currentNetwork.get()}`)) throw new WalletFailure('wrong-network');
  if (!account.features.includes('sui:signPersonalMessage')) throw new WalletFailure('cannot-sign');
  onStep({ at: 'asking' });
  const { data: challenge } = await authChallenge({ body: { address: account.address }, throwOnError: true });
  onStep({ at: 'signing', message: challenge.message });
  const signature = await signText(kit, account, challenge.message);
  const now = kit.stores.$connection.get();
  onStep({ at: 'verifying' });
  const { data: session } = await authVerify({
    body: { challenge_id: challenge.challenge_id, message: challenge.message, signature },
    throwOnError: true,
  });
  useAuth.getState().signedIn(now.wallet?.name ?? null);
  return session.customer;
}

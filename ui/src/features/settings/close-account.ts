import { authAskCloseCustomer, authCloseCustomer } from '@/api/gen/sdk.gen';
import { WalletFailure } from '@/features/auth/wallet-failure';
import type { UiWallet, UiWalletAccount, WalletKit } from '@/features/auth/wallet-runtime';
import { useAuth } from '@/stores/auth';

export type ClosingStep = { at: 'wallet' } | { at: 'asking' } | { at: 'signing'; message: string } | { at: 'closing' };

/** The wallet shows another account than the one to be closed. */
export class OtherAccount extends Error {
  override readonly name = 'OtherAccount';
}

const RECONNECT_MS = 5_000;

/** The account the wallet shows: the connection of the last visit, or asked for again from the wallet signed in with last. */
async function walletAccount(
  kit: WalletKit,
  connect: (kit: WalletKit, wallet: UiWallet) => Promise<UiWalletAccount>,
): Promise<UiWalletAccount> {
  const { $connection, $wallets } = kit.stores;
  const until = Date.now() + RECONNECT_MS;
  while (/connecting/.test($connection.get().status) && Date.now() < until) {
    await new Promise((done) => setTimeout(done, 100));
  }
  const { account } = $connection.get();
  if (account) return account;
  const wallets = $wallets.get();
  const { lastWallet } = useAuth.getState();
  const wallet = wallets.find((w) => w.name === lastWallet) ?? (wallets.length === 1 ? wallets[0] : undefined);
  if (!wallet)
    throw new Error('The wallet you sign in with was not found in this browser. Sign out, sign in, and try again.');
  return connect(kit, wallet);
}

/** Closes the account of the address with its wallet's signature under the server's exact text. */
export async function closeAccount(network: string, address: string, onStep: (step: ClosingStep) => void) {
  onStep({ at: 'wallet' });
  const [{ walletKit }, { connect, signText }] = await Promise.all([
    import('@/features/auth/wallet-runtime'),
    import('@/features/auth/sign-in'),
  ]);
  const kit = walletKit(network);
  const account = await walletAccount(kit, connect);
  if (account.address !== address)
    throw new OtherAccount('Your wallet shows another account. Switch it to the account to be closed, then try again.');
  if (!account.features.includes('sui:signPersonalMessage')) throw new WalletFailure('cannot-sign');
  onStep({ at: 'asking' });
  const { data: challenge } = await authAskCloseCustomer({ throwOnError: true });
  onStep({ at: 'signing', message: challenge.message });
  const signature = await signText(kit, account, challenge.message);
  onStep({ at: 'closing' });
  await authCloseCustomer({
    body: { challenge_id: challenge.challenge_id, message: challenge.message, signature },
    throwOnError: true,
  });
}

/**
 * A wallet for `suiftly demo` and for browser tests: it speaks the Wallet Standard as an extension does, and asks nobody.
 * Its accounts come from fixed seeds that everyone can read here. They must never hold money.
 */
import { Ed25519Keypair } from '@mysten/sui/keypairs/ed25519';
import { fromBase64 } from '@mysten/sui/utils';
import {
  ReadonlyWalletAccount,
  registerWallet,
  StandardConnect,
  type StandardConnectFeature,
  StandardDisconnect,
  type StandardDisconnectFeature,
  StandardEvents,
  type StandardEventsFeature,
  type StandardEventsListeners,
  SuiSignPersonalMessage,
  type SuiSignPersonalMessageFeature,
  SuiSignTransaction,
  type SuiSignTransactionFeature,
  type Wallet,
  type WalletIcon,
} from '@mysten/wallet-standard';

const CHAINS = ['sui:mainnet', 'sui:testnet', 'sui:devnet', 'sui:localnet'] as const;
const FEATURES = [SuiSignPersonalMessage, SuiSignTransaction] as const;
const STATE = 'suiftly-dev-wallet'; // the index of the account this page may see; absent: not connected
const ICON: WalletIcon =
  'data:image/svg+xml;base64,PHN2ZyB4bWxucz0iaHR0cDovL3d3dy53My5vcmcvMjAwMC9zdmciIHZpZXdCb3g9IjAgMCAzMiAzMiI+PHJlY3Qgd2lkdGg9IjMyIiBoZWlnaHQ9IjMyIiByeD0iOCIgZmlsbD0iIzMzNDE1NSIvPjxwYXRoIGQ9Ik05IDIyIDE2IDlsNyAxM3oiIGZpbGw9IiNmYmJmMjQiLz48L3N2Zz4=';

type Features = StandardConnectFeature &
  StandardDisconnectFeature &
  StandardEventsFeature &
  SuiSignPersonalMessageFeature &
  SuiSignTransactionFeature;

const KEYS = [1, 2, 3, 4, 5].map((n) => Ed25519Keypair.fromSecretKey(new Uint8Array(32).fill(n)));

class DevWallet implements Wallet {
  readonly version = '1.0.0' as const;
  readonly name = 'Suiftly Dev Wallet';
  readonly icon = ICON;
  readonly chains = CHAINS;
  readonly #listeners = new Set<StandardEventsListeners['change']>();
  /** Set by tests: what the next requests fail with. */
  failure: Error | null = null;
  /** Set by tests: the networks that its accounts are on. */
  networks: readonly (typeof CHAINS)[number][] = CHAINS;

  get accounts() {
    const at = localStorage.getItem(STATE);
    const key = at === null ? undefined : KEYS[Number(at)];
    if (!key) return [];
    const publicKey = key.getPublicKey();
    return [
      new ReadonlyWalletAccount({
        address: publicKey.toSuiAddress(),
        publicKey: publicKey.toRawBytes(),
        chains: this.networks,
        features: FEATURES,
        label: `Dev account ${Number(at) + 1}`,
      }),
    ];
  }

  #keyOf(address: string) {
    if (this.failure) throw this.failure;
    const key = KEYS.find((k) => k.toSuiAddress() === address);
    if (!key) throw new Error('The dev wallet has no such account');
    return key;
  }

  /** The wallet now shows this account to the page, as when its owner picks another one in an extension. */
  show(index: number) {
    localStorage.setItem(STATE, String(index));
    this.#tell();
  }

  #tell() {
    for (const listener of this.#listeners) listener({ accounts: this.accounts });
  }

  get features(): Features {
    return {
      [StandardConnect]: {
        version: '1.0.0',
        connect: async (input) => {
          if (!input?.silent) {
            if (this.failure) throw this.failure;
            if (localStorage.getItem(STATE) === null) this.show(0);
          }
          return { accounts: this.accounts };
        },
      },
      [StandardDisconnect]: {
        version: '1.0.0',
        disconnect: async () => {
          localStorage.removeItem(STATE);
          this.#tell();
        },
      },
      [StandardEvents]: {
        version: '1.0.0',
        on: (event, listener) => {
          if (event !== 'change') return () => {};
          this.#listeners.add(listener);
          return () => {
            this.#listeners.delete(listener);
          };
        },
      },
      [SuiSignPersonalMessage]: {
        version: '1.1.0',
        signPersonalMessage: async ({ message, account }) => this.#keyOf(account.address).signPersonalMessage(message),
      },
      [SuiSignTransaction]: {
        version: '2.0.0',
        signTransaction: async ({ transaction, account, signal }) => {
          signal?.throwIfAborted();
          const bytes = await transaction.toJSON();
          // The server builds transactions; one that the page built would need a full node to resolve.
          if (bytes.startsWith('{')) throw new Error('The dev wallet signs transactions that the server built');
          return this.#keyOf(account.address).signTransaction(fromBase64(bytes));
        },
      },
    };
  }
}

const wallet = new DevWallet();
registerWallet(wallet);

/** What a person does inside of an extension; browser tests drive the wallet with it. */
Object.assign(window, {
  __devWallet: {
    addresses: KEYS.map((k) => k.toSuiAddress()),
    /** Every request is declined from now on, or no longer. */
    reject(on: boolean) {
      wallet.failure = on ? Object.assign(new Error('User rejected the request'), { code: 4001 }) : null;
    },
    /** Every request fails with this message from now on; null: no longer. */
    fail(message: string | null) {
      wallet.failure = message === null ? null : new Error(message);
    },
    /** Its accounts are on this network only from now on; null: on all of them. */
    network(name: 'mainnet' | 'testnet' | 'devnet' | 'localnet' | null) {
      wallet.networks = name === null ? CHAINS : [`sui:${name}`];
    },
    /** Shows the page the other account, or the one at the index. */
    switchAccount(index?: number) {
      wallet.show(index ?? (localStorage.getItem(STATE) === '1' ? 0 : 1));
    },
  },
});

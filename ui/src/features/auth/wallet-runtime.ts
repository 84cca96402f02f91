// Everything that touches dapp-kit stands behind this module, and this module is only ever import()ed: a visitor who is signed
// in and opens the overview does not wait for wallet code.
import { type ClientWithCoreApi, createDAppKit } from '@mysten/dapp-kit-core';

/** dapp-kit keeps here which wallet and account this browser connected last. */
export const WALLET_KEY = 'suiftly.wallet';

/**
 * The browser never talks to a full node: the server builds transactions, the wallet signs their bytes, the server executes
 * them. dapp-kit still asks for a client, so it gets one that fails loudly if some path starts to need it.
 */
const noRpc = new Proxy({} as ClientWithCoreApi, {
  get(_target, property) {
    throw new Error(`the browser does not talk to Sui (client.${String(property)})`);
  },
});

const make = (network: string) =>
  createDAppKit({
    networks: [network],
    createClient: () => noRpc,
    autoConnect: true,
    storageKey: WALLET_KEY,
    slushWalletConfig: null, // Slush's web wallet fetches from api.slush.app, which connect-src 'self' forbids; extensions need nothing
  });

export type WalletKit = ReturnType<typeof make>;
export type { UiWallet, UiWalletAccount } from '@mysten/dapp-kit-core';

let kit: { network: string; it: WalletKit } | null = null;

/** The one kit of the page. A server's network does not change while a page lives. */
export function walletKit(network: string): WalletKit {
  if (kit?.network !== network) kit = { network, it: make(network) };
  return kit.it;
}

import { useEffect, useState } from 'react';
import { useNetwork } from './meta';

/**
 * The address that the connected wallet shows now, or null. The runtime is loaded when the page has come to rest, and only if
 * a wallet was connected here before.
 */
export function useWalletAccount(): string | null {
  const network = useNetwork();
  const [address, setAddress] = useState<string | null>(null);
  useEffect(() => {
    if (!network || localStorage.getItem('suiftly.wallet') === null) return;
    let stop = () => {};
    let gone = false;
    const start = () => {
      void import('./wallet-runtime')
        .then(({ walletKit }) => {
          if (gone) return;
          stop = walletKit(network).stores.$connection.subscribe((c) => setAddress(c.account?.address ?? null));
        })
        .catch(() => {}); // a failed chunk costs the warning only, not the page
    };
    // Safari has no requestIdleCallback.
    const idle =
      typeof requestIdleCallback === 'function'
        ? requestIdleCallback(start, { timeout: 3_000 })
        : window.setTimeout(start, 1_500);
    return () => {
      gone = true;
      if (typeof cancelIdleCallback === 'function') cancelIdleCallback(idle);
      else clearTimeout(idle);
      stop();
    };
  }, [network]);
  return address;
}

import { create } from 'zustand';
import { persist } from 'zustand/middleware';

interface Auth {
  /**
   * A hint that this browser may have a session, so that a first visit goes to sign-in without asking the server in vain.
   * The session itself is an HttpOnly cookie; only the server knows.
   */
  maybeSignedIn: boolean;
  /** Name of the wallet signed in with last, offered first next time. */
  lastWallet: string | null;
  signedIn: (wallet: string | null) => void;
  signedOut: () => void;
}

export const useAuth = create<Auth>()(
  persist(
    (set) => ({
      maybeSignedIn: true,
      lastWallet: null,
      signedIn: (wallet) => set((s) => ({ maybeSignedIn: true, lastWallet: wallet ?? s.lastWallet })),
      signedOut: () => set({ maybeSignedIn: false }),
    }),
    {
      name: 'suiftly.auth',
      version: 1,
      partialize: ({ maybeSignedIn, lastWallet }) => ({ maybeSignedIn, lastWallet }),
    },
  ),
);

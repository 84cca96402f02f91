import { create } from 'zustand';
import { persist } from 'zustand/middleware';

interface WalletWidgetState {
  /** The panel is open; it stays so from page to page, and closes with the tab. */
  open: boolean;
  /** The last transactions are unfolded in it. */
  showTransactions: boolean;
  setOpen: (open: boolean) => void;
  setShowTransactions: (show: boolean) => void;
}

export const useWalletWidget = create<WalletWidgetState>()(
  persist(
    (set) => ({
      open: false,
      showTransactions: true,
      setOpen: (open) => set({ open }),
      setShowTransactions: (showTransactions) => set({ showTransactions }),
    }),
    { name: 'suiftly.wallet-widget', version: 1, partialize: ({ showTransactions }) => ({ showTransactions }) },
  ),
);

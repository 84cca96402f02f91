import { create } from 'zustand';

interface Connection {
  /** When the server last answered anything; 0 before the first answer. */
  answeredAt: number;
  reachable: boolean;
  answered: () => void;
  lost: () => void;
}

/** Whether the server answers, for the banner in the shell. Lives as long as the page. */
export const useConnection = create<Connection>()((set) => ({
  answeredAt: 0,
  reachable: true,
  answered: () => set({ answeredAt: Date.now(), reachable: true }),
  lost: () => set({ reachable: false }),
}));

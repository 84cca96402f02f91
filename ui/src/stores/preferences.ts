import { create } from 'zustand';
import { persist } from 'zustand/middleware';
import type { Clock } from '@/lib/time';

interface Preferences {
  /** UTC is what everything is stored and billed in, so it is where everybody starts. */
  clock: Clock;
  /** Whether lists of requests follow the traffic by themselves. */
  live: boolean;
  /** The customer closed the first steps on the overview. */
  stepsClosed: boolean;
  setClock: (clock: Clock) => void;
  setLive: (live: boolean) => void;
  closeSteps: () => void;
}

/** What this visitor likes to see. No server data, no tokens. */
export const usePreferences = create<Preferences>()(
  persist(
    (set) => ({
      clock: 'utc',
      live: true,
      stepsClosed: false,
      setClock: (clock) => set({ clock }),
      setLive: (live) => set({ live }),
      closeSteps: () => set({ stepsClosed: true }),
    }),
    {
      name: 'suiftly.preferences',
      version: 1,
      partialize: ({ clock, live, stepsClosed }) => ({ clock, live, stepsClosed }),
    },
  ),
);

export const useClock = () => usePreferences((s) => s.clock);

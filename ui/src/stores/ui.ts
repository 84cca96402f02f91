import { create } from 'zustand';
import { persist } from 'zustand/middleware';

export type Theme = 'light' | 'dark' | 'system';

interface Ui {
  theme: Theme;
  setTheme: (theme: Theme) => void;
}

/** How the dashboard looks in this browser. public/theme.js reads this key before the first paint: keep name and shape. */
export const useUi = create<Ui>()(
  persist((set) => ({ theme: 'system', setTheme: (theme) => set({ theme }) }), {
    name: 'suiftly.ui',
    version: 1,
    partialize: ({ theme }) => ({ theme }),
  }),
);

const dark = () => matchMedia('(prefers-color-scheme: dark)');

function paint(theme: Theme) {
  const on = theme === 'dark' || (theme === 'system' && dark().matches);
  document.documentElement.classList.toggle('dark', on);
  document.documentElement.style.colorScheme = on ? 'dark' : 'light';
}

/** Keeps the page in the chosen theme from now on; also when another tab or the system changes it. */
export function followTheme() {
  paint(useUi.getState().theme);
  useUi.subscribe((s) => paint(s.theme));
  dark().addEventListener('change', () => paint(useUi.getState().theme));
  addEventListener('storage', (e) => {
    if (e.key === 'suiftly.ui') void useUi.persist.rehydrate();
  });
}

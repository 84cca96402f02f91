import '@testing-library/jest-dom/vitest';
import { cleanup, configure } from '@testing-library/react';
import { afterAll, afterEach, beforeAll, vi } from 'vitest';
import { useAuth } from '@/stores/auth';
import { usePreferences } from '@/stores/preferences';
import { server } from './server';

// What jsdom lacks and the app touches.
window.matchMedia ??= ((query: string) => ({
  matches: false,
  media: query,
  onchange: null,
  addEventListener() {},
  removeEventListener() {},
  addListener() {},
  removeListener() {},
  dispatchEvent: () => false,
})) as typeof window.matchMedia;
globalThis.ResizeObserver ??= class {
  observe() {}
  unobserve() {}
  disconnect() {}
};
window.scrollTo = () => {};
Element.prototype.scrollIntoView = () => {};
Element.prototype.hasPointerCapture = () => false;

// Routes are transformed when they are first opened: one second, the default, is too short for that on two cores.
configure({ asyncUtilTimeout: 15_000 });

beforeAll(() => server.listen({ onUnhandledRequest: 'error' }));
afterEach(() => {
  cleanup();
  server.resetHandlers();
  localStorage.clear();
  useAuth.setState({ maybeSignedIn: true, lastWallet: null });
  usePreferences.setState({ clock: 'utc', live: false, stepsClosed: false });
  vi.useRealTimers();
});
afterAll(() => server.close());
usePreferences.setState({ live: false });

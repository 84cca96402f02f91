import { useEffect } from 'react';

/** Does something when the page has come to rest, once. Safari has no requestIdleCallback. */
export function useIdle(work: () => void) {
  // biome-ignore lint/correctness/useExhaustiveDependencies: once, with what the first render gave
  useEffect(() => {
    if (typeof requestIdleCallback !== 'function') {
      const timer = setTimeout(work, 1_500);
      return () => clearTimeout(timer);
    }
    const handle = requestIdleCallback(work, { timeout: 3_000 });
    return () => cancelIdleCallback(handle);
  }, []);
}

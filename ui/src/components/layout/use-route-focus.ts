import { useRouter } from '@tanstack/react-router';
import { useEffect } from 'react';

/** After a change of page, focus goes to the new page's heading, so that a screen reader says where it is and Tab starts there. */
export function useRouteFocus() {
  const router = useRouter();
  useEffect(
    () =>
      router.subscribe('onRendered', ({ pathChanged, fromLocation }) => {
        if (!pathChanged || !fromLocation) return;
        document.querySelector<HTMLElement>('main h1')?.focus({ preventScroll: true });
      }),
    [router],
  );
}

import { useNavigate } from '@tanstack/react-router';
import { useEffect } from 'react';
import { PAGES } from './nav';

const typing = (target: EventTarget | null) =>
  target instanceof HTMLElement && (target.isContentEditable || /^(INPUT|TEXTAREA|SELECT)$/.test(target.tagName));

/** Ctrl/Cmd K opens the palette; g and a letter goes to a page. Nothing fires while somebody types or a dialog is open. */
export function useShortcuts(openPalette: () => void) {
  const navigate = useNavigate();
  useEffect(() => {
    let waiting = 0;
    const onKey = (e: KeyboardEvent) => {
      if (e.key.toLowerCase() === 'k' && (e.metaKey || e.ctrlKey) && !e.altKey) {
        e.preventDefault();
        openPalette();
        return;
      }
      if (
        e.metaKey ||
        e.ctrlKey ||
        e.altKey ||
        typing(e.target) ||
        document.querySelector('[role=dialog],[role=alertdialog],[role=menu]')
      )
        return;
      if (e.key === 'g') {
        clearTimeout(waiting);
        waiting = window.setTimeout(() => {
          waiting = 0;
        }, 1_200);
        return;
      }
      const page = waiting ? PAGES.find((p) => p.key === e.key.toLowerCase()) : undefined;
      clearTimeout(waiting);
      waiting = 0;
      if (page) {
        e.preventDefault();
        void navigate(page.link);
      }
    };
    addEventListener('keydown', onKey);
    return () => {
      removeEventListener('keydown', onKey);
      clearTimeout(waiting);
    };
  }, [navigate, openPalette]);
}

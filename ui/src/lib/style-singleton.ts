// Stands in for the package react-style-singleton, which Radix's scroll lock uses (alias in vite.config.ts).
// The package appends a <style> element, which `style-src 'self'` blocks; a constructed sheet is allowed.
import { useEffect } from 'react';

export function stylesheetSingleton() {
  let users = 0;
  let sheet: CSSStyleSheet | null = null;
  return {
    add(css: string) {
      if (users++ > 0) return;
      sheet = new CSSStyleSheet();
      sheet.replaceSync(css);
      document.adoptedStyleSheets = [...document.adoptedStyleSheets, sheet];
    },
    remove() {
      if (--users > 0 || !sheet) return;
      document.adoptedStyleSheets = document.adoptedStyleSheets.filter((s) => s !== sheet);
      sheet = null;
    },
  };
}

export function styleHookSingleton() {
  const sheet = stylesheetSingleton();
  return function useStyle(css: string, dynamic?: boolean) {
    const wanted = dynamic ? css : ''; // a static sheet is added once, whatever its text becomes
    // biome-ignore lint/correctness/useExhaustiveDependencies: see above, css counts only when dynamic
    useEffect(() => {
      sheet.add(css);
      return () => sheet.remove();
    }, [wanted]);
  };
}

export function styleSingleton() {
  const useStyle = styleHookSingleton();
  return function Style({ styles, dynamic }: { styles: string; dynamic?: boolean }) {
    useStyle(styles, dynamic);
    return null;
  };
}

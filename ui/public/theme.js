// Runs before the first paint: reads the theme that stores/ui.ts keeps, so that no page ever flashes in the wrong one.
(() => {
  let theme = 'system';
  try {
    theme = JSON.parse(localStorage.getItem('suiftly.ui') || '{}').state.theme || theme;
  } catch {}
  const dark = theme === 'dark' || (theme === 'system' && matchMedia('(prefers-color-scheme: dark)').matches);
  document.documentElement.classList.toggle('dark', dark);
  document.documentElement.style.colorScheme = dark ? 'dark' : 'light';
})();

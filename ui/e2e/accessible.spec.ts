import { expectAccessible, ROUTES, settled, signedIn as test } from './fixtures';

for (const colorScheme of ['light', 'dark'] as const) {
  for (const path of ROUTES) {
    test(`axe finds nothing on ${path} in ${colorScheme}`, async ({ page }) => {
      await page.emulateMedia({ colorScheme, reducedMotion: 'reduce' });
      await page.goto(path);
      await settled(page);
      await expectAccessible(page);
    });
  }
}

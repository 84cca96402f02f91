import { expect, expectAccessible, ROUTES, settled, signedIn as test } from './fixtures';

test.describe.configure({ mode: 'parallel' });

for (const path of ROUTES) {
  test(`axe finds nothing on ${path} in light and dark`, async ({ page }) => {
    await page.emulateMedia({ colorScheme: 'light', reducedMotion: 'reduce' });
    await page.goto(path);
    await settled(page);
    await expectAccessible(page);
    await page.emulateMedia({ colorScheme: 'dark', reducedMotion: 'reduce' });
    await expect(page.locator('html')).toHaveClass(/dark/);
    await expectAccessible(page);
  });
}

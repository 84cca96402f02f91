import { expect, SESSION, test as setup, signIn } from './fixtures';

setup('sign in once for all tests', async ({ page }) => {
  await signIn(page);
  await expect(page.getByRole('heading', { level: 1, name: 'Overview' })).toBeVisible();
  await page.context().storageState({ path: SESSION });
});

import { expect, expectAccessible, noSidewaysScroll, ROUTES, settled, signedIn as test } from './fixtures';

test('every page fits a phone without sideways scroll', async ({ page }) => {
  for (const path of ROUTES) {
    await page.goto(path);
    await settled(page);
    await noSidewaysScroll(page);
  }
});

for (const path of ['/', '/services/seal?tab=config', '/logs']) {
  test(`axe finds nothing on ${path} on a phone`, async ({ page }) => {
    await page.goto(path);
    await settled(page);
    await expectAccessible(page);
  });
}

test('the navigation opens as a sheet and leads on', async ({ page }) => {
  await page.goto('/');
  await settled(page);
  await page.getByRole('button', { name: 'Open navigation' }).click();
  await page.getByRole('dialog').getByRole('link', { name: 'Requests' }).click();
  await expect(page.getByRole('heading', { level: 1, name: 'Requests' })).toBeVisible();
  await expect(page.getByRole('dialog')).toBeHidden();
});

test('price and save button stay in reach while a configuration is changed', async ({ page }) => {
  await page.goto('/services/seal?tab=config');
  await settled(page);
  await page
    .getByRole('button', { name: 'One package of seal key 1 more' })
    .or(page.getByRole('button', { name: 'One package more' }).first())
    .first()
    .click();
  await expect(page.getByTestId('live-price')).toBeInViewport();
  await expect(page.getByRole('button', { name: 'Save changes' })).toBeInViewport();
  await page.getByRole('button', { name: 'Discard' }).click();
});

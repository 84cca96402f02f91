import { expect, settled, signedIn as test } from './fixtures';

test('requests that went through HAProxy are counted, listed and charged, and the numbers move', async ({ page }) => {
  await page.goto('/');
  await settled(page);
  const chart = page.locator('[data-slot=stacked-columns]');
  await expect(chart.locator('svg g path, svg g rect').first()).toBeVisible();
  const newest = page.getByRole('region', { name: 'Latest requests' }).getByRole('row').nth(1);
  const before = await newest.innerText();
  await expect.poll(() => newest.innerText(), { timeout: 20_000 }).not.toBe(before);
  const spend = page.locator('[data-slot=card]').filter({ hasText: 'Spend this month' });
  await expect(spend.locator('[data-slot=money]').first()).not.toHaveText('$0.00');
});

test('the chart is read with the keyboard', async ({ page }) => {
  await page.goto('/');
  await settled(page);
  const chart = page.getByRole('slider', { name: /^Requests by service/ });
  await chart.focus();
  await page.keyboard.press('End');
  await expect(chart).toHaveAttribute('aria-valuetext', /Seal [\d,]+, gRPC [\d,]+, GraphQL [\d,]+/);
  const last = await chart.getAttribute('aria-valuenow');
  await page.keyboard.press('ArrowLeft');
  await expect(chart).toHaveAttribute('aria-valuenow', String(Number(last) - 1));
});

test('range, filter and page stand in the address', async ({ page }) => {
  await page.goto('/');
  await page.getByRole('radio', { name: '7 d' }).check();
  await expect(page).toHaveURL(/range=7d/);
  await page.reload();
  await expect(page.getByRole('radio', { name: '7 d' })).toBeChecked();
  await page.goto('/logs');
  await page.getByRole('combobox', { name: 'Service' }).selectOption('seal');
  await expect(page).toHaveURL(/service=seal/);
  await page.getByRole('link', { name: 'Older' }).click();
  await expect(page).toHaveURL(/cursor=/);
  await expect(page.getByRole('region', { name: 'Requests' }).getByRole('row')).not.toHaveCount(0);
  await page.goBack();
  await expect(page).not.toHaveURL(/cursor=/);
});

test('the palette and the keys g, b go to pages', async ({ page }) => {
  await page.goto('/');
  await settled(page);
  await page.keyboard.press('Control+k');
  await page.getByPlaceholder('Go to a page').fill('wallet');
  await page.keyboard.press('Enter');
  await expect(page.getByRole('heading', { level: 1, name: 'Wallet' })).toBeFocused();
  await expect(page).toHaveTitle('Wallet · Suiftly');
  await page.keyboard.press('g');
  await page.keyboard.press('b');
  await expect(page.getByRole('heading', { level: 1, name: 'Billing' })).toBeFocused();
});

test('the theme is kept, and set before the first paint', async ({ page }) => {
  await page.goto('/');
  await settled(page);
  expect(await page.evaluate(() => getComputedStyle(document.body).fontFamily)).toContain('Geist'); // the sheet is applied
  await page.getByRole('button', { name: 'Switch between light and dark theme' }).click();
  await expect(page.locator('html')).toHaveClass(/dark/);
  await page.route('**/assets/index-*.js', (r) => r.abort()); // without the app, theme.js alone must do it
  await page.reload({ waitUntil: 'commit' });
  await expect(page.locator('html')).toHaveClass(/dark/);
});

test('an unknown address and an unknown service say so inside of the shell', async ({ page }) => {
  for (const path of ['/no/such/page', '/services/nothing']) {
    await page.goto(path);
    await expect(page.getByRole('heading', { level: 1, name: 'Page not found' })).toBeVisible();
    await expect(page.getByRole('navigation', { name: 'Main' })).toBeVisible();
  }
});

test('one failing panel says why, keeps the page, and recovers', async ({ page }) => {
  const broken = '**/api/v1/logs/stats**';
  await page.route(broken, (r) =>
    r.fulfill({
      status: 500,
      contentType: 'application/problem+json',
      body: JSON.stringify({
        title: 'x',
        status: 500,
        code: 'internal',
        detail: 'Something went wrong on our side.',
        request_id: 'req-123',
      }),
    }),
  );
  await page.goto('/');
  const panel = page.getByRole('alert').filter({ hasText: 'Requests could not be loaded' });
  await expect(panel).toContainText('Something went wrong on our side.');
  await expect(panel).toContainText('req-123');
  await expect(page.getByText('Spend this month')).toBeVisible();
  await page.unroute(broken);
  await panel.getByRole('button', { name: 'Try again' }).click();
  await expect(panel).toBeHidden();
});

test('a server that does not answer is named, and work goes on by itself', async ({ page }) => {
  await page.goto('/logs');
  await settled(page);
  await page.route('**/api/**', (r) => r.abort());
  await expect(page.getByText('Suiftly is not answering.')).toBeVisible({ timeout: 25_000 });
  await expect(page.getByRole('region', { name: 'Requests' }).getByRole('row')).not.toHaveCount(0); // what was there stays
  await page.unroute('**/api/**');
  await expect(page.getByText('Suiftly is not answering.')).toBeHidden({ timeout: 20_000 });
});

test('the wallet panel stays open from page to page', async ({ page }) => {
  await page.goto('/');
  await settled(page);
  await page.getByTestId('wallet-widget').click();
  const panel = page.getByRole('dialog', { name: 'Wallet' });
  await expect(panel).toContainText('Available');
  await expect(panel.getByRole('listitem')).not.toHaveCount(0);
  await panel.getByRole('link', { name: 'Open wallet' }).click();
  await expect(page.getByRole('heading', { level: 1, name: 'Wallet' })).toBeVisible();
  await expect(panel).toBeVisible();
});

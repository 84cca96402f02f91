import type { Page } from '@playwright/test';
import { expect, expectAccessible, test, wallet } from './fixtures';

const devWallet = (page: Page) => page.getByRole('button', { name: 'Suiftly Dev Wallet' });

test('a deep link leads through sign-in to where it pointed', async ({ page }) => {
  await page.goto('/billing?period=7d');
  await expect(page).toHaveURL(/\/login\?redirect=/);
  const verified = page.waitForResponse('**/api/v1/auth/verify');
  await devWallet(page).click();
  expect((await verified).status()).toBe(200);
  await expect(page).toHaveURL(/\/billing\?period=7d$/);
  await expect(page.getByTestId('wallet-widget')).toContainText('$');
  const cookies = await page.context().cookies();
  expect(cookies.length).toBeGreaterThanOrEqual(2);
  expect(cookies.filter((c) => !c.httpOnly)).toEqual([]);
  const kept = await page.evaluate(() => JSON.stringify(localStorage));
  expect(kept).not.toMatch(/eyJ|token/i); // no token in reach of script
});

test('a rejected signature is explained, and the next try works', async ({ page }) => {
  await page.goto('/login');
  await devWallet(page).waitFor();
  await wallet(page, (w) => w.reject(true));
  await devWallet(page).click();
  await expect(page.getByRole('alert')).toContainText('You declined the request.');
  await expect(page).toHaveURL(/\/login/);
  await wallet(page, (w) => w.reject(false));
  await devWallet(page).click();
  await expect(page.getByRole('heading', { level: 1, name: 'Overview' })).toBeVisible();
});

test('a locked wallet and an unknown failure have their own words', async ({ page }) => {
  await page.goto('/login');
  await devWallet(page).waitFor();
  await wallet(page, (w) => w.fail('The wallet is locked'));
  await devWallet(page).click();
  await expect(page.getByRole('alert')).toContainText('is locked');
  await wallet(page, (w) => w.fail('0xdead'));
  await devWallet(page).click();
  await expect(page.getByRole('alert')).toContainText('It said: 0xdead');
  await expectAccessible(page);
});

test('an account of another network is told which one to switch to', async ({ page }) => {
  await page.goto('/login');
  await devWallet(page).waitFor();
  await wallet(page, (w) => w.network('mainnet'));
  await devWallet(page).click();
  await expect(page.getByRole('alert')).toContainText('This account is not on Sui localnet.');
  await wallet(page, (w) => w.network(null));
  await wallet(page, (w) => w.switchAccount(0));
  await devWallet(page).click();
  await expect(page.getByRole('heading', { level: 1, name: 'Overview' })).toBeVisible();
});

test('without a wallet the page says what to do', async ({ page }) => {
  await page.route('**/dev-wallet.js', (r) => r.fulfill({ contentType: 'text/javascript', body: '' }));
  await page.goto('/login');
  await expect(page.getByRole('status').filter({ hasText: 'No Sui wallet found.' })).toBeVisible();
  await expectAccessible(page);
});

test('sign-out ends the session, and going back shows nothing of it', async ({ page }) => {
  await page.goto('/wallet');
  await devWallet(page).click();
  await expect(page.getByRole('heading', { level: 1, name: 'Wallet' })).toBeVisible();
  await page.getByRole('button', { name: 'Account menu' }).click();
  await page.getByRole('menuitem', { name: 'Sign out' }).click();
  await expect(page).toHaveURL(/\/login/);
  await page.goBack();
  await expect(page).toHaveURL(/\/login/);
});

test('an expired access token is renewed once, unseen, and the reload stays signed in', async ({ page }) => {
  await page.goto('/');
  await devWallet(page).click();
  await expect(page.getByRole('heading', { level: 1, name: 'Overview' })).toBeVisible();
  const cookies = await page.context().cookies();
  const access = cookies.find((c) => c.name.endsWith('suiftly-access'));
  expect(access).toBeDefined();
  await page.context().clearCookies({ name: access?.name ?? '' });
  const renewals: string[] = [];
  page.on('request', (r) => r.url().endsWith('/auth/refresh') && renewals.push(r.url()));
  await page.goto('/billing');
  await expect(page.getByRole('heading', { level: 1, name: 'Billing' })).toBeVisible();
  await expect(page.getByText('Charged for usage')).toBeVisible();
  expect(renewals).toHaveLength(1);
});

test('when the wallet switches account, the session stays and both ways are offered', async ({ page }) => {
  await page.goto('/');
  await devWallet(page).click();
  await expect(page.getByRole('heading', { level: 1, name: 'Overview' })).toBeVisible();
  const first = await page.getByTestId('wallet-widget').textContent();
  await page.reload(); // a signed-in visit loads the wallet's code when the page has come to rest
  await page.waitForResponse(/wallet-runtime/);
  await wallet(page, (w) => w.switchAccount(1));
  await expect(page.getByTestId('wallet-widget')).toContainText('Your wallet switched account.');
  await page.getByTestId('wallet-widget').click();
  const warning = page.getByRole('alert').filter({ hasText: 'Your wallet switched account.' });
  await expect(warning).toBeVisible();
  await expectAccessible(page);
  expect(first).toContain('0x29df');
  await page.getByRole('button', { name: /^Sign in as/ }).click();
  await expect(page.getByTestId('wallet-widget')).not.toContainText('0x29df');
  await expect(warning).toBeHidden();
});

import type { Page } from '@playwright/test';
import { expect, expectAccessible, settled, signedIn, signIn, signInButton, test, wallet } from './fixtures';

// Each test has an account of the dev wallet to itself: it changes what is the account's.
const CLOSING = 2;
const PROFILE = 3;
const EXPIRING = 4;

const heading = (page: Page, name: string) => page.getByRole('heading', { level: 1, name });

test('an account is closed for good: typed, signed, and the address cannot come back', async ({ page }) => {
  await signIn(page, '/settings/profile', CLOSING);
  await settled(page);
  await page.getByRole('button', { name: 'Close my account…' }).click();
  const dialog = page.getByRole('alertdialog', { name: 'Close your account for good?' });
  const confirm = dialog.getByRole('button', { name: 'Sign and close' });
  await expect(confirm).toBeDisabled();
  await expectAccessible(page);
  await dialog.getByRole('textbox').fill('close my account');

  await wallet(page, (w) => w.reject(true));
  await confirm.click();
  await expect(dialog.getByRole('alert')).toContainText('You declined the request. Nothing is closed.');
  await wallet(page, (w) => w.reject(false));
  await confirm.click();
  await expect(page).toHaveURL(/\/login$/);
  await expect(page.getByText('Your account is closed')).toBeVisible();

  await page.goto('/wallet');
  await expect(page).toHaveURL(/\/login\?redirect=/);
  await signInButton(page).click();
  await expect(page.getByRole('alert')).toContainText('This account is closed.');
  await expect(page).toHaveURL(/\/login/);
});

test('a profile is saved, comes back, and two tabs do not overwrite each other', async ({ page, context }) => {
  await signIn(page, '/settings/profile', PROFILE);
  await settled(page);
  const name = page.getByRole('textbox', { name: 'Name' });
  await name.fill(`Ada ${Date.now()}`);
  const saved = await name.inputValue();
  await page.getByRole('group', { name: 'Overview opens with' }).getByText('7 d').click();
  await page.getByRole('button', { name: 'Save profile' }).click();
  await expect(page.getByText('Profile saved')).toBeVisible();
  await page.reload();
  await expect(name).toHaveValue(saved);
  await expect(page.getByRole('radio', { name: '7 d' }).first()).toBeChecked();

  const other = await context.newPage();
  await other.goto('/settings/profile');
  await other.getByRole('textbox', { name: 'E-mail' }).fill('ada@example.com');
  await other.getByRole('button', { name: 'Save profile' }).click();
  await expect(other.getByText('Profile saved')).toBeVisible();
  await other.close();

  await name.fill('Grace');
  await page.getByRole('button', { name: 'Save profile' }).click();
  await expect(page.getByText('The profile was changed elsewhere meanwhile.')).toBeVisible();
  await expectAccessible(page);
  await expect(name).toHaveValue('Grace');
  await page.getByRole('button', { name: 'Go on with my input' }).click();
  await page.getByRole('button', { name: 'Save profile' }).click();
  await expect(page.getByRole('button', { name: 'Save profile' })).toBeDisabled();
  await page.reload();
  await expect(name).toHaveValue('Grace');
  await expect(page.getByRole('textbox', { name: 'E-mail' })).toHaveValue('ada@example.com');

  await page.goto('/');
  await expect(page.getByRole('radio', { name: '7 d' })).toBeChecked();
});

test('a session that ends in the middle of a form is renewed over it, and the input is saved', async ({ page }) => {
  await signIn(page, '/settings/profile', EXPIRING);
  await settled(page);
  const name = page.getByRole('textbox', { name: 'Name' });
  const typed = `Typed before the end ${Date.now()}`;
  await name.fill(typed);
  // What an idle limit, an end from elsewhere and a restart of the browser come down to.
  await page.context().clearCookies({ name: /suiftly-(access|refresh)/ });
  await page.getByRole('button', { name: 'Save profile' }).click();
  const dialog = page.getByRole('dialog', { name: 'Your session has ended' });
  await expect(dialog).toBeVisible();
  await expectAccessible(page);
  await signInButton(page).click();
  await expect(dialog).toBeHidden();
  await expect(page.getByText('Profile saved')).toBeVisible();
  await expect(page).toHaveURL(/\/settings\/profile$/);
  await page.reload();
  await expect(name).toHaveValue(typed);
});

test('sessions are listed with their devices; one is ended elsewhere within seconds, and the others at once', async ({
  page,
  browser,
}) => {
  await signIn(page, '/settings/sessions', EXPIRING);
  const phone = await browser.newContext({
    userAgent:
      'Mozilla/5.0 (iPhone; CPU iPhone OS 18_1 like Mac OS X) AppleWebKit/605.1.15 Version/18.1 Mobile/15E148 Safari/604.1',
  });
  const elsewhere = await phone.newPage();
  await signIn(elsewhere, '/wallet', EXPIRING);
  await expect(heading(elsewhere, 'Wallet')).toBeVisible();

  await page.reload();
  const list = page.getByRole('list', { name: 'Sessions' });
  const row = list.getByRole('listitem').filter({ hasText: 'iPhone' }).first();
  await expect(row).toContainText('127.0.0.0/24');
  await row.getByRole('button', { name: /^End/ }).click();
  await page.getByRole('alertdialog').getByRole('button', { name: 'End session' }).click();
  await expect(page.getByText('The session is ended')).toBeVisible();
  await expect
    .poll(async () => (await phone.request.get(new URL('/api/v1/auth/customer', page.url()).href)).status(), {
      timeout: 5_000,
    })
    .toBe(401);

  await signIn(elsewhere, '/wallet', EXPIRING);
  await page.reload();
  await page.getByRole('button', { name: 'End all others' }).click();
  await page.getByRole('alertdialog').getByRole('button', { name: 'End all others' }).click();
  await expect(page.getByText('You are signed in nowhere else.')).toBeVisible();
  await elsewhere.goto('/billing');
  await expect(elsewhere).toHaveURL(/\/login/);
  await phone.close();
});

signedIn('a pinned service comes first, in the cards and in the sidebar, after a reload too', async ({ page }) => {
  await page.goto('/services');
  await settled(page);
  const pin = page.getByRole('button', { name: 'Pin GraphQL' });
  const first = () => page.getByRole('main').getByRole('heading', { level: 2 }).first();
  await expect(first()).not.toHaveText('GraphQL');
  await pin.click();
  await expect(pin).toHaveAttribute('aria-pressed', 'true');
  await expect(first()).toHaveText('GraphQL');
  await page.reload();
  await expect(first()).toHaveText('GraphQL');
  await expect(page.getByRole('navigation', { name: 'Main' }).getByRole('link').nth(2)).toContainText('GraphQL');
  await pin.click();
  await expect(pin).toHaveAttribute('aria-pressed', 'false');
  await expect(first()).not.toHaveText('GraphQL');
});

signedIn('the open account menu is accessible and leads to the settings', async ({ page }) => {
  await page.goto('/');
  await settled(page);
  await page.getByRole('button', { name: 'Account menu' }).click();
  await expect(page.getByRole('menu')).toBeVisible();
  await expectAccessible(page);
  await page.keyboard.press('Escape');
  await expect(page.getByRole('menu')).toBeHidden();
  await page.getByRole('button', { name: 'Account menu' }).click();
  await page.getByRole('menuitem', { name: 'Sessions' }).click();
  await expect(heading(page, 'Sessions')).toBeVisible();
});

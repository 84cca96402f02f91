import { expect, expectAccessible, settled, signedIn as test } from './fixtures';

test('a new API key is shown once, works through HAProxy, and its requests and their price appear', async ({
  page,
  context,
}) => {
  await context.grantPermissions(['clipboard-read', 'clipboard-write']);
  const name = `e2e ${Date.now()}`;
  await page.goto('/api-keys?create=true');
  const dialog = page.getByRole('dialog');
  await dialog.getByRole('combobox', { name: 'Service' }).selectOption('seal');
  await dialog.getByRole('button', { name: 'Create key' }).click();
  await expect(dialog.getByRole('alert')).toContainText('Give the key a name');
  await dialog.getByRole('textbox', { name: 'Name' }).fill(name);
  await dialog.getByRole('button', { name: 'Create key' }).click();

  await expect(dialog).toContainText('Store this key now');
  const key = await page.getByTestId('new-key').innerText();
  expect(key).toMatch(/^sfk_[0-9A-Za-z]{11}_[0-9A-Za-z]{43}$/);
  await page.keyboard.press('Escape');
  await expect(dialog).toBeVisible(); // not lost by accident
  await expect(dialog.getByRole('button', { name: 'Done' })).toBeDisabled();
  await expectAccessible(page);
  await dialog.getByRole('button', { name: 'Copy key' }).click();
  expect(await page.evaluate(() => navigator.clipboard.readText())).toBe(key);
  const command = await dialog.locator('pre').innerText();
  await dialog.getByRole('button', { name: 'Done' }).click();
  await expect(dialog).toBeHidden();
  await expect(page.getByRole('row', { name: new RegExp(name) })).toBeVisible();
  expect(await page.content()).not.toContain(key);

  // The example's own address, from this machine through the real HAProxy.
  const url = /curl -i '([^']+)'/.exec(command)?.[1] ?? '';
  const path = `/e2e/${Date.now()}`;
  await expect
    .poll(async () => (await fetch(url, { headers: { 'X-API-Key': key } })).status, { timeout: 10_000 })
    .not.toBe(401);
  for (let i = 0; i < 3; i++) await fetch(new URL(path, url), { headers: { 'X-API-Key': key } });

  await page.goto('/logs?service=seal');
  const row = page.getByRole('row').filter({ hasText: path }).first();
  // The demo's own traffic pushes rows down: look at the newest again until ours is among them.
  await expect(row).toBeVisible({ timeout: 15_000 });
  await expect(row.getByRole('cell').last()).toHaveText(/^(\$0\.0001|Free)$/);

  await page.goto('/api-keys');
  await page.getByRole('button', { name: `Rename ${name}` }).click();
  await page.getByRole('dialog').getByRole('textbox', { name: 'Name' }).fill(`${name} b`);
  await page.getByRole('dialog').getByRole('button', { name: 'Rename' }).click();
  await expect(page.getByRole('row', { name: new RegExp(`${name} b`) })).toBeVisible();

  await page.getByRole('button', { name: `Revoke ${name} b` }).click();
  const ask = page.getByRole('alertdialog');
  await expect(ask.getByRole('button', { name: 'Revoke for good' })).toBeDisabled();
  await ask.getByRole('textbox').fill(`${name} b`);
  await ask.getByRole('button', { name: 'Revoke for good' }).click();
  await expect(page.getByRole('row', { name: new RegExp(name) })).toHaveCount(0);
  await expect
    .poll(async () => (await fetch(url, { headers: { 'X-API-Key': key } })).status, { timeout: 10_000 })
    .toBe(401);
});

test('the keys of one service stand on its page', async ({ page }) => {
  await page.goto('/services/graphql?tab=keys');
  await settled(page);
  await expect(page.getByRole('row', { name: /indexer/ })).toBeVisible();
  await expect(page.getByRole('row', { name: /production/ })).toHaveCount(0);
});

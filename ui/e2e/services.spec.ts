import { expect, settled, signedIn as test } from './fixtures';

test.describe.configure({ mode: 'serial' }); // they change the same configuration

test('a configuration shows its price while it is changed, and what saving changes', async ({ page }) => {
  await page.goto('/services/seal?tab=config');
  await settled(page);
  const price = page.getByTestId('live-price');
  const before = Number((await price.innerText()).replace(/[^0-9.]/g, ''));
  await page.getByRole('button', { name: 'One API key more' }).click();
  await expect(price).toContainText(`$${(before + 1).toFixed(2)}`);
  await expect(page.getByText('+$1.00 from now')).toBeVisible();

  await page.getByRole('button', { name: 'Save changes' }).click();
  const dialog = page.getByRole('dialog');
  await expect(dialog.getByRole('row', { name: /API keys/ })).toBeVisible();
  await expect(dialog.getByRole('row', { name: /Monthly price/ })).toContainText('(+$1.00)');
  await dialog.getByRole('button', { name: /^Save for/ }).click();
  await expect(page.getByText('Seal settings saved')).toBeVisible();
  await expect(dialog).toBeHidden();

  // And back, so that the demo stays what it was.
  await page.getByRole('button', { name: 'One API key less' }).click();
  await expect(price).toContainText(`$${before.toFixed(2)}`);
  await page.getByRole('button', { name: 'Save changes' }).click();
  await page
    .getByRole('dialog')
    .getByRole('button', { name: /^Save for/ })
    .click();
  await expect(page.getByRole('dialog')).toBeHidden();
});

test('what the catalog does not allow is said at the field, and nothing is sent', async ({ page }) => {
  await page.goto('/services/seal?tab=config');
  await settled(page);
  const saves: string[] = [];
  page.on('request', (r) => r.method() === 'PUT' && saves.push(r.url()));
  const keys = page.getByRole('textbox', { name: 'API keys' });
  await keys.fill('99');
  await expect(page.getByRole('alert').filter({ hasText: 'Enter 1 to 50.' })).toBeVisible();
  await expect(keys).toHaveAccessibleDescription('Enter 1 to 50.');
  await expect(page.getByRole('button', { name: 'Save changes' })).toBeDisabled();
  expect(saves).toEqual([]);
});

test('a tier without an option locks it and says which tier has it', async ({ page }) => {
  await page.goto('/services/seal?tab=config');
  await settled(page);
  await page.getByRole('radio', { name: /Starter/ }).check();
  await expect(page.getByRole('switch', { name: 'Burst' })).toBeDisabled();
  await expect(page.getByText('Needs Pro')).toBeVisible();
  await page.getByRole('radio', { name: /Pro/ }).check();
  await expect(page.getByRole('switch', { name: 'Burst' })).toBeChecked(); // the choice was kept
});

test('somebody else saved meanwhile: both are shown, and the input is kept', async ({ page, baseURL }) => {
  await page.goto('/services/seal?tab=config');
  await settled(page);
  await page.getByRole('button', { name: 'One API key more' }).click();

  const address = `${baseURL}/api/v1/services/seal/config`;
  const headers = { Origin: baseURL ?? '' };
  const current = await (await page.request.get(address)).json();
  const other = { ...current.config, seal_keys: [...current.config.seal_keys, 3] };
  expect(
    (await page.request.put(address, { headers, data: { version: current.version, config: other } })).status(),
  ).toBe(200);

  await page.getByRole('button', { name: 'Save changes' }).click();
  await page
    .getByRole('dialog')
    .getByRole('button', { name: /^Save for/ })
    .click();
  const conflict = page.getByRole('alert').filter({ hasText: 'Somebody else saved Seal meanwhile.' });
  await expect(conflict).toBeVisible();
  await expect(conflict.getByRole('row', { name: /Seal keys/ })).toBeVisible();
  await expect(page.getByRole('textbox', { name: 'API keys' })).toHaveValue(String(current.config.api_keys + 1));

  await conflict.getByRole('button', { name: 'Take the saved one' }).click();
  await expect(conflict).toBeHidden();
  await expect(page.getByText('Seal key 3')).toBeVisible();
  expect(
    (
      await page.request.put(address, { headers, data: { version: current.version + 1, config: current.config } })
    ).status(),
  ).toBe(200);
});

test('leaving with unsaved changes asks first', async ({ page }) => {
  await page.goto('/services/seal?tab=config');
  await settled(page);
  await page.getByRole('button', { name: 'One API key more' }).click();
  await page.getByRole('link', { name: 'Billing' }).first().click();
  const ask = page.getByRole('alertdialog', { name: 'Leave without saving?' });
  await expect(ask).toBeVisible();
  await ask.getByRole('button', { name: 'Cancel' }).click();
  await expect(page.getByRole('textbox', { name: 'API keys' })).toBeVisible();
  await page.getByRole('link', { name: 'Billing' }).first().click();
  await ask.getByRole('button', { name: 'Leave' }).click();
  await expect(page.getByRole('heading', { level: 1, name: 'Billing' })).toBeVisible();
});

test('turning a service on and off asks and says what happens', async ({ page }) => {
  await page.goto('/services/graphql');
  await settled(page);
  await page.getByRole('button', { name: 'Turn off' }).click();
  const ask = page.getByRole('alertdialog', { name: 'Turn GraphQL off?' });
  await expect(ask).toContainText('refused within a few seconds');
  await ask.getByRole('button', { name: 'Cancel' }).click();
  await expect(ask).toBeHidden();
  await expect(page.getByRole('main').getByText('Serving')).toBeVisible();
});

import { screen, waitFor, within } from '@testing-library/react';
import { expect, test } from 'vitest';
import { catalog, sealConfig } from '@/test/catalog';
import { renderAt } from '@/test/render';
import { at, customer, HttpResponse, http, problem, server } from '@/test/server';

const PATH = '/services/seal?tab=config';
const moreKeys = () => screen.findByRole('button', { name: 'One API key more' });

test('the live price is the server’s, and saving sends the draft with the version it was made from', async () => {
  let saved: unknown;
  let key: string | null = null;
  server.use(
    http.put(at('/services/seal/config'), async ({ request }) => {
      saved = await request.json();
      key = request.headers.get('idempotency-key');
      return HttpResponse.json({ ...sealConfig, version: 4, config: { ...sealConfig.config, api_keys: 2 } });
    }),
  );
  const { user } = renderAt(PATH);
  await user.click(await moreKeys());
  await waitFor(() => expect(screen.getByTestId('live-price')).toHaveTextContent('$41.00'));
  expect(screen.getByText('+$1.00 from now')).toBeVisible();
  await user.click(screen.getByRole('button', { name: 'Save changes' }));
  const dialog = await screen.findByRole('dialog');
  expect(within(dialog).getByRole('row', { name: /API keys/ })).toHaveTextContent('1 API key2 API keys');
  await user.click(await within(dialog).findByRole('button', { name: 'Save for $41.00 a month' }));
  await waitFor(() =>
    expect(saved).toEqual({ version: 3, config: { tier: 'pro', burst: false, seal_keys: [3], api_keys: 2 } }),
  );
  expect(key).toBeTruthy();
  await waitFor(() => expect(screen.queryByRole('dialog')).toBeNull());
  expect(screen.getByText('Version 4 is in force.')).toBeVisible();
});

test('a draft that the catalog refuses is neither priced nor saved', async () => {
  const { user } = renderAt(PATH);
  const keys = await screen.findByRole('textbox', { name: 'API keys' });
  await user.clear(keys);
  await user.type(keys, '77');
  expect(await screen.findByText('Enter 1 to 50.')).toBeVisible();
  expect(keys).toHaveAccessibleDescription('Enter 1 to 50.');
  expect(screen.getByRole('button', { name: 'Save changes' })).toBeDisabled();
});

test('what the server refuses stands at its field', async () => {
  server.use(
    http.post(at('/services/seal/quote'), () =>
      problem(422, 'services.bad_config', 'This configuration cannot be saved: see the fields.', {
        fields: [{ name: 'api_keys', message: '3 API keys exist. Revoke 1 of them first.' }],
      }),
    ),
  );
  const { user } = renderAt(PATH);
  await user.click(await moreKeys());
  expect(await screen.findByText('3 API keys exist. Revoke 1 of them first.')).toBeVisible();
});

test('when somebody else saved, both are shown and the input stays until one is chosen', async () => {
  const theirs = { ...sealConfig, version: 4, config: { ...sealConfig.config, burst: true } };
  const versions: number[] = [];
  server.use(
    http.put(at('/services/seal/config'), async ({ request }) => {
      const body = (await request.json()) as { version: number };
      versions.push(body.version);
      return body.version === 4
        ? HttpResponse.json({ ...theirs, version: 5, config: { ...sealConfig.config, api_keys: 2 } })
        : problem(409, 'services.config_changed', 'The configuration was changed meanwhile.');
    }),
    http.get(at('/services/seal/config'), () => HttpResponse.json(theirs)),
  );
  const { user } = renderAt(PATH);
  await user.click(await moreKeys());
  await user.click(await screen.findByRole('button', { name: 'Save changes' }));
  await user.click(await screen.findByRole('button', { name: /^Save for/ }));
  const conflict = await screen.findByText('Somebody else saved Seal meanwhile.');
  const box = conflict.closest<HTMLElement>('[role=alert]');
  if (!box) throw new Error('the conflict is no alert');
  expect(within(box).getByRole('row', { name: /Burst/ })).toHaveTextContent('BurstOnOff');
  expect(screen.getByRole('textbox', { name: 'API keys' })).toHaveValue('2');
  await user.click(within(box).getByRole('button', { name: 'Go on with mine' }));
  await user.click(screen.getByRole('button', { name: 'Save changes' }));
  await user.click(await screen.findByRole('button', { name: /^Save for/ }));
  await waitFor(() => expect(versions).toEqual([3, 4]));
});

test('a suspended customer can look and not change', async () => {
  server.use(http.get(at('/auth/customer'), () => HttpResponse.json({ ...customer, status: 'suspended' })));
  renderAt(PATH);
  expect(await moreKeys()).toBeDisabled();
  expect(screen.getByText('Settings cannot be changed.')).toBeVisible();
  expect(screen.getByText('This account is suspended.')).toBeVisible();
});

test('a service that is not in the catalog is a page that does not exist', async () => {
  server.use(http.get(at('/services'), () => HttpResponse.json({ services: catalog })));
  renderAt('/services/nothing');
  expect(await screen.findByRole('heading', { level: 1, name: 'Page not found' })).toBeVisible();
});

import { screen, waitFor, within } from '@testing-library/react';
import { expect, test } from 'vitest';
import type { ApiKeyOut } from '@/api/gen/types.gen';
import { renderAt } from '@/test/render';
import { at, HttpResponse, http, problem, server } from '@/test/server';

const key: ApiKeyOut = {
  key_id: 'k1',
  service: 'seal',
  name: 'Backend',
  hint: 'sfk_k1_…',
  state: 'active',
  created_at: '2026-11-20T10:00:00Z',
  networks: ['192.0.2.0/24'],
};
const withKey = (more: Partial<ApiKeyOut> = {}) =>
  server.use(
    http.get(at('/services/api-keys'), () =>
      HttpResponse.json({ api_keys: [{ ...key, ...more }], your_address: '198.51.100.7' }),
    ),
  );

test('a key is rotated with the overlap that was chosen, and the new one is shown once', async () => {
  withKey();
  let body: unknown;
  server.use(
    http.post(at('/services/api-keys/k1/rotate'), async ({ request }) => {
      body = await request.json();
      return HttpResponse.json({ api_key: { ...key, key_id: 'k2' }, key: 'sfk_k2_secret' }, { status: 201 });
    }),
  );
  const { user } = renderAt('/services/seal?tab=keys');
  await user.click(await screen.findByRole('button', { name: /^Rotate/ }));
  await user.selectOptions(await screen.findByLabelText('The old key works for'), '7 days');
  await user.click(screen.getByRole('button', { name: 'Make the new key' }));
  expect(await screen.findByTestId('new-key')).toHaveTextContent('sfk_k2_secret');
  expect(body).toEqual({ overlap_hours: 168 });
  expect(screen.getByRole('button', { name: 'Done' })).toBeDisabled();
});

test('a rotated key says until when it works, and cannot be rotated again', async () => {
  withKey({ state: 'replaced', replaced_by: 'k2', expires_at: '2026-12-01T10:00:00Z' });
  renderAt('/services/seal?tab=keys');
  expect(await screen.findByText(/Rotated: works until/)).toBeVisible();
  expect(screen.queryByRole('button', { name: /^Rotate/ })).toBeNull();
});

test('networks that shut their owner out are kept, and said so; a wrong one is named', async () => {
  withKey();
  let sent: unknown;
  server.use(
    http.put(at('/services/api-keys/k1/networks'), async ({ request }) => {
      sent = await request.json();
      const { networks } = sent as { networks: string[] };
      const wrong = networks.indexOf('nonsense');
      if (wrong >= 0)
        return problem(422, 'services.bad_networks', 'This list of networks cannot be kept: see the fields.', {
          fields: [{ name: `networks[${wrong}]`, message: 'Give an address or a network.' }],
        });
      const warning = networks.includes('198.51.100.7') ? undefined : 'Your own address is not in this list.';
      return HttpResponse.json({ api_key: { ...key, networks }, warning });
    }),
  );
  const { user } = renderAt('/services/seal?tab=access');
  await user.click(await screen.findByRole('button', { name: /^Networks/ }));
  const dialog = await screen.findByRole('dialog');
  const box = within(dialog).getByRole('textbox');
  expect(box).toHaveValue('192.0.2.0/24');
  await user.type(box, '\nnonsense');
  await user.click(within(dialog).getByRole('button', { name: 'Save' }));
  expect(await within(dialog).findByText('nonsense: Give an address or a network.')).toBeVisible();
  await user.clear(box);
  await user.type(box, '10.0.0.0/8');
  await user.click(within(dialog).getByRole('button', { name: 'Save' }));
  expect(await within(dialog).findByText('Your own address is not in this list.')).toBeVisible();
  await user.click(within(dialog).getByRole('button', { name: 'Add my address' }));
  await user.click(within(dialog).getByRole('button', { name: 'Save' }));
  await waitFor(() => expect(screen.queryByRole('dialog')).toBeNull());
  expect(sent).toEqual({ networks: ['10.0.0.0/8', '198.51.100.7'] });
});

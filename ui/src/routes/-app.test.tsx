import { screen, waitFor, within } from '@testing-library/react';
import { expect, test, vi } from 'vitest';
import { whenSignedOut } from '@/api/renew';
import { useAuth } from '@/stores/auth';
import { catalog, grpcConfig, grpcType } from '@/test/catalog';
import { renderAt } from '@/test/render';
import { at, HttpResponse, http, problem, server } from '@/test/server';

const h1 = (name: string) => screen.findByRole('heading', { level: 1, name });
const unauthenticated = () => problem(401, 'auth.sign_in_needed', 'Sign in to go on.');

test('without a session every page leads to sign-in, which remembers the way', async () => {
  server.use(http.get(at('/auth/customer'), unauthenticated));
  const { router } = renderAt('/logs?service=seal');
  await h1('Sign in with your wallet');
  expect(router.state.location.search).toEqual({ redirect: '/logs?service=seal' });
});

test('a browser that signed out does not even ask', async () => {
  useAuth.setState({ maybeSignedIn: false });
  const asked = vi.fn(unauthenticated);
  server.use(http.get(at('/auth/customer'), asked));
  renderAt('/wallet');
  await h1('Sign in with your wallet');
  expect(asked).not.toHaveBeenCalled();
});

test('an expired session is renewed and the request sent again, with the customer none the wiser', async () => {
  let fresh = false;
  const refresh = vi.fn(() => {
    fresh = true;
    return HttpResponse.json({});
  });
  server.use(
    http.post(at('/auth/refresh'), refresh),
    http.get(at('/wallet/balance'), () => (fresh ? undefined : unauthenticated())),
    http.get(at('/services'), () => (fresh ? undefined : unauthenticated())),
  );
  renderAt('/wallet');
  await h1('Wallet');
  expect((await screen.findAllByText('$23.75')).length).toBeGreaterThan(0);
  expect(refresh).toHaveBeenCalledTimes(1);
});

test('a session that is over says so once', async () => {
  const over = vi.fn();
  whenSignedOut(over);
  server.use(http.get(at('/wallet/balance'), unauthenticated));
  renderAt('/services');
  await waitFor(() => expect(over).toHaveBeenCalled());
  whenSignedOut(() => {});
});

test('one failing panel names its problem and leaves the others alone', async () => {
  server.use(
    http.get(at('/billing/usage'), () =>
      problem(503, 'web.unavailable', 'The service cannot reach its database right now.'),
    ),
  );
  renderAt('/');
  const title = await screen.findByText('Spend could not be loaded');
  const panel = title.closest<HTMLElement>('[role=alert]');
  if (!panel) throw new Error('the error is no alert');
  expect(panel).toHaveTextContent('The service cannot reach its database right now.');
  expect(panel).toHaveTextContent('req-1');
  expect(within(panel).getByRole('button', { name: 'Try again' })).toBeEnabled();
  expect(await screen.findByRole('heading', { name: 'Latest requests' })).toBeVisible();
  expect(await screen.findByText('/v1/fetch_key', { exact: false })).toBeVisible();
});

test('a new account sees its first steps, and what to do next', async () => {
  server.use(
    http.get(at('/services'), () => HttpResponse.json({ services: [{ type: grpcType, configuration: grpcConfig }] })),
    http.get(at('/logs'), () => HttpResponse.json({ requests: [], next_cursor: '' })),
  );
  renderAt('/');
  expect(await screen.findByRole('heading', { name: 'First steps' })).toBeVisible();
  expect(screen.getByText('You have $23.75 to spend.')).toBeVisible();
  expect(screen.getByRole('link', { name: 'Choose a service' })).toHaveAttribute('href', '/services');
});

test('requests show what they cost', async () => {
  renderAt('/logs');
  const row = await screen.findByRole('row', { name: /fetch_key/ });
  expect(row).toHaveTextContent('Seal');
  expect(row).toHaveTextContent('14 ms');
  expect(row).toHaveTextContent('1.5 KiB');
  expect(row).toHaveTextContent('$0.0001');
});

test('amounts below a cent are never shown as nothing', async () => {
  renderAt('/billing');
  const table = await screen.findByRole('region', { name: 'Usage by day' });
  expect(within(table).getByRole('row', { name: /^Total/ })).toHaveTextContent('$0.012');
});

test('a key is created once, shown once, and cannot be closed before it is stored', async () => {
  const bodies: unknown[] = [];
  server.use(
    http.get(at('/services'), () =>
      HttpResponse.json({
        services: catalog.map((s) => ({ ...s, configuration: { ...s.configuration, api_keys_max: 3 } })),
      }),
    ),
    http.post(at('/services/api-keys'), async ({ request }) => {
      bodies.push(await request.json());
      const api_key = {
        key_id: 'abc',
        service: 'seal',
        name: 'prod',
        hint: 'sfk_abc_…',
        state: 'active',
        networks: [],
        created_at: '2026-11-24T00:00:00Z',
      };
      return HttpResponse.json({ api_key, key: 'sfk_abc_secret' }, { status: 201 });
    }),
  );
  const { user } = renderAt('/api-keys');
  await user.click(await screen.findByRole('button', { name: 'Create API key' }));
  const dialog = await screen.findByRole('dialog');
  await user.click(within(dialog).getByRole('button', { name: 'Create key' }));
  expect(await within(dialog).findByText('Give the key a name, so that you know it again.')).toBeVisible();
  await user.type(within(dialog).getByRole('textbox', { name: 'Name' }), '  prod ');
  await user.click(within(dialog).getByRole('button', { name: 'Create key' }));
  expect(await screen.findByTestId('new-key')).toHaveTextContent('sfk_abc_secret');
  expect(bodies).toEqual([{ service: 'seal', name: 'prod' }]);
  expect(screen.getByText(/X-API-Key: sfk_abc_secret/)).toHaveTextContent("curl -i 'https://api.example/v1/service'");
  const done = screen.getByRole('button', { name: 'Done' });
  expect(done).toBeDisabled();
  await user.click(screen.getByRole('checkbox', { name: 'I have stored the key' }));
  await user.click(done);
  await waitFor(() => expect(screen.queryByText('sfk_abc_secret')).toBeNull());
});

test('every address that is no page says so inside of the shell', async () => {
  renderAt('/no/such/page');
  expect(await h1('Page not found')).toBeVisible();
  expect(screen.getByRole('navigation', { name: 'Main' })).toBeVisible();
});

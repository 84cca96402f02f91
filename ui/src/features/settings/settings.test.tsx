import { screen, waitFor, within } from '@testing-library/react';
import { beforeEach, expect, test, vi } from 'vitest';
import type { CustomerProfile, CustomerSession } from '@/api/gen/types.gen';
import { whenSignedOut } from '@/api/renew';
import { guardSession } from '@/features/auth/sign-in-again';
import { renderAt } from '@/test/render';
import { at, HttpResponse, http, problem, server } from '@/test/server';

// The wallet's part of signing in again: the panel itself is tested in the browser.
const panel = vi.hoisted(() => ({ signsInAs: undefined as unknown }));
vi.mock('@/features/auth/connect-panel', () => ({
  ConnectPanel: ({ onSignedIn }: { onSignedIn: (c: unknown) => void }) => (
    <button type="button" onClick={() => onSignedIn(panel.signsInAs)}>
      Sign with the wallet
    </button>
  ),
}));

const profile: CustomerProfile = {
  customer_id: 1001,
  address: `0x${'ab'.repeat(32)}`,
  status: 'active',
  operator: false,
  created_at: '2026-11-01T00:00:00Z',
  name: 'Ada',
  email: 'ada@example.com',
  email_state: 'unverified',
  email_links: true,
  preferences: { theme: 'system', time_zone: '', pinned_services: [], default_views: {} },
  version: 4,
};
const session = (id: string, more: Partial<CustomerSession> = {}): CustomerSession => ({
  session_id: id,
  current: false,
  user_agent: 'Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0',
  ip_prefix: '203.0.113.0/24',
  created_at: '2026-11-20T10:00:00Z',
  last_used_at: '2026-11-23T10:00:00Z',
  expires_at: '2026-11-30T10:00:00Z',
  ...more,
});
const phone = session('p', {
  user_agent: 'Mozilla/5.0 (iPhone; CPU iPhone OS 18_1 like Mac OS X) Version/18.1 Mobile/15E148 Safari/604.1',
});
const here = session('h', { current: true, last_used_at: '2026-11-22T10:00:00Z' });

beforeEach(() => {
  whenSignedOut(() => false);
  server.use(http.get(at('/auth/customer'), () => HttpResponse.json({ ...profile })));
});

const h1 = (name: string) => screen.findByRole('heading', { level: 1, name });
const rows = async () => within(await screen.findByRole('list', { name: 'Sessions' })).getAllByRole('listitem');

test('sessions say their device in words, this one first; one is ended after a question', async () => {
  let sessions = [phone, here];
  const ended = vi.fn();
  server.use(
    http.get(at('/auth/sessions'), () => HttpResponse.json({ sessions: [...sessions] })),
    http.delete(at('/auth/sessions/:id'), ({ params }) => {
      ended(params.id);
      sessions = [here];
      return new HttpResponse(null, { status: 204 });
    }),
  );
  const { user } = renderAt('/settings/sessions');
  await h1('Sessions');
  const [first, second] = await rows();
  expect(document.title).toBe('Sessions · Settings · Suiftly');
  expect(first).toHaveTextContent('Firefox on Linux');
  expect(first).toHaveTextContent('This session');
  expect(second).toHaveTextContent('Safari on iPhone');
  expect(second).toHaveTextContent('203.0.113.0/24');
  await user.click(screen.getByRole('button', { name: /^End\s*Safari on iPhone$/ }));
  const dialog = await screen.findByRole('alertdialog', { name: 'End the session of Safari on iPhone?' });
  expect(ended).not.toHaveBeenCalled();
  await user.click(within(dialog).getByRole('button', { name: 'End session' }));
  expect(await screen.findByText('You are signed in nowhere else.')).toBeVisible();
  expect(ended).toHaveBeenCalledExactlyOnceWith('p');
  expect(screen.queryByRole('button', { name: 'End all others' })).toBeNull();
});

test('all other sessions are ended at once; a refusal stays in the dialog', async () => {
  let refuse = true;
  let sessions = [here, phone];
  server.use(
    http.get(at('/auth/sessions'), () => HttpResponse.json({ sessions: [...sessions] })),
    http.delete(at('/auth/sessions'), () => {
      if (refuse) return problem(503, 'web.unavailable', 'The service cannot reach its database right now.');
      sessions = [here];
      return HttpResponse.json({ ended: 1 });
    }),
  );
  const { user } = renderAt('/settings/sessions');
  await user.click(await screen.findByRole('button', { name: 'End all others' }));
  const dialog = await screen.findByRole('alertdialog');
  const confirm = within(dialog).getByRole('button', { name: 'End all others' });
  await user.click(confirm);
  expect(await within(dialog).findByRole('alert')).toHaveTextContent('cannot reach its database');
  refuse = false;
  await user.click(confirm);
  expect(await screen.findByText('You are signed in nowhere else.')).toBeVisible();
});

test('sessions that cannot be loaded say so and can be asked for again', async () => {
  let down = true;
  server.use(
    http.get(at('/auth/sessions'), () =>
      down ? problem(503, 'web.unavailable', 'Not now.') : HttpResponse.json({ sessions: [here] }),
    ),
  );
  const { user } = renderAt('/settings/sessions');
  await screen.findByText('Sessions could not be loaded');
  down = false;
  await user.click(screen.getByRole('button', { name: 'Try again' }));
  expect(await rows()).toHaveLength(1);
});

test('the profile sends only what changed, with its version', async () => {
  const bodies: unknown[] = [];
  server.use(
    http.patch(at('/auth/customer'), async ({ request }) => {
      bodies.push(await request.json());
      return HttpResponse.json({ ...profile, name: 'Ada L', version: 5 });
    }),
  );
  const { user } = renderAt('/settings/profile');
  await h1('Profile');
  expect(await screen.findByText('Unverified')).toBeVisible();
  const save = screen.getByRole('button', { name: 'Save profile' });
  expect(save).toBeDisabled();
  await user.type(screen.getByRole('textbox', { name: 'Name' }), ' L');
  await user.click(save);
  await waitFor(() => expect(screen.getByText('Nothing to save.')).toBeVisible());
  expect(bodies).toEqual([{ version: 4, name: 'Ada L' }]);
});

test('a refused e-mail is said at its field', async () => {
  server.use(
    http.patch(at('/auth/customer'), () =>
      problem(422, 'auth.bad_profile', 'See the fields.', { fields: [{ name: 'email', message: 'not an address' }] }),
    ),
  );
  const { user } = renderAt('/settings/profile');
  const email = await screen.findByRole('textbox', { name: /^E-mail/ });
  await user.clear(email);
  await user.type(email, 'nonsense');
  await user.click(screen.getByRole('button', { name: 'Save profile' }));
  expect(await screen.findByText('Not saved: not an address.')).toBeVisible();
  expect(email).toBeInvalid();
  expect(email).toHaveValue('nonsense');
});

test('a profile changed elsewhere keeps the input, and the next save is made from the newer version', async () => {
  const bodies: unknown[] = [];
  let saved = profile;
  server.use(
    http.get(at('/auth/customer'), () => HttpResponse.json({ ...saved })),
    http.patch(at('/auth/customer'), async ({ request }) => {
      const body = (await request.json()) as { version: number; name?: string };
      bodies.push(body);
      if (body.version !== saved.version) return problem(409, 'auth.profile_changed', 'Changed meanwhile.');
      saved = { ...saved, name: body.name ?? saved.name, version: saved.version + 1 };
      return HttpResponse.json({ ...saved });
    }),
  );
  const { user } = renderAt('/settings/profile');
  const name = await screen.findByRole('textbox', { name: 'Name' });
  await user.type(name, ' L');
  saved = { ...profile, name: 'Countess', email: 'countess@example.com', version: 9 };
  await user.click(screen.getByRole('button', { name: 'Save profile' }));
  expect(await screen.findByText('The profile was changed elsewhere meanwhile.')).toBeVisible();
  expect(name).toHaveValue('Ada L');
  expect(screen.getByText('Countess')).toBeVisible();
  await user.click(screen.getByRole('button', { name: 'Go on with my input' }));
  expect(name).toHaveValue('Ada L');
  expect(screen.getByRole('textbox', { name: /^E-mail/ })).toHaveValue('countess@example.com'); // it was not touched here
  await user.click(screen.getByRole('button', { name: 'Save profile' }));
  await waitFor(() => expect(bodies).toHaveLength(2));
  expect(bodies[1]).toEqual({ version: 9, name: 'Ada L' });
});

test('what pages open with is kept by page, and the usual view is not kept', async () => {
  const bodies: unknown[] = [];
  let saved = { ...profile, preferences: { ...profile.preferences, default_views: { logs: 'service=seal' } } };
  server.use(
    http.get(at('/auth/customer'), () => HttpResponse.json({ ...saved })),
    http.patch(at('/auth/customer'), async ({ request }) => {
      const body = (await request.json()) as { preferences: { default_views: Record<string, string> } };
      bodies.push(body.preferences);
      saved = {
        ...saved,
        version: saved.version + 1,
        preferences: { ...saved.preferences, ...body.preferences },
      } as typeof saved;
      return HttpResponse.json({ ...saved });
    }),
  );
  const { user } = renderAt('/settings/profile');
  const overview = within(await screen.findByRole('group', { name: 'Overview opens with' }));
  for (const choice of ['7 d', '24 h']) {
    await user.click(overview.getByRole('radio', { name: choice }));
    await user.click(screen.getByRole('button', { name: 'Save profile' }));
    await waitFor(() => expect(screen.getByRole('button', { name: 'Save profile' })).toBeDisabled());
  }
  expect(bodies).toEqual([
    { default_views: { logs: 'service=seal', overview: 'range=7d' } },
    { default_views: { logs: 'service=seal' } },
  ]);
});

test('closing needs the typed words', async () => {
  const { user } = renderAt('/settings/profile');
  await user.click(await screen.findByRole('button', { name: 'Close my account…' }));
  const dialog = await screen.findByRole('alertdialog');
  const confirm = within(dialog).getByRole('button', { name: 'Sign and close' });
  expect(confirm).toBeDisabled();
  await user.type(within(dialog).getByRole('textbox'), 'close my account');
  await waitFor(() => expect(confirm).toBeEnabled());
});

/** A server whose session ends when the test says so; the wallet's signature begins the next one. */
function expiring(signsInAs: CustomerProfile) {
  const state = { over: false, keys: [] as (string | null)[] };
  panel.signsInAs = signsInAs;
  server.use(
    http.patch(at('/auth/customer'), async ({ request }) => {
      state.keys.push(request.headers.get('idempotency-key'));
      if (state.over) return problem(401, 'auth.session_over', 'Your session has ended. Sign in again.');
      const body = (await request.json()) as { name: string };
      return HttpResponse.json({ ...profile, name: body.name, version: 5 });
    }),
  );
  return state;
}

test('a session that ends in the middle of a form asks over the page, and the save goes on with the input kept', async () => {
  const state = expiring(profile);
  const { user, router } = renderAt('/settings/profile');
  guardSession(router);
  const name = await screen.findByRole('textbox', { name: 'Name' });
  await user.type(name, ' L');
  state.over = true;
  await user.click(screen.getByRole('button', { name: 'Save profile' }));
  const dialog = await screen.findByRole('dialog', { name: 'Your session has ended' });
  expect(name).toHaveValue('Ada L');
  state.over = false;
  await user.click(await within(dialog).findByRole('button', { name: 'Sign with the wallet' }));
  await waitFor(() => expect(screen.getByText('Nothing to save.')).toBeVisible());
  expect(screen.queryByRole('dialog')).toBeNull();
  expect(name).toHaveValue('Ada L');
  expect(state.keys).toHaveLength(2);
  expect(state.keys[0]).toBe(state.keys[1]); // one intent: it cannot be done twice
  expect(router.state.location.pathname).toBe('/settings/profile');
});

test('who signs in as somebody else does not send the first one’s change', async () => {
  const state = expiring({ ...profile, customer_id: 2002, name: 'Other' });
  const { user, router } = renderAt('/settings/profile');
  guardSession(router);
  await user.type(await screen.findByRole('textbox', { name: 'Name' }), ' L');
  state.over = true;
  await user.click(screen.getByRole('button', { name: 'Save profile' }));
  await user.click(await screen.findByRole('button', { name: 'Sign with the wallet' }));
  await waitFor(() => expect(router.state.location.pathname).toBe('/'));
  expect(state.keys).toHaveLength(1);
});

test('leaving the page leads to sign-in, which remembers the way', async () => {
  const state = expiring(profile);
  const { user, router } = renderAt('/settings/profile');
  guardSession(router);
  await user.type(await screen.findByRole('textbox', { name: 'Name' }), ' L');
  state.over = true;
  await user.click(screen.getByRole('button', { name: 'Save profile' }));
  await user.click(await screen.findByRole('button', { name: 'Leave this page' }));
  await h1('Sign in with your wallet');
  expect(router.state.location.search).toEqual({ redirect: '/settings/profile' });
});

test('an unverified address has a link sent, as often as it is asked for', async () => {
  const asked = vi.fn();
  server.use(
    http.post(at('/auth/customer/email/link'), () => {
      asked();
      return new HttpResponse(null, { status: 204 });
    }),
  );
  const { user } = renderAt('/settings/profile');
  await user.click(await screen.findByRole('button', { name: 'Send the link that confirms it' }));
  expect(await screen.findByText(/On its way to ada@example.com/)).toBeVisible();
  await user.click(screen.getByRole('button', { name: 'Send the link again' }));
  await waitFor(() => expect(asked).toHaveBeenCalledTimes(2));
});

test('the link confirms the address when asked to, and says what is wrong', async () => {
  const tokens: unknown[] = [];
  server.use(
    http.post(at('/auth/email/verify'), async ({ request }) => {
      tokens.push(await request.json());
      return tokens.length === 1
        ? problem(422, 'auth.email_link_over', 'This link has expired.')
        : new HttpResponse(null, { status: 204 });
    }),
  );
  const { user } = renderAt('/verify-email#secret');
  await h1('Confirm your e-mail address');
  expect(tokens).toHaveLength(0);
  await user.click(screen.getByRole('button', { name: 'Confirm it' }));
  expect(await screen.findByText('This link has expired.')).toBeVisible();
  await user.click(screen.getByRole('button', { name: 'Confirm it' }));
  expect(await screen.findByText(/It is confirmed/)).toBeVisible();
  expect(tokens).toEqual([{ token: 'secret' }, { token: 'secret' }]);
});

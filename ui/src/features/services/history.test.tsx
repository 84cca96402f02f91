import { screen, waitFor, within } from '@testing-library/react';
import { expect, test } from 'vitest';
import type { ConfigVersion } from '@/api/gen/types.gen';
import { sealConfig } from '@/test/catalog';
import { renderAt } from '@/test/render';
import { at, HttpResponse, http, server } from '@/test/server';

const usd = (n: number) => ({ monthly_usd: `${n}.000000`, lines: [] });
const versions: ConfigVersion[] = [
  {
    version: 3,
    config: sealConfig.config,
    price: usd(40),
    changes: [{ name: 'burst', label: 'Burst', before: true, after: false }],
    price_change_usd: '-10.000000',
    refused: [],
    changed_at: '2026-11-20T10:00:00Z',
    changed_by: 'customer:1001',
  },
  {
    version: 2,
    config: { ...sealConfig.config, burst: true },
    price: usd(50),
    changes: [{ name: 'turbo', label: 'turbo', before: 2 }],
    price_change_usd: '10.000000',
    refused: [],
    changed_at: '2026-11-19T10:00:00Z',
    changed_by: 'system',
  },
  {
    version: 1,
    config: { tier: 'pro', turbo: 2 },
    price: usd(40),
    changes: [],
    price_change_usd: '0.000000',
    refused: [{ name: 'turbo', message: 'Seal has no such option.' }],
    changed_at: '2026-11-18T10:00:00Z',
    changed_by: 'customer:1001',
  },
];

test('each version says what it changed and costs; an old one comes back as a new one, or says why not', async () => {
  let sent: unknown;
  server.use(
    http.get(at('/services/seal/history'), () => HttpResponse.json({ versions })),
    http.post(at('/services/seal/restore'), async ({ request }) => {
      sent = await request.json();
      return HttpResponse.json({ ...sealConfig, version: 4, config: { ...sealConfig.config, burst: true } });
    }),
  );
  const { user } = renderAt('/services/seal?tab=history');
  await screen.findByText('Version 3');
  const [three, two, one] = screen.getAllByRole('listitem').filter((li) => /Version/.test(li.textContent ?? ''));
  if (!three || !two || !one) throw new Error('three versions');
  expect(three).toHaveTextContent(/Version 3.*In force/);
  expect(three).toHaveTextContent(/BurstOn became Off/);
  expect(three).toHaveTextContent('−$10.00');
  expect(within(three).queryByRole('button')).toBeNull();
  expect(within(one).getByRole('button', { name: /^Restore/ })).toBeDisabled();
  expect(within(one).getByText('Cannot be restored: Seal has no such option.')).toBeVisible();

  await user.click(within(two).getByRole('button', { name: /^Restore/ }));
  const ask = await screen.findByRole('alertdialog');
  expect(ask).toHaveTextContent('Burst: On instead of Off');
  await user.click(within(ask).getByRole('button', { name: 'Restore for $50.00 a month' }));
  await waitFor(() => expect(screen.queryByRole('alertdialog')).toBeNull());
  expect(sent).toEqual({ version: 3, restore: 2 });
});

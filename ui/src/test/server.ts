import { HttpResponse, http, type JsonBodyType } from 'msw';
import { setupServer } from 'msw/node';
import type {
  CustomerProfile,
  Installation,
  LoggedRequest,
  Problem,
  QuoteOutBody,
  ReplayOutBody,
  RequestStats,
  UsageAnswer,
  WalletBalance,
} from '@/api/gen/types.gen';
import { catalog } from './catalog';

export const at = (path: string) => `*/api/v1${path}`;

export const problem = (status: number, code: string, detail: string, more: Partial<Problem> = {}) =>
  HttpResponse.json({ title: 'A problem', status, code, detail, request_id: 'req-1', ...more } satisfies Problem, {
    status,
    headers: { 'content-type': 'application/problem+json' },
  });

export const customer: CustomerProfile = {
  customer_id: 1001,
  address: `0x${'ab'.repeat(32)}`,
  status: 'active',
  operator: false,
  created_at: '2026-11-01T00:00:00Z',
  name: '',
  email: '',
  email_state: 'none',
  email_links: false,
  preferences: { theme: 'system', time_zone: '', pinned_services: [], default_views: {} },
  version: 1,
};

export const installation: Installation = { version: 'test', network: 'testnet', api_url: 'https://api.example' };
export const balance: WalletBalance = {
  available_usd: '23.750000',
  reserved_usd: '0.000000',
  receivable_usd: '0.000000',
  balance_usd: '23.750000',
};
export const usage: UsageAnswer = {
  from: '2026-11-01T00:00:00Z',
  to: '2026-11-25T00:00:00Z',
  step: 'day',
  billed_through: '2026-11-24T07:00:00Z',
  total: { requests: 130, billable: 120, bytes: 2_048, amount_usd: '0.012000', plan_usd: '0.000000' },
  services: [
    { service: 'seal', requests: 130, billable: 120, bytes: 2_048, amount_usd: '0.012000', plan_usd: '0.000000' },
  ],
  buckets: [
    {
      start: '2026-11-23T00:00:00Z',
      service: 'seal',
      requests: 130,
      billable: 120,
      bytes: 2_048,
      amount_usd: '0.012000',
      plan_usd: '0.000000',
    },
  ],
};
export const request: LoggedRequest = {
  at: '2026-11-24T07:15:24.123Z',
  request_id: '0190a1b2-0000-7000-8000-000000000001',
  service: 'seal',
  method: 'POST',
  path: '/v1/fetch_key',
  status: 200,
  billable: true,
  bytes_sent: 1_536,
  bytes_received: 359,
  duration_ms: 14,
  backend: 'service_seal',
  server: 's1',
  termination: '----',
  client_ip: '',
  key_id: 'k1',
};
const stats: RequestStats = {
  from: '2026-11-24T00:00:00Z',
  to: '2026-11-25T00:00:00Z',
  step: 'hour',
  latency_bounds_ms: [10, 100],
  services: [],
};
export const quote: QuoteOutBody = {
  config: {},
  change_usd: '1.000000',
  effective_from: '2026-11-24T07:15:24Z',
  price: {
    monthly_usd: '41.000000',
    lines: [{ name: 'tier', label: 'Pro plan', quantity: 1, unit_usd: '40.000000', amount_usd: '40.000000' }],
  },
};
export const replay: ReplayOutBody = {
  from: '2026-10-01T00:00:00Z',
  to: '2026-11-01T00:00:00Z',
  config: {},
  plan: quote.price,
  usage: [
    { name: 'requests', label: 'Requests', quantity: 1_012_500, amount_usd: '101.250000' },
    { name: 'bandwidth', label: 'Bandwidth', quantity: 0, amount_usd: '0.000000' },
  ],
  total_usd: '142.250000',
  current_usd: '141.250000',
};

const get = (path: string, body: JsonBodyType) => http.get(at(path), () => HttpResponse.json(body));

/** A server where everything is well. A test changes what it is about. */
export const server = setupServer(
  get('/meta', installation as JsonBodyType),
  get('/auth/customer', customer as JsonBodyType),
  http.post(at('/auth/refresh'), () => problem(401, 'auth.sign_in_needed', 'Sign in to go on.')),
  get('/wallet/balance', balance as JsonBodyType),
  get('/wallet/transactions', { transactions: [], next_cursor: '' }),
  get('/services', { services: catalog } as JsonBodyType),
  get('/services/api-keys', { api_keys: [], your_address: '192.0.2.44' }),
  get('/services/seal/history', { versions: [] }),
  get('/logs', { requests: [request], next_cursor: '' } as JsonBodyType),
  get('/logs/stats', stats as JsonBodyType),
  get('/billing/usage', usage as JsonBodyType),
  http.post(at('/services/:service/replay'), () => HttpResponse.json(replay as JsonBodyType)),
  http.post(at('/services/seal/quote'), () => HttpResponse.json(quote as JsonBodyType)),
);
export { HttpResponse, http };

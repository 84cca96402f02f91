import type { ConfigOut, ServiceOut, ServiceType } from '@/api/gen/types.gen';

const usd = (n: number) => `${n}.000000`;
const tiers: ServiceType['tiers'] = [
  { name: 'starter', label: 'Starter', monthly_usd: usd(20), guaranteed_rps: 100 },
  { name: 'pro', label: 'Pro', monthly_usd: usd(40), guaranteed_rps: 1_000 },
];
const burst: ServiceType['options'][number] = {
  name: 'burst',
  label: 'Burst',
  description: 'Serve short peaks above the guaranteed rate.',
  kind: 'switch',
  requires_tier: ['pro'],
  monthly_usd: usd(10),
};
const apiKeys: ServiceType['options'][number] = {
  name: 'api_keys',
  label: 'API keys',
  description: 'How many API keys may exist at once.',
  kind: 'count',
  monthly_usd: usd(0),
  count: { unit: 'API key', min: 1, max: 50, included: 1, monthly_usd: usd(1) },
};

/** Seal as the shipped catalog sells it. Typed by the contract: when the API changes, this stops compiling. */
export const sealType: ServiceType = {
  name: 'seal',
  label: 'Seal',
  description: 'Key servers for Seal: decryption keys for your packages.',
  requests: [{ usd: usd(100), per: 1_000_000 }],
  bandwidth: [{ usd: usd(0), per: 2 ** 30 }],
  tiers,
  options: [
    burst,
    {
      name: 'seal_keys',
      label: 'Seal keys',
      description: 'Each Seal key serves its own packages.',
      kind: 'counts',
      monthly_usd: usd(0),
      count: { unit: 'seal key', min: 1, max: 20, included: 1, monthly_usd: usd(5) },
      each: { unit: 'package', min: 1, max: 100, included: 3, monthly_usd: usd(1) },
    },
    apiKeys,
  ],
};

export const grpcType: ServiceType = {
  ...sealType,
  name: 'grpc',
  label: 'gRPC',
  description: 'Sui full node access over gRPC.',
  bandwidth: [{ usd: '0.060000', per: 2 ** 30 }],
  options: [burst, apiKeys],
};

export const sealConfig: ConfigOut = {
  service: 'seal',
  state: 'enabled',
  enabled: true,
  suspended_for: [],
  version: 3,
  config: { tier: 'pro', burst: false, seal_keys: [3], api_keys: 1 },
  price: {
    monthly_usd: usd(40),
    lines: [{ name: 'tier', label: 'Pro plan', quantity: 1, unit_usd: usd(40), amount_usd: usd(40) }],
  },
  changed_at: '2026-11-20T10:00:00Z',
  changed_by: 'customer:1001',
  api_keys: 1,
  api_keys_max: 1,
};

export const grpcConfig: ConfigOut = {
  service: 'grpc',
  state: 'off',
  enabled: false,
  suspended_for: [],
  version: 0,
  config: { tier: 'starter', burst: false, api_keys: 1 },
  price: {
    monthly_usd: usd(20),
    lines: [{ name: 'tier', label: 'Starter plan', quantity: 1, unit_usd: usd(20), amount_usd: usd(20) }],
  },
  api_keys: 0,
  api_keys_max: 1,
};

export const catalog: ServiceOut[] = [
  { type: sealType, configuration: sealConfig },
  { type: grpcType, configuration: grpcConfig },
];

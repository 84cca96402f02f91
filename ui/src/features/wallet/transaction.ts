import type { WalletTransaction } from '@/api/gen/types.gen';

/** What a transaction was, for a person. */
export function describe(
  t: Pick<WalletTransaction, 'kind' | 'service' | 'source' | 'cause'>,
  labelOf: (service: string) => string,
): string {
  const usage = t.service ? `${labelOf(t.service)} usage` : 'Usage';
  switch (t.kind) {
    case 'charge':
      return usage;
    case 'refund':
      return `${usage} corrected`;
    case 'credit':
      if (t.cause.startsWith('welcome:')) return 'Welcome credit';
      return t.source === 'promo' ? 'Promotional credit' : 'Credit';
  }
}

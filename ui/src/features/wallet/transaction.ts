import type { ServiceOut, WalletTransaction } from '@/api/gen/types.gen';

/** What a transaction was, for a person. */
export function describe(t: Pick<WalletTransaction, 'kind' | 'service' | 'source' | 'cause'>, services: readonly ServiceOut[]): string {
  const service = services.find((s) => s.type.name === t.service)?.type.label ?? t.service;
  switch (t.kind) {
    case 'charge':
      return service ? `${service} usage` : 'Usage';
    case 'refund':
      return service ? `${service} usage corrected` : 'Usage corrected';
    case 'credit':
      if (t.cause.startsWith('welcome:')) return 'Welcome credit';
      return t.source === 'promo' ? 'Promotional credit' : 'Credit';
  }
}

import type { OptionCount, Price, PriceLine, ServiceType } from '@/api/gen/types.gen';
import { formatMicros, type Micros, parseUsd } from '@/lib/money';
import type { Settings } from './settings';

const whole = (v: unknown) => (typeof v === 'number' ? v : 0);

/**
 * What a complete, valid configuration costs a month: the server's calculator (modules/services/price.go) over the same catalog,
 * so that a price stands there at once. price.node.test.ts holds the two together, line by line.
 */
export function priceOf(type: ServiceType, settings: Settings): Price {
  const lines: PriceLine[] = [];
  let monthly: Micros = 0n;
  const add = (name: string, label: string, quantity: number, unit_usd: string) => {
    if (quantity <= 0) return;
    const amount = BigInt(quantity) * parseUsd(unit_usd);
    monthly += amount;
    lines.push({ name, label, quantity, unit_usd, amount_usd: formatMicros(amount) });
  };
  const extra = (name: string, c: OptionCount, quantity: number) =>
    add(name, `Extra ${c.unit}`, quantity, c.monthly_usd);

  const tier = type.tiers.find((t) => t.name === settings.tier);
  if (tier) add('tier', `${tier.label} plan`, 1, tier.monthly_usd);
  for (const o of type.options) {
    const v = settings[o.name];
    if (o.kind === 'switch' && v === true) add(o.name, o.label, 1, o.monthly_usd);
    if (o.kind === 'count' && o.count) extra(o.name, o.count, whole(v) - o.count.included);
    if (o.kind === 'counts' && o.count && o.each) {
      const { included } = o.each;
      const entries = Array.isArray(v) ? v.map(whole) : [];
      extra(o.name, o.count, entries.length - o.count.included);
      extra(
        `${o.name}.${o.each.unit}`,
        o.each,
        entries.reduce((sum, n) => sum + Math.max(0, n - included), 0),
      );
    }
  }
  return { monthly_usd: formatMicros(monthly), lines };
}

import type { OptionCount, ServiceOption, ServiceType, Step } from '@/api/gen/types.gen';
import { count, plural } from '@/lib/format';
import { formatUsdExact, parseUsd } from '@/lib/money';

/** A service's configuration as the API has it: "tier" and one value for each option. */
export type Settings = Record<string, unknown>;

/** As a form has it: every option has a value; an empty number field is null. */
export type Draft = { tier: string; options: Record<string, boolean | number | null | (number | null)[]> };

const isWhole = (v: unknown): v is number => typeof v === 'number' && Number.isInteger(v);

/** Everything that is included, as the server fills in what was left out. */
const initial = (c: OptionCount | undefined) => (c ? Math.min(Math.max(c.included, c.min), c.max) : 0);

function defaultOf(o: ServiceOption): Draft['options'][string] {
  if (o.kind === 'switch') return false;
  if (o.kind === 'count') return initial(o.count);
  return Array.from({ length: initial(o.count) }, () => initial(o.each));
}

function readValue(o: ServiceOption, given: unknown): Draft['options'][string] {
  if (o.kind === 'switch' && typeof given === 'boolean') return given;
  if (o.kind === 'count' && isWhole(given)) return given;
  if (o.kind === 'counts' && Array.isArray(given) && given.every(isWhole)) return [...given];
  return defaultOf(o);
}

export function toDraft(type: ServiceType, settings: Settings): Draft {
  const tier = type.tiers.find((t) => t.name === settings.tier) ?? type.tiers[0];
  return {
    tier: tier?.name ?? '',
    options: Object.fromEntries(type.options.map((o) => [o.name, readValue(o, settings[o.name])])),
  };
}

/** Whether the tier may set the option. The others have its default. */
export const allowed = (o: ServiceOption, tier: string) => !o.requires_tier?.length || o.requires_tier.includes(tier);

/** What the API is asked to save or to price. An option that the tier may not set is left out: the draft keeps it for the way back. */
export function toSettings(type: ServiceType, draft: Draft): Settings {
  const out: Settings = { tier: draft.tier };
  for (const o of type.options) if (allowed(o, draft.tier)) out[o.name] = draft.options[o.name];
  return out;
}

/** The configuration that a draft becomes: options that the tier may not set have their default. */
export function complete(type: ServiceType, draft: Draft): Settings {
  const out: Settings = { tier: draft.tier };
  for (const o of type.options) out[o.name] = allowed(o, draft.tier) ? draft.options[o.name] : defaultOf(o);
  return out;
}

/** The same configuration, after defaults; null and wrong numbers are equal to nothing. */
export function sameSettings(type: ServiceType, a: Draft, b: Draft): boolean {
  const shape = (d: Draft) =>
    JSON.stringify([d.tier, type.options.map((o) => (allowed(o, d.tier) ? d.options[o.name] : defaultOf(o)))]);
  return shape(a) === shape(b);
}

function countProblem(c: OptionCount, v: unknown): string | undefined {
  if (!isWhole(v)) return 'Enter a whole number.';
  if (v < c.min || v > c.max) return `Enter ${count(c.min)} to ${count(c.max)}.`;
  return undefined;
}

/** What is wrong with a draft, by option. The server checks the same and more; this spares the round trip. */
export function problemsOf(type: ServiceType, draft: Draft): Record<string, string> {
  const out: Record<string, string> = {};
  for (const o of type.options) {
    if (!allowed(o, draft.tier)) continue;
    const v = draft.options[o.name];
    let problem: string | undefined;
    if (o.kind === 'count' && o.count) problem = countProblem(o.count, v);
    if (o.kind === 'counts' && Array.isArray(v)) {
      const { each } = o;
      if (o.count && (v.length < o.count.min || v.length > o.count.max))
        problem = `Keep ${count(o.count.min)} to ${count(o.count.max)} entries.`;
      else if (each) problem = v.map((entry) => countProblem(each, entry)).find(Boolean);
    }
    if (problem) out[o.name] = problem;
  }
  return out;
}

/** "2 packages", "On", "3 seal keys (5, 5, 1 packages)" */
export function show(o: ServiceOption, v: unknown): string {
  if (o.kind === 'switch') return v === true ? 'On' : 'Off';
  if (o.kind === 'count') return isWhole(v) ? plural(v, o.count?.unit ?? o.label) : '–';
  if (!Array.isArray(v)) return '–';
  const entries = v.filter(isWhole);
  return `${plural(entries.length, o.count?.unit ?? 'entry', o.count ? undefined : 'entries')} (${entries.join(', ')} ${o.each?.unit ?? 'item'}s)`;
}

export interface Change {
  label: string;
  before: string;
  after: string;
}

/** What differs between two drafts, in the order of the form. */
export function changes(type: ServiceType, before: Draft, after: Draft): Change[] {
  const tier = (d: Draft) => type.tiers.find((t) => t.name === d.tier)?.label ?? d.tier;
  const list: Change[] = [];
  if (before.tier !== after.tier) list.push({ label: 'Plan', before: tier(before), after: tier(after) });
  for (const o of type.options) {
    const v = (d: Draft) => show(o, allowed(o, d.tier) ? d.options[o.name] : defaultOf(o));
    if (v(before) !== v(after)) list.push({ label: o.label, before: v(before), after: v(after) });
  }
  return list;
}

/** "1 included, then $5.00 a month for each further seal key" */
export function sayCount(c: OptionCount): string {
  const more = `${formatUsdExact(parseUsd(c.monthly_usd))} a month for each`;
  const range = `${count(c.min)} to ${count(c.max)}`;
  if (parseUsd(c.monthly_usd) === 0n) return `${range}, at no extra cost.`;
  return c.included > 0 ? `${range}. ${count(c.included)} included, then ${more}.` : `${range}, ${more}.`;
}

/** "$100.00 per million requests" and "$0.06 per GiB sent after the first 100 GiB of a month", each as far as it costs something. */
export function unitPrices(type: ServiceType): string[] {
  const requests = steps(type.requests, 'million requests', (n) => plural(n, 'request'));
  const bytes = steps(type.bandwidth, 'GiB sent', (n) => `${count(n / 2 ** 30)} GiB`);
  return [requests, ...(type.bandwidth.some((s) => parseUsd(s.usd) > 0n) ? [bytes] : [])];
}

function steps(list: readonly Step[], unit: string, many: (n: number) => string): string {
  const parts = list.map((s, i) => {
    const before = list[i - 1]?.up_to;
    const price = parseUsd(s.usd) === 0n ? 'free' : `${formatUsdExact(parseUsd(s.usd))} per ${unit}`;
    if (s.up_to) return `${price} up to ${many(s.up_to)} a month`;
    return before ? `${price} after that` : price;
  });
  return parts.join(', then ');
}

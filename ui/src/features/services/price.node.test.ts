import { readFileSync } from 'node:fs';
import { gunzipSync } from 'node:zlib';
import { expect, test } from 'vitest';
import type { ServiceType } from '@/api/gen/types.gen';
import { priceOf } from './price';
import { problemsOf, type Settings, toDraft, toSettings } from './settings';

/** Written by TestPriceGolden of modules/services: the server's word on 10,000 random configurations of three catalogs. */
interface Golden {
  types: ServiceType[];
  configs: [
    type: number,
    config: Settings,
    monthly_usd: string,
    lines: [name: string, label: string, quantity: number, amount_usd: string][],
  ][];
}

const golden = JSON.parse(
  gunzipSync(readFileSync(new URL('./testdata/prices.json.gz', import.meta.url))).toString(),
) as Golden;

const typeOf = (i: number) => {
  const type = golden.types[i];
  if (!type) throw new Error(`no type ${i}`);
  return type;
};

test('the price on the screen is the server’s, to the micro and line by line, for 10,000 random configurations', () => {
  expect(golden.configs).toHaveLength(10_000);
  const wrong = golden.configs.filter(([i, config, monthly, lines]) => {
    const price = priceOf(typeOf(i), config);
    const said = price.lines.map((l) => [l.name, l.label, l.quantity, l.amount_usd]);
    return price.monthly_usd !== monthly || JSON.stringify(said) !== JSON.stringify(lines);
  });
  expect(wrong.slice(0, 3)).toEqual([]);
});

test('the form neither changes nor refuses any of them', () => {
  const wrong = golden.configs.filter(([i, config]) => {
    const type = typeOf(i);
    const draft = toDraft(type, config);
    return (
      Object.keys(problemsOf(type, draft)).length > 0 ||
      Object.entries(toSettings(type, draft)).some(([name, v]) => JSON.stringify(v) !== JSON.stringify(config[name]))
    );
  });
  expect(wrong.slice(0, 3)).toEqual([]);
});

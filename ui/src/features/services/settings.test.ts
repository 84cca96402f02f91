import { describe, expect, test } from 'vitest';
import { grpcType, sealType } from '@/test/catalog';
import { changes, problemsOf, sameSettings, sayCount, toDraft, toSettings, unitPrices } from './settings';

const pro = toDraft(sealType, { tier: 'pro', burst: true, seal_keys: [5, 5], api_keys: 2 });

test('a configuration goes through the form and comes back as it was', () => {
  expect(toSettings(sealType, pro)).toEqual({ tier: 'pro', burst: true, seal_keys: [5, 5], api_keys: 2 });
});

test('what the server left out or sent in another shape takes its default', () => {
  expect(toDraft(sealType, { tier: 'gone', burst: 'yes', seal_keys: ['a'], api_keys: 1.5 })).toEqual({
    tier: 'starter',
    options: { burst: false, seal_keys: [3], api_keys: 1 },
  });
});

describe('an option that the tier may not set', () => {
  const starter = { ...pro, tier: 'starter' };
  test('is not sent', () =>
    expect(toSettings(sealType, starter)).toEqual({ tier: 'starter', seal_keys: [5, 5], api_keys: 2 }));
  test('is kept in the draft for the way back', () =>
    expect(toSettings(sealType, { ...starter, tier: 'pro' })).toEqual(toSettings(sealType, pro)));
  test('does not count as a difference', () => {
    expect(sameSettings(sealType, starter, { ...starter, options: { ...starter.options, burst: false } })).toBe(true);
  });
  test('is listed among the changes when the tier takes it away', () => {
    expect(changes(sealType, pro, starter)).toEqual([
      { label: 'Plan', before: 'Pro', after: 'Starter' },
      { label: 'Burst', before: 'On', after: 'Off' },
    ]);
  });
});

describe('a draft that cannot be saved names each option', () => {
  test.each([
    [{ api_keys: null }, { api_keys: 'Enter a whole number.' }],
    [{ api_keys: 1.5 }, { api_keys: 'Enter a whole number.' }],
    [{ api_keys: 51 }, { api_keys: 'Enter 1 to 50.' }],
    [{ seal_keys: [] }, { seal_keys: 'Keep 1 to 20 entries.' }],
    [{ seal_keys: [5, 0] }, { seal_keys: 'Enter 1 to 100.' }],
    [
      { seal_keys: [null], api_keys: 0 },
      { seal_keys: 'Enter a whole number.', api_keys: 'Enter 1 to 50.' },
    ],
    [{}, {}],
  ])('%o', (options, problems) =>
    expect(problemsOf(sealType, { ...pro, options: { ...pro.options, ...options } })).toEqual(problems),
  );
});

test('changes read as a person would say them', () => {
  const after = { ...pro, options: { ...pro.options, seal_keys: [5, 5, 1], api_keys: 1 } };
  expect(changes(sealType, pro, after)).toEqual([
    { label: 'Seal keys', before: '2 seal keys (5, 5 packages)', after: '3 seal keys (5, 5, 1 packages)' },
    { label: 'API keys', before: '2 API keys', after: '1 API key' },
  ]);
});

test('prices of the catalog are said in full', () => {
  expect(sealType.options[2]?.count && sayCount(sealType.options[2].count)).toBe(
    '1 to 50. 1 included, then $1.00 a month for each.',
  );
  expect(unitPrices(sealType)).toEqual(['$100.00 per million requests']);
  expect(unitPrices(grpcType)).toEqual(['$100.00 per million requests', '$0.06 per GiB sent']);
  const graduated = [
    { up_to: 1_000_000, usd: '0.000000', per: 1_000_000 },
    { usd: '100.000000', per: 1_000_000 },
  ];
  expect(unitPrices({ ...sealType, requests: graduated })).toEqual([
    'free up to 1,000,000 requests a month, then $100.00 per million requests after that',
  ]);
});

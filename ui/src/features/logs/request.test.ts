import { expect, test } from 'vitest';
import { catalog } from '@/test/catalog';
import { outcome, priceOf } from './request';

test('an answered request costs what the catalog says, the others nothing', () => {
  expect(priceOf({ service: 'seal', status: 200 }, catalog)).toBe('$0.0001');
  expect(priceOf({ service: 'seal', status: 399 }, catalog)).toBe('$0.0001');
  expect(priceOf({ service: 'seal', status: 404 }, catalog)).toBe('Free');
  expect(priceOf({ service: 'seal', status: -1 }, catalog)).toBe('Free');
  expect(priceOf({ service: 'gone', status: 200 }, catalog)).toBeNull();
});

test('every status has its word', () => {
  expect([200, 302, 404, 429, 503, -1].map((s) => outcome(s).means)).toEqual([
    'Answered',
    'Answered',
    'Refused',
    'Over the rate limit',
    'The service failed',
    'The client left before an answer',
  ]);
});

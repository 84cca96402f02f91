import { expect, test } from 'vitest';
import { catalog } from '@/test/catalog';
import { outcome, priceOf } from './request';

test('a billable request costs what the catalog says, the others nothing', () => {
  expect(priceOf({ service: 'seal', billable: true }, catalog)).toBe('$0.0001');
  expect(priceOf({ service: 'seal', billable: false }, catalog)).toBe('Free');
  expect(priceOf({ service: 'gone', billable: true }, catalog)).toBeNull();
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

import { expect, test } from 'vitest';
import { flag, oneOf, only, text } from './search';

test('an address with nonsense opens the page with its defaults', () => {
  expect(oneOf('7d', ['24h', '7d'])).toBe('7d');
  expect(oneOf('9y', ['24h', '7d'])).toBeUndefined();
  expect(oneOf(7, ['24h', '7d'])).toBeUndefined();
  expect(text('seal')).toBe('seal');
  expect(text('')).toBeUndefined();
  expect(text({ $ne: 1 })).toBeUndefined();
  expect(text('x'.repeat(201))).toBeUndefined();
  expect(flag('true')).toBe(true);
  expect(flag('yes')).toBeUndefined();
  expect(only({ a: 1, b: undefined })).toEqual({ a: 1 });
});

import { describe, expect, test } from 'vitest';
import { formatUsd, formatUsdChange, formatUsdExact, parseUsd, sumUsd } from './money';

describe('an amount of the API becomes micros without a float', () => {
  test.each([
    ['0.000000', 0n],
    ['12.340000', 12_340_000n],
    ['-0.000001', -1n],
    ['7', 7_000_000n],
    ['9223372036854.775807', 9_223_372_036_854_775_807n],
  ])('%s', (text, micros) => expect(parseUsd(text)).toBe(micros));

  test.each(['', '1e3', '+1', '1.', '.5', '0.0000001', 'NaN', '1,000', ' 1', '0x10'])('%j is refused', (text) =>
    expect(() => parseUsd(text)).toThrow('not an amount'),
  );
});

describe('a summary shows cents, and never $0.00 for something', () => {
  test.each([
    [0n, '$0.00'],
    [1n, '<$0.01'],
    [9_999n, '<$0.01'],
    [-9_999n, '−<$0.01'],
    [10_000n, '$0.01'],
    [1_999_999n, '$1.99'],
    [-41_280_000n, '−$41.28'],
    [123_456_789_012_345_678n, '$123,456,789,012.34'],
  ])('%s micros', (micros, text) => expect(formatUsd(micros)).toBe(text));
});

describe('a table shows every digit that counts', () => {
  test.each([
    [0n, '$0.00'],
    [100n, '$0.0001'],
    [1_250_000n, '$1.25'],
    [1n, '$0.000001'],
    [-1_500n, '−$0.0015'],
    [1_234_000_000n, '$1,234.00'],
  ])('%s micros', (micros, text) => expect(formatUsdExact(micros)).toBe(text));

  test('a difference carries its sign', () => {
    expect(formatUsdChange(5_400_000n)).toBe('+$5.40');
    expect(formatUsdChange(-5_400_000n)).toBe('−$5.40');
    expect(formatUsdChange(0n)).toBe('$0.00');
  });
});

test('what is shown exactly reads back as the same amount, for 2,000 amounts', () => {
  let seed = 7n;
  for (let i = 0; i < 2_000; i++) {
    seed = (seed * 6364136223846793005n + 1442695040888963407n) % 2n ** 63n;
    const micros = seed % 10n ** BigInt(1 + (i % 18));
    expect(parseUsd(formatUsdExact(micros).replace(/[$,]/g, ''))).toBe(micros);
  }
});

test('a sum of amounts is exact where floats are not', () => {
  expect(sumUsd(['0.100000', '0.200000'])).toBe(300_000n);
});

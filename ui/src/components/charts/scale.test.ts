import { describe, expect, test } from 'vitest';
import { axis, everyNth } from './scale';

describe('an axis is round and reaches the highest value', () => {
  test.each([
    [0, [0, 1]],
    [1, [0, 1]],
    [3, [0, 1, 2, 3]],
    [7, [0, 2, 4, 6, 8]],
    [100, [0, 25, 50, 75, 100]],
    [131, [0, 50, 100, 150]],
    [4_200, [0, 2_000, 4_000, 6_000]],
  ])('to %d', (max, ticks) => expect(axis(max)).toEqual(ticks));

  test('of money may be finer than one', () => expect(axis(0.04, false)).toEqual([0, 0.01, 0.02, 0.03, 0.04]));

  test('for any count', () => {
    for (let max = 1; max < 1e9; max = Math.ceil(max * 1.37)) {
      const ticks = axis(max);
      expect(ticks.at(-1)).toBeGreaterThanOrEqual(max);
      expect(ticks.length).toBeLessThanOrEqual(6);
      expect(ticks.every(Number.isInteger)).toBe(true);
    }
  });
});

test('labels never crowd', () => {
  expect(everyNth(24, 720, 60)).toBe(2);
  expect(everyNth(168, 300, 60)).toBe(34);
  expect(everyNth(3, 720, 60)).toBe(1);
});

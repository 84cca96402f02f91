import { describe, expect, test } from 'vitest';
import { bytes, count, duration, percent, plural, short, shortAddress } from './format';
import { ago, ceilTo, dayTime, floorTo, HOUR, hourMinute, iso, monthStart } from './time';

test('summaries are short, tables are full', () => {
  expect(short(1_284_112)).toBe('1.28M');
  expect(short(999)).toBe('999');
  expect(count(1_284_112)).toBe('1,284,112');
  expect(plural(1, 'key')).toBe('1 key');
  expect(plural(1_200, 'key')).toBe('1,200 keys');
});

describe('a share is never rounded to nothing or to all', () => {
  test.each([
    [0, 0, '0%'],
    [1, 1_000_000, '<0.01%'],
    [999_999, 1_000_000, '>99.99%'],
    [7, 10_000, '0.07%'],
    [1, 3, '33.3%'],
    [3, 3, '100%'],
  ])('%d of %d', (part, total, text) => expect(percent(part, total)).toBe(text));
});

test('bytes are binary, as bandwidth is priced', () => {
  expect(bytes(0)).toBe('0 B');
  expect(bytes(1_536)).toBe('1.5 KiB');
  expect(bytes(2 ** 30)).toBe('1.0 GiB');
});

test('durations keep three digits', () => {
  expect(duration(0)).toBe('<1 ms');
  expect(duration(38)).toBe('38 ms');
  expect(duration(1_234)).toBe('1.23 s');
  expect(duration(61_000)).toBe('1 min 1 s');
});

test('an address keeps both ends', () => {
  expect(shortAddress(`0x29df${'0'.repeat(56)}390f`)).toBe('0x29df…390f');
});

test('instants read the same in UTC everywhere, and midnight is 00:00', () => {
  expect(hourMinute('2026-11-24T00:00:00Z', 'utc')).toBe('00:00');
  expect(dayTime('2026-11-24T14:05:00Z', 'utc')).toBe('24 Nov, 14:05');
});

test('an age has one unit', () => {
  const now = Date.UTC(2026, 10, 24, 12);
  expect(ago(now - 1_000, now)).toBe('just now');
  expect(ago(now - 12_000, now)).toBe('12 s ago');
  expect(ago(now - 3 * HOUR - 5, now)).toBe('3 h ago');
  expect(ago(now + 5_000, now)).toBe('just now');
});

test('ranges are cut at whole steps, months at UTC', () => {
  const at = Date.UTC(2026, 0, 15, 9, 41, 12);
  expect(iso(floorTo(at, HOUR))).toBe('2026-01-15T09:00:00Z');
  expect(iso(ceilTo(at, HOUR))).toBe('2026-01-15T10:00:00Z');
  expect(iso(monthStart(at))).toBe('2026-01-01T00:00:00Z');
  expect(iso(monthStart(at, -1))).toBe('2025-12-01T00:00:00Z');
});

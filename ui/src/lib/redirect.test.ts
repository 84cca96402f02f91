import { expect, test } from 'vitest';
import { safeRedirect } from './redirect';

test.each([
  ['/logs?service=seal', '/logs?service=seal'],
  ['/', '/'],
  [undefined, '/'],
  ['', '/'],
  ['//evil.example', '/'],
  ['/\\evil.example', '/'],
  ['/\t/evil.example', '/'],
  ['https://evil.example', '/'],
  ['javascript:alert(1)', '/'],
  ['/login?redirect=%2Flogin', '/'],
])('after sign-in, %j leads to %s', (to, where) => expect(safeRedirect(to)).toBe(where));

import { expect, test } from 'vitest';
import { deviceOf } from './device';

const mac = 'Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/';

test.each([
  ['Chrome on Windows', 'Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 Chrome/141.0.0.0 Safari/537.36'],
  ['Edge on Windows', 'Mozilla/5.0 (Windows NT 10.0; Win64) AppleWebKit/537.36 Chrome/141.0 Safari/537.36 Edg/141.0'],
  ['Safari on macOS', `${mac}605.1.15 (KHTML, like Gecko) Version/18.1 Safari/605.1.15`],
  ['Opera on macOS', `${mac}537.36 Chrome/140.0 Safari/537.36 OPR/120.0`],
  ['Firefox on Linux', 'Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0'],
  ['Chrome on Linux', 'Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 HeadlessChrome/140.0 Safari/537.36'],
  [
    'Chrome on Android',
    'Mozilla/5.0 (Linux; Android 15; Pixel 9) AppleWebKit/537.36 Chrome/141.0 Mobile Safari/537.36',
  ],
  [
    'Safari on iPhone',
    'Mozilla/5.0 (iPhone; CPU iPhone OS 18_1 like Mac OS X) Version/18.1 Mobile/15E148 Safari/604.1',
  ],
  ['Chrome on iPad', 'Mozilla/5.0 (iPad; CPU OS 18_1 like Mac OS X) AppleWebKit/605 CriOS/141.0 Safari/604.1'],
  ['curl', 'curl/8.5.0'],
  ['Go-http-client', 'Go-http-client/1.1'],
  ['Unknown device', 'Mozilla/5.0'],
  ['Unknown device', ''],
  ['Unknown device', '<script>alert(1)</script>'],
])('%s', (name, userAgent) => {
  expect(deviceOf(userAgent).name).toBe(name);
});

test('a phone is not a computer, and a program is neither', () => {
  expect(deviceOf('Mozilla/5.0 (Linux; Android 15) Chrome/141.0').kind).toBe('phone');
  expect(deviceOf('Mozilla/5.0 (X11; Linux x86_64) Firefox/140.0').kind).toBe('computer');
  expect(deviceOf('curl/8.5.0').kind).toBe('program');
});

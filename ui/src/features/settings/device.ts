/** What a session's user agent says, in the words its owner would use. */
export interface DeviceWords {
  name: string;
  kind: 'computer' | 'phone' | 'program';
}

// The order matters: every browser also claims to be the ones that came before it.
const BROWSERS: readonly (readonly [RegExp, string])[] = [
  [/\bEdg(A|iOS)?\//, 'Edge'],
  [/\b(OPR|Opera)\//, 'Opera'],
  [/\bSamsungBrowser\//, 'Samsung Internet'],
  [/\b(Firefox|FxiOS)\//, 'Firefox'],
  [/\b(Chrome|CriOS|Chromium|HeadlessChrome)\//, 'Chrome'],
  [/\bSafari\//, 'Safari'],
];

const SYSTEMS: readonly (readonly [RegExp, string, DeviceWords['kind']])[] = [
  [/\biPhone\b/, 'iPhone', 'phone'],
  [/\biPad\b/, 'iPad', 'phone'],
  [/\bAndroid\b/, 'Android', 'phone'],
  [/\bWindows\b/, 'Windows', 'computer'],
  [/\bCrOS\b/, 'ChromeOS', 'computer'],
  [/\b(Macintosh|Mac OS X)\b/, 'macOS', 'computer'],
  [/\bLinux\b/, 'Linux', 'computer'],
];

export function deviceOf(userAgent: string): DeviceWords {
  const system = SYSTEMS.find(([is]) => is.test(userAgent));
  const browser = BROWSERS.find(([is]) => is.test(userAgent))?.[1];
  if (system) return { name: browser ? `${browser} on ${system[1]}` : system[1], kind: system[2] };
  if (browser) return { name: browser, kind: 'computer' };
  const program = /^([A-Za-z][\w.-]{0,39})(?:\/|\s|$)/.exec(userAgent)?.[1];
  return { name: program && program !== 'Mozilla' ? program : 'Unknown device', kind: 'program' };
}

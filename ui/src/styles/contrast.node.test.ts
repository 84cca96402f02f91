import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';

// WCAG 2.2: text needs 4.5:1 on its surface (1.4.3), controls and chart marks 3:1 (1.4.11). axe does not look at the second.
const css = readFileSync('src/styles/app.css', 'utf8');

type Oklch = [number, number, number];
function sheet(selector: string): Map<string, Oklch> {
  const body = new RegExp(`${selector} \\{([^}]*)\\}`).exec(css)?.[1] ?? '';
  const tokens = new Map<string, Oklch>();
  for (const [, name = '', l, c, h] of body.matchAll(/--([\w-]+): oklch\(([\d.]+) ([\d.]+) ([\d.]+)\)/g)) {
    tokens.set(name, [Number(l), Number(c), Number(h)]);
  }
  return tokens;
}
const light = sheet(':root');
const dark = new Map([...light, ...sheet('\\.dark')]);

/** Relative luminance of an OKLCH colour (Björn Ottosson's matrices), clipped to sRGB. */
function luminance([l, c, h]: Oklch): number {
  const a = c * Math.cos((h * Math.PI) / 180);
  const b = c * Math.sin((h * Math.PI) / 180);
  const [x, y, z] = [
    l + 0.3963377774 * a + 0.2158037573 * b,
    l - 0.1055613458 * a - 0.0638541728 * b,
    l - 0.0894841775 * a - 1.291485548 * b,
  ].map((v) => v ** 3) as [number, number, number];
  const clip = (v: number) => Math.min(1, Math.max(0, v));
  const red = clip(4.0767416621 * x - 3.3077115913 * y + 0.2309699292 * z);
  const green = clip(-1.2684380046 * x + 2.6097574011 * y - 0.3413193965 * z);
  const blue = clip(-0.0041960863 * x - 0.7034186147 * y + 1.707614701 * z);
  return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
}
function contrast(tokens: Map<string, Oklch>, front: string, back: string): number {
  const [f, b] = [tokens.get(front), tokens.get(back)];
  if (!f || !b) throw new Error(`no token ${front} or ${back}`);
  const [hi, lo] = [luminance(f), luminance(b)].sort((p, q) => q - p) as [number, number];
  return (hi + 0.05) / (lo + 0.05);
}

const TEXT: [string, string[]][] = [
  ['foreground', ['background', 'card', 'popover', 'sidebar', 'muted']],
  ['muted-foreground', ['background', 'card', 'popover', 'sidebar', 'muted']],
  ['primary', ['background', 'card', 'popover']],
  ['on-primary', ['primary']],
  ['on-secondary', ['secondary']],
  ['on-accent', ['accent', 'info-subtle']],
  ['on-destructive', ['destructive']],
  ['destructive', ['card', 'popover', 'background', 'danger-subtle']],
  ['success', ['card', 'success-subtle']],
  ['warning', ['card', 'warning-subtle']],
];
const MARKS: [string, string[]][] = [
  ['input', ['card', 'popover']],
  ['ring', ['background', 'card', 'popover', 'sidebar']],
  ['chart-1', ['card']],
  ['chart-2', ['card']],
  ['chart-3', ['card']],
  ['chart-4', ['card']],
  ['chart-5', ['card']],
];
const pairs = (list: [string, string[]][]) =>
  list.flatMap(([front, backs]) => backs.map((back) => [front, back] as const));

describe.each([
  ['light', light],
  ['dark', dark],
] as const)('%s', (_name, tokens) => {
  test.each(pairs(TEXT))('%s can be read on %s', (front, back) =>
    expect(contrast(tokens, front, back)).toBeGreaterThanOrEqual(4.5),
  );
  test.each(pairs(MARKS))('%s can be seen on %s', (front, back) =>
    expect(contrast(tokens, front, back)).toBeGreaterThanOrEqual(2.995),
  );
});

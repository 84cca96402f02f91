// Pictures of the main pages from a running demo, into shots/: SUIFTLY_URL=http://127.0.0.1:8080 npm run shot [-- NAME…]
import { mkdirSync } from 'node:fs';
import { chromium } from '@playwright/test';

const base = process.env.SUIFTLY_URL ?? 'http://127.0.0.1:8080';
const only = process.argv.slice(2);
mkdirSync('shots', { recursive: true });
const browser = await chromium.launch({
  executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium',
  args: ['--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking'],
});

const DESKTOP = { viewport: { width: 1440, height: 1000 } };
const PHONE = { viewport: { width: 390, height: 844 }, deviceScaleFactor: 2, isMobile: true, hasTouch: true };

// One sign-in for all pictures: signing in is rate-limited.
const first = await browser.newContext(DESKTOP);
const page = await first.newPage();
await page.goto(`${base}/login`);
await page.getByRole('button', { name: 'Suiftly Dev Wallet' }).waitFor();
await page.screenshot({ path: 'shots/sign-in.png' });
await page.getByRole('button', { name: 'Suiftly Dev Wallet' }).click();
await page.waitForURL((url) => url.pathname === '/');
const storageState = await first.storageState();
await first.close();

async function shot(name, path, options = {}, act = async () => {}) {
  if (only.length > 0 && !only.some((o) => name.includes(o))) return;
  const { full = false, ...context } = options;
  const c = await browser.newContext({ ...DESKTOP, ...context, storageState });
  const p = await c.newPage();
  const problems = [];
  p.on('console', (m) => ['error', 'warning'].includes(m.type()) && problems.push(m.text()));
  p.on('pageerror', (e) => problems.push(e.message));
  await p.goto(base + path);
  await p.getByRole('heading', { level: 1 }).waitFor();
  await p.waitForFunction(() => document.querySelectorAll('[data-slot=skeleton]').length === 0);
  await act(p);
  await p.waitForTimeout(500);
  await p.screenshot({ path: `shots/${name}.png`, fullPage: full });
  console.log(name, problems.length > 0 ? problems : 'clean');
  await c.close();
}

const dark = { colorScheme: 'dark' };
for (const [scheme, look] of [
  ['light', {}],
  ['dark', dark],
]) {
  await shot(`overview-${scheme}`, '/', { full: true, ...look });
  await shot(`service-${scheme}`, '/services/seal', { full: true, ...look });
  await shot(`config-${scheme}`, '/services/seal?tab=config', { full: true, ...look });
  await shot(`requests-${scheme}`, '/logs', look);
  await shot(`billing-${scheme}`, '/billing', { full: true, ...look });
  await shot(`wallet-${scheme}`, '/wallet', look);
  await shot(`api-keys-${scheme}`, '/api-keys', look);
  await shot(`profile-${scheme}`, '/settings/profile', { full: true, ...look });
}
await shot('overview-1h', '/?range=1h', {}, async (p) => {
  const chart = p.locator('[data-slot=stacked-columns]');
  const box = await chart.boundingBox();
  if (box) await p.mouse.move(box.x + box.width * 0.7, box.y + box.height * 0.6);
});
await shot('services', '/services');
await shot('wallet-widget', '/', {}, (p) => p.getByTestId('wallet-widget').click());
await shot('palette', '/', dark, (p) => p.keyboard.press('Control+k'));
await shot('live-price', '/services/seal?tab=config', {}, (p) =>
  p.getByRole('button', { name: 'One API key more' }).click(),
);
await shot('sessions', '/settings/sessions');
await shot('account-menu', '/', {}, (p) => p.getByRole('button', { name: 'Account menu' }).click());
await shot('phone-overview', '/', { ...PHONE, full: true });
await shot('phone-overview-dark', '/', { ...PHONE, ...dark });
await shot('phone-config', '/services/seal?tab=config', { ...PHONE });
await shot('phone-requests', '/logs', PHONE);
await shot('phone-billing', '/billing', { ...PHONE, full: true });
await shot('phone-profile', '/settings/profile', { ...PHONE, full: true });
await shot('phone-sessions', '/settings/sessions', PHONE);
await shot('phone-navigation', '/', PHONE, (p) => p.getByRole('button', { name: 'Open navigation' }).click());
await browser.close();

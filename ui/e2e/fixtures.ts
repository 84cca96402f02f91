import { AxeBuilder } from '@axe-core/playwright';
import { test as base, expect, type Page } from '@playwright/test';

/** Signed in once by sign-in.setup.ts: signing in is rate-limited, and every test would do it. */
export const SESSION = 'test-results/session.json';

export interface DevWallet {
  addresses: string[];
  reject(on: boolean): void;
  fail(message: string | null): void;
  network(name: 'mainnet' | 'testnet' | null): void;
  switchAccount(index?: number): void;
}

/** Runs with the wallet of the page, as its owner would use the extension. */
export const wallet = <T>(page: Page, work: (w: DevWallet) => T): Promise<T> =>
  page.evaluate(
    (text) => new Function('w', `return (${text})(w)`)((window as unknown as { __devWallet: DevWallet }).__devWallet),
    String(work),
  ) as Promise<T>;

/** Every test fails on a violated CSP, an uncaught error, or a request to anywhere else. */
export const test = base.extend<{ clean: string[] }>({
  clean: [
    async ({ page, baseURL }, use) => {
      const seen: string[] = [];
      page.on('console', (m) => /Content Security Policy/i.test(m.text()) && seen.push(m.text()));
      page.on('pageerror', (e) => seen.push(e.message));
      page.on(
        'request',
        (r) => !r.url().startsWith(baseURL ?? '') && !r.url().startsWith('data:') && seen.push(`request to ${r.url()}`),
      );
      await use(seen);
      expect(seen).toEqual([]);
    },
    { auto: true },
  ],
});

export const signedIn = test.extend({ storageState: SESSION });

/** A browser that signed in before is offered the account it knows. */
export const signInButton = (page: Page) => page.getByRole('button', { name: /^(Suiftly Dev Wallet|Sign in as )/ });

/** Signs in with an account of the dev wallet: what a test does to its account, no other test sees. */
export async function signIn(page: Page, path = '/', account = 0) {
  await page.goto('/login');
  await page.evaluate((n) => localStorage.setItem('suiftly-dev-wallet', String(n)), account);
  await page.goto(path);
  await signInButton(page).click();
  await expect(page).not.toHaveURL(/\/login/);
}

/** The page has its data: no skeleton is left. */
export async function settled(page: Page) {
  await expect(page.getByRole('heading', { level: 1 })).toBeVisible();
  await expect(page.locator('[data-slot=skeleton]')).toHaveCount(0);
}

export async function expectAccessible(page: Page) {
  const { violations } = await new AxeBuilder({ page })
    .withTags(['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'])
    .analyze();
  expect(
    violations.map((v) => ({
      id: v.id,
      nodes: v.nodes.slice(0, 4).map((n) => `${n.target.join(' ')}: ${n.failureSummary ?? ''}`),
    })),
  ).toEqual([]);
}

export const noSidewaysScroll = async (page: Page) =>
  expect(await page.evaluate(() => document.documentElement.scrollWidth - window.innerWidth)).toBeLessThanOrEqual(0);

export const ROUTES = [
  '/',
  '/services',
  '/services/seal',
  '/services/seal?tab=config',
  '/services/seal?tab=keys',
  '/services/seal?tab=access',
  '/services/seal?tab=history',
  '/api-keys',
  '/logs',
  '/billing',
  '/wallet',
  '/settings/profile',
  '/settings/sessions',
  '/no/such/page',
] as const;

export { expect };

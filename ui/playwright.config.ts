import { defineConfig, devices } from '@playwright/test';

// Debian's browser: Playwright's own download is not needed. The flags keep it quiet and off the network.
const chromium = {
  launchOptions: {
    executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium',
    args: [
      '--no-sandbox',
      '--disable-gpu',
      '--disable-quic',
      '--no-first-run',
      '--disable-background-networking',
      '--disable-component-update',
      '--disable-sync',
    ],
  },
};

const url = process.env.SUIFTLY_URL;
if (!url)
  throw new Error(
    'SUIFTLY_URL is not set: start `suiftly demo` and give its address, for example SUIFTLY_URL=http://127.0.0.1:8080',
  );

export default defineConfig({
  testDir: './e2e',
  outputDir: './test-results',
  // Generous: CI machines have two cores, shared with Postgres, HAProxy and the demo's traffic.
  timeout: 120_000,
  expect: { timeout: 30_000 },
  workers: 2,
  retries: process.env.CI ? 1 : 0, // a busy CI machine may starve a browser once; what fails twice is broken
  forbidOnly: true,
  reporter: [['list']],
  use: { baseURL: url, locale: 'en-US', timezoneId: 'UTC', trace: 'off', screenshot: 'only-on-failure', ...chromium },
  projects: [
    { name: 'sign-in', testMatch: 'sign-in.setup.ts' },
    {
      name: 'desktop',
      dependencies: ['sign-in'],
      testIgnore: 'phone.spec.ts',
      use: { viewport: { width: 1440, height: 1000 } },
    },
    {
      name: 'phone',
      dependencies: ['sign-in'],
      testMatch: 'phone.spec.ts',
      use: { ...devices['Pixel 7'], viewport: { width: 360, height: 780 }, ...chromium },
    },
  ],
});

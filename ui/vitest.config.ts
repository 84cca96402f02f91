import { defineConfig, mergeConfig } from 'vitest/config';
import vite from './vite.config.ts';

export default mergeConfig(
  vite,
  defineConfig({
    test: {
      css: false,
      restoreMocks: true,
      projects: [
        // jsdom costs seconds a file to start: only what renders pays for it.
        { extends: true, test: { name: 'logic', environment: 'node', include: ['src/**/*.test.ts'] } },
        {
          extends: true,
          test: {
            name: 'pages',
            environment: 'jsdom',
            include: ['src/**/*.test.tsx'],
            setupFiles: ['./src/test/setup.ts'],
            testTimeout: 30_000,
          },
        },
      ],
    },
  }),
);

import { fileURLToPath, URL } from 'node:url';
import tailwindcss from '@tailwindcss/vite';
import { tanstackRouter } from '@tanstack/router-plugin/vite';
import react from '@vitejs/plugin-react';
import { defineConfig } from 'vite';
import {
  devWalletInDevServer,
  manifestOutsideDist,
  precompress,
  preloadFonts,
  sonnerWithoutInlineCss,
} from './vite/plugins.ts';

const backend = process.env.SUIFTLY_URL ?? 'http://127.0.0.1:8080';

export default defineConfig({
  plugins: [
    sonnerWithoutInlineCss(),
    tanstackRouter({ target: 'react', autoCodeSplitting: true, quoteStyle: 'single', semicolons: true }),
    react(),
    tailwindcss(),
    preloadFonts(/geist-latin-wght-normal/),
    precompress('assets'),
    manifestOutsideDist('.build/manifest.json'),
    devWalletInDevServer(),
  ],
  resolve: {
    alias: {
      '@': fileURLToPath(new URL('./src', import.meta.url)),
      // Radix's scroll lock appends a <style> element, which the CSP blocks: ours uses adoptedStyleSheets.
      'react-style-singleton': fileURLToPath(new URL('./src/lib/style-singleton.ts', import.meta.url)),
    },
  },
  build: {
    target: 'baseline-widely-available',
    assetsInlineLimit: 0, // no data: URIs, so that font-src stays 'self'
    reportCompressedSize: false,
    manifest: true,
    modulePreload: { polyfill: false },
    rolldownOptions: {
      // Go's embed skips names that begin with _ or . : a route chunk must never have one.
      output: { chunkFileNames: (chunk) => `assets/${chunk.name.replace(/[^a-zA-Z0-9-]+/g, '') || 'chunk'}-[hash].js` },
    },
  },
  server: { port: 5173, strictPort: true, proxy: { '/api': backend, '/dev-wallet.js': backend } },
});

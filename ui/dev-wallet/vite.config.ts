import { fileURLToPath } from 'node:url';
import { defineConfig } from 'vite';

// One classic script that needs nothing else: the server adds it to index.html in `suiftly demo` and in tests, and nowhere else.
export default defineConfig({
  root: fileURLToPath(new URL('.', import.meta.url)),
  publicDir: false,
  define: { 'process.env.NODE_ENV': '"production"' },
  build: {
    target: 'baseline-widely-available',
    outDir: '../dist-dev-wallet',
    emptyOutDir: false, // .gitkeep stays
    reportCompressedSize: false,
    lib: { entry: 'wallet.ts', formats: ['iife'], name: 'suiftlyDevWallet', fileName: () => 'dev-wallet.js' },
  },
});

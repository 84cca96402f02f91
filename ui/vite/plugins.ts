// Build steps of our own: what the strict CSP, the Go embed and the size budgets ask of a Vite build.
import { mkdir, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { brotliCompress, constants, gzip } from 'node:zlib';
import type { Plugin } from 'vite';

const br = promisify(brotliCompress);
const gz = promisify(gzip);

/** Writes .br and .gz beside each text asset of a folder of dist, so the server never compresses at run time. */
export function precompress(folder: string): Plugin {
  let out = 'dist';
  return {
    name: 'precompress',
    apply: 'build',
    enforce: 'post',
    configResolved(config) {
      out = config.build.outDir;
    },
    async writeBundle() {
      const dir = join(out, folder);
      for (const name of await readdir(dir)) {
        if (!/\.(js|css|svg|json)$/.test(name)) continue;
        const file = join(dir, name);
        const body = await readFile(file);
        if (body.length < 512) continue;
        await Promise.all([
          br(body, { params: { [constants.BROTLI_PARAM_QUALITY]: 11 } }).then((b) => writeFile(`${file}.br`, b)),
          gz(body, { level: 9 }).then((b) => writeFile(`${file}.gz`, b)),
        ]);
      }
    },
  };
}

/** Moves Vite's manifest out of dist: scripts/sizes.mjs reads it, the binary must not carry it. */
export function manifestOutsideDist(to: string): Plugin {
  let out = 'dist';
  return {
    name: 'manifest-outside-dist',
    apply: 'build',
    enforce: 'post',
    configResolved(config) {
      out = config.build.outDir;
    },
    async writeBundle() {
      await mkdir(dirname(to), { recursive: true });
      await rename(join(out, '.vite/manifest.json'), to);
      await rm(join(out, '.vite'), { recursive: true });
    },
  };
}

/** Adds <link rel=preload> for the hashed font files that match. */
export function preloadFonts(match: RegExp): Plugin {
  return {
    name: 'preload-fonts',
    apply: 'build',
    transformIndexHtml: {
      order: 'post',
      handler(_html, ctx) {
        return Object.keys(ctx.bundle ?? {})
          .filter((file) => file.endsWith('.woff2') && match.test(file))
          .map((file) => ({
            tag: 'link',
            attrs: { rel: 'preload', as: 'font', type: 'font/woff2', href: `/${file}`, crossorigin: '' },
            injectTo: 'head-prepend' as const,
          }));
      },
    },
  };
}

/** sonner adds its stylesheet with a <style> element on import, which the CSP blocks; the app imports its CSS file instead. */
export function sonnerWithoutInlineCss(): Plugin {
  return {
    name: 'sonner-without-inline-css',
    enforce: 'pre',
    transform: {
      filter: { id: /node_modules\/sonner\/dist\/index\.mjs/ },
      handler(code) {
        const out = code.replace(/^__insertCSS\("/m, 'void ("');
        if (out === code) this.error('sonner changed how it injects CSS; update this plugin');
        return { code: out, map: null };
      },
    },
  };
}

/** `npm run dev` loads the dev wallet from the demo server it proxies to, as the demo's own index.html does. */
export function devWalletInDevServer(): Plugin {
  return {
    name: 'dev-wallet-in-dev-server',
    apply: 'serve',
    transformIndexHtml: () => [{ tag: 'script', attrs: { src: '/dev-wallet.js' }, injectTo: 'head' }],
  };
}

// The budgets of a first visit, gzip: what a browser must fetch before a page is whole, by the static imports of Vite's manifest
// plus the lazy chunks that the page always loads. `-v` names every file.
import { readdirSync, readFileSync } from 'node:fs';
import { gzipSync } from 'node:zlib';

const KB = 1000;
const ENTRY = 140 * KB;
const ROUTE = 190 * KB;
const CSS = 10 * KB;
const FONTS = 55 * KB;
const WALLET = 75 * KB; // the runtime that sign-in loads on top, and no other page waits for

const manifest = JSON.parse(readFileSync('.build/manifest.json', 'utf8'));
const verbose = process.argv.includes('-v');
const size = (file) => gzipSync(readFileSync(`dist/${file}`), { level: 9 }).length;

function closure(keys) {
  const chunks = new Set();
  const visit = (key) => {
    if (chunks.has(key)) return;
    if (!manifest[key]) throw new Error(`the manifest has no ${key}`);
    chunks.add(key);
    manifest[key].imports?.forEach(visit);
  };
  keys.forEach(visit);
  const css = new Set([...chunks].flatMap((key) => manifest[key].css ?? []));
  return { js: [...new Set([...chunks].map((key) => manifest[key].file))], css: [...css] };
}
const sum = (files) => files.reduce((total, file) => total + size(file), 0);
// A chunk that is imported lazily only is listed by its source; one that others also need at once, by its name.
const key = (part) => {
  const name = part
    .split('/')
    .at(-1)
    .replace(/\.tsx?$/, '');
  const sources = Object.keys(manifest).filter((k) => k.startsWith('src/') && k.includes(part));
  const found = sources.length > 0 ? sources : Object.keys(manifest).filter((k) => manifest[k].name === name);
  if (found.length !== 1) throw new Error(`${part} names ${found.length} chunks of the manifest`);
  return found[0];
};

const CHART = 'components/charts/stacked-columns.tsx';
const SHELL = 'routes/_app.tsx?';
const ROUTES = {
  overview: [SHELL, 'routes/_app/index.tsx?', CHART],
  services: [SHELL, 'routes/_app/services/index.tsx?'],
  'a service': [SHELL, 'routes/_app/services/$service.tsx?', 'features/services/service-overview.tsx', CHART],
  configuration: [SHELL, 'routes/_app/services/$service.tsx?', 'features/services/config-form.tsx'],
  'api keys': [SHELL, 'routes/_app/api-keys.tsx?'],
  requests: [SHELL, 'routes/_app/logs.tsx?'],
  billing: [SHELL, 'routes/_app/billing.tsx?', CHART],
  wallet: [SHELL, 'routes/_app/wallet.tsx?'],
  'sign-in': ['routes/login.tsx?', 'features/auth/connect-panel.tsx'],
};
const RUNTIME = 'features/auth/wallet-runtime.ts';

const entry = closure(['index.html']);
const runtimeOnly = closure([key(RUNTIME)]).js.filter((f) => !closure(['index.html', key(SHELL)]).js.includes(f));
const rows = [['entry', sum(entry.js), ENTRY]];
for (const [name, parts] of Object.entries(ROUTES)) {
  let { js } = closure(['index.html', ...parts.map(key)]);
  if (name === 'sign-in') js = js.filter((f) => !runtimeOnly.includes(f));
  rows.push([name, sum(js), ROUTE]);
  if (verbose) for (const f of js) console.log(`    ${name}: ${f} ${(size(f) / KB).toFixed(1)}`);
}
rows.push(['wallet runtime, lazy', sum(runtimeOnly), WALLET]);
rows.push(['css', sum(entry.css), CSS]);
const fonts = readdirSync('dist/assets').filter((f) => /-latin-wght-normal.*\.woff2$/.test(f)); // other subsets load only for their scripts
rows.push(['fonts', fonts.reduce((total, f) => total + readFileSync(`dist/assets/${f}`).length, 0), FONTS]);

let over = 0;
for (const [name, is, limit] of rows) {
  if (is > limit) over++;
  console.log(
    `${is > limit ? 'OVER' : '  ok'}  ${name.padEnd(22)} ${(is / KB).toFixed(1).padStart(6)} KB of ${limit / KB}`,
  );
}
process.exit(over > 0 ? 1 : 0);

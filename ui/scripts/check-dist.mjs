// Refuses a production build that carries anything of the dev wallet, or that the strict CSP would break.
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

const files = readdirSync('dist', { recursive: true, withFileTypes: true })
  .filter((f) => f.isFile() && /\.(js|css|html|svg|txt)$/.test(f.name))
  .map((f) => join(f.parentPath, f.name));
const problems = [];
if (!files.some((f) => f.endsWith('index.html'))) problems.push('dist has no index.html: run `npm run build`');

for (const file of files) {
  const text = readFileSync(file, 'utf8');
  for (const trace of ['Dev Wallet', '__devWallet', 'dev-wallet', 'suiftlyDevWallet']) {
    if (text.includes(trace)) problems.push(`${file} contains "${trace}": the dev wallet must not be in the app`);
  }
  if (!file.endsWith('.html')) continue;
  if (/<script(?![^>]*\bsrc=)[^>]*>/.test(text)) problems.push(`${file} has an inline script, which the CSP blocks`);
  if (/<style\b|\sstyle=/.test(text)) problems.push(`${file} has an inline style, which the CSP blocks`);
  for (const [, url] of text.matchAll(/(?:src|href)="([^"]+)"/g)) {
    if (!url.startsWith('/')) problems.push(`${file} loads ${url} from elsewhere`);
  }
}

if (problems.length > 0) {
  console.error(problems.join('\n'));
  process.exit(1);
}
console.log(`dist: ${files.length} text files, no dev wallet, nothing inline`);

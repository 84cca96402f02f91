import { defineConfig } from '@hey-api/openapi-ts';

// int64 counters stay `number`: the server keeps them below 2^53, and money is a decimal string. With the format in place the
// zod plugin would make bigints of what the TypeScript plugin calls number.
function dropInt64(node: unknown): void {
  if (Array.isArray(node)) {
    node.forEach(dropInt64);
  } else if (node && typeof node === 'object') {
    const o = node as Record<string, unknown>;
    if (o.format === 'int64') delete o.format;
    Object.values(o).forEach(dropInt64);
  }
}

export default defineConfig({
  input: process.env.SUIFTLY_OPENAPI ?? './openapi.json',
  output: { path: 'src/api/gen', clean: true },
  parser: {
    patch: { input: (spec) => dropInt64(spec) },
    // The browser's own EventSource follows it; the query plugin's code for it does not compile.
    filters: { operations: { exclude: ['GET /api/v1/logs/tail'] } },
  },
  plugins: [
    '@hey-api/typescript',
    { name: '@hey-api/client-fetch', runtimeConfigPath: '../runtime-config' },
    { name: '@hey-api/sdk', operations: { strategy: 'flat' } },
    {
      name: 'zod',
      requests: true,
      responses: false,
      definitions: true,
      dates: { offset: true },
      compatibilityVersion: 'mini',
    },
    { name: '@tanstack/react-query', queryOptions: true, mutationOptions: true, infiniteQueryOptions: true },
  ],
});

import { expect, test } from 'vitest';
import { curlExample } from './curl';

test('the example is one command that a shell takes as it is', () => {
  expect(curlExample('http://127.0.0.1:8000/', 'seal', 'sfk_a_b')).toBe(
    "curl -i 'http://127.0.0.1:8000/v1/service' \\\n  -H 'X-API-Key: sfk_a_b'",
  );
  expect(curlExample('http://x', 'graphql', "k'k")).toContain(`-d '{"query":"{ chainIdentifier }"}'`);
  expect(curlExample('http://x', 'graphql', "k'k")).toContain(`-H 'X-API-Key: k'\\''k'`);
  expect(curlExample(undefined, 'mine', 'k')).toContain('"$SUIFTLY_API/"');
  expect(curlExample('http://x', 'seal')).toContain('-H "X-API-Key: $SUIFTLY_KEY"');
});

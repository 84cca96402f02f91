import { expect, test } from 'vitest';
import type { ServiceOut } from '@/api/gen/types.gen';
import { at, customer, HttpResponse, http, problem, server } from '@/test/server';
import { pinnedFirst, setPin } from './pins';

const named = (...names: string[]) => names.map((name) => ({ type: { name } }) as ServiceOut);

test('pinned services come first in the order they were pinned in, the others as they came', () => {
  const list = pinnedFirst(named('seal', 'grpc', 'graphql', 'walrus'), ['walrus', 'gone', 'grpc']);
  expect(list.map((s) => s.type.name)).toEqual(['walrus', 'grpc', 'seal', 'graphql']);
});

test('a pin made while the profile changed elsewhere keeps what the other tab pinned', async () => {
  const newer = {
    ...customer,
    version: 7,
    preferences: { ...customer.preferences, pinned_services: ['grpc'] },
  };
  const asked: unknown[] = [];
  let first = true;
  server.use(
    http.get(at('/auth/customer'), () => HttpResponse.json(first ? customer : newer)),
    http.patch(at('/auth/customer'), async ({ request }) => {
      asked.push(await request.json());
      if (first) {
        first = false;
        return problem(409, 'auth.profile_changed', 'Changed meanwhile.');
      }
      return HttpResponse.json(newer);
    }),
  );
  await setPin('seal', true);
  expect(asked).toEqual([
    { version: 1, preferences: { pinned_services: ['seal'] } },
    { version: 7, preferences: { pinned_services: ['grpc', 'seal'] } },
  ]);
});

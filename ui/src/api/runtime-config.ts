import type { CreateClientConfig } from './gen/client.gen';
import { renewingFetch } from './renew';

export const createClientConfig: CreateClientConfig = (config) => ({
  ...config,
  baseUrl: location.origin, // absolute: under Vitest `new Request` has no base to resolve a path against
  credentials: 'same-origin',
  fetch: renewingFetch,
});

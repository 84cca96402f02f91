import { MutationCache, QueryCache, QueryClient } from '@tanstack/react-query';
import { newId } from '@/lib/id';
import { useConnection } from '@/stores/connection';
import { ApiError, toApiError } from './error';
import { client } from './gen/client.gen';

export { ApiError, hasCode, hasStatus, requestIdOf, sentence } from './error';

client.interceptors.error.use((error, response) => toApiError(error, response));

// Every unsafe request is safe to repeat. A form that lets the customer try again passes its own key, so that a request which
// did arrive the first time is not carried out twice; all others get a fresh one here.
client.interceptors.request.use((request) => {
  if (request.method !== 'GET' && request.method !== 'HEAD' && !request.headers.has('Idempotency-Key')) {
    request.headers.set('Idempotency-Key', newId());
  }
  return request;
});

/** Worth asking again without the customer's doing: no answer, or an answer that says "later". */
export const worthRetrying = (e: unknown) =>
  !(e instanceof ApiError) || e.status === 0 || e.status === 502 || e.status === 503 || e.status === 504;

const noteFailure = (e: unknown) => {
  if (e instanceof ApiError && e.status === 0) useConnection.getState().lost();
};
const noteAnswer = () => useConnection.getState().answered();

export const queryClient = new QueryClient({
  queryCache: new QueryCache({ onError: noteFailure, onSuccess: noteAnswer }),
  mutationCache: new MutationCache({ onError: noteFailure, onSuccess: noteAnswer }),
  defaultOptions: {
    queries: {
      staleTime: 15_000,
      retry: (failures, e) => failures < 2 && worthRetrying(e),
      // With jitter: many dashboards must not come back to a restarted server in the same millisecond.
      retryDelay: (failures, e) =>
        (e instanceof ApiError && e.retryAfterS ? e.retryAfterS * 1_000 : 500 * 2 ** failures) *
        (0.75 + Math.random() / 2),
    },
    mutations: { retry: false },
  },
});

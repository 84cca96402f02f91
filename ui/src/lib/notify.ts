// sonner is fetched with the first message: no page needs it to open.
import { ApiError, sentence } from '@/api/error';
import { useToaster } from '@/stores/toaster';

async function toaster() {
  useToaster.getState().need();
  return (await import('sonner')).toast;
}

export const notify = {
  done: (title: string, description?: string) => void toaster().then((toast) => toast.success(title, { description })),
  problem: (title: string, description?: string) =>
    void toaster().then((toast) => toast.error(title, { description, duration: 8_000 })),
  /** An action failed: what did not happen, the server's sentence, and its request id. */
  failed: (title: string, e: unknown) => {
    const id = e instanceof ApiError && e.requestId ? ` (request ${e.requestId})` : '';
    notify.problem(title, sentence(e) + id);
  },
};

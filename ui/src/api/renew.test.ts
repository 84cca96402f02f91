import { describe, expect, test, vi } from 'vitest';
import { renewer } from './renew';

/** A browser with one shared clock, one shared storage and a lock; each tab is a renewer on it. */
function browser(answers: (() => Promise<Response>)[] = []) {
  let at = 100;
  let renewedAt = 0;
  let tail: Promise<unknown> = Promise.resolve();
  const post = vi.fn(() => (answers.shift() ?? (() => Promise.resolve(new Response('{}'))))());
  const tab = () =>
    renewer({
      post,
      now: () => ++at,
      lastRenewal: () => renewedAt,
      noteRenewal: (t) => {
        renewedAt = t;
      },
      exclusively: (work) => {
        const mine = tail.then(work);
        tail = mine.catch(() => {});
        return mine;
      },
    });
  return { tab, post };
}

describe('an expired session', () => {
  test('is renewed once for many requests of one tab', async () => {
    const { tab, post } = browser();
    const renew = tab();
    expect(await Promise.all([renew(100), renew(100), renew(100)])).toEqual(['renewed', 'renewed', 'renewed']);
    expect(post).toHaveBeenCalledTimes(1);
  });

  test('is renewed once for many tabs that noticed together', async () => {
    const { tab, post } = browser();
    expect(await Promise.all([tab()(100), tab()(100), tab()(100)])).toEqual(['renewed', 'renewed', 'renewed']);
    expect(post).toHaveBeenCalledTimes(1);
  });

  test('is renewed again when it runs out again', async () => {
    const { tab, post } = browser();
    const renew = tab();
    await renew(100);
    await renew(200);
    expect(post).toHaveBeenCalledTimes(2);
  });

  test('is over when the server says so', async () => {
    const { tab } = browser([() => Promise.resolve(new Response('{}', { status: 401 }))]);
    expect(await tab()(100)).toBe('signed-out');
  });

  test.each([
    ['the server restarts', () => Promise.resolve(new Response('', { status: 503 }))],
    ['the limit is reached', () => Promise.resolve(new Response('', { status: 429 }))],
    ['the network is gone', () => Promise.reject(new TypeError('Failed to fetch'))],
  ])('is not given up when %s, and the next try may renew it', async (_why, answer) => {
    const { tab } = browser([answer]);
    const renew = tab();
    expect(await renew(100)).toBe('unreachable');
    expect(await renew(100)).toBe('renewed');
  });
});

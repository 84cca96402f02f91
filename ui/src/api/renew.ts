// The session lives in HttpOnly cookies that script cannot read. When the short one has run out, the server answers 401; then
// this file renews it once, for all requests of all tabs together, and the request is sent again.

const RENEWED_AT = 'suiftly.renewed-at'; // when some tab last renewed; an instant, nothing secret
const LOCK = 'suiftly.session';

export type Renewal = 'renewed' | 'signed-out' | 'unreachable';

interface Surroundings {
  post: () => Promise<Response>;
  now: () => number;
  lastRenewal: () => number;
  noteRenewal: (at: number) => void;
  /** Runs the work while no other tab does. */
  exclusively: <T>(work: () => Promise<T>) => Promise<T>;
}

/** Renewal as a machine of its own, so that tests can run it without a browser. */
export function renewer(s: Surroundings) {
  let running: Promise<Renewal> | null = null;

  async function renewOnce(failedAt: number): Promise<Renewal> {
    // Another tab may have renewed while this one waited for the lock, or between the 401 and now: its cookies are ours too.
    if (s.lastRenewal() >= failedAt) return 'renewed';
    try {
      const response = await s.post();
      if (response.ok) {
        s.noteRenewal(s.now());
        return 'renewed';
      }
      // 401: this session is over. 429 and 5xx say nothing about it, so nobody is signed out by a restart.
      return response.status === 401 || response.status === 403 ? 'signed-out' : 'unreachable';
    } catch {
      return 'unreachable';
    }
  }

  /** failedAt: when the request that got 401 was sent. */
  return function renew(failedAt: number): Promise<Renewal> {
    running ??= s
      .exclusively(() => renewOnce(failedAt))
      .finally(() => {
        running = null;
      });
    return running;
  };
}

const renewSession = renewer({
  post: () =>
    fetch(`${location.origin}/api/v1/auth/refresh`, {
      method: 'POST',
      credentials: 'same-origin',
      headers: { accept: 'application/json' },
    }),
  now: Date.now,
  lastRenewal: () => Number(localStorage.getItem(RENEWED_AT) ?? 0),
  noteRenewal: (at) => localStorage.setItem(RENEWED_AT, String(at)),
  // navigator.locks exists only in secure contexts; without it the server's grace for parallel renewals still holds.
  exclusively: (work) => ('locks' in navigator ? navigator.locks.request(LOCK, work) : work()),
});

let onSignedOut: () => unknown = () => false;
/**
 * Called when the session turned out to be over and could not be renewed. When it answers true, the same customer has signed in
 * again meanwhile; a promise is waited for.
 */
export function whenSignedOut(fn: () => unknown) {
  onSignedOut = fn;
}

// These say 401 about a signature or about the session itself: renewing would change nothing.
const OWN_BUSINESS = /\/api\/v1\/auth\/(challenge|verify|refresh|logout|customer\/close)$/;

/** fetch for the generated client: renews an expired session, or waits for the customer to sign in again, and sends the request once more. */
export async function renewingFetch(input: RequestInfo | URL, init?: RequestInit): Promise<Response> {
  const request = new Request(input, init);
  if (OWN_BUSINESS.test(new URL(request.url).pathname)) return fetch(request);
  // A body can be read once; the copies carry the same Idempotency-Key.
  const again = request.clone();
  const afterSignIn = request.clone();
  const sentAt = Date.now();
  const response = await fetch(request);
  if (response.status !== 401) return response;
  const outcome = await renewSession(sentAt);
  if (outcome === 'renewed') {
    const second = await fetch(again);
    return second.status === 401 && (await onSignedOut()) === true ? fetch(afterSignIn) : second;
  }
  if (outcome === 'signed-out') return (await onSignedOut()) === true ? fetch(afterSignIn) : response;
  return new Response(
    JSON.stringify({
      code: 'ui.renewal_unreachable',
      detail: 'Your session could not be renewed just now. Try again in a moment.',
    }),
    {
      status: 503,
      headers: { 'content-type': 'application/problem+json' },
    },
  );
}

import { ApiError } from '@/api/error';

export type WalletFailureKind =
  | 'rejected'
  | 'locked'
  | 'no-account'
  | 'wrong-network'
  | 'cannot-sign'
  | 'changed'
  | 'timeout'
  | 'unknown';

/** What went wrong between the page and the wallet, in words for its owner. */
export class WalletFailure extends Error {
  override readonly name = 'WalletFailure';
  readonly kind: WalletFailureKind;
  constructor(kind: WalletFailureKind, options?: ErrorOptions) {
    super(kind, options);
    this.kind = kind;
  }
}

// Wallets do not agree on codes or classes; EIP-1193's 4001 is the nearest to a standard, the rest is by their words.
const rejected = /reject|denied|declin|cancel|user closed|dismiss/i;
const locked = /\b(un)?lock(ed)?\b/i;
const timedOut = /time[d ]?-?\s?out/i;

export function toWalletFailure(e: unknown): WalletFailure {
  if (e instanceof WalletFailure) return e;
  const { code, message } = (typeof e === 'object' && e !== null ? e : {}) as { code?: unknown; message?: unknown };
  const text = typeof message === 'string' ? message : String(e);
  const kind =
    code === 4001 || code === -32000 || rejected.test(text)
      ? 'rejected'
      : locked.test(text)
        ? 'locked'
        : timedOut.test(text)
          ? 'timeout'
          : 'unknown';
  return new WalletFailure(kind, { cause: e });
}

export interface Said {
  title: string;
  text: string;
}

/** The message for a failed sign-in. A problem of the server keeps the server's own sentence. */
export function sayFailure(e: unknown, wallet: string, network: string): Said {
  if (e instanceof ApiError) return { title: 'Suiftly could not sign you in.', text: e.message };
  const failure = toWalletFailure(e);
  const said: Record<WalletFailureKind, Said> = {
    rejected: {
      title: 'You declined the request.',
      text: `Nothing was signed. Choose ${wallet} again when you are ready.`,
    },
    locked: { title: `${wallet} is locked.`, text: 'Unlock it, then choose it again.' },
    'no-account': {
      title: 'No account was shared.',
      text: `Open ${wallet}, allow this site to see an account, then choose it again.`,
    },
    'wrong-network': {
      title: `This account is not on ${network}.`,
      text: `Switch ${wallet} to ${network}, then choose it again.`,
    },
    'cannot-sign': {
      title: `${wallet} cannot sign messages.`,
      text: 'Signing in needs a wallet with Sui personal messages. Update it or choose another wallet.',
    },
    changed: {
      title: 'The account changed while you signed.',
      text: 'Choose the wallet again to sign in with the account it shows now.',
    },
    timeout: {
      title: `${wallet} did not answer.`,
      text: 'Its window may be hidden behind this one. Open the wallet, close old requests, and try again.',
    },
    unknown: { title: `${wallet} reported a problem.`, text: causeText(failure) },
  };
  return said[failure.kind];
}

function causeText(failure: WalletFailure): string {
  const { cause } = failure;
  const text = cause instanceof Error ? cause.message : typeof cause === 'string' ? cause : '';
  return text ? `It said: ${text.slice(0, 200)}` : 'It gave no reason. Try again, or use another wallet.';
}

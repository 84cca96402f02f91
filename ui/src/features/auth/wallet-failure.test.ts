import { describe, expect, test } from 'vitest';
import { ApiError } from '@/api/error';
import { sayFailure, toWalletFailure, WalletFailure } from './wallet-failure';

describe('each way a wallet can fail has its own words', () => {
  test.each([
    [new Error('User rejected the request'), 'rejected'],
    [{ code: 4001, message: 'nope' }, 'rejected'],
    ['Request was cancelled by the user', 'rejected'],
    [new Error('Wallet is locked'), 'locked'],
    [new Error('Request timed out'), 'timeout'],
    [new Error('Popup blocked'), 'unknown'],
    [undefined, 'unknown'],
    [new WalletFailure('wrong-network'), 'wrong-network'],
  ] as const)('%o', (thrown, kind) => expect(toWalletFailure(thrown).kind).toBe(kind));

  test('no two kinds read the same', () => {
    const kinds = [
      'rejected',
      'locked',
      'no-account',
      'wrong-network',
      'cannot-sign',
      'changed',
      'timeout',
      'unknown',
    ] as const;
    const titles = kinds.map((k) => sayFailure(new WalletFailure(k), 'Slush', 'Sui testnet').title);
    expect(new Set(titles).size).toBe(kinds.length);
  });

  test("an unknown failure keeps the wallet's own words", () => {
    expect(sayFailure(new Error('Popup blocked'), 'Slush', 'Sui testnet').text).toContain('Popup blocked');
  });

  test("the server's sentence is kept", () => {
    const e = new ApiError({ status: 401, code: 'auth.challenge_used', sentence: 'This challenge was used already.' });
    expect(sayFailure(e, 'Slush', 'Sui testnet').text).toBe('This challenge was used already.');
  });
});

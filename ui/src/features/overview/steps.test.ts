import { expect, test } from 'vitest';
import { catalog, grpcConfig, grpcType } from '@/test/catalog';
import { stepsOf } from './steps';

const done = (...args: Parameters<typeof stepsOf>) => stepsOf(...args).map((s) => s.done);

test('a new account has everything before it', () => {
  expect(done([{ type: grpcType, configuration: grpcConfig }], false)).toEqual([false, false, false, false]);
});
test('each step counts for any service', () => expect(done(catalog, false)).toEqual([true, true, true, false]));
test('whoever sent a request is through', () => expect(done([], true)).toEqual([true, true, true, true]));

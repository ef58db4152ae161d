import { expect, test } from 'vitest';
import { assert, assertNever } from '../../src/util/assert.ts';

test('an assertion that holds does nothing', () => {
  expect(() => assert(1, 'unused')).not.toThrow();
});

test.each([false, 0, '', null, undefined])('an assertion on %j throws with its message', (condition) => {
  expect(() => assert(condition, 'the ring is empty')).toThrow('internal error: the ring is empty');
});

test('a union member that no case handles throws, without showing the value', () => {
  expect(() => assertNever('secret' as never)).toThrow(/^internal error: unexpected value of type string$/);
});

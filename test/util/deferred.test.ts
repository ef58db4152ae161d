import { expect, test } from 'vitest';
import { Deferred } from '../../src/util/deferred.ts';

test('resolving settles the promise with the value', async () => {
  const deferred = new Deferred<number>();
  expect(deferred.settled).toBe(false);
  deferred.resolve(7);
  expect(deferred.settled).toBe(true);
  await expect(deferred.promise).resolves.toBe(7);
});

test('rejecting settles the promise with the error', async () => {
  const deferred = new Deferred<number>();
  const error = new Error('refused');
  deferred.reject(error);
  expect(deferred.settled).toBe(true);
  await expect(deferred.promise).rejects.toBe(error);
});

test('only the first of several calls counts', async () => {
  const resolvedFirst = new Deferred<string>();
  resolvedFirst.resolve('first');
  resolvedFirst.reject(new Error('late'));
  resolvedFirst.resolve('later');
  await expect(resolvedFirst.promise).resolves.toBe('first');

  const rejectedFirst = new Deferred<string>();
  rejectedFirst.reject(new Error('first'));
  rejectedFirst.resolve('late');
  await expect(rejectedFirst.promise).rejects.toThrow('first');
});

test('resolving with a pending promise counts as settled, so a later call cannot overtake it', async () => {
  const inner = new Deferred<string>();
  const outer = new Deferred<string>();
  outer.resolve(inner.promise);
  outer.resolve('overtaking');
  expect(outer.settled).toBe(true);
  inner.resolve('inner');
  await expect(outer.promise).resolves.toBe('inner');
});

import { expect, test } from 'vitest';
import { callWithin } from '../../src/util/call-within.ts';
import { FakeClock } from '../support/fake-clock.ts';

const clock = new FakeClock();
const never = (): Promise<number> => new Promise(() => undefined);

test('gives the result of a function, whether it is a promise or not', async () => {
  const { signal } = new AbortController();
  expect(await callWithin(() => 5, 100, clock, signal)).toEqual({ kind: 'done', value: 5 });
  expect(await callWithin(() => Promise.resolve(5), 100, clock, signal)).toEqual({ kind: 'done', value: 5 });
  expect(clock.pendingTimers).toBe(0);
});

test('rejects with what the function throws or rejects with', async () => {
  const { signal } = new AbortController();
  const error = new Error('oops');
  await expect(
    callWithin(
      () => {
        throw error;
      },
      100,
      clock,
      signal,
    ),
  ).rejects.toBe(error);
  await expect(callWithin(() => Promise.reject(error), 100, clock, signal)).rejects.toBe(error);
  expect(clock.pendingTimers).toBe(0);
});

test('waits no longer than it may, and tells the function', async () => {
  let seen: AbortSignal | undefined;
  const outcome = callWithin(
    (signal) => {
      seen = signal;
      return never();
    },
    100,
    clock,
    new AbortController().signal,
  );
  clock.advance(99);
  expect(seen?.aborted).toBe(false);
  clock.advance(1);
  expect(await outcome).toEqual({ kind: 'late' });
  expect(seen?.aborted).toBe(true);
});

test('ends with its signal, and does not begin behind it', async () => {
  const ender = new AbortController();
  const outcome = callWithin(never, 100, clock, ender.signal);
  ender.abort();
  expect(await outcome).toEqual({ kind: 'aborted' });
  let calls = 0;
  expect(await callWithin(() => calls++, 100, clock, ender.signal)).toEqual({ kind: 'aborted' });
  expect(calls).toBe(0);
  expect(clock.pendingTimers).toBe(0);
});

test('a rejection that comes too late is nobody any more', async () => {
  let reject: (error: unknown) => void = () => undefined;
  const outcome = callWithin(
    () =>
      new Promise((_resolve, rejectLater) => {
        reject = rejectLater;
      }),
    100,
    clock,
    new AbortController().signal,
  );
  clock.advance(100);
  await outcome;
  reject(new Error('too late'));
  await new Promise((resolve) => setImmediate(resolve));
});

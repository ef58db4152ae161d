import type { Clock } from './clock.ts';
import { Deferred } from './deferred.ts';

/** The outcome of a call: its result, or the reason why it was not waited for any longer. */
export type CallOutcome<T> =
  | { readonly kind: 'done'; readonly value: T }
  | { readonly kind: 'late' }
  | { readonly kind: 'aborted' };

/**
 * Calls code of the user's and waits for its promise, for as long as it is allowed to. The signal it gets is aborted
 * when nobody waits any more. Rejects with what it throws or rejects with in time.
 */
export async function callWithin<T>(
  fn: (signal: AbortSignal) => T | PromiseLike<T>,
  timeoutMs: number,
  clock: Clock,
  signal: AbortSignal,
): Promise<CallOutcome<T>> {
  if (signal.aborted) return { kind: 'aborted' };
  const ender = new AbortController();
  const given = new Deferred<CallOutcome<T>>();
  const onAbort = (): void => given.resolve({ kind: 'aborted' });
  const timer = clock.setTimer(timeoutMs, () => given.resolve({ kind: 'late' }));
  signal.addEventListener('abort', onAbort, { once: true });
  const called = async (): Promise<CallOutcome<T>> => ({ kind: 'done', value: await fn(ender.signal) });
  try {
    return await Promise.race([called(), given.promise]);
  } finally {
    timer.cancel();
    signal.removeEventListener('abort', onAbort);
    if (given.settled) ender.abort();
  }
}

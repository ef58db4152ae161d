import type { Clock } from './clock.ts';
import { Deferred } from './deferred.ts';

/** Waits, or less when `signal` says so. */
export function sleep(ms: number, clock: Clock, signal: AbortSignal): Promise<void> {
  if (signal.aborted) return Promise.resolve();
  const over = new Deferred<void>();
  const wake = (): void => {
    timer.cancel();
    signal.removeEventListener('abort', wake);
    over.resolve();
  };
  const timer = clock.setTimer(ms, wake);
  signal.addEventListener('abort', wake, { once: true });
  return over.promise;
}

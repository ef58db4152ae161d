import { Deferred } from './deferred.ts';

/** Waits for `promise`, or throws the signal's reason if that comes first. No listener is left behind. */
export async function raceAbort(promise: Promise<void>, signal: AbortSignal): Promise<void> {
  const aborted = new Deferred<void>();
  const onAbort = (): void => aborted.resolve();
  signal.addEventListener('abort', onAbort, { once: true });
  try {
    await Promise.race([promise, aborted.promise]);
    if (aborted.settled) signal.throwIfAborted();
  } finally {
    signal.removeEventListener('abort', onAbort);
  }
}

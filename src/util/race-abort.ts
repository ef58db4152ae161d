import { listenToAbort } from './abort-listeners.ts';
import { Deferred } from './deferred.ts';

/** Waits for `promise`, or throws the signal's reason if that comes first. No listener is left behind. */
export async function raceAbort(promise: Promise<void>, signal: AbortSignal): Promise<void> {
  const aborted = new Deferred<void>();
  const onAbort = (): void => aborted.resolve();
  const letGo = listenToAbort(signal, onAbort);
  try {
    await Promise.race([promise, aborted.promise]);
    if (aborted.settled) signal.throwIfAborted();
  } finally {
    letGo();
  }
}

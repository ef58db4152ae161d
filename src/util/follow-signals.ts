import { listenToAbort } from './abort-listeners.ts';

/**
 * Calls `onAbort` when the first of the signals is aborted, at once if one is already.
 *
 * @returns lets go of the signals
 */
export function followSignals(signals: readonly (AbortSignal | undefined)[], onAbort: () => void): () => void {
  const followed = signals.filter((signal) => signal !== undefined);
  let releases: (() => void)[] = [];
  const release = (): void => {
    for (const letGo of releases) letGo();
    releases = [];
  };
  const abort = (): void => {
    release();
    onAbort();
  };
  if (followed.some((signal) => signal.aborted)) onAbort();
  else releases = followed.map((signal) => listenToAbort(signal, abort));
  return release;
}

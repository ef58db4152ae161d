/**
 * Calls `onAbort` when the first of the signals is aborted, at once if one is already.
 *
 * @returns lets go of the signals
 */
export function followSignals(signals: readonly (AbortSignal | undefined)[], onAbort: () => void): () => void {
  const followed = signals.filter((signal) => signal !== undefined);
  const release = (): void => {
    for (const signal of followed) signal.removeEventListener('abort', abort);
  };
  const abort = (): void => {
    release();
    onAbort();
  };
  if (followed.some((signal) => signal.aborted)) onAbort();
  else for (const signal of followed) signal.addEventListener('abort', abort);
  return release;
}

import process from 'node:process';

/** A signal that asks a process to end. */
export type EndSignal = 'SIGTERM' | 'SIGINT' | 'SIGHUP' | 'SIGBREAK' | 'SIGUSR2';

/** The exit code of a process that a signal ended, as shells have it: 128 and its number. */
const exitCodes: Readonly<Record<EndSignal, number>> = {
  SIGHUP: 129,
  SIGINT: 130,
  SIGUSR2: 140,
  SIGTERM: 143,
  SIGBREAK: 149,
};

/**
 * Calls `onSignal` for each of the signals, which then no longer end the process.
 *
 * @returns listens no longer
 */
export function listenToSignals(signals: readonly EndSignal[], onSignal: (signal: EndSignal) => void): () => void {
  const listener = (signal: NodeJS.Signals): void => onSignal(signal as EndSignal);
  for (const signal of signals) process.on(signal, listener);
  return () => {
    for (const signal of signals) process.removeListener(signal, listener);
  };
}

/** Ends the process, as that signal would have. */
export function exitBySignal(signal: EndSignal): void {
  process.exit(exitCodes[signal]);
}

/** Ends the process in order. */
export function exitInOrder(): void {
  process.exit(0);
}

import type { Environment, StopSignal } from './environment.ts';
import { ExitCode } from './exit-codes.ts';
import { settleable } from './settleable.ts';

/**
 * Runs `task` with a promise of the first signal that asks to end, and listens no longer when it is over.
 */
export async function withStopSignal<T>(
  environment: Environment,
  task: (stopped: Promise<StopSignal>) => Promise<T>,
): Promise<T> {
  const stopped = settleable<StopSignal>();
  const stopListening = environment.onStopSignal((signal) => {
    endEcho(signal, environment);
    stopped.resolve(signal);
  });
  try {
    return await task(stopped.promise);
  } finally {
    stopListening();
  }
}

/** A terminal shows `^C` for the key; what follows begins a line of its own. */
function endEcho(signal: StopSignal, { stdout, stderr }: Environment): void {
  if (signal !== 'SIGINT') return;
  const terminal = [stderr, stdout].find(({ isTTY }) => isTTY === true);
  terminal?.write('\n');
}

/** The exit code of a command that was not done when the signal came. */
export function exitCodeOf(signal: StopSignal): ExitCode {
  return signal === 'SIGINT' ? ExitCode.Interrupted : ExitCode.Terminated;
}

import type { Environment, StopSignal, Suspendable } from './environment.ts';
import { ExitCode } from './exit-codes.ts';

const stopSignals: readonly StopSignal[] = ['SIGINT', 'SIGTERM'];

/** The environment of the process that this is: the only place of the command line that knows `process`. */
export function processEnvironment(): Environment {
  const { stdin, stdout, stderr } = process;
  for (const output of [stdout, stderr]) output.on('error', (error: Error) => endWithoutOutput(output, error));
  return {
    stdin,
    stdout,
    stderr,
    variables: process.env,
    pid: process.pid,
    platform: process.platform,
    versions: process.versions,
    now: () => new Date(),
    elapsedMs: () => performance.now(),
    onStopSignal,
    onSuspend,
    // 0 is the whole group: the shell waits for the first process of a job, which may be `npx`.
    suspend: () => void process.kill(0, 'SIGTSTP'),
  };
}

function endWithoutOutput(output: NodeJS.WriteStream, error: Error): void {
  // `ws connect … | head -1`: the reader has what it wanted.
  if ('code' in error && error.code === 'EPIPE') process.exit(ExitCode.Done);
  if (output === process.stdout) process.stderr.write(`ws: standard output: ${error.message}\n`);
  process.exit(ExitCode.Failed);
}

function onStopSignal(listener: (signal: StopSignal) => void): () => void {
  const stopListening = (): void => {
    for (const signal of stopSignals) process.off(signal, onSignal);
  };
  // Without a listener the system's way is back: a second Ctrl-C ends a command that takes long to end.
  const onSignal = (signal: NodeJS.Signals): void => {
    stopListening();
    listener(signal === 'SIGINT' ? 'SIGINT' : 'SIGTERM');
  };
  for (const signal of stopSignals) process.on(signal, onSignal);
  return stopListening;
}

function onSuspend(suspendable: Suspendable): () => void {
  const onStop = (): void => {
    suspendable.leave();
    // Without a listener the signal stops the process, here and now; nothing happens where no shell could continue it.
    process.off('SIGTSTP', onStop);
    process.kill(process.pid, 'SIGTSTP');
    process.on('SIGTSTP', onStop);
    onContinue();
  };
  const onContinue = (): void => {
    // While others had the terminal, nobody said that its size has changed.
    process.emit('SIGWINCH');
    suspendable.comeBack();
  };
  process.on('SIGTSTP', onStop);
  process.on('SIGCONT', onContinue);
  return () => {
    process.off('SIGTSTP', onStop);
    process.off('SIGCONT', onContinue);
  };
}

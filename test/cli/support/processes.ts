import { type ChildProcess, spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { onTestFinished } from 'vitest';
import { Capture } from './fake-environment.ts';

/** The built command: `npm test` builds first. */
export const main: string = fileURLToPath(new URL('../../../dist/cli/main.js', import.meta.url));

export interface RunningProcess {
  readonly child: ChildProcess;
  readonly stdout: Capture;
  readonly stderr: Capture;
  /** The exit code, or the signal that ended it. */
  readonly done: Promise<number | string | null>;
}

/** Runs `ws` as a process of its own, which is killed when the test is over. */
export function spawnWs(argv: readonly string[], cwd?: string): RunningProcess {
  const child = spawn(process.execPath, [main, ...argv], { stdio: ['ignore', 'pipe', 'pipe'], cwd });
  onTestFinished(() => void child.kill('SIGKILL'));
  const [stdout, stderr] = [new Capture(), new Capture()];
  child.stdout.pipe(stdout);
  child.stderr.pipe(stderr);
  const done = new Promise<number | string | null>((resolve) => {
    child.on('close', (code, signal) => resolve(code ?? signal));
  });
  return { child, stdout, stderr, done };
}

/** A server on a free port, as a process. */
export async function spawnServer(...argv: string[]): Promise<RunningProcess & { readonly url: string }> {
  const server = spawnWs([...argv, '--port', '0']);
  const ended = server.done.then((code) => Promise.reject(new Error(`ended with ${code}: ${server.stderr.text}`)));
  return { ...server, url: await Promise.race([server.stdout.match(/Listening on (\S+)\n/), ended]) };
}

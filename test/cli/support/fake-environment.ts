import { PassThrough, Writable } from 'node:stream';
import { run } from '../../../src/cli/program.ts';
import type { Environment, Input, Output, StopSignal } from '../../../src/cli/terminal/environment.ts';
import type { ExitCode } from '../../../src/cli/terminal/exit-codes.ts';

/** Keeps what is written, and tells when something has been. */
export class Capture extends Writable {
  isTTY: boolean;
  columns = 80;
  private readonly chunks: Buffer[] = [];
  private waiters: (() => void)[] = [];

  constructor(isTTY = false) {
    super();
    this.isTTY = isTTY;
  }

  get bytes(): Buffer {
    return Buffer.concat(this.chunks);
  }

  get text(): string {
    return this.bytes.toString('utf8');
  }

  override _write(chunk: Buffer, _encoding: BufferEncoding, callback: () => void): void {
    this.chunks.push(chunk);
    callback();
    const { waiters } = this;
    this.waiters = [];
    for (const wake of waiters) wake();
  }

  /** The first capture group of `pattern`, or the whole match, as soon as it is there. */
  async match(pattern: RegExp): Promise<string> {
    for (;;) {
      const found = pattern.exec(this.text);
      if (found !== null) return found[1] ?? found[0];
      await new Promise<void>((resolve) => {
        this.waiters.push(resolve);
      });
    }
  }
}

export interface FakeOptions {
  /** The piped input; without it, the input stays open. */
  readonly input?: string | Buffer | undefined;
  /** True when stdin, stdout and stderr are a terminal. */
  readonly isTerminal?: boolean;
  /** @default 80 */
  readonly columns?: number;
  readonly variables?: Readonly<Record<string, string>>;
}

/** A command that runs in this process. */
export interface RunningCli {
  readonly stdin: PassThrough;
  readonly stdout: Capture;
  readonly stderr: Capture;
  readonly done: Promise<ExitCode>;
  signal(signal: StopSignal): void;
  /** The number of listeners for a signal. */
  listenerCount(): number;
}

export function fakeEnvironment(options: FakeOptions = {}): Omit<RunningCli, 'done'> & { environment: Environment } {
  const isTerminal = options.isTerminal ?? false;
  const stdin = Object.assign(new PassThrough(), { isTTY: isTerminal });
  const stdout = new Capture(isTerminal);
  const stderr = new Capture(isTerminal);
  stdout.columns = stderr.columns = options.columns ?? 80;
  const listeners = new Set<(signal: StopSignal) => void>();
  if (options.input !== undefined) stdin.end(options.input);
  const environment: Environment = {
    stdin: stdin satisfies Input,
    stdout: stdout satisfies Output,
    stderr,
    variables: options.variables ?? {},
    pid: 4711,
    platform: 'plan9',
    versions: { openssl: '3.2.1', zlib: '1.3' },
    now: () => new Date(2026, 0, 31, 23, 59, 58, 7),
    elapsedMs: () => performance.now(),
    onStopSignal(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    onSuspend: () => () => undefined,
    suspend: () => undefined,
  };
  return {
    environment,
    stdin,
    stdout,
    stderr,
    signal: (signal) => {
      for (const listener of listeners) listener(signal);
    },
    listenerCount: () => listeners.size,
  };
}

const running = new Set<RunningCli>();

/** Runs a command line in this process, with streams and signals of its own. */
export function startCli(argv: readonly string[], options?: FakeOptions): RunningCli {
  const { environment, ...fake } = fakeEnvironment(options);
  const cli: RunningCli = { ...fake, done: run(argv, environment) };
  running.add(cli);
  void cli.done.finally(() => running.delete(cli)).catch(() => undefined);
  return cli;
}

/** Ends what a test has left running. */
export async function stopAll(): Promise<void> {
  const left = [...running];
  for (const cli of left) cli.signal('SIGINT');
  await Promise.allSettled(left.map(({ done }) => done));
}

/** Starts one of the servers on a free port. */
export async function startServer(argv: readonly string[]): Promise<RunningCli & { readonly url: string }> {
  const cli = startCli([...argv, '--port', '0']);
  const failed = cli.done.then((code) => Promise.reject(new Error(`ended with ${code}: ${cli.stderr.text}`)));
  const url = await Promise.race([cli.stdout.match(/Listening on (\S+)/), failed]);
  return { ...cli, url };
}

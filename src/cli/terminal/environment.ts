import type { Readable, Writable } from 'node:stream';

/** The signals that ask a command to end. */
export type StopSignal = 'SIGINT' | 'SIGTERM';

export interface Input extends Readable {
  readonly isTTY?: boolean | undefined;
  /** Of a terminal: keys arrive one by one, and are not shown. */
  setRawMode?(isRaw: boolean): unknown;
}

/** A command that changes how the terminal is set, and has to change it back for the shell while it is stopped. */
export interface Suspendable {
  /** The process is about to be stopped. */
  leave(): void;
  /** It goes on; the terminal may be set differently, and have another size. */
  comeBack(): void;
}

export interface Output extends Writable {
  readonly isTTY?: boolean | undefined;
  readonly columns?: number | undefined;
}

/**
 * All that a command may know and touch outside of itself. Commands never use `process`, so a test can run them in
 * its own process with streams, time and signals of its own.
 */
export interface Environment {
  readonly stdin: Input;
  readonly stdout: Output;
  readonly stderr: Output;
  /** Takes log lines in place of stdout and stderr. */
  readonly logfile?: Output | undefined;
  /** The environment variables. */
  readonly variables: Readonly<Record<string, string | undefined>>;
  readonly pid: number;
  /** The operating system as Node names it. */
  readonly platform: string;
  /** Of Node and the libraries in it. */
  readonly versions: Readonly<Record<string, string | undefined>>;
  /** The time of day, for log lines. */
  now(): Date;
  /** Milliseconds on a clock that never goes back, for measuring. */
  elapsedMs(): number;
  /**
   * Calls `listener` for the first signal that asks the command to end; a second one ends the process.
   *
   * @returns takes the listener away
   */
  onStopSignal(listener: (signal: StopSignal) => void): () => void;
  /**
   * Calls `suspendable` when the process is stopped (SIGTSTP) and goes on (SIGCONT). Of SIGSTOP only the end is heard.
   *
   * @returns takes it away
   */
  onSuspend(suspendable: Suspendable): () => void;
  /** Stops the process and those of its job, as the terminal does at Ctrl-Z. */
  suspend(): void;
}

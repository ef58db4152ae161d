import { fileURLToPath } from 'node:url';
import { spawn } from '@lydell/node-pty';
import { eventually } from '../../support/eventually.ts';
import { rendered } from './rendered.ts';

/** The built command: `npm test` builds first. */
const main = fileURLToPath(new URL('../../../dist/cli/main.js', import.meta.url));

const COLUMNS = 120;

export interface PtyOptions {
  readonly columns?: number;
}

/** A process `ws` in a terminal of its own. */
export interface PtyProcess {
  /** Everything that was written to the terminal. */
  output(): string;
  type(text: string): void;
  resize(columns: number): void;
  /** Waits until the screen holds a line, or ends in several of them, and returns all of its lines. */
  sees(wanted: string | RegExp | readonly string[]): Promise<string[]>;
  readonly done: Promise<number>;
  kill(): void;
}

export function startInPty(
  program: string,
  argv: readonly string[],
  variables: Readonly<Record<string, string>> = {},
  { columns = COLUMNS }: PtyOptions = {},
): PtyProcess {
  const pty = spawn(program, [...argv], {
    name: variables['TERM'] ?? 'xterm-256color',
    cols: columns,
    rows: 40,
    env: { PATH: process.env['PATH'], ...variables },
  });
  let output = '';
  let width = columns;
  let hasEnded = false;
  pty.onData((data) => {
    output += data;
  });
  const done = new Promise<number>((resolve) => {
    pty.onExit(({ exitCode }) => {
      hasEnded = true;
      resolve(exitCode);
    });
  });
  return {
    output: () => output,
    type: (text) => pty.write(text),
    resize(columns) {
      width = columns;
      pty.resize(columns, 40);
    },
    sees: (wanted) =>
      eventually(`${String(wanted)} on the screen`, () => {
        const shown = rendered(output, width);
        return isOn(shown, wanted) && shown;
      }),
    done,
    kill: () => {
      if (!hasEnded) pty.kill('SIGKILL');
    },
  };
}

function isOn(shown: readonly string[], wanted: string | RegExp | readonly string[]): boolean {
  if (typeof wanted === 'string') return shown.includes(wanted);
  if (wanted instanceof RegExp) return shown.some((line) => wanted.test(line));
  return wanted.join('\n') === shown.slice(-wanted.length).join('\n');
}

/** `ws` with `argv` in a terminal. */
export function wsInPty(
  argv: readonly string[],
  variables?: Readonly<Record<string, string>>,
  options?: PtyOptions,
): PtyProcess {
  return startInPty(process.execPath, [main, ...argv], variables, options);
}

/** `ws` with `argv` in a shell that tells how the terminal is set before and after. */
export function wsInShell(argv: readonly string[], variables?: Readonly<Record<string, string>>): PtyProcess {
  const command = [process.execPath, main, ...argv].map((word) => `'${word}'`).join(' ');
  // The shell must outlive the Ctrl-C that is meant for its child.
  const script = `trap : INT; echo "before $(stty -g)"; ${command}; echo "exit $?"; echo "after $(stty -g)"`;
  return startInPty('/bin/sh', ['-c', script], variables);
}

/**
 * `ws` with `argv` in a shell with job control. When it is stopped the shell says `stopped`, takes a line from the
 * terminal, and continues it in the foreground.
 */
export function wsInJob(argv: readonly string[], variables?: Readonly<Record<string, string>>): PtyProcess {
  const command = [process.execPath, main, ...argv].map((word) => `'${word}'`).join(' ');
  // 19 and 20 are SIGSTOP and SIGTSTP, which leave the job to be continued.
  const script = `set -m; ${command}; code=$?
    while [ $code = 147 ] || [ $code = 148 ]; do
      echo "stopped $(stty -a | grep -o '[-]*icanon')"; read line; echo "read $line"; fg >/dev/null; code=$?
    done
    echo "exit $code"`;
  return startInPty('/bin/sh', ['-c', script], variables);
}

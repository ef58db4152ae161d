import { clearScreenDown, createInterface, cursorTo, type Interface, moveCursor } from 'node:readline';
import type { Environment } from '../environment.ts';
import type { CliError } from '../errors.ts';
import { describeError, printable, printableLines, reportError, writeLine } from '../output.ts';
import { splitLines } from './lines.ts';
import type { Line } from './outbox.ts';

/** Where lines come from, and where messages and events are shown. */
export interface Screen {
  readonly lines: AsyncIterable<Line>;
  /** Whether somebody types, and sees each line's effect before the next. */
  readonly isInteractive: boolean;
  /** Shows a payload. When it returns false, `onDrained` is called once more can be shown. */
  show(payload: Line, onDrained: () => void): boolean;
  /** What happens to the connection. */
  status(text: string): void;
  error(error: CliError): void;
  /** Ends reading lines and gives the terminal back. */
  close(): void;
}

/** The right screen for what stdin and stdout are. `onInterrupt` is called for Ctrl-C where it is no signal. */
export function openScreen(environment: Environment, onInterrupt: () => void): Screen {
  const { stdin, stdout } = environment;
  return stdin.isTTY === true && stdout.isTTY === true
    ? new TerminalScreen(environment, onInterrupt)
    : new PipeScreen(environment);
}

/** Payloads alone go to stdout, for the next program in the pipe; the rest is for people and goes to stderr. */
class PipeScreen implements Screen {
  readonly isInteractive = false;
  readonly lines: AsyncIterable<Line>;
  private readonly environment: Environment;

  constructor(environment: Environment) {
    this.environment = environment;
    this.lines = splitLines(environment.stdin);
  }

  show(payload: Line, onDrained: () => void): boolean {
    const { stdout } = this.environment;
    if (stdout.isTTY === true) stdout.write(`${describePayload(payload)}\n`);
    else {
      stdout.write(payload);
      stdout.write('\n');
    }
    if (!stdout.writableNeedDrain) return true;
    stdout.once('drain', onDrained);
    return false;
  }

  status(text: string): void {
    writeLine(this.environment.stderr, printable(text));
  }

  error(error: CliError): void {
    reportError(this.environment, error);
  }

  close(): void {
    this.environment.stdin.destroy();
  }
}

/** A prompt on the last line, above which everything else appears. */
class TerminalScreen implements Screen {
  readonly isInteractive = true;
  readonly lines: AsyncIterable<Line>;
  private readonly environment: Environment;
  private readonly readline: Interface;
  private isClosed = false;

  constructor(environment: Environment, onInterrupt: () => void) {
    this.environment = environment;
    const { stdin, stdout } = environment;
    this.readline = createInterface({ input: stdin, output: stdout, terminal: true, prompt: '> ' });
    this.readline.on('SIGINT', onInterrupt);
    this.readline.on('close', () => {
      this.erasePrompt();
      this.isClosed = true;
    });
    this.lines = this.promptedLines();
    this.print('Type Ctrl-D or /quit to end.');
  }

  show(payload: Line): boolean {
    this.print(describePayload(payload));
    return true;
  }

  status(text: string): void {
    this.print(printable(text));
  }

  error(error: CliError): void {
    this.print(describeError(error));
    if (error.hint !== undefined) this.print(`    ${error.hint}`);
  }

  close(): void {
    this.readline.close();
  }

  private async *promptedLines(): AsyncGenerator<Line, void, undefined> {
    for await (const line of this.readline) {
      yield line;
      if (!this.isClosed) this.readline.prompt();
    }
  }

  /** Writes lines above the prompt, and the prompt with what was typed below them. */
  private print(text: string): void {
    if (!this.isClosed) this.erasePrompt();
    writeLine(this.environment.stdout, text);
    if (!this.isClosed) this.readline.prompt(true);
  }

  private erasePrompt(): void {
    const { stdout } = this.environment;
    moveCursor(stdout, 0, -this.readline.getCursorPos().rows);
    cursorTo(stdout, 0);
    clearScreenDown(stdout);
  }
}

const SHOWN_BYTES = 64;

function describePayload(payload: Line): string {
  if (typeof payload === 'string') return printableLines(payload);
  const hex = payload
    .subarray(0, SHOWN_BYTES)
    .toString('hex')
    .replaceAll(/(..)(?=.)/g, '$1 ');
  return `${payload.length} bytes: ${hex}${payload.length > SHOWN_BYTES ? ' …' : ''}`;
}

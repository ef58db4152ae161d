import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { expect, onTestFinished } from 'vitest';
import { Watch } from '../support/watch.ts';

export const examplesDirectory: string = resolve(import.meta.dirname, '../../examples');

/** An example that runs as a process of its own, as `npm run build:examples` has compiled it. */
export class Program {
  readonly #child: ChildProcess;
  readonly #watch = new Watch();
  #stdout = '';
  #stderr = '';
  #code: number | string | undefined;

  /** Starts `name`, such as `client` or `seed/sending`; it does not outlive the test. */
  constructor(name: string, args: readonly string[]) {
    const file = join(examplesDirectory, 'build', `${name}.js`);
    if (!existsSync(file)) throw new Error(`${file} is missing: npm run build && npm run build:examples`);
    this.#child = spawn(process.execPath, [file, ...args], { stdio: ['pipe', 'pipe', 'pipe'] });
    this.#child.stdout?.on('data', (chunk: Buffer) => {
      this.#stdout += chunk.toString();
      this.#watch.changed();
    });
    this.#child.stderr?.on('data', (chunk: Buffer) => (this.#stderr += chunk.toString()));
    this.#child.on('close', (code, signal) => {
      this.#code = code ?? signal ?? 'unknown';
      this.#watch.changed();
    });
    onTestFinished(() => void this.#child.kill('SIGKILL'));
  }

  get lines(): string[] {
    return this.#stdout.split('\n').slice(0, -1);
  }

  /** The lines, once one of them is `line`. */
  async printed(line: string): Promise<string[]> {
    await this.#untilLine(line, (found) => found === line);
    return this.lines;
  }

  /** The URL that a server prints. */
  async url(): Promise<string> {
    const line = await this.#untilLine('Listening on', (found) => found.startsWith('Listening on '));
    return line.slice('Listening on '.length);
  }

  /** Types a line. */
  type(line: string): void {
    this.#child.stdin?.write(`${line}\n`);
  }

  /** Ends what is typed. */
  endInput(): void {
    this.#child.stdin?.end();
  }

  /** What Ctrl-C does. */
  interrupt(): void {
    this.#child.kill('SIGINT');
  }

  /** The lines of a program that has ended well. */
  async ended(): Promise<string[]> {
    await this.#watch.until('the end of the program', () => this.#code !== undefined);
    expect({ code: this.#code, stderr: this.#stderr }).toEqual({ code: 0, stderr: '' });
    return this.lines;
  }

  async #untilLine(what: string, matches: (line: string) => boolean): Promise<string> {
    const ended = 'the program ended';
    const find = (): string | undefined => this.lines.find(matches) ?? (this.#code === undefined ? undefined : ended);
    const line = await this.#watch.until(`the line ${what}`, find);
    if (line === ended) throw new Error(`${ended} (${this.#code}) without the line ${what}: ${this.#stderr}`);
    return line;
  }
}

/** Tests of examples by their names: each starts its example at least once. */
export type ExampleTests = Readonly<Record<string, (start: (...args: string[]) => Program) => Promise<void>>>;

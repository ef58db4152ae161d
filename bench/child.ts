import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { availableParallelism } from 'node:os';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';

import type { Command, Report } from './messages.ts';

/** Measured processes run on the first core, the load generator on the second: neither takes time from the other. */
export type Core = 0 | 1;

export interface ChildOptions {
  readonly runtime: 'node' | 'bun';
  /** Relative to the folder of this file. */
  readonly script: string;
  readonly args?: readonly string[];
  readonly flags?: readonly string[];
  readonly env?: Readonly<Record<string, string>> | undefined;
  readonly core: Core;
}

type ReportOf<K extends Report['kind']> = Extract<Report, { kind: K }>;

export const canPin: boolean =
  availableParallelism() >= 2 && spawnSync('taskset', ['-c', '0', process.execPath, '--version']).status === 0;

/** From the folder of the compiled files, bench/build/bench, to where `npm install --prefix bench` put it. */
export const bunPath: string = fileURLToPath(new URL('../../node_modules/.bin/bun', import.meta.url));

export function scriptPath(script: string): string {
  return fileURLToPath(new URL(script, import.meta.url));
}

/** A started process; whoever starts one stops it. */
export class Child {
  readonly #process: ChildProcess;
  readonly #reports: Report[] = [];
  readonly #name: string;
  #output = '';
  #errorOutput = '';
  #wake: () => void = () => {};
  #isOver = false;

  constructor(options: ChildOptions) {
    this.#name = options.script;
    const program = options.runtime === 'bun' ? bunPath : process.execPath;
    const command = [program, ...(options.flags ?? []), scriptPath(options.script), ...(options.args ?? [])];
    if (canPin) command.unshift('taskset', '-c', String(options.core));
    this.#process = spawn(command[0] ?? program, command.slice(1), {
      env: { ...process.env, ...options.env },
      stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
      // What Bun understands as well.
      serialization: 'json',
    });
    this.#process.stdout?.on('data', (chunk: Buffer) => (this.#output += chunk.toString()));
    this.#process.stderr?.on('data', (chunk: Buffer) => (this.#errorOutput += chunk.toString()));
    this.#process.on('message', (report: Report) => {
      this.#reports.push(report);
      this.#wake();
    });
    this.#process.on('error', (error) => this.#end(error.message));
    this.#process.on('close', () => this.#end(''));
  }

  get output(): string {
    return this.#output;
  }

  tell(command: Command): void {
    if (this.#process.connected) this.#process.send(command);
  }

  /** The next report of that kind; fails when the process ends without one, or after the time limit. */
  async hear<K extends Report['kind']>(kind: K, timeoutMs = 60_000): Promise<ReportOf<K>> {
    const deadline = performance.now() + timeoutMs;
    for (;;) {
      const index = this.#reports.findIndex((report) => report.kind === kind);
      if (index >= 0) return this.#reports.splice(index, 1)[0] as ReportOf<K>;
      this.checkRunning();
      await this.#change(deadline, kind);
    }
  }

  checkRunning(): void {
    if (this.#isOver) throw new Error(`${this.#name} ended too early: ${this.#errorOutput.slice(-2000)}`);
  }

  async ask(kind: 'askUsage'): Promise<number> {
    this.tell({ kind });
    return (await this.hear('usage')).cpuMicros;
  }

  async askMemory(): Promise<number> {
    this.tell({ kind: 'askMemory' });
    return (await this.hear('memory')).rssBytes;
  }

  /** Resolves when the process has ended and its output was read. */
  async ended(timeoutMs: number): Promise<void> {
    const deadline = performance.now() + timeoutMs;
    while (!this.#isOver) await this.#change(deadline, 'end');
  }

  async stop(): Promise<void> {
    if (this.#isOver) return;
    this.tell({ kind: 'exit' });
    try {
      await this.ended(5000);
    } catch {
      this.#process.kill('SIGKILL');
      await this.ended(5000);
    }
  }

  #end(message: string): void {
    this.#errorOutput += message;
    this.#isOver = true;
    this.#wake();
  }

  async #change(deadline: number, what: string): Promise<void> {
    const remainingMs = deadline - performance.now();
    if (remainingMs <= 0) throw new Error(`${this.#name}: no "${what}" in time: ${this.#errorOutput.slice(-2000)}`);
    const timer = new AbortController();
    const changed = new Promise<void>((resolve) => {
      this.#wake = resolve;
    });
    await Promise.race([changed, sleep(remainingMs, undefined, { signal: timer.signal }).catch(() => {})]);
    timer.abort();
  }
}

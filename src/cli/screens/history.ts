import { appendFileSync, chmodSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, isAbsolute, join } from 'node:path';
import type { Environment } from '../terminal/environment.ts';

/** Lines that are kept from one run to the next. */
const MAX_LINES = 1000;
/** A longer line is no longer one that somebody wants to edit. */
const MAX_LINE_LENGTH = 4096;
/** Read at the most, however the file has come to its size. */
const MAX_FILE_LENGTH = 2 * MAX_LINES * MAX_LINE_LENGTH;

/**
 * Lines that were typed, for the next time. Each line is appended when it is typed, so that two terminals do not lose what
 * the other has; at the beginning and the end the file is made short again. A history that cannot be kept is none:
 * nothing that goes wrong here ends the command.
 */
export class History {
  private readonly path: string;
  private readonly temporaryPath: string;
  private isBroken = false;
  private loaded: readonly string[] = [];
  private latest: string | undefined;

  private constructor(path: string, pid: number) {
    this.path = path;
    this.temporaryPath = `${path}.${pid}`;
    this.attempt(() => {
      mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
      this.loaded = this.tidy();
    });
    this.latest = this.loaded.at(-1);
  }

  /** `undefined` where there is no folder to keep it in. */
  static load({ variables, pid }: Environment): History | undefined {
    const path = historyPath(variables);
    return path === undefined ? undefined : new History(path, pid);
  }

  newestFirst(): string[] {
    return this.loaded.toReversed();
  }

  /** Lines that begin with a space are not kept, as in shells: for what is secret. */
  add(line: string): void {
    if (!isKept(line) || line === this.latest) return;
    this.latest = line;
    this.attempt(() => appendFileSync(this.path, `${line}\n`, { mode: 0o600 }));
  }

  close(): void {
    this.attempt(() => this.tidy());
  }

  /** Drops duplicates and what is too old. Writes only when that changes something. */
  private tidy(): readonly string[] {
    const text = this.read();
    const lines = newestOfEach(text.slice(-MAX_FILE_LENGTH).split('\n').filter(isKept)).slice(-MAX_LINES);
    const tidied = lines.map((line) => `${line}\n`).join('');
    if (tidied !== text) {
      rmSync(this.temporaryPath, { force: true });
      writeFileSync(this.temporaryPath, tidied, { mode: 0o600, flag: 'wx' });
      renameSync(this.temporaryPath, this.path);
    } else if (text !== '') chmodSync(this.path, 0o600);
    return lines;
  }

  private read(): string {
    try {
      return readFileSync(this.path, 'utf8');
    } catch (error) {
      if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return '';
      throw error;
    }
  }

  private attempt(action: () => void): void {
    if (this.isBroken) return;
    try {
      action();
    } catch {
      this.isBroken = true;
    }
  }
}

/** In the folder for state of the XDG Base Directory Specification, whose paths are absolute or do not count. */
export function historyPath(variables: Readonly<Record<string, string | undefined>>): string | undefined {
  const state = variables['XDG_STATE_HOME'] ?? '';
  if (isAbsolute(state)) return join(state, 'ixwebsocket', 'connect_history');
  const home = variables['HOME'] ?? variables['USERPROFILE'] ?? '';
  return isAbsolute(home) ? join(home, '.local', 'state', 'ixwebsocket', 'connect_history') : undefined;
}

function isKept(line: string): boolean {
  return (
    line !== '' && !line.startsWith(' ') && line.length <= MAX_LINE_LENGTH && !/[\u0000-\u001f\u007f-\u009f]/.test(line)
  );
}

function newestOfEach(lines: readonly string[]): string[] {
  return [...new Set(lines.toReversed())].toReversed();
}

import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** What HTTP servers answer with, by path. Every subject serves the same. */
export const contents = {
  '/small': { bytes: 13 },
  /** The same from a callback that is an async function. */
  '/async': { bytes: 13 },
  '/large': { bytes: 16 * 1024 },
  /** The length of the body that was posted, as 13 digits. */
  '/post': { bytes: 13 },
  '/file-64k': { bytes: 64 * 1024, isFile: true },
  '/file-10m': { bytes: 10_000_000, isFile: true },
} as const;

export type ContentPath = keyof typeof contents;

export const smallBody = 'Hello, world!';
export const largeBody: string = 'x'.repeat(contents['/large'].bytes);

export function postReply(bytes: number): string {
  return String(bytes).padStart(contents['/post'].bytes, '0');
}

/** A directory with the files, which is removed when the process exits. */
export function writeFiles(): string {
  const directory = mkdtempSync(join(tmpdir(), 'bench-http-'));
  for (const path of ['/file-64k', '/file-10m'] as const) {
    writeFileSync(join(directory, path), Buffer.alloc(contents[path].bytes, 'x'));
  }
  process.on('exit', () => rmSync(directory, { recursive: true, force: true }));
  return directory;
}

import { type FileHandle, lstat, open, readdir, realpath, stat } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { MAX_FILES } from '../file-transfer/wire.ts';
import { CliError } from '../terminal/cli-errors.ts';
import { reasonOf } from '../terminal/output.ts';

/** A file to send, or an empty folder: its name ends in a slash then. */
export interface SourceEntry {
  readonly path: string;
  /** Relative, with `/` between folders, beginning with what was named on the command line. */
  readonly name: string;
  readonly size: number;
}

/** All that is sent. */
export interface Source {
  readonly name: string;
  readonly isFolder: boolean;
  readonly entries: readonly SourceEntry[];
  readonly bytes: number;
  /** Entries that are neither file nor folder, and stay behind. */
  readonly skipped: readonly string[];
}

/** Finds out what is to be sent: a file, or a folder with everything in it. Links below it are not followed. */
export async function readSource(command: string, path: string): Promise<Source> {
  try {
    const { size, ...kind } = await describe(path);
    const name = basename(await realpath(path));
    if (kind.isFile) {
      return { name, isFolder: false, entries: [{ path, name, size }], bytes: size, skipped: [] };
    }
    if (!kind.isFolder) throw new Error(`${path} is neither a file nor a folder`);
    const entries: SourceEntry[] = [];
    const skipped: string[] = [];
    await walk(path, name === '' ? 'root' : name, entries, skipped);
    return { name, isFolder: true, entries, bytes: entries.reduce((sum, entry) => sum + entry.size, 0), skipped };
  } catch (error) {
    if (error instanceof CliError) throw error;
    throw new CliError(command, reasonOf(error), undefined, { cause: error });
  }
}

async function describe(path: string): Promise<{ isFile: boolean; isFolder: boolean; size: number }> {
  const stats = await stat(path);
  return { isFile: stats.isFile(), isFolder: stats.isDirectory(), size: stats.size };
}

async function walk(folder: string, name: string, entries: SourceEntry[], skipped: string[]): Promise<void> {
  const children = await readdir(folder);
  if (children.length === 0) add(entries, { path: folder, name: `${name}/`, size: 0 });
  for (const child of children.toSorted()) {
    const path = join(folder, child);
    const childName = `${name}/${child}`;
    const stats = await lstat(path);
    if (stats.isDirectory()) await walk(path, childName, entries, skipped);
    else if (stats.isFile()) add(entries, { path, name: childName, size: stats.size });
    else skipped.push(path);
  }
}

function add(entries: SourceEntry[], entry: SourceEntry): void {
  if (entries.length === MAX_FILES) throw new Error(`there are more than ${MAX_FILES} files`);
  entries.push(entry);
}

/** An open file that must stay as it was when it was opened. */
export class SourceFile {
  readonly handle: FileHandle;
  readonly size: number;
  private readonly modifiedMs: number;

  private constructor(handle: FileHandle, size: number, modifiedMs: number) {
    this.handle = handle;
    this.size = size;
    this.modifiedMs = modifiedMs;
  }

  static async open(entry: SourceEntry): Promise<SourceFile> {
    const handle = await open(entry.path, 'r');
    const { size, mtimeMs } = await handle.stat();
    if (size === entry.size) return new SourceFile(handle, size, mtimeMs);
    await handle.close();
    throw new Error(`${entry.path} has changed since the transfer began`);
  }

  /** Fills `target` from `offset` on. */
  async read(target: Buffer, offset: number): Promise<void> {
    let filled = 0;
    while (filled < target.length) {
      const { bytesRead } = await this.handle.read(target, filled, target.length - filled, offset + filled);
      if (bytesRead === 0) throw new Error('the file has become shorter while it was sent');
      filled += bytesRead;
    }
  }

  async isUnchanged(): Promise<boolean> {
    const { size, mtimeMs } = await this.handle.stat();
    return size === this.size && mtimeMs === this.modifiedMs;
  }

  async close(): Promise<void> {
    await this.handle.close();
  }
}

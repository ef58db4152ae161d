import { type Stats, stat } from 'node:fs';

/** A file whose contents are held in memory. */
export interface CachedFile {
  readonly kind: 'cached';
  readonly stats: Stats;
  /** Of all who are sent it: nobody may change them. */
  readonly bytes: Buffer;
}

/**
 * A file that was written to a moment ago may be written to again without another time of change, since those advance
 * in steps: of some ms, or of two seconds where only whole ones are kept. It is not held before that cannot happen.
 */
const MIN_AGE_MS = 100;
const MIN_COARSE_AGE_MS = 2500;

/** Bytes that an entry costs beside its contents, roughly. */
const ENTRY_BYTES = 512;

/**
 * The contents of short files, so that serving one again takes one look at the file instead of five. They were found
 * to lie below the root when they were read, and they are used only while the path still leads to the same file,
 * unchanged. What was not asked for the longest time is given up first.
 */
export class StaticCache {
  /** In the order of their last use. */
  private readonly files = new Map<string, CachedFile>();
  private readonly maxBytes: number;
  private bytes = 0;

  constructor(maxBytes: number) {
    this.maxBytes = maxBytes;
  }

  /** The file that is held for `path`, when it is up to date. */
  async find(path: string): Promise<CachedFile | undefined> {
    const file = this.files.get(path);
    if (file === undefined) return undefined;
    const stats = await statPath(path);
    // Meanwhile another request may have changed what is held.
    if (this.files.get(path) !== file) return undefined;
    this.remove(path, file);
    if (stats === undefined || !isUnchanged(stats, file.stats)) return undefined;
    this.add(path, file);
    return file;
  }

  /** Holds the contents of a file that was opened and looked at before it was read. */
  keep(path: string, stats: Stats, bytes: Buffer, now: number): void {
    const age = now - Math.max(stats.mtimeMs, stats.ctimeMs);
    const isCoarse = stats.mtimeMs % 1000 === 0 || stats.ctimeMs % 1000 === 0;
    if (age < (isCoarse ? MIN_COARSE_AGE_MS : MIN_AGE_MS) || costOf(bytes) > this.maxBytes) return;
    const former = this.files.get(path);
    if (former !== undefined) this.remove(path, former);
    this.add(path, { kind: 'cached', stats, bytes });
    for (const [oldest, file] of this.files) {
      if (this.bytes <= this.maxBytes) break;
      this.remove(oldest, file);
    }
  }

  private add(path: string, file: CachedFile): void {
    this.files.set(path, file);
    this.bytes += costOf(file.bytes);
  }

  private remove(path: string, file: CachedFile): void {
    this.files.delete(path);
    this.bytes -= costOf(file.bytes);
  }
}

function costOf(bytes: Buffer): number {
  return bytes.length + ENTRY_BYTES;
}

function isUnchanged(a: Stats, b: Stats): boolean {
  return a.ino === b.ino && a.dev === b.dev && a.size === b.size && a.mtimeMs === b.mtimeMs && a.ctimeMs === b.ctimeMs;
}

function statPath(path: string): Promise<Stats | undefined> {
  return new Promise((resolve) => {
    stat(path, (error, stats) => resolve(error === null ? stats : undefined));
  });
}

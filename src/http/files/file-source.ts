import { constants } from 'node:fs';
import { BodyError } from '../body-error.ts';
import { closeFile, openFile, readFileAt, statFile } from './file-io.ts';
import { lendReadBuffer, READ_BYTES } from './read-buffers.ts';

/** A named pipe would block a thread until somebody writes; where the flag does not exist, neither do those. */
export const READ_FLAGS: number = constants.O_RDONLY | (constants.O_NONBLOCK ?? 0);

/** A file on disk as a body, or as a part of one. It is opened anew each time it is read. */
export class FileSource implements AsyncIterable<Buffer> {
  readonly path: string;
  private announced: number | undefined;

  constructor(path: string) {
    this.path = path;
  }

  /**
   * The length of the file now. Once it was asked for, reading fails unless exactly as much is there.
   *
   * @throws BodyError `fileUnreadable`, also for what is no ordinary file
   */
  async measure(): Promise<number> {
    const fd = await openSource(this.path);
    try {
      this.announced = await sizeOf(fd, this.path);
      return this.announced;
    } finally {
      await closeFile(fd);
    }
  }

  /** @throws BodyError `fileUnreadable`, or `fileChanged` when its length is or becomes another one meanwhile */
  async *[Symbol.asyncIterator](): AsyncGenerator<Buffer, void, undefined> {
    const fd = await openSource(this.path);
    try {
      const size = await sizeOf(fd, this.path);
      if (size !== (this.announced ?? size)) throw fileChanged(this.path);
      let last: Buffer | undefined;
      for await (const piece of readRange(fd, 0, size, this.path)) {
        if (last !== undefined) yield last;
        last = piece;
      }
      // A file that is longer now may be half of two versions. The last piece waits for this, so that what the
      // receiver has got is not as long as it was told.
      if ((await sizeOf(fd, this.path)) !== size) throw fileChanged(this.path);
      if (last !== undefined) yield last;
    } finally {
      await closeFile(fd);
    }
  }
}

/**
 * The bytes of an open file from `start` to `end`, in pieces that nobody will change; with `isLent` they are for
 * `giveBackReadBuffer`. The next piece is read while the one before is being used.
 *
 * @throws BodyError `fileChanged` when the file ends before `end`, `fileUnreadable`
 */
export async function* readRange(
  fd: number,
  start: number,
  end: number,
  path: string,
  isLent = false,
): AsyncGenerator<Buffer, void, undefined> {
  let next = start < end ? readPiece(fd, start, end, isLent) : undefined;
  try {
    let position = start;
    while (next !== undefined) {
      const piece = await next;
      next = undefined;
      if (piece.length === 0) throw fileChanged(path);
      position += piece.length;
      if (position < end) {
        next = readPiece(fd, position, end, isLent);
        next.catch(ignore);
      }
      yield piece;
    }
  } catch (error) {
    if (error instanceof BodyError) throw error;
    throw new BodyError('fileUnreadable', `cannot read ${JSON.stringify(path)}`, error);
  } finally {
    // The descriptor may be closed after this, and its number be another file's.
    await next?.catch(ignore);
  }
}

function ignore(): void {}

async function readPiece(fd: number, position: number, end: number, isLent: boolean): Promise<Buffer> {
  const length = Math.min(READ_BYTES, end - position);
  const buffer = isLent ? lendReadBuffer().subarray(0, length) : Buffer.allocUnsafe(length);
  const bytesRead = await readFileAt(fd, buffer, length, position);
  return bytesRead === buffer.length ? buffer : buffer.subarray(0, bytesRead);
}

async function openSource(path: string): Promise<number> {
  try {
    return await openFile(path, READ_FLAGS);
  } catch (error) {
    throw new BodyError('fileUnreadable', `cannot open ${JSON.stringify(path)}`, error);
  }
}

async function sizeOf(fd: number, path: string): Promise<number> {
  const stats = await statFile(fd);
  if (!stats.isFile()) throw new BodyError('fileUnreadable', `${JSON.stringify(path)} is no ordinary file`);
  return stats.size;
}

export function fileChanged(path: string): BodyError {
  return new BodyError('fileChanged', `the length of ${JSON.stringify(path)} changed while it was being sent`);
}

import { constants } from 'node:fs';
import { type FileHandle, link, lstat, mkdir, open, realpath, rename, statfs, unlink } from 'node:fs/promises';
import { join } from 'node:path';
import { PART_SUFFIX, safeSegments } from '../terminal/files/safe-names.ts';
import { StorageError } from './storage-error.ts';

/** The place of a file to be, and that of its parts until it is complete. */
interface Place {
  readonly target: string;
  readonly part: string;
}

/** The folder that received files go to: nothing is written outside of it, and nothing in it replaced unasked. */
export class Destination {
  private readonly root: string;
  private readonly mayReplace: boolean;
  private readonly platform: string;

  private constructor(root: string, mayReplace: boolean, platform: string) {
    this.root = root;
    this.mayReplace = mayReplace;
    this.platform = platform;
  }

  /** The folder is made when it does not exist. */
  static async open(path: string, mayReplace: boolean, platform: string): Promise<Destination> {
    await mkdir(path, { recursive: true });
    return new Destination(await realpath(path), mayReplace, platform);
  }

  /** Throws when so many bytes would not fit. */
  async checkRoom(bytes: number): Promise<void> {
    const { bavail, bsize } = await statfs(this.root);
    const room = bavail * bsize;
    if (bytes > room) {
      throw new StorageError('there is not enough room for it', `it needs ${bytes} bytes, and ${room} are free`);
    }
  }

  /** Makes a folder, and those above it. */
  async makeFolder(name: string): Promise<void> {
    await this.walkTo(this.segmentsOf(name));
  }

  /**
   * Opens what there is of a file: a part of it, or all. It is created when there is nothing.
   *
   * @param ignoresExisting the file itself is not what comes
   * @throws when the name is not safe, or when the file is there and may not be replaced
   */
  async openFile(name: string, size: number, ignoresExisting: boolean): Promise<DestinationFile> {
    const segments = this.segmentsOf(name);
    const last = segments.at(-1) ?? '';
    const folder = await this.walkTo(segments.slice(0, -1));
    const place = { target: join(folder, last), part: join(folder, `.${last}${PART_SUFFIX}`) };
    const existing = await this.openExisting(place.target, size, ignoresExisting);
    if (existing !== undefined) return new DestinationFile(existing, place, this.mayReplace, size, true);
    // Never through a link, and never something that is no file: opening a pipe would wait for its other end.
    const flags = constants.O_RDWR | constants.O_CREAT | (constants.O_NOFOLLOW ?? 0) | (constants.O_NONBLOCK ?? 0);
    const handle = await open(place.part, flags, 0o666);
    const stats = await handle.stat();
    if (stats.isFile() && stats.nlink === 1) {
      if (stats.size > size) await handle.truncate(size);
      return new DestinationFile(handle, place, this.mayReplace, Math.min(stats.size, size), false);
    }
    await handle.close();
    throw new StorageError('something else is in its place', `${place.part} is no file of its own`);
  }

  /** The file itself, when it is there and as long as the one that comes: perhaps it is the same. */
  private async openExisting(target: string, size: number, ignoresExisting: boolean): Promise<FileHandle | undefined> {
    const stats = await lstat(target).catch(() => undefined);
    if (stats === undefined) return undefined;
    if (!ignoresExisting && stats.isFile() && stats.size === size)
      return open(target, constants.O_RDONLY | (constants.O_NOFOLLOW ?? 0));
    if (stats.isDirectory()) throw new StorageError('there is a folder of that name');
    if (!this.mayReplace) throw new StorageError(EXISTS);
    return undefined;
  }

  private segmentsOf(name: string): readonly string[] {
    const safe = safeSegments(name, this.platform);
    if (!safe.ok) throw new StorageError(`the name ${safe.why}`);
    return safe.segments;
  }

  /** The folder at the end of a path, made where it is missing; a link on the way could lead anywhere. */
  private async walkTo(segments: readonly string[]): Promise<string> {
    let folder = this.root;
    for (const segment of segments) {
      folder = join(folder, segment);
      const stats = await lstat(folder).catch(() => undefined);
      if (stats === undefined) await mkdir(folder);
      else if (!stats.isDirectory()) throw new StorageError(`${segment} is there, and no folder`);
    }
    return folder;
  }
}

const EXISTS = 'the file is there already; ws receive --force replaces it';

/** A file that is being received. Until it is complete it has another name. */
export class DestinationFile {
  readonly handle: FileHandle;
  /** The file itself is there, and may be what comes: nothing is written to it. */
  readonly isComplete: boolean;
  /** The number of bytes there are. */
  length: number;
  private readonly place: Place;
  private readonly mayReplace: boolean;
  private isOpen = true;

  constructor(handle: FileHandle, place: Place, mayReplace: boolean, length: number, isComplete: boolean) {
    this.handle = handle;
    this.place = place;
    this.mayReplace = mayReplace;
    this.length = length;
    this.isComplete = isComplete;
  }

  get path(): string {
    return this.place.target;
  }

  async truncate(length: number): Promise<void> {
    await this.handle.truncate(length);
    this.length = length;
  }

  /** Writes behind what there is. */
  async append(bytes: Buffer): Promise<void> {
    let written = 0;
    while (written < bytes.length) {
      const { bytesWritten } = await this.handle.write(bytes, written, bytes.length - written, this.length + written);
      written += bytesWritten;
    }
    this.length += bytes.length;
  }

  /** Gives the complete file its name. */
  async commit(): Promise<void> {
    await this.close();
    if (this.isComplete) return;
    const { part, target } = this.place;
    if (this.mayReplace) return rename(part, target);
    try {
      // Unlike renaming, linking never replaces what somebody else has put there meanwhile.
      await link(part, target);
    } catch (error) {
      if (isCode(error, 'EEXIST')) throw new StorageError(EXISTS, EXISTS, { cause: error });
      // Some file systems have no links.
      if ((await lstat(target).catch(() => undefined)) !== undefined)
        throw new StorageError(EXISTS, EXISTS, { cause: error });
      return rename(part, target);
    }
    await unlink(part);
  }

  /** Removes what there is, except the file itself. */
  async discard(): Promise<void> {
    await this.close();
    if (!this.isComplete) await unlink(this.place.part).catch(() => undefined);
  }

  async close(): Promise<void> {
    if (!this.isOpen) return;
    this.isOpen = false;
    await this.handle.close();
  }
}

function isCode(error: unknown, code: string): boolean {
  return error instanceof Error && 'code' in error && error.code === code;
}

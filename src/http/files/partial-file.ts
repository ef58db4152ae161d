import { type FileHandle, open, readFile, rename, rm, writeFile } from 'node:fs/promises';

/** Identity of a file of which a part has been downloaded. */
export interface PartialInfo {
  readonly url: string;
  /** The validator that tells this version of it from others: a strong `ETag`, or a date (RFC 9110 8.8). */
  readonly validator: string;
}

/**
 * A file that is being downloaded: it lies beside its final place, `.part` behind its name, and what is known of it in
 * another file, until it is whole.
 */
export class PartialFile {
  private readonly path: string;
  private handle: FileHandle | undefined;
  /** Bytes of it that there are. */
  length = 0;

  constructor(path: string) {
    this.path = path;
  }

  get partPath(): string {
    return `${this.path}.part`;
  }

  private get infoPath(): string {
    return `${this.path}.part.json`;
  }

  /** Opens the part that an earlier download has left; `undefined` when it cannot be used. */
  async readInfo(): Promise<PartialInfo | undefined> {
    try {
      const info: unknown = JSON.parse(await readFile(this.infoPath, 'utf8'));
      if (typeof info !== 'object' || info === null || !('url' in info) || !('validator' in info)) return undefined;
      const { url, validator } = info;
      return typeof url === 'string' && typeof validator === 'string' ? { url, validator } : undefined;
    } catch {
      return undefined;
    }
  }

  /** Opens it, with what is there or without. */
  async open(keeps: boolean): Promise<void> {
    this.handle = await open(this.partPath, keeps ? 'a' : 'w');
    this.length = (await this.handle.stat()).size;
  }

  /** Throws away what is there; what is known of the rest is remembered, if that is anything. */
  async restart(info: PartialInfo | undefined): Promise<void> {
    await this.handle?.truncate(0);
    this.length = 0;
    if (info === undefined) await rm(this.infoPath, { force: true });
    else await writeFile(this.infoPath, JSON.stringify(info));
  }

  async append(chunk: Buffer): Promise<void> {
    let at = 0;
    while (at < chunk.length) {
      const written = await this.handle?.write(chunk, at);
      if (written === undefined) return;
      at += written.bytesWritten;
      this.length += written.bytesWritten;
    }
  }

  /** It is whole: it goes to its place. */
  async finish(): Promise<void> {
    await this.handle?.sync();
    await this.close();
    await rename(this.partPath, this.path);
    await rm(this.infoPath, { force: true });
  }

  async close(): Promise<void> {
    const { handle } = this;
    this.handle = undefined;
    await handle?.close();
  }

  /** Leaves nothing behind. */
  async remove(): Promise<void> {
    await this.close();
    await rm(this.partPath, { force: true });
    await rm(this.infoPath, { force: true });
  }
}

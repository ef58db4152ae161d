import { constants } from 'node:fs';
import { type FileHandle, open } from 'node:fs/promises';
import { StringDecoder } from 'node:string_decoder';
import type { Environment, Output } from '../terminal/environment.ts';
import { CurlExitCode } from '../terminal/exit-codes.ts';
import { printableLines, reasonOf } from '../terminal/output.ts';
import { CurlFailure } from './failure.ts';

/** A sink for bytes. */
export interface Sink {
  write(bytes: Buffer): Promise<void>;
  /** Nothing more comes; `isWhole` when that was all. */
  end(isWhole: boolean): Promise<void>;
}

/** Standard output, as it is. */
class RawSink implements Sink {
  private readonly output: Output;

  constructor(output: Output) {
    this.output = output;
  }

  write(bytes: Buffer): Promise<void> {
    return writeTo(this.output, bytes);
  }

  async end(): Promise<void> {}
}

function writeTo(output: Output, bytes: Buffer | string): Promise<void> {
  return new Promise((resolve, reject) => {
    output.write(bytes, (error) => {
      if (error === undefined || error === null) resolve();
      else reject(cannotWrite('standard output', error));
    });
  });
}

function cannotWrite(what: string, error: unknown): CurlFailure {
  const reason = reasonOf(error);
  const why = reason.includes(what) ? reason : `${what}: ${reason}`;
  return new CurlFailure(CurlExitCode.WriteError, `cannot write ${why}`, undefined, error);
}

/** The bytes of a body that are looked at. */
const PROBED_BYTES = 2000;

/** A terminal: text such that it cannot drive it, and nothing binary. */
export class TerminalSink implements Sink {
  private readonly output: Output;
  private readonly decoder = new StringDecoder('utf8');
  private probedBytes = 0;

  constructor(output: Output) {
    this.output = output;
  }

  async write(bytes: Buffer): Promise<void> {
    if (this.probedBytes < PROBED_BYTES && bytes.subarray(0, PROBED_BYTES - this.probedBytes).includes(0)) {
      const hint = 'Use --output - to show it anyway, or --output FILE to save it.';
      throw new CurlFailure(CurlExitCode.WriteError, 'binary output can mess up your terminal', hint);
    }
    this.probedBytes += bytes.length;
    await this.show(this.decoder.write(bytes));
  }

  async end(): Promise<void> {
    await this.show(this.decoder.end());
  }

  private async show(text: string): Promise<void> {
    if (text !== '') await writeTo(this.output, printableLines(text.replaceAll('\r\n', '\n')));
  }
}

/** The ways to open a file. */
export type FileMode =
  /** It is replaced, as for every file that was named on the command line. */
  | 'replace'
  /** It must not be there. */
  | 'create'
  /** New bytes follow those that are there. */
  | 'append';

/** A file, which is opened when there is something to write into it. */
export class FileSink implements Sink {
  readonly path: string;
  private readonly mode: FileMode;
  private readonly followsLinks: boolean;
  private handle: FileHandle | undefined;

  /** @param followsLinks whether the name may be that of a link, which leads anywhere */
  constructor(path: string, mode: FileMode, followsLinks: boolean) {
    this.path = path;
    this.mode = mode;
    this.followsLinks = followsLinks;
  }

  async write(bytes: Buffer): Promise<void> {
    try {
      this.handle ??= await this.open();
      let written = 0;
      while (written < bytes.length) {
        const { bytesWritten } = await this.handle.write(bytes, written, bytes.length - written, null);
        written += bytesWritten;
      }
    } catch (error) {
      throw this.failure(error);
    }
  }

  /** An answer without a body leaves an empty file. */
  async end(isWhole: boolean): Promise<void> {
    try {
      if (isWhole) this.handle ??= await this.open();
      await this.handle?.close();
    } catch (error) {
      throw this.failure(error);
    } finally {
      this.handle = undefined;
    }
  }

  private open(): Promise<FileHandle> {
    const ways = { replace: constants.O_TRUNC, create: constants.O_EXCL, append: constants.O_APPEND };
    const links = this.followsLinks ? 0 : (constants.O_NOFOLLOW ?? 0);
    return open(this.path, constants.O_WRONLY | constants.O_CREAT | ways[this.mode] | links, 0o666);
  }

  private failure(error: unknown): CurlFailure {
    const code = error instanceof Error && 'code' in error ? error.code : undefined;
    if (code !== 'EEXIST') return cannotWrite(this.path, error);
    const hint = 'Replace it with --force, or name another with --output.';
    return new CurlFailure(CurlExitCode.WriteError, `${this.path} is there already`, hint, error);
  }
}

/** Standard output in the form that suits it. */
export function standardOutput({ stdout }: Environment, isRaw: boolean): Sink {
  return stdout.isTTY === true && !isRaw ? new TerminalSink(stdout) : new RawSink(stdout);
}

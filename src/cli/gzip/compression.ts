import { createReadStream, lstatSync, statSync } from 'node:fs';
import { resolve } from 'node:path';
import { Transform, Writable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { createGunzip, createGzip } from 'node:zlib';
import { Djb2 } from '../peers/djb2.ts';
import { CliError, WrongUsage } from '../terminal/cli-errors.ts';
import type { Environment } from '../terminal/environment.ts';
import { writeOutputFile } from '../terminal/files/output-file.ts';
import { reasonAbout, reasonOf } from '../terminal/output.ts';

/** Bytes that went by, and their hash as the C++ program prints it. */
export interface Passed {
  readonly size: number;
  readonly cksum: string;
}

/** The place of the result; without a path, standard output. */
export interface Target {
  readonly path: string | undefined;
  readonly mayReplace: boolean;
}

export interface Summary {
  readonly input: Passed;
  readonly output: Passed;
}

/** Counts and hashes what goes through. */
class Meter extends Transform {
  private size = 0;
  private readonly hash = new Djb2(true);

  get passed(): Passed {
    return { size: this.size, cksum: this.hash.digest() };
  }

  override _transform(chunk: Buffer, _encoding: BufferEncoding, done: (error: null, chunk: Buffer) => void): void {
    this.size += chunk.length;
    this.hash.update(chunk);
    done(null, chunk);
  }
}

/** Compresses a file, in memory that does not depend on its size. */
export function compress(file: string, target: Target, level: number, environment: Environment): Promise<Summary> {
  return convert('gzip', file, target, environment, (input, output, destination) =>
    pipeline(createReadStream(file), input, createGzip({ level }), output, destination),
  );
}

/** Compresses a file and throws the result away. */
export async function compressForNothing(file: string, level: number): Promise<void> {
  const nowhere = new Writable({ write: (_chunk, _encoding, done) => done() });
  await pipeline(createReadStream(file), createGzip({ level }), nowhere);
}

/** Decompresses a file, all members of it; throws for anything that is not whole. */
export function decompress(file: string, target: Target, environment: Environment): Promise<Summary> {
  return convert('gunzip', file, target, environment, async (input, output, destination) => {
    const gunzip = createGunzip();
    await pipeline(createReadStream(file), input, gunzip, output, destination);
    // Zlib stops at the first byte that begins no further member, and says nothing.
    if (gunzip.bytesWritten < input.passed.size) await checkPadding(file, gunzip.bytesWritten);
  });
}

/** Tapes and blocks are filled up with zeros, which mean nothing; anything else behind the end does. */
async function checkPadding(file: string, start: number): Promise<void> {
  for await (const chunk of createReadStream(file, { start })) {
    if ((chunk as Buffer).some((byte) => byte !== 0)) throw new Error('there is something behind the end');
  }
}

/** The path a compressed file is decompressed to; `undefined` when its name does not tell. */
export function decompressedName(file: string): string | undefined {
  if (/[^/\\]\.gz$/i.test(file)) return file.slice(0, -3);
  return /[^/\\]\.tgz$/i.test(file) ? `${file.slice(0, -4)}.tar` : undefined;
}

async function convert(
  command: string,
  file: string,
  { path, mayReplace }: Target,
  environment: Environment,
  run: (input: Meter, output: Meter, destination: Writable) => Promise<void>,
): Promise<Summary> {
  const input = new Meter();
  const output = new Meter();
  checkInput(command, file, path);
  try {
    if (path === undefined) await run(input, output, toStdout(environment));
    else await writeOutputFile(command, path, mayReplace, (destination) => run(input, output, destination));
  } catch (error) {
    if (error instanceof CliError) throw error;
    throw new CliError(command, reasonAbout(file, whyNot(error)), undefined, { cause: error });
  }
  return { input: input.passed, output: output.passed };
}

function checkInput(command: string, file: string, target: string | undefined): void {
  try {
    if (!statSync(file).isFile()) throw new Error('it is no file');
  } catch (error) {
    throw new CliError(command, reasonAbout(file, error), undefined, { cause: error });
  }
  if (target === undefined) return;
  if (resolve(target) === resolve(file) || isSameFile(target, file)) {
    throw new WrongUsage(command, 'the output must not be the input');
  }
}

function isSameFile(a: string, b: string): boolean {
  const first = statSync(a, { throwIfNoEntry: false });
  const second = statSync(b, { throwIfNoEntry: false });
  if (first === undefined || second === undefined || lstatSync(a).isSymbolicLink()) return false;
  return first.dev === second.dev && first.ino === second.ino;
}

/** Stdout stays open for others, which a pipeline would not leave it. */
function toStdout({ stdout }: Environment): Writable {
  return new Writable({
    write(chunk: Buffer, _encoding, done) {
      if (stdout.write(chunk)) done();
      else stdout.once('drain', () => done());
    },
  });
}

function whyNot(error: unknown): string {
  const code = error instanceof Error && 'code' in error ? error.code : undefined;
  switch (code) {
    case 'Z_BUF_ERROR':
      return 'it ends too early';
    case 'Z_DATA_ERROR':
      return `it is damaged, or not in gzip format (${reasonOf(error)})`;
    default:
      return reasonOf(error);
  }
}

import { randomBytes } from 'node:crypto';
import { accessSync, constants, createReadStream, statSync } from 'node:fs';
import { basename } from 'node:path';
import { HttpClient, type HttpFormValue, type HttpRequestBody } from '../../index.ts';
import type { Environment } from '../terminal/environment.ts';
import { CurlExitCode } from '../terminal/exit-codes.ts';
import { reasonOf } from '../terminal/output.ts';
import { CurlFailure } from './failure.ts';
import type { FormFile, FormPart } from './option-readers.ts';

/** A part of the data that is sent. */
export type DataPiece =
  | { readonly kind: 'text'; readonly text: string }
  /** `-` is standard input. */
  | { readonly kind: 'file'; readonly path: string; readonly keepsLineEnds: boolean }
  | {
      readonly kind: 'encoded';
      readonly name: string;
      readonly content: { readonly text: string } | { readonly path: string };
    };

/** The body of a request, and its headers. */
export type BodyPlan =
  | { readonly kind: 'none' }
  | { readonly kind: 'data'; readonly pieces: readonly DataPiece[]; readonly joint: string }
  | {
      readonly kind: 'form';
      readonly parts: readonly FormPart[];
      readonly fields: readonly (readonly [string, string])[];
    }
  | { readonly kind: 'upload'; readonly path: string };

/** The same, opened. */
export type LoadedBody =
  | { readonly kind: 'none' }
  | { readonly kind: 'body'; readonly body: HttpRequestBody }
  | {
      readonly kind: 'form';
      readonly fields: readonly (readonly [string, string])[];
      readonly parts: readonly (readonly [string, HttpFormValue])[];
    };

const MIB = 1024 * 1024;
/** Bytes that have to be in memory as a whole. A file alone is streamed. */
const MAX_BYTES = 64 * MIB;
/** Up to this size the length of standard input is found out, which many servers want to know. */
const MAX_HELD_BYTES = MIB;

/** Opens what is going to be sent. */
export async function loadBody(plan: BodyPlan, environment: Environment): Promise<LoadedBody> {
  switch (plan.kind) {
    case 'none':
      return plan;
    case 'upload':
      return { kind: 'body', body: await openSource(plan.path, environment) };
    case 'data': {
      const [first, ...others] = plan.pieces;
      if (first?.kind === 'file' && first.keepsLineEnds && others.length === 0) {
        return { kind: 'body', body: await openSource(first.path, environment) };
      }
      return { kind: 'body', body: await loadData(plan.pieces, plan.joint, environment) };
    }
    case 'form':
      return loadForm(plan, environment);
    default:
      return plan satisfies never;
  }
}

/** Data in memory: for the query of a GET, or several pieces. */
export async function loadData(pieces: readonly DataPiece[], joint: string, environment: Environment): Promise<Buffer> {
  const loaded: Buffer[] = [];
  for (const piece of pieces) {
    if (loaded.length > 0) loaded.push(Buffer.from(joint));
    loaded.push(await loadPiece(piece, environment));
  }
  return Buffer.concat(loaded);
}

async function loadPiece(piece: DataPiece, environment: Environment): Promise<Buffer> {
  switch (piece.kind) {
    case 'text':
      return Buffer.from(piece.text);
    case 'file': {
      const bytes = await readWhole(piece.path, environment);
      return piece.keepsLineEnds
        ? bytes
        : Buffer.from(bytes.filter((byte) => byte !== 0x0a && byte !== 0x0d && byte !== 0));
    }
    case 'encoded': {
      const { name, content } = piece;
      const text = 'text' in content ? content.text : (await readWhole(content.path, environment)).toString('utf8');
      return Buffer.from(`${name === '' ? '' : `${name}=`}${HttpClient.urlEncode(text)}`);
    }
    default:
      return piece satisfies never;
  }
}

async function loadForm(plan: BodyPlan & { kind: 'form' }, environment: Environment): Promise<LoadedBody> {
  // Fields and files in one list: some servers, such as those of S3, look at nothing behind a file.
  const parts: (readonly [string, HttpFormValue])[] = [];
  for (const { name, source, type, filename } of plan.parts) {
    if (source.kind === 'files') {
      const [first, ...others] = source.files;
      if (first === undefined) continue;
      parts.push([name, others.length === 0 ? await loadFile(first, environment) : await loadMixed(source.files)]);
      continue;
    }
    const text = source.kind === 'text' ? source.text : (await readWhole(source.path, environment)).toString('utf8');
    const contentType = type ?? (filename === undefined ? undefined : 'text/plain');
    parts.push([name, { content: text, filename: filename ?? null, contentType }]);
  }
  return { kind: 'form', parts, fields: plan.fields };
}

async function loadFile({ path, type, filename }: FormFile, environment: Environment): Promise<HttpFormValue> {
  const about = { ...(filename !== undefined && { filename }), ...(type !== undefined && { contentType: type }) };
  const opened = await openSource(path, environment);
  return isFile(opened) ? { path: opened.path, ...about } : { content: opened, filename: '-', ...about };
}

/** Several files as one part, each with a head of its own (RFC 2183; RFC 7578 section 4.3 knows it from before). */
async function loadMixed(files: readonly FormFile[]): Promise<HttpFormValue> {
  const boundary = `ixwebsocket-${randomBytes(20).toString('hex')}`;
  for (const { path } of files) {
    if (path === '-') throw new CurlFailure(CurlExitCode.ReadError, 'standard input cannot be one of several files');
    checkReadable(path);
  }
  return {
    content: await holdBack(mixed(files, boundary)),
    filename: null,
    contentType: `multipart/mixed; boundary=${boundary}`,
  };
}

async function* mixed(files: readonly FormFile[], boundary: string): AsyncGenerator<Buffer> {
  for (const { path, type = 'application/octet-stream', filename = basename(path) } of files) {
    const name = filename.replaceAll('"', '%22').replaceAll('\r', '%0D').replaceAll('\n', '%0A');
    const head = `--${boundary}\r\nContent-Disposition: attachment; filename="${name}"\r\nContent-Type: ${type}\r\n\r\n`;
    yield Buffer.from(head);
    for await (const chunk of createReadStream(path)) yield toBuffer(chunk);
    yield Buffer.from('\r\n');
  }
  yield Buffer.from(`--${boundary}--\r\n`);
}

function checkReadable(path: string): void {
  try {
    accessSync(path, constants.R_OK);
  } catch (error) {
    throw cannotRead(error);
  }
}

type Source = { readonly path: string } | Buffer | AsyncIterable<Buffer>;

function isFile(source: Source): source is { readonly path: string } {
  return 'path' in source && !(Symbol.asyncIterator in source);
}

/** A file by its path, so that it is read while it is sent; what has no length of its own, as a stream. */
async function openSource(path: string, { stdin }: Environment): Promise<Source> {
  if (path === '-') return holdBack(stdin);
  try {
    return statSync(path).isFile() ? { path } : await holdBack(createReadStream(path));
  } catch (error) {
    throw cannotRead(error);
  }
}

/** All of a stream, when that is short; otherwise the stream, from its beginning. */
async function holdBack(stream: AsyncIterable<unknown>): Promise<Buffer | AsyncIterable<Buffer>> {
  const iterator: AsyncIterator<unknown> = stream[Symbol.asyncIterator]();
  const held: Buffer[] = [];
  let length = 0;
  while (length <= MAX_HELD_BYTES) {
    const next = await iterator.next();
    if (next.done === true) return Buffer.concat(held);
    const chunk = toBuffer(next.value);
    held.push(chunk);
    length += chunk.length;
  }
  return resume(held, iterator);
}

async function* resume(held: readonly Buffer[], rest: AsyncIterator<unknown>): AsyncGenerator<Buffer> {
  yield* held;
  for (;;) {
    const next = await rest.next();
    if (next.done === true) return;
    yield toBuffer(next.value);
  }
}

function toBuffer(chunk: unknown): Buffer {
  return Buffer.isBuffer(chunk) ? chunk : Buffer.from(String(chunk));
}

async function readWhole(path: string, { stdin }: Environment): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let length = 0;
  try {
    for await (const chunk of path === '-' ? stdin : createReadStream(path)) {
      const bytes = toBuffer(chunk);
      length += bytes.length;
      if (length > MAX_BYTES) {
        const hint = 'Send it with --data-binary @FILE or -T, which stream it.';
        throw new CurlFailure(CurlExitCode.ReadError, `${path} is larger than 64 MiB`, hint);
      }
      chunks.push(bytes);
    }
  } catch (error) {
    throw error instanceof CurlFailure ? error : cannotRead(error);
  }
  return Buffer.concat(chunks);
}

function cannotRead(error: unknown): CurlFailure {
  return new CurlFailure(CurlExitCode.ReadError, reasonOf(error), undefined, error);
}

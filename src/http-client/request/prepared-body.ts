import { UsageError } from '../../errors.ts';
import { BodyError } from '../../http/body-error.ts';
import { encodeBody, encodeStream } from '../../http/coding/content-encoder.ts';
import { FileSource } from '../../http/files/file-source.ts';
import { MultipartBody } from '../../http/form/multipart.ts';
import { hearErrors, releaseSingleUse } from '../../http/form/single-use-source.ts';
import { HttpFailure } from '../http-failure.ts';
import type { HttpRequestBody } from './request-options.ts';

/** A body, ready to be sent. */
export interface RequestBody {
  /** All of it, when it is in memory. */
  readonly bytes: Buffer | undefined;
  /** Where it comes from otherwise. */
  readonly source: AsyncIterable<string | Uint8Array> | undefined;
  /** Its length, when that is known. */
  readonly length: number | undefined;
  readonly contentType: string | undefined;
  readonly isGzip: boolean;
  /** Whether it can be sent once more. */
  readonly isReplayable: boolean;
}

const FORM = 'application/x-www-form-urlencoded';
const BYTES = 'application/octet-stream';

/**
 * Prepares a body, at once if that is possible.
 *
 * @throws UsageError for what cannot be a body; rejects with an {@link HttpFailure} when a file cannot be read
 */
export function prepareBody(
  body: HttpRequestBody | MultipartBody,
  compressed: boolean,
): RequestBody | Promise<RequestBody> {
  const bytes = bytesOf(body);
  const contentType = contentTypeOf(body);
  if (bytes !== undefined) return compressed ? compressBytes(bytes, contentType) : ofBytes(bytes, contentType, false);
  return prepareSource(sourceOf(body), contentType, compressed);
}

/** A body that is in memory anyway. */
function bytesOf(body: HttpRequestBody | MultipartBody): Buffer | undefined {
  if (typeof body === 'string') return Buffer.from(body, 'utf8');
  if (Buffer.isBuffer(body)) return body;
  if (body instanceof Uint8Array) return Buffer.from(body.buffer, body.byteOffset, body.byteLength);
  if (body instanceof ArrayBuffer) return Buffer.from(body);
  return body instanceof MultipartBody ? body.whole() : undefined;
}

function contentTypeOf(body: HttpRequestBody | MultipartBody): string {
  if (typeof body === 'string') return FORM;
  if (body instanceof MultipartBody) return body.contentType;
  return body instanceof Blob && body.type !== '' ? body.type : BYTES;
}

function ofBytes(bytes: Buffer, contentType: string, isGzip: boolean): RequestBody {
  return { bytes, source: undefined, length: bytes.length, contentType, isGzip, isReplayable: true };
}

async function compressBytes(bytes: Buffer, contentType: string): Promise<RequestBody> {
  return ofBytes(await encodeBody(bytes, 'gzip'), contentType, true);
}

interface Source {
  readonly chunks: AsyncIterable<string | Uint8Array>;
  readonly isReplayable: boolean;
  readonly measure: () => number | undefined | Promise<number | undefined>;
}

function sourceOf(body: unknown): Source {
  if (body instanceof MultipartBody) {
    return { chunks: body, isReplayable: body.isReplayable, measure: () => body.measure() };
  }
  if (body instanceof Blob) {
    return { chunks: { [Symbol.asyncIterator]: () => readBlob(body) }, isReplayable: true, measure: () => body.size };
  }
  if (typeof body === 'object' && body !== null) {
    if (Symbol.asyncIterator in body) {
      const chunks = body as AsyncIterable<string | Uint8Array>;
      hearErrors(body);
      return { chunks, isReplayable: false, measure: () => undefined };
    }
    if ('path' in body && typeof body.path === 'string') {
      const file = new FileSource(body.path);
      return { chunks: file, isReplayable: true, measure: () => file.measure() };
    }
  }
  throw new UsageError('body', 'must be a string, bytes, a Blob, a stream, an async iterable or { path }');
}

async function* readBlob(blob: Blob): AsyncGenerator<Uint8Array> {
  for await (const chunk of blob.stream()) yield chunk;
}

async function prepareSource(
  { chunks, isReplayable, measure }: Source,
  contentType: string,
  compressed: boolean,
): Promise<RequestBody> {
  if (compressed) {
    const source = { [Symbol.asyncIterator]: () => encodeStream(chunks, 'gzip') };
    return { bytes: undefined, source, length: undefined, contentType, isGzip: true, isReplayable };
  }
  try {
    const length = await measure();
    return { bytes: undefined, source: chunks, length, contentType, isGzip: false, isReplayable };
  } catch (error) {
    throw ofSource(error);
  }
}

/** Tells what can be read only once that nobody will read it any more, whether or not somebody has begun. */
export function releaseSource(body: HttpRequestBody | MultipartBody | undefined): void {
  if (body instanceof MultipartBody) body.release();
  else if (typeof body === 'object' && Symbol.asyncIterator in body) releaseSingleUse(body);
}

/** The source of a body has failed. */
export function ofSource(error: unknown): HttpFailure {
  const text = error instanceof BodyError || error instanceof Error ? error.message : String(error);
  return new HttpFailure('SendError', `Cannot send request: ${text}`, false, error);
}

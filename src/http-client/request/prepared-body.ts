import { blobType, isBlob } from '../../http/body-bytes.ts';
import { encodeBody, encodeStream } from '../../http/coding/content-encoder.ts';
import { MultipartBody } from '../../http/form/multipart.ts';
import { SingleUseSource } from '../../http/single-use-source.ts';
import { HttpFailure } from '../http-failure.ts';
import type { CallBody } from './request-call.ts';

/** A body, ready to be sent. */
export interface RequestBody {
  /** All of it, when it is in memory. */
  readonly bytes: Buffer | undefined;
  /** The source that it comes from otherwise. */
  readonly source: AsyncIterable<unknown> | undefined;
  /** Its length, when that is known. */
  readonly length: number | undefined;
  readonly contentType: string | undefined;
  readonly isGzip: boolean;
  /** True when it can be sent once more. */
  readonly isReplayable: boolean;
}

const FORM = 'application/x-www-form-urlencoded';
const BYTES = 'application/octet-stream';

/**
 * Prepares a body, at once if that is possible.
 *
 * Rejects with an {@link HttpFailure} when a file cannot be read.
 */
export function prepareBody(body: CallBody, compressed: boolean): RequestBody | Promise<RequestBody> {
  const bytes = bytesOf(body);
  const contentType = contentTypeOf(body);
  if (bytes === undefined) return prepareSource(body as SourceBody, contentType, compressed);
  return compressed ? compressBytes(bytes, contentType) : ofBytes(bytes, contentType, false);
}

/** A body that is in memory anyway. */
function bytesOf(body: CallBody): Buffer | undefined {
  if (typeof body === 'string') return Buffer.from(body, 'utf8');
  if (Buffer.isBuffer(body)) return body;
  return body instanceof MultipartBody ? body.whole() : undefined;
}

function contentTypeOf(body: CallBody): string {
  if (typeof body === 'string') return FORM;
  if (body instanceof MultipartBody) return body.contentType;
  return (isBlob(body) ? blobType(body) : undefined) ?? BYTES;
}

function ofBytes(bytes: Buffer, contentType: string, isGzip: boolean): RequestBody {
  return { bytes, source: undefined, length: bytes.length, contentType, isGzip, isReplayable: true };
}

async function compressBytes(bytes: Buffer, contentType: string): Promise<RequestBody> {
  return ofBytes(await encodeBody(bytes, 'gzip'), contentType, true);
}

type SourceBody = Exclude<CallBody, string | Buffer>;

async function prepareSource(body: SourceBody, contentType: string, compressed: boolean): Promise<RequestBody> {
  const chunks = isBlob(body) ? { [Symbol.asyncIterator]: () => readBlob(body) } : body;
  const isReplayable = !(body instanceof SingleUseSource) && (!(body instanceof MultipartBody) || body.isReplayable);
  if (compressed) {
    const source = { [Symbol.asyncIterator]: () => encodeStream(chunks, 'gzip') };
    return { bytes: undefined, source, length: undefined, contentType, isGzip: true, isReplayable };
  }
  try {
    const length = await lengthOf(body);
    return { bytes: undefined, source: chunks, length, contentType, isGzip: false, isReplayable };
  } catch (error) {
    throw ofSource(error);
  }
}

function lengthOf(body: SourceBody): number | undefined | Promise<number | undefined> {
  if (body instanceof SingleUseSource) return undefined;
  return isBlob(body) ? body.size : body.measure();
}

async function* readBlob(blob: Blob): AsyncGenerator<unknown> {
  for await (const chunk of blob.stream()) yield chunk;
}

/** Tells what can be read only once that nobody will read it any more, whether or not somebody has begun. */
export function releaseSource(body: CallBody | undefined): void {
  if (body instanceof MultipartBody) body.release();
  else if (body instanceof SingleUseSource) body.end();
}

/** The source of a body has failed. */
export function ofSource(error: unknown): HttpFailure {
  const text = error instanceof Error ? error.message : String(error);
  return new HttpFailure('SendError', `Cannot send request: ${text}`, false, error);
}

import { isErrored, isReadable, Readable } from 'node:stream';
import { UsageError } from '../errors.ts';
import { bytesIn, isBytes } from '../util/bytes.ts';
import { blobType, isBlob } from './body-bytes.ts';
import { isSource, isWebStream, SingleUseSource } from './single-use-source.ts';

/**
 * A body that can be sent, as the `Response` of fetch sends it: text, which leaves as UTF-8; the bytes of an
 * `ArrayBuffer`, a `SharedArrayBuffer` or any view of one; a `Blob` or `URLSearchParams`, with their type unless the
 * headers have one; or a stream or async iterable of text and bytes, read no faster than the peer takes it.
 */
export type HttpBody =
  | string
  | ArrayBufferView
  | ArrayBuffer
  | SharedArrayBuffer
  | Blob
  | URLSearchParams
  | Readable
  | AsyncIterable<string | ArrayBufferView | ArrayBuffer>;

/** A body as it leaves, and what is known of it beyond its headers. */
export interface OutgoingBody {
  readonly content: string | Buffer | AsyncIterable<unknown>;
  readonly length: number | undefined;
  readonly contentType: string | undefined;
}

const FORM = 'application/x-www-form-urlencoded;charset=UTF-8';

/**
 * The content of a body.
 *
 * @throws UsageError (`invalidOption`) for what cannot be sent, or not any more
 */
export function outgoingBody(body: unknown): OutgoingBody {
  checkBody(body);
  if (typeof body === 'string') return { content: body, length: undefined, contentType: undefined };
  const bytes = bytesIn(body, 'body');
  if (bytes !== undefined) return { content: bytes, length: bytes.length, contentType: undefined };
  if (body instanceof URLSearchParams) return { content: body.toString(), length: undefined, contentType: FORM };
  if (isBlob(body)) {
    const content = new SingleUseSource(body.stream());
    return { content, length: body.size, contentType: blobType(body) };
  }
  const content = isWebStream(body) ? new SingleUseSource(body) : (body as AsyncIterable<unknown>);
  return { content, length: undefined, contentType: undefined };
}

/**
 * Checks that a body can be sent.
 *
 * @throws UsageError (`invalidOption`) that names what it is in place of a body
 */
export function checkBody<B>(body: B): B {
  if (typeof body === 'string' || isWhole(body) || isBlob(body) || body instanceof URLSearchParams) return body;
  if (typeof body !== 'object' || body === null || !isSource(body)) {
    throw new UsageError(
      'body',
      `must be a string, bytes, a Blob, URLSearchParams, a stream or an async iterable, got ${describe(body)}`,
    );
  }
  if (isWebStream(body) && body.locked) throw new UsageError('body', 'is a stream that is locked to another reader');
  const stream = body as unknown as Readable;
  if (Readable.isDisturbed(stream) && !isReadable(stream) && !isErrored(stream)) {
    throw new UsageError('body', 'is a stream that was read or destroyed before');
  }
  return body;
}

function isWhole(body: unknown): boolean {
  if (!isBytes(body)) return false;
  // Throws for memory that was transferred, which would look like an empty body.
  if (body.byteLength === 0) bytesIn(body, 'body');
  return true;
}

/** The kind of a value that is no body, and how to make one of it where that is easy to guess. */
function describe(value: unknown): string {
  if (value === null) return 'null';
  if (typeof value !== 'object') return `a ${typeof value}`;
  const name = Object.prototype.toString.call(value).slice('[object '.length, -1);
  if (name === 'Object') return 'an object: JSON.stringify makes text of it';
  return name === 'Array' ? 'an array: JSON.stringify or Buffer.from makes a body of it' : `a ${name}`;
}

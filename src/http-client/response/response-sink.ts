import type { ContentCoding } from '../../http/coding/content-coding.ts';
import { decodeBody } from '../../http/coding/content-decoder.ts';
import type { ByteConsumer } from '../../http/coding/decoding-stage.ts';
import type { BodyFraming } from '../../protocol/http1/message/body-framing.ts';
import { HttpFailure } from '../http-failure.ts';
import { PipedBody, type Reading } from './piped-body.ts';

/** The place where the body of one response goes. */
export interface ResponseSink {
  /** Takes bytes that are used again afterwards. Tells whether more may come. */
  add(buffer: Buffer, start: number, end: number): boolean;
  /** The body has come: what of it is part of the result. Rejects with an {@link HttpFailure}. */
  end(): Buffer | Promise<Buffer>;
  /** Nothing more is wanted. */
  destroy(): void;
}

export const noBytes: Buffer = Buffer.alloc(0);

/** The failure of a body that could not be decoded. */
export function ofDecoding(error: unknown): HttpFailure {
  if (error instanceof HttpFailure) return error;
  const why = error instanceof Error ? error.message : String(error);
  return new HttpFailure('Gzip', `Error decompressing payload: ${why}`, false, error);
}

/** A body of this many bytes would only hold up the next request. */
const MOST_DISCARDED_BYTES = 64 * 1024;

/** For a body that nobody wants. It asks for no more than is worth the connection that it keeps. */
export class DiscardSink implements ResponseSink {
  private count = 0;

  add(_buffer: Buffer, start: number, end: number): boolean {
    this.count += end - start;
    return this.count <= MOST_DISCARDED_BYTES;
  }

  end(): Buffer {
    return noBytes;
  }

  destroy(): void {}
}

const FIRST_BYTES = 64 * 1024;

/** For a body that is part of the result. Memory grows with what has come and not with what was announced. */
export class WholeSink implements ResponseSink {
  private bytes: Buffer = noBytes;
  private length = 0;
  private readonly announced: number | undefined;
  private readonly codings: readonly ContentCoding[];
  private readonly maxBytes: number;

  constructor(framing: BodyFraming, codings: readonly ContentCoding[], maxBytes: number) {
    this.announced = framing.kind === 'length' ? framing.length : undefined;
    this.codings = codings;
    this.maxBytes = maxBytes;
  }

  add(buffer: Buffer, start: number, end: number): boolean {
    const length = this.length + end - start;
    if (length > this.maxBytes) return false;
    if (length > this.bytes.length) this.grow(length);
    buffer.copy(this.bytes, this.length, start, end);
    this.length = length;
    return true;
  }

  end(): Buffer | Promise<Buffer> {
    const { bytes, length } = this;
    // A little room at the end is not worth a copy.
    const isFull = length * 2 > bytes.length;
    const body = length === bytes.length ? bytes : isFull ? bytes.subarray(0, length) : copyOf(bytes, length);
    this.destroy();
    if (this.codings.length === 0) return body;
    return decodeBody(body, this.codings, this.maxBytes).catch((error: unknown) => {
      throw ofDecoding(error);
    });
  }

  destroy(): void {
    this.bytes = noBytes;
    this.length = 0;
  }

  private grow(length: number): void {
    const { announced, maxBytes } = this;
    const wanted = Math.min(announced ?? Number.POSITIVE_INFINITY, Math.max(FIRST_BYTES, this.length * 4));
    // Without an announced length the first read is often all there is.
    const capacity = this.length === 0 && announced === undefined ? length : Math.max(length, wanted);
    const grown = Buffer.allocUnsafe(Math.min(capacity, Math.max(length, maxBytes)));
    this.bytes.copy(grown, 0, 0, this.length);
    this.bytes = grown;
  }
}

function copyOf(bytes: Buffer, length: number): Buffer {
  return Buffer.from(bytes.subarray(0, length));
}

/** The response whose body is passed on: its reading may be held up. */
export interface PipeOwner extends Reading {
  onBodyFailure(failure: HttpFailure): void;
}

/** For a body that goes to somebody as it comes; that of the result is empty. */
export class PipeSink implements ResponseSink {
  private readonly pipe: PipedBody;

  constructor(codings: readonly ContentCoding[], consume: ByteConsumer, owner: PipeOwner) {
    this.pipe = new PipedBody(codings, consume, owner);
    this.pipe.finished.catch((error: unknown) => owner.onBodyFailure(ofDecoding(error)));
  }

  add(buffer: Buffer, start: number, end: number): boolean {
    this.pipe.add(buffer, start, end);
    return true;
  }

  async end(): Promise<Buffer> {
    this.pipe.end();
    try {
      await this.pipe.finished;
    } catch (error) {
      throw ofDecoding(error);
    }
    return noBytes;
  }

  destroy(): void {
    this.pipe.destroy();
  }
}

import type { RawDeflater } from '../../ports.ts';
import { COMPRESS_FAILED, COMPRESS_NOT_SMALLER } from '../frames/message-compressor.ts';

/** Compressing this much takes about 5 ms. */
const SLICE_BYTES = 256 * 1024;

/** The bytes that end each slice of an engine; they stay between two of them, and are not sent behind the last. */
const TAIL_BYTES = 4;

/** Compresses one large message a slice at a time, so that others get their turn in between. */
export class SlicedCompressor {
  /** The payload, once {@link step} has returned its length. */
  payload: Buffer | undefined;
  private deflater: RawDeflater | undefined;
  private readonly bytes: Buffer;
  private readonly parts: Buffer[] = [];
  private at = 0;
  private length = 0;

  /** `deflater` is used for nothing else, and closed at the end. */
  constructor(deflater: RawDeflater, bytes: Buffer) {
    this.deflater = deflater;
    this.bytes = bytes;
  }

  /** Compresses one more slice: 0 while there is more to do, else the length of the payload or a negative result. */
  step(): number {
    const { deflater, bytes, parts } = this;
    if (deflater === undefined) return COMPRESS_FAILED;
    const end = Math.min(bytes.length, this.at + SLICE_BYTES);
    const length = deflater.deflate(bytes, this.at, end, Number.MAX_SAFE_INTEGER);
    if (length < TAIL_BYTES) return this.end(COMPRESS_FAILED);
    const isLast = end === bytes.length;
    parts.push(Buffer.from(deflater.output.subarray(0, isLast ? length - TAIL_BYTES : length)));
    deflater.releaseOutput();
    this.at = end;
    this.length += length;
    if (this.length - TAIL_BYTES >= bytes.length) return this.end(COMPRESS_NOT_SMALLER);
    if (!isLast) return 0;
    this.payload = Buffer.concat(parts);
    return this.end(this.payload.length);
  }

  /** Gives up, or is done: frees the engine. */
  end(result: number = COMPRESS_FAILED): number {
    this.deflater?.close();
    this.deflater = undefined;
    this.parts.length = 0;
    return result;
  }
}

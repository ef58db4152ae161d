import type { ByteSink } from '../../../util/byte-sink.ts';
import { encodeText, textBytes } from '../text/text.ts';
import { applyMask, type MaskSource } from './masking.ts';
import { FIN_BIT, MASK_BIT } from './opcodes.ts';

/** Copying this few bytes in a loop is cheaper than a call. */
const LOOP_BYTES = 48;

/**
 * Writes frames (RFC 6455 section 5.2) straight into the output buffer of a {@link ByteSink}. A client gives a
 * {@link MaskSource}, and each frame gets a fresh key; a server gives none. All methods return the bytes on the wire.
 */
export class FrameWriter {
  private readonly sink: ByteSink;
  private readonly masks: MaskSource | undefined;

  constructor(sink: ByteSink, masks: MaskSource | undefined) {
    this.sink = sink;
    this.masks = masks;
  }

  /** Bytes of the header in front of a payload of `length` bytes. */
  headerLength(length: number): number {
    return (length < 126 ? 2 : length < 0x1_0000 ? 4 : 10) + (this.masks === undefined ? 0 : 4);
  }

  /** One frame. `first` is its first byte: FIN, RSV1 and opcode. A long `payload` is referenced until it has left. */
  writeBytes(first: number, payload: Uint8Array): number {
    const { length } = payload;
    const headerLength = this.headerLength(length);
    const frameLength = headerLength + length;
    const { sink } = this;
    if (frameLength > sink.maxReserve) return this.writeLong(first, payload, headerLength);
    const at = sink.reserve(frameLength);
    const { bytes } = sink;
    const mask = this.writeHeader(bytes, at, first, length);
    const from = at + headerLength;
    if (length < LOOP_BYTES) for (let i = 0; i < length; i++) bytes[from + i] = payload[i] as number;
    else bytes.set(payload, from);
    if (mask !== 0) applyMask(bytes, from, from + length, mask);
    sink.commit(from + length);
    return frameLength;
  }

  /** One frame of text that takes `length` bytes in UTF-8. */
  writeText(first: number, text: string, length: number): number {
    const headerLength = this.headerLength(length);
    const frameLength = headerLength + length;
    const { sink } = this;
    if (frameLength > sink.maxReserve) return this.writeOwned(first, textBytes(text, length), headerLength);
    const at = sink.reserve(frameLength);
    const { bytes } = sink;
    const mask = this.writeHeader(bytes, at, first, length);
    const from = at + headerLength;
    encodeText(text, length, bytes, from);
    if (mask !== 0) applyMask(bytes, from, from + length, mask);
    sink.commit(from + length);
    return frameLength;
  }

  /** One frame of the first `length` bytes of a buffer that will hold something else as soon as this returns. */
  writeScratch(first: number, scratch: Buffer, length: number): number {
    const headerLength = this.headerLength(length);
    const frameLength = headerLength + length;
    const { sink } = this;
    if (frameLength > sink.maxReserve) {
      const copy = Buffer.allocUnsafeSlow(length);
      scratch.copy(copy, 0, 0, length);
      return this.writeOwned(first, copy, headerLength);
    }
    const at = sink.reserve(frameLength);
    const { bytes } = sink;
    const mask = this.writeHeader(bytes, at, first, length);
    const from = at + headerLength;
    scratch.copy(bytes, from, 0, length);
    if (mask !== 0) applyMask(bytes, from, from + length, mask);
    sink.commit(from + length);
    return frameLength;
  }

  /** One frame that was encoded before, for all connections that get it. Only without masks. */
  writeFrame(frame: Buffer): number {
    this.sink.writeShared(frame);
    return frame.length;
  }

  /** One frame of a long `payload` that nobody else uses: it may be masked where it is. */
  private writeOwned(first: number, payload: Buffer, headerLength: number): number {
    const mask = this.commitHeader(first, payload.length, headerLength);
    if (mask !== 0) applyMask(payload, 0, payload.length, mask);
    this.sink.writeThrough(payload);
    return headerLength + payload.length;
  }

  private writeLong(first: number, payload: Uint8Array, headerLength: number): number {
    const { length } = payload;
    if (this.masks !== undefined) {
      const copy = Buffer.allocUnsafeSlow(length);
      copy.set(payload);
      return this.writeOwned(first, copy, headerLength);
    }
    this.commitHeader(first, length, headerLength);
    this.sink.writeThrough(Buffer.from(payload.buffer, payload.byteOffset, length));
    return headerLength + length;
  }

  private commitHeader(first: number, length: number, headerLength: number): number {
    const at = this.sink.reserve(headerLength);
    const mask = this.writeHeader(this.sink.bytes, at, first, length);
    this.sink.commit(at + headerLength);
    return mask;
  }

  /** Writes the header and returns the masking key, 0 for none. */
  private writeHeader(out: Buffer, start: number, first: number, length: number): number {
    const maskBit = this.masks === undefined ? 0 : MASK_BIT;
    let at = start;
    out[at++] = first;
    if (length < 126) out[at++] = maskBit | length;
    else if (length < 0x1_0000) {
      out[at++] = maskBit | 126;
      out[at++] = length >>> 8;
      out[at++] = length & 0xff;
    } else {
      out[at++] = maskBit | 127;
      out.writeUInt32BE(Math.floor(length / 0x1_0000_0000), at);
      out.writeUInt32BE(length % 0x1_0000_0000, at + 4);
      at += 8;
    }
    if (this.masks === undefined) return 0;
    const mask = this.masks.take();
    out[at++] = mask & 0xff;
    out[at++] = (mask >>> 8) & 0xff;
    out[at++] = (mask >>> 16) & 0xff;
    out[at++] = mask >>> 24;
    return mask;
  }
}

/** The first byte of the only frame of a message or of a control frame. */
export function finalFrame(opcode: number): number {
  return FIN_BIT | opcode;
}

import type { ByteSink } from '../../../util/byte-sink.ts';
import { FrameWriter } from './frame-writer.ts';
import { applyMask, type MaskSource } from './masking.ts';
import { FIN_BIT, LENGTH_BITS, MASK_BIT, MAX_HEADER_BYTES, OPCODE_BITS, RSV1_BIT } from './opcodes.ts';

/** One frame as it was on the wire (RFC 6455 section 5.2), for debugging tools. */
export interface WebSocketFrame {
  /** True when it was received. */
  readonly incoming: boolean;
  /** True when it is the last frame of its message. */
  readonly fin: boolean;
  /** 0 continuation, 1 text, 2 binary, 8 close, 9 ping, 10 pong. */
  readonly opcode: number;
  /** True when it begins a compressed message (RSV1, RFC 7692); the payload is as it was compressed. */
  readonly compressed: boolean;
  /** True when it was masked; the payload is not. */
  readonly masked: boolean;
  /** A copy. */
  readonly payload: Buffer;
  /** Bytes of header and payload. */
  readonly wireSize: number;
}

export type OnFrame = (frame: WebSocketFrame) => void;

function describe(
  incoming: boolean,
  first: number,
  masked: boolean,
  payload: Buffer,
  headerLength: number,
): WebSocketFrame {
  const [fin, compressed] = [(first & FIN_BIT) !== 0, (first & RSV1_BIT) !== 0];
  const wireSize = headerLength + payload.length;
  return { incoming, fin, opcode: first & OPCODE_BITS, compressed, masked, payload, wireSize };
}

/** Writes frames, and shows each of them. */
export class TappedFrameWriter extends FrameWriter {
  private readonly onFrame: OnFrame;
  private readonly isMasked: boolean;

  constructor(sink: ByteSink, masks: MaskSource | undefined, onFrame: OnFrame) {
    super(sink, masks);
    this.onFrame = onFrame;
    this.isMasked = masks !== undefined;
  }

  override writeBytes(first: number, payload: Uint8Array): number {
    this.show(first, Buffer.from(payload));
    return super.writeBytes(first, payload);
  }

  override writeText(first: number, text: string, length: number): number {
    this.show(first, Buffer.from(text, 'utf8'));
    return super.writeText(first, text, length);
  }

  override writeScratch(first: number, scratch: Buffer, length: number): number {
    this.show(first, Buffer.from(scratch.subarray(0, length)));
    return super.writeScratch(first, scratch, length);
  }

  override writeFrame(frame: Buffer): number {
    const short = (frame[1] ?? 0) & LENGTH_BITS;
    const headerLength = short < 126 ? 2 : short === 126 ? 4 : 10;
    this.show(frame[0] ?? 0, Buffer.from(frame.subarray(headerLength)));
    return super.writeFrame(frame);
  }

  private show(first: number, payload: Buffer): void {
    this.onFrame(describe(false, first, this.isMasked, payload, this.headerLength(payload.length)));
  }
}

/**
 * Shows the frames in what is received, beside the parser: so the parser does without anything for it. It believes
 * what it reads, and is to be stopped when the parser has found a violation.
 */
export class FrameObserver {
  private readonly onFrame: OnFrame;
  private readonly header: Buffer = Buffer.alloc(MAX_HEADER_BYTES);
  private headerLength = 0;
  private payloadLeft = 0;
  private pieces: Buffer[] = [];

  constructor(onFrame: OnFrame) {
    this.onFrame = onFrame;
  }

  /** Takes what was read, unchanged; the first call begins with a frame. */
  observe(bytes: Buffer, start: number, end: number): void {
    let at = start;
    while (at < end) {
      if (this.isInPayload) {
        const count = Math.min(this.payloadLeft, end - at);
        this.pieces.push(Buffer.from(bytes.subarray(at, at + count)));
        this.payloadLeft -= count;
        at += count;
      } else {
        this.header[this.headerLength++] = bytes[at++] ?? 0;
        if (this.headerLength === this.headerEnd) this.payloadLeft = this.readLength();
      }
      if (this.isInPayload && this.payloadLeft === 0) this.finish();
    }
  }

  private get isInPayload(): boolean {
    return this.headerLength > 0 && this.headerLength === this.headerEnd;
  }

  /** The end of the header, as far as it tells yet. */
  private get headerEnd(): number {
    if (this.headerLength < 2) return 2;
    const second = this.header[1] ?? 0;
    const short = second & LENGTH_BITS;
    return (short < 126 ? 2 : short === 126 ? 4 : 10) + ((second & MASK_BIT) === 0 ? 0 : 4);
  }

  private readLength(): number {
    const short = (this.header[1] ?? 0) & LENGTH_BITS;
    if (short < 126) return short;
    if (short === 126) return this.header.readUInt16BE(2);
    return this.header.readUInt32BE(2) * 0x1_0000_0000 + this.header.readUInt32BE(6);
  }

  private finish(): void {
    const { header, headerLength } = this;
    const payload = Buffer.concat(this.pieces);
    const masked = ((header[1] ?? 0) & MASK_BIT) !== 0;
    if (masked) applyMask(payload, 0, payload.length, header.readInt32LE(headerLength - 4));
    this.pieces = [];
    this.headerLength = 0;
    this.onFrame(describe(true, header[0] ?? 0, masked, payload, headerLength));
  }
}

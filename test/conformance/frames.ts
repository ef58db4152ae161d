import { bytesOf, createRandom, type Payload } from './payloads.ts';

/*
 * Frames as the suite writes and reads them: from the picture in RFC 6455 section 5.2, and from nothing in `src/`.
 */

export const Op = { Continuation: 0, Text: 1, Binary: 2, Close: 8, Ping: 9, Pong: 10 } as const;

/** The reserved bits as a number of three bits. */
export const Rsv = { One: 4, Two: 2, Three: 1 } as const;

/** A frame, right unless a field says otherwise. */
export interface Frame {
  readonly op: number;
  readonly payload?: Payload | undefined;
  /** Whether it is the last of its message; true by default. */
  readonly fin?: boolean | undefined;
  readonly rsv?: number | undefined;
  /** Masked although it must not be, or the reverse. */
  readonly wrongMask?: boolean | undefined;
  /** The masking key in place of one made for it. */
  readonly key?: number | undefined;
  /** Which of the three forms of the length to use in place of the shortest. */
  readonly lengthForm?: 7 | 16 | 64 | undefined;
  /** A length to declare in place of the true one. */
  readonly declare?: bigint | undefined;
}

const nextKey = createRandom(0x1957);

/** The bytes of a frame. A frame of a client is masked (section 5.1). */
export function encodeFrame(frame: Frame, isFromClient: boolean): Buffer {
  const payload = bytesOf(frame.payload);
  const declared = frame.declare ?? BigInt(payload.length);
  const form = frame.lengthForm ?? (declared < 126n ? 7 : declared < 65_536n ? 16 : 64);
  const isMasked = isFromClient !== (frame.wrongMask ?? false);
  const lengthBytes = form === 7 ? 0 : form / 8;
  const headerBytes = 2 + lengthBytes + (isMasked ? 4 : 0);
  const out = Buffer.allocUnsafe(headerBytes + payload.length);
  out[0] = ((frame.fin ?? true) ? 0x80 : 0) | ((frame.rsv ?? 0) << 4) | frame.op;
  out[1] = (isMasked ? 0x80 : 0) | (form === 7 ? Number(declared) : form === 16 ? 126 : 127);
  if (form === 16) out.writeUInt16BE(Number(declared), 2);
  if (form === 64) out.writeBigUInt64BE(declared, 2);
  payload.copy(out, headerBytes);
  if (isMasked) {
    const key = frame.key ?? nextKey();
    out.writeUInt32BE(key, headerBytes - 4);
    maskInPlace(out, headerBytes, key);
  }
  return out;
}

function maskInPlace(bytes: Buffer, from: number, key: number): void {
  const keys = [key >>> 24, (key >>> 16) & 0xff, (key >>> 8) & 0xff, key & 0xff] as const;
  for (let i = from; i < bytes.length; i++) bytes[i] = (bytes[i] ?? 0) ^ (keys[(i - from) & 3] ?? 0);
}

/** A frame as it came. */
export interface ReadFrame {
  readonly fin: boolean;
  readonly rsv: number;
  readonly op: number;
  readonly isMasked: boolean;
  readonly key: number;
  readonly isLengthMinimal: boolean;
  readonly payload: Buffer;
}

const MAX_HEADER_BYTES = 14;

/** Cuts a stream of bytes into frames. It judges nothing. */
export class FrameReader {
  private readonly onFrame: (frame: ReadFrame) => void;
  private readonly header = Buffer.alloc(MAX_HEADER_BYTES);
  private headerBytes = 0;
  private payload: Buffer | undefined;
  private filled = 0;

  constructor(onFrame: (frame: ReadFrame) => void) {
    this.onFrame = onFrame;
  }

  /** Whether the stream ended between two frames. */
  get isBetweenFrames(): boolean {
    return this.headerBytes === 0;
  }

  read(bytes: Buffer): void {
    let at = 0;
    while (at < bytes.length) {
      if (this.payload === undefined) {
        this.header[this.headerBytes++] = bytes[at++] ?? 0;
        if (this.headerBytes === this.wantedHeaderBytes) this.beginPayload();
        continue;
      }
      const count = Math.min(bytes.length - at, this.payload.length - this.filled);
      bytes.copy(this.payload, this.filled, at, at + count);
      at += count;
      this.filled += count;
      if (this.filled === this.payload.length) this.finish(this.payload);
    }
  }

  private get lengthBytes(): number {
    const length = (this.header[1] ?? 0) & 0x7f;
    return length < 126 ? 0 : length === 126 ? 2 : 8;
  }

  private get wantedHeaderBytes(): number {
    if (this.headerBytes < 2) return 2;
    return 2 + this.lengthBytes + (((this.header[1] ?? 0) & 0x80) === 0 ? 0 : 4);
  }

  private get declared(): number {
    const { header, lengthBytes } = this;
    if (lengthBytes === 0) return (header[1] ?? 0) & 0x7f;
    return lengthBytes === 2 ? header.readUInt16BE(2) : Number(header.readBigUInt64BE(2));
  }

  private beginPayload(): void {
    this.filled = 0;
    this.payload = Buffer.allocUnsafe(this.declared);
    if (this.payload.length === 0) this.finish(this.payload);
  }

  private finish(payload: Buffer): void {
    const { header, lengthBytes } = this;
    const first = header[0] ?? 0;
    const isMasked = ((header[1] ?? 0) & 0x80) !== 0;
    const key = isMasked ? header.readUInt32BE(2 + lengthBytes) : 0;
    if (isMasked) maskInPlace(payload, 0, key);
    this.payload = undefined;
    this.headerBytes = 0;
    this.onFrame({
      fin: (first & 0x80) !== 0,
      rsv: (first >> 4) & 7,
      op: first & 15,
      isMasked,
      key,
      isLengthMinimal: lengthBytes === (payload.length < 126 ? 0 : payload.length < 65_536 ? 2 : 8),
      payload,
    });
  }
}

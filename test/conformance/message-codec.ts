import zlib from 'node:zlib';
import type { DeflateStyle } from './case.ts';
import { Deviation } from './deviation.ts';
import { inflate } from './inflate.ts';

/** What was agreed on for one direction (RFC 7692 section 7.1). */
export interface DirectionParams {
  readonly windowBits: number;
  readonly hasTakeover: boolean;
}

const TAIL = Buffer.from([0x00, 0x00, 0xff, 0xff]);
const WINDOW_BYTES = 32 * 1024;
const strategies = { huffman: zlib.constants.Z_HUFFMAN_ONLY, rle: zlib.constants.Z_RLE, fixed: zlib.constants.Z_FIXED };

/** permessage-deflate as the suite does it: compression by zlib, decompression on its own. */
export class MessageCodec {
  /** Messages that came compressed. */
  compressedMessages = 0;
  private readonly sending: DirectionParams;
  private readonly receiving: DirectionParams;
  private sent: Buffer = Buffer.alloc(0);
  private received: Buffer = Buffer.alloc(0);

  constructor(sending: DirectionParams, receiving: DirectionParams) {
    this.sending = sending;
    this.receiving = receiving;
  }

  /** Section 7.2.1: compressed, flushed, and without the four bytes at the end. */
  compress(plain: Buffer, style: DeflateStyle): Buffer {
    const { windowBits, hasTakeover } = this.sending;
    const blocks: Buffer[] = [];
    const step = style.blockBytes ?? Math.max(1, plain.length);
    let history = hasTakeover ? this.sent : Buffer.alloc(0);
    for (let at = 0; at === 0 || at < plain.length; at += step) {
      const part = plain.subarray(at, at + step);
      blocks.push(deflateWith(part, history, windowBits, style));
      history = lastBytes(Buffer.concat([history, part]), 1 << windowBits);
    }
    this.sent = history;
    const whole = Buffer.concat(blocks);
    if (!whole.subarray(-4).equals(TAIL)) throw new Error('zlib did not flush');
    return whole.subarray(0, -4);
  }

  /** Section 7.2.2, and the window and takeover that were agreed on. */
  decompress(compressed: Buffer): Buffer {
    const { windowBits, hasTakeover } = this.receiving;
    this.compressedMessages++;
    const { output, maxDistance } = inflate(Buffer.concat([compressed, TAIL]), this.received);
    if (maxDistance > 1 << windowBits) {
      throw new Deviation(`a reference ${maxDistance} back, with a window of ${windowBits} bits`);
    }
    if (hasTakeover) this.received = lastBytes(Buffer.concat([this.received, output]), WINDOW_BYTES);
    return output;
  }
}

function deflateWith(part: Buffer, history: Buffer, windowBits: number, style: DeflateStyle): Buffer {
  return zlib.deflateRawSync(part, {
    windowBits,
    level: style.level ?? 6,
    strategy: style.strategy === undefined ? zlib.constants.Z_DEFAULT_STRATEGY : strategies[style.strategy],
    finishFlush: zlib.constants.Z_SYNC_FLUSH,
    // The bytes before this part as a preset dictionary: the same as one stream over all of them.
    ...(history.length > 0 ? { dictionary: history } : {}),
  });
}

function lastBytes(bytes: Buffer, count: number): Buffer {
  return bytes.length <= count ? bytes : Buffer.from(bytes.subarray(bytes.length - count));
}

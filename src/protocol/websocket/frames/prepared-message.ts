import type { ByteSink } from '../../../util/byte-sink.ts';
import { FrameWriter, finalFrame } from './frame-writer.ts';
import { COMPRESS_FAILED, COMPRESS_NOT_SMALLER, type MessageCompressor } from './message-compressor.ts';
import { Opcode, RSV1_BIT } from './opcodes.ts';

/** Gathers one frame in a buffer of its own. */
class FrameSink implements ByteSink {
  bytes: Buffer = Buffer.alloc(0);
  readonly maxReserve: number = Number.POSITIVE_INFINITY;

  reserve(length: number): number {
    this.bytes = Buffer.allocUnsafeSlow(length);
    return 0;
  }

  commit(): void {}
  writeThrough(): void {}
  writeShared(): void {}
}

/** A server masks nothing, so its frames are the same for everybody (RFC 6455 section 5.1). */
function encodeFrame(first: number, payload: Uint8Array): Buffer {
  const sink = new FrameSink();
  new FrameWriter(sink, undefined).writeBytes(first, payload);
  return sink.bytes;
}

/**
 * A message that is encoded once and sent many times, to many connections: prepare it with `prepareMessage()`.
 * A server sends one buffer, which all of its connections share; it is compressed once for each window size
 * that clients have asked for, as long as messages are compressed by themselves.
 */
export class PreparedMessage {
  /** True when it is binary, not text. */
  readonly isBinary: boolean;
  /** Payload bytes before compression. */
  readonly length: number;
  /** @internal `undefined` for text that has no encoding. */
  readonly payload: Buffer | undefined;
  private plain: Buffer | undefined;
  private compressed: Map<number, Buffer | typeof COMPRESS_FAILED | typeof COMPRESS_NOT_SMALLER> | undefined;

  /** @internal */
  constructor(payload: Buffer | undefined, isBinary: boolean) {
    this.payload = payload;
    this.isBinary = isBinary;
    this.length = payload?.length ?? 0;
  }

  /** @internal The frame of a server, uncompressed. */
  plainFrame(payload: Buffer): Buffer {
    this.plain ??= encodeFrame(finalFrame(this.isBinary ? Opcode.Binary : Opcode.Text), payload);
    return this.plain;
  }

  /**
   * @internal The frame of a server, compressed by `compressor`, or in the same way before; a negative result when
   * there is none. Only for one that keeps no history.
   */
  compressedFrame(
    payload: Buffer,
    compressor: MessageCompressor,
  ): Buffer | typeof COMPRESS_FAILED | typeof COMPRESS_NOT_SMALLER {
    this.compressed ??= new Map();
    const known = this.compressed.get(compressor.parameters);
    if (known !== undefined) return known;
    const length = compressor.compressBytes(payload);
    if (length === COMPRESS_FAILED) return COMPRESS_FAILED;
    let result: Buffer | typeof COMPRESS_NOT_SMALLER = COMPRESS_NOT_SMALLER;
    if (length !== COMPRESS_NOT_SMALLER) {
      const first = finalFrame(this.isBinary ? Opcode.Binary : Opcode.Text) | RSV1_BIT;
      result = encodeFrame(first, compressor.compressed.subarray(0, length));
      compressor.releaseCompressed();
    }
    this.compressed.set(compressor.parameters, result);
    return result;
  }
}

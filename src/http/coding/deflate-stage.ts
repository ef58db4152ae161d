import * as zlib from 'node:zlib';
import type { ByteConsumer, DecodingStage } from './decoding-stage.ts';
import { ZlibStage } from './zlib-stage.ts';

const CM_DEFLATE = 8;

/**
 * The coding `deflate`: zlib's format (RFC 1950), as RFC 9110 8.4.1.2 says, or the bare DEFLATE data that some servers
 * send instead. The first byte tells: its lower half is 8 in zlib's format, and in bare data only when a stored block
 * comes first and has a bit set that no encoder sets.
 */
export class DeflateStage implements DecodingStage {
  private readonly consumer: ByteConsumer;
  private stage: ZlibStage | undefined;

  constructor(consumer: ByteConsumer) {
    this.consumer = consumer;
  }

  async write(chunk: Buffer): Promise<void> {
    const first = chunk[0];
    if (first === undefined) return;
    if (this.stage === undefined) {
      const isZlib = (first & 0x0f) === CM_DEFLATE;
      this.stage = new ZlibStage(isZlib ? zlib.createInflate() : zlib.createInflateRaw(), this.consumer);
    }
    await this.stage.write(chunk);
  }

  async end(): Promise<void> {
    await this.stage?.end();
  }

  destroy(): void {
    this.stage?.destroy();
  }
}

import * as zlib from 'node:zlib';
import { BodyError } from '../body-error.ts';
import type { ByteConsumer, DecodingStage } from './decoding-stage.ts';
import { ZlibStage, type ZlibStream } from './zlib-stage.ts';
import { ZstdFrames } from './zstd-frames.ts';

/** From Node 22.15 on, and not in the types of Node 20. */
const { createZstdDecompress } = zlib as unknown as { readonly createZstdDecompress?: () => ZlibStream };

/** True when this Node decodes zstd. */
export const hasNativeZstd: boolean = createZstdDecompress !== undefined;

/**
 * The coding `zstd` by Node's own decoder. That one stops at the end of the first frame, and some releases take a frame
 * that ends early for a whole one (22.23 does), so that frames are found here, and each gets a decoder of its own.
 */
export class ZstdNativeStage implements DecodingStage {
  private readonly consumer: ByteConsumer;
  private readonly frames: ZstdFrames = new ZstdFrames();
  private stage: ZlibStage | undefined;

  constructor(consumer: ByteConsumer) {
    this.consumer = consumer;
  }

  async write(chunk: Buffer): Promise<void> {
    let ready: Buffer[] = [];
    for (const piece of this.frames.cut(chunk)) {
      if (piece.isFirst) this.stage = this.createStage();
      ready.push(piece.bytes);
      if (!piece.isLast) continue;
      await this.stage?.write(Buffer.concat(ready));
      await this.stage?.end();
      ready = [];
    }
    if (ready.length > 0) await this.stage?.write(Buffer.concat(ready));
  }

  end(): Promise<void> {
    if (this.frames.isBetweenFrames) return Promise.resolve();
    return Promise.reject(new BodyError('contentTruncated', 'compressed data end too early'));
  }

  destroy(): void {
    this.stage?.destroy();
  }

  private createStage(): ZlibStage {
    if (createZstdDecompress === undefined) throw new BodyError('contentCodingUnsupported', 'this Node has no zstd');
    return new ZlibStage(createZstdDecompress(), this.consumer);
  }
}

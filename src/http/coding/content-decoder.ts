import * as zlib from 'node:zlib';
import { assertNever } from '../../util/assert.ts';
import { BodyError } from '../body-error.ts';
import type { ContentCoding } from './content-coding.ts';
import type { ByteConsumer, DecodingStage } from './decoding-stage.ts';
import { DeflateStage } from './deflate-stage.ts';
import { ZlibStage } from './zlib-stage.ts';
import { hasNativeZstd, ZstdNativeStage } from './zstd-native-stage.ts';
import { ZstdPackageStage } from './zstd-package-stage.ts';

export interface ContentDecoderOptions {
  /** Beyond it decoding stops at once, with `contentTooBig`. It holds for what each of several codings gives. */
  readonly maxBytes: number;
  /** Gets the decoded bytes, to keep. While its promise is pending, {@link ContentDecoder.write} is, too. */
  readonly onData: ByteConsumer;
}

/**
 * Decodes a body while it comes, and holds back whoever feeds it while the consumer is busy.
 *
 * It holds one chunk of input at a time, some 16 KiB for each coding, and the windows of the codings (at most
 * 16 MiB for br, 8 MiB for zstd, 32 KiB for gzip). Calls must not overlap.
 */
export class ContentDecoder implements DecodingStage {
  /** In the order in which bytes pass them. */
  private readonly stages: readonly DecodingStage[];
  private readonly first: DecodingStage | undefined;
  private readonly consume: ByteConsumer;

  /** @param codings as `parseContentEncoding` returns them; none passes everything on, counted */
  constructor(codings: readonly ContentCoding[], options: ContentDecoderOptions) {
    const { maxBytes, onData } = options;
    let consume: ByteConsumer = bounded(maxBytes, onData);
    const stages: DecodingStage[] = [];
    // The coding that was applied first is undone last, so its stage is made first: it stands next to the consumer.
    for (const coding of codings) {
      const stage = createStage(coding, consume);
      stages.unshift(stage);
      consume = bounded(maxBytes, (chunk) => stage.write(chunk));
    }
    this.stages = stages;
    this.first = stages[0];
    this.consume = consume;
  }

  async write(chunk: Buffer): Promise<void> {
    try {
      if (this.first === undefined) await this.consume(chunk);
      else await this.first.write(chunk);
    } catch (error) {
      this.destroy();
      throw error;
    }
  }

  async end(): Promise<void> {
    try {
      for (const stage of this.stages) await stage.end();
    } catch (error) {
      this.destroy();
      throw error;
    }
  }

  destroy(): void {
    for (const stage of this.stages) stage.destroy();
  }
}

function bounded(maxBytes: number, consume: ByteConsumer): ByteConsumer {
  let total = 0;
  return (chunk) => {
    total += chunk.length;
    if (total > maxBytes) throw new BodyError('contentTooBig', `the decoded body is larger than ${maxBytes} bytes`);
    return consume(chunk);
  };
}

function createStage(coding: ContentCoding, consumer: ByteConsumer): DecodingStage {
  switch (coding) {
    case 'gzip':
      return new ZlibStage(zlib.createGunzip(), consumer, { allowsNothing: true, allowsZeroPadding: true });
    case 'deflate':
      return new DeflateStage(consumer);
    case 'br':
      return new ZlibStage(zlib.createBrotliDecompress(), consumer, { allowsNothing: true });
    case 'zstd':
      return hasNativeZstd ? new ZstdNativeStage(consumer) : new ZstdPackageStage(consumer);
    default:
      return assertNever(coding);
  }
}

/**
 * A whole body decoded at once.
 *
 * @param maxBytes bound of what it may become
 * @throws BodyError
 */
export async function decodeBody(body: Buffer, codings: readonly ContentCoding[], maxBytes: number): Promise<Buffer> {
  const chunks: Buffer[] = [];
  const decoder = new ContentDecoder(codings, { maxBytes, onData: (chunk) => void chunks.push(chunk) });
  await decoder.write(body);
  await decoder.end();
  const only = chunks[0];
  return chunks.length === 1 && only !== undefined ? only : Buffer.concat(chunks);
}

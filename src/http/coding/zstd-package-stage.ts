import type * as fzstdModule from 'fzstd';
import { afterThisTurn } from '../../platform/turn.ts';
import { BodyError } from '../body-error.ts';
import type { ByteConsumer, DecodingStage } from './decoding-stage.ts';
import { ZstdFrames, type ZstdPiece } from './zstd-frames.ts';

type Fzstd = typeof fzstdModule;

/**
 * The package moves a whole window for each block, so that many small blocks with a large window cost far more time
 * than what they hold is worth. A body may have this many bytes moved for nothing, and 128 for each it decodes to,
 * twice of what full blocks need.
 */
const FREE_WORK_BYTES = 4 * 1024 ** 3;
const WORK_PER_BYTE = 128;
/** Some 10 ms of work, after which others get their turn. */
const WORK_PER_TURN_BYTES = 64 * 1024 * 1024;

/**
 * The coding `zstd` where Node has none of its own (before 22.15), by the package `fzstd`, which is loaded by the first
 * body that needs it. It gets one block at a time and only frames whose window is small enough. Checksums are not
 * compared.
 */
export class ZstdPackageStage implements DecodingStage {
  private readonly consumer: ByteConsumer;
  private readonly frames: ZstdFrames = new ZstdFrames();
  private decoder: fzstdModule.Decompress | undefined;
  private output: Uint8Array[] = [];
  private allowedWork = FREE_WORK_BYTES;
  private workInTurn = 0;
  private isDestroyed = false;

  constructor(consumer: ByteConsumer) {
    this.consumer = consumer;
  }

  async write(chunk: Buffer): Promise<void> {
    this.throwIfDestroyed();
    const fzstd = await loadFzstd();
    for (const piece of this.frames.cut(chunk)) {
      this.decode(fzstd, piece);
      await this.deliver();
      await this.rest(piece.window);
      this.throwIfDestroyed();
    }
  }

  end(): Promise<void> {
    if (this.frames.isBetweenFrames) return Promise.resolve();
    return Promise.reject(new BodyError('contentTruncated', 'compressed data end too early'));
  }

  destroy(): void {
    this.isDestroyed = true;
    this.decoder = undefined;
    this.output = [];
  }

  private decode(fzstd: Fzstd, piece: ZstdPiece): void {
    if (piece.isFirst) this.decoder = new fzstd.Decompress((data) => void this.output.push(data));
    try {
      this.decoder?.push(piece.bytes, piece.isLast);
    } catch (error) {
      throw new BodyError('contentCorrupt', 'compressed data are damaged', error);
    }
  }

  /** Its output may lie in memory that it uses again, hence the copies. */
  private async deliver(): Promise<void> {
    const output = this.output;
    this.output = [];
    for (const data of output) {
      if (data.length === 0) continue;
      this.allowedWork += data.length * WORK_PER_BYTE;
      await this.consumer(Buffer.from(data));
    }
  }

  private async rest(window: number): Promise<void> {
    this.allowedWork -= window;
    if (this.allowedWork < 0) throw new BodyError('contentCorrupt', 'too many small blocks in zstd data');
    this.workInTurn += window;
    if (this.workInTurn < WORK_PER_TURN_BYTES) return;
    this.workInTurn = 0;
    await new Promise<void>((resolve) => afterThisTurn(resolve));
  }

  private throwIfDestroyed(): void {
    if (this.isDestroyed) throw new BodyError('contentTruncated', 'decoding was stopped');
  }
}

function loadFzstd(): Promise<Fzstd> {
  return import('fzstd');
}

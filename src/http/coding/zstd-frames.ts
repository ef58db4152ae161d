import { BodyError } from '../body-error.ts';

/** A piece of a zstd frame that can be decoded by itself once those before it were. */
export interface ZstdPiece {
  readonly bytes: Buffer;
  readonly isFirst: boolean;
  readonly isLast: boolean;
  /** Of the frame, in bytes. */
  readonly window: number;
}

/** RFC 9659: the largest window a zstd encoder may use for HTTP. */
export const ZSTD_MAX_WINDOW_BYTES: number = 8 * 1024 * 1024;

const MAGIC = 0xfd2fb528;
const SKIPPABLE_MAGIC = 0x184d2a50;
const MAGIC_BYTES = 4;
const BLOCK_HEADER_BYTES = 3;
/** RFC 8878 3.1.1.2.3 */
const MAX_BLOCK_BYTES = 128 * 1024;
const RLE_BLOCK = 1;
const RESERVED_BLOCK = 3;

type State = 'magic' | 'skippedSize' | 'header' | 'blockHeader' | 'block' | 'checksum';

/**
 * Cuts zstd data (RFC 8878 3.1) into frame headers and blocks, so that a decoder without limits of its own never sees
 * a window that is too large, nor more than one block at a time. Skippable frames are dropped.
 */
export class ZstdFrames {
  private state: State = 'magic';
  /** Gathers a unit that came in parts; `wanted` bytes complete it. */
  private held: Buffer[] = [];
  private heldBytes = 0;
  private wanted = MAGIC_BYTES;
  private skipping = 0;
  private pending: Buffer[] = [];
  private isFirst = true;
  private isLastBlock = false;
  private hasChecksum = false;
  private window = 0;

  /** Tells whether the input may end here. */
  get isBetweenFrames(): boolean {
    return this.state === 'magic' && this.heldBytes === 0 && this.skipping === 0;
  }

  /** @throws BodyError for what is no zstd, needs a dictionary, or has a window beyond {@link ZSTD_MAX_WINDOW_BYTES} */
  *cut(chunk: Buffer): Generator<ZstdPiece> {
    let at = 0;
    while (at < chunk.length) {
      if (this.skipping > 0) {
        const skipped = Math.min(this.skipping, chunk.length - at);
        this.skipping -= skipped;
        at += skipped;
        continue;
      }
      const taken = chunk.subarray(at, at + this.wanted - this.heldBytes);
      this.held.push(taken);
      this.heldBytes += taken.length;
      at += taken.length;
      if (this.heldBytes < this.wanted) return;
      const piece = this.advance(this.takeHeld());
      if (piece !== undefined) yield piece;
    }
  }

  private takeHeld(): Buffer {
    const [only] = this.held;
    const unit = this.held.length === 1 && only !== undefined ? only : Buffer.concat(this.held);
    this.held = [];
    this.heldBytes = 0;
    return unit;
  }

  private advance(unit: Buffer): ZstdPiece | undefined {
    switch (this.state) {
      case 'magic':
        return this.onMagic(unit);
      case 'skippedSize':
        this.skipping = unit.readUInt32LE(0);
        return this.expect('magic', MAGIC_BYTES);
      case 'header':
        return this.onHeader(unit);
      case 'blockHeader':
        return this.onBlockHeader(unit);
      case 'block':
        this.pending.push(unit);
        return this.isLastBlock && this.hasChecksum ? this.expect('checksum', 4) : this.finishBlock();
      case 'checksum':
        this.pending.push(unit);
        return this.finishBlock();
    }
  }

  private expect(state: State, bytes: number): undefined {
    this.state = state;
    this.wanted = bytes;
  }

  private onMagic(unit: Buffer): undefined {
    const magic = unit.readUInt32LE(0);
    if ((magic & 0xfffffff0) >>> 0 === SKIPPABLE_MAGIC) return this.expect('skippedSize', 4);
    if (magic !== MAGIC) throw corrupt('no zstd frame begins here');
    this.pending = [unit];
    this.isFirst = true;
    return this.expect('header', 1);
  }

  /** RFC 8878 3.1.1.1: called with the descriptor alone first, then with the fields whose length it tells. */
  private onHeader(unit: Buffer): undefined {
    const descriptor = this.pending[1]?.[0] ?? unit[0] ?? 0;
    const isSingleSegment = (descriptor & 0x20) !== 0;
    const sizeFlag = descriptor >> 6;
    const sizeBytes = sizeFlag === 0 ? (isSingleSegment ? 1 : 0) : 1 << sizeFlag;
    if (this.pending.length === 1) {
      if ((descriptor & 0x08) !== 0) throw corrupt('a reserved bit of a zstd frame header is set');
      if ((descriptor & 0x03) !== 0) throw corrupt('the zstd data need a dictionary');
      this.hasChecksum = (descriptor & 0x04) !== 0;
      this.pending.push(unit);
      return this.expect('header', sizeBytes + (isSingleSegment ? 0 : 1));
    }
    this.window = isSingleSegment ? readContentSize(unit, sizeBytes) : readWindow(unit[0] ?? 0);
    if (this.window > ZSTD_MAX_WINDOW_BYTES) {
      throw corrupt(`the zstd data need a window of more than ${ZSTD_MAX_WINDOW_BYTES} bytes`);
    }
    this.pending.push(unit);
    return this.expect('blockHeader', BLOCK_HEADER_BYTES);
  }

  private onBlockHeader(unit: Buffer): ZstdPiece | undefined {
    const header = unit.readUIntLE(0, BLOCK_HEADER_BYTES);
    const type = (header >> 1) & 3;
    const size = header >> 3;
    if (type === RESERVED_BLOCK) throw corrupt('a zstd block has a type that does not exist');
    if (size > MAX_BLOCK_BYTES) throw corrupt('a zstd block is too large');
    this.pending.push(unit);
    this.isLastBlock = (header & 1) !== 0;
    const stored = type === RLE_BLOCK ? 1 : size;
    if (stored > 0) return this.expect('block', stored);
    return this.isLastBlock && this.hasChecksum ? this.expect('checksum', 4) : this.finishBlock();
  }

  private finishBlock(): ZstdPiece {
    const piece = {
      bytes: Buffer.concat(this.pending),
      isFirst: this.isFirst,
      isLast: this.isLastBlock,
      window: this.window,
    };
    this.pending = [];
    this.isFirst = false;
    if (this.isLastBlock) this.expect('magic', MAGIC_BYTES);
    else this.expect('blockHeader', BLOCK_HEADER_BYTES);
    return piece;
  }
}

/** RFC 8878 3.1.1.1.4 */
function readContentSize(unit: Buffer, bytes: number): number {
  if (bytes === 8) return Number(unit.readBigUInt64LE(0));
  return unit.readUIntLE(0, bytes) + (bytes === 2 ? 256 : 0);
}

/** RFC 8878 3.1.1.1.2 */
function readWindow(descriptor: number): number {
  const base = 2 ** (10 + (descriptor >> 3));
  return base + (base / 8) * (descriptor & 7);
}

function corrupt(reason: string): BodyError {
  return new BodyError('contentCorrupt', reason);
}

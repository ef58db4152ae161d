import type { ByteSink } from '../../src/util/byte-sink.ts';

const MARGIN = 16;
const FILLER = 0xee;

/**
 * Collects what is written. Each reserved stretch lies at another offset of another buffer, between bytes that must
 * not change.
 */
export class RecordingSink implements ByteSink {
  readonly maxReserve: number;
  /** What was committed, or written through, in order. */
  readonly pieces: Buffer[] = [];
  #bytes: Buffer = Buffer.alloc(0);
  #start = 0;
  #reserved = 0;
  #writtenThrough = 0;

  constructor(maxReserve = 16 * 1024) {
    this.maxReserve = maxReserve;
  }

  get bytes(): Buffer {
    return this.#bytes;
  }

  /** How many of the pieces were written through. */
  get writtenThrough(): number {
    return this.#writtenThrough;
  }

  get wire(): Buffer {
    return Buffer.concat(this.pieces);
  }

  reserve(length: number): number {
    if (length > this.maxReserve) throw new Error(`${length} bytes reserved, at most ${this.maxReserve} are allowed`);
    this.#start = MARGIN + (this.pieces.length % 7);
    this.#reserved = length;
    this.#bytes = Buffer.alloc(this.#start + length + MARGIN, FILLER);
    return this.#start;
  }

  commit(end: number): void {
    const bytes = this.#bytes;
    if (end < this.#start || end > this.#start + this.#reserved)
      throw new Error(`${end} is outside of what was reserved`);
    const around = [...bytes.subarray(0, this.#start), ...bytes.subarray(this.#start + this.#reserved)];
    if (around.some((byte) => byte !== FILLER)) throw new Error('written outside of what was reserved');
    this.pieces.push(bytes.subarray(this.#start, end));
    this.#bytes = Buffer.alloc(0);
  }

  writeThrough(bytes: Buffer): void {
    this.pieces.push(bytes);
    this.#writtenThrough++;
  }

  writeShared(bytes: Buffer): void {
    this.writeThrough(bytes);
  }

  /** Takes everything out as one buffer. */
  takeAll(): Buffer {
    const { wire } = this;
    this.pieces.length = 0;
    return wire;
  }
}

import { Deviation } from './deviation.ts';

/*
 * DEFLATE (RFC 1951), read by the suite itself and not by zlib: zlib does not tell how far back a stream refers, and
 * takes references beyond the window that was agreed on as long as it happens to have the bytes.
 */

const LENGTH_BASE = [
  3, 4, 5, 6, 7, 8, 9, 10, 11, 13, 15, 17, 19, 23, 27, 31, 35, 43, 51, 59, 67, 83, 99, 115, 131, 163, 195, 227, 258,
];
const LENGTH_EXTRA = [0, 0, 0, 0, 0, 0, 0, 0, 1, 1, 1, 1, 2, 2, 2, 2, 3, 3, 3, 3, 4, 4, 4, 4, 5, 5, 5, 5, 0];
const DISTANCE_BASE = [
  1, 2, 3, 4, 5, 7, 9, 13, 17, 25, 33, 49, 65, 97, 129, 193, 257, 385, 513, 769, 1025, 1537, 2049, 3073, 4097, 6145,
  8193, 12289, 16385, 24577,
];
const CODE_LENGTH_ORDER = [16, 17, 18, 0, 8, 7, 9, 6, 10, 5, 11, 4, 12, 3, 13, 2, 14, 1, 15];
const MAX_CODE_BITS = 15;
const END_OF_BLOCK = 256;

/** A Huffman code: how many codes there are of each length, and their symbols in order. */
interface Huffman {
  readonly counts: Uint16Array;
  readonly symbols: Uint16Array;
}

function createHuffman(lengths: ArrayLike<number>): Huffman {
  const counts = new Uint16Array(MAX_CODE_BITS + 1);
  for (let i = 0; i < lengths.length; i++) counts[lengths[i] ?? 0] = (counts[lengths[i] ?? 0] ?? 0) + 1;
  const offsets = new Uint16Array(MAX_CODE_BITS + 2);
  for (let bits = 1; bits <= MAX_CODE_BITS; bits++) offsets[bits + 1] = (offsets[bits] ?? 0) + (counts[bits] ?? 0);
  const symbols = new Uint16Array(lengths.length);
  for (let i = 0; i < lengths.length; i++) {
    const bits = lengths[i] ?? 0;
    if (bits === 0) continue;
    const offset = offsets[bits] ?? 0;
    symbols[offset] = i;
    offsets[bits] = offset + 1;
  }
  counts[0] = 0;
  return { counts, symbols };
}

const fixedLiterals = createHuffman(
  Array.from({ length: 288 }, (_, i) => (i < 144 ? 8 : i < 256 ? 9 : i < 280 ? 7 : 8)),
);
const fixedDistances = createHuffman(Array.from({ length: 30 }, () => 5));

/** What {@link inflate} found. */
export interface Inflated {
  readonly output: Buffer;
  /** The longest way back of any reference. */
  readonly maxDistance: number;
}

/** Inflates all blocks in `input`; references may reach into `history`, which precedes the output. */
export function inflate(input: Buffer, history: Buffer): Inflated {
  const stream = new Stream(input, history);
  while (!stream.isAtEnd) {
    const isLastBlock = stream.bits(1) === 1;
    const type = stream.bits(2);
    if (type === 0) stream.stored();
    else if (type === 1) stream.block(fixedLiterals, fixedDistances);
    else if (type === 2) stream.dynamicBlock();
    else throw new Deviation('a deflate block of type 3');
    if (isLastBlock) stream.align();
  }
  return { output: Buffer.from(stream.output), maxDistance: stream.maxDistance };
}

class Stream {
  maxDistance = 0;
  private readonly input: Buffer;
  private at = 0;
  private held = 0;
  private heldBits = 0;
  private out: Buffer;
  private readonly start: number;
  private length: number;

  constructor(input: Buffer, history: Buffer) {
    this.input = input;
    this.start = history.length;
    this.length = history.length;
    this.out = Buffer.allocUnsafe(history.length + Math.max(1024, input.length * 4));
    history.copy(this.out, 0);
  }

  get output(): Buffer {
    return this.out.subarray(this.start, this.length);
  }

  get isAtEnd(): boolean {
    return this.at === this.input.length && this.heldBits < 8;
  }

  bits(count: number): number {
    while (this.heldBits < count) {
      if (this.at === this.input.length) throw new Deviation('compressed data that ends inside a block');
      this.held |= (this.input[this.at++] ?? 0) << this.heldBits;
      this.heldBits += 8;
    }
    const value = this.held & ((1 << count) - 1);
    this.held >>>= count;
    this.heldBits -= count;
    return value;
  }

  align(): void {
    this.bits(this.heldBits & 7);
  }

  stored(): void {
    this.align();
    const length = this.bits(16);
    if ((this.bits(16) ^ 0xffff) !== length) throw new Deviation('a stored deflate block with a wrong length');
    this.reserve(length);
    for (let i = 0; i < length; i++) this.out[this.length++] = this.bits(8);
  }

  dynamicBlock(): void {
    const literals = this.bits(5) + 257;
    const distances = this.bits(5) + 1;
    const codes = this.bits(4) + 4;
    const codeLengths = new Uint8Array(19);
    for (let i = 0; i < codes; i++) codeLengths[CODE_LENGTH_ORDER[i] ?? 0] = this.bits(3);
    const code = createHuffman(codeLengths);
    const lengths = new Uint8Array(literals + distances);
    for (let i = 0; i < lengths.length; ) {
      const symbol = this.symbol(code);
      if (symbol < 16) {
        lengths[i++] = symbol;
        continue;
      }
      const value = symbol === 16 ? (lengths[i - 1] ?? 0) : 0;
      let repeat = symbol === 16 ? this.bits(2) + 3 : symbol === 17 ? this.bits(3) + 3 : this.bits(7) + 11;
      if (i + repeat > lengths.length) throw new Deviation('a deflate block with too many code lengths');
      while (repeat-- > 0) lengths[i++] = value;
    }
    this.block(createHuffman(lengths.subarray(0, literals)), createHuffman(lengths.subarray(literals)));
  }

  block(literals: Huffman, distances: Huffman): void {
    for (;;) {
      const symbol = this.symbol(literals);
      if (symbol === END_OF_BLOCK) return;
      if (symbol < END_OF_BLOCK) {
        this.reserve(1);
        this.out[this.length++] = symbol;
        continue;
      }
      const base = LENGTH_BASE[symbol - 257];
      if (base === undefined) throw new Deviation('a deflate length that does not exist');
      const length = base + this.bits(LENGTH_EXTRA[symbol - 257] ?? 0);
      const code = this.symbol(distances);
      const distanceBase = DISTANCE_BASE[code];
      if (distanceBase === undefined) throw new Deviation('a deflate distance that does not exist');
      this.copy(length, distanceBase + this.bits(code < 4 ? 0 : (code >> 1) - 1));
    }
  }

  private symbol({ counts, symbols }: Huffman): number {
    let code = 0;
    let first = 0;
    let index = 0;
    for (let bits = 1; bits <= MAX_CODE_BITS; bits++) {
      code |= this.bits(1);
      const count = counts[bits] ?? 0;
      if (code - count < first) return symbols[index + code - first] ?? 0;
      index += count;
      first = (first + count) << 1;
      code <<= 1;
    }
    throw new Deviation('a deflate code that does not exist');
  }

  private copy(length: number, distance: number): void {
    if (distance > this.length) throw new Deviation(`a reference ${distance} back, beyond all there is`);
    if (distance > this.maxDistance) this.maxDistance = distance;
    this.reserve(length);
    for (let i = 0; i < length; i++, this.length++) this.out[this.length] = this.out[this.length - distance] ?? 0;
  }

  private reserve(count: number): void {
    if (this.length + count <= this.out.length) return;
    const larger = Buffer.allocUnsafe((this.length + count) * 2);
    this.out.copy(larger, 0, 0, this.length);
    this.out = larger;
  }
}

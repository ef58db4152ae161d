import * as zlib from 'node:zlib';

/** Compresses as RFC 7692 section 7.2.1 has it. */
export function compressed(content: Uint8Array | string, windowBits = 15): Buffer {
  const options = { finishFlush: zlib.constants.Z_SYNC_FLUSH, level: 9, windowBits };
  return zlib.deflateRawSync(content, options).subarray(0, -4);
}

const MIB = 1024 * 1024;
const TAIL = Buffer.from([0x00, 0x00, 0xff, 0xff]);

/** The compressed form of that many MiB of zeros, about a thousandth of it. */
export function bombOf(mebibytes: number): Buffer {
  const one = compressed(Buffer.alloc(MIB));
  const parts = Array.from({ length: mebibytes * 2 - 1 }, (_, i) => (i % 2 === 0 ? one : TAIL));
  return Buffer.concat(parts);
}

/** A gzip file (RFC 1952) of many members, each of which is 1 MiB of zeros; it is made in no time and little memory. */
export function gzipBombOf(mebibytes: number): Buffer {
  const one = zlib.gzipSync(Buffer.alloc(MIB));
  return Buffer.concat(Array.from({ length: mebibytes }, () => one));
}

/**
 * A block with codes of its own that stands for nothing (RFC 1951 section 3.2.7), and an empty one that ends at a byte.
 */
const EMPTY_BLOCK = Buffer.from('04c081000000000090ff6b000000ffff', 'hex');

/** About `length` bytes that inflate to nothing, and take as long as bytes can: 0.3 s a MiB. */
export function emptyBlocks(length: number): Buffer {
  return Buffer.alloc(length - (length % EMPTY_BLOCK.length) - TAIL.length, EMPTY_BLOCK);
}

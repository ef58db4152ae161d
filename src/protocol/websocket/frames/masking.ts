import { simdMemory, xorInMemory } from '../../../util/simd-memory.ts';
import type { ProtocolPorts } from '../../ports.ts';

/*
 * A masking key is kept as one 32-bit word whose lowest byte is the first byte on the wire. Short payloads are XORed by
 * bytes (1 GB/s), since a view costs more; longer ones by words over an Int32Array (9 GB/s); and in the shared read
 * buffer by vectors (47 GB/s).
 */

const IS_LITTLE_ENDIAN = new Uint8Array(new Uint32Array([1]).buffer)[0] === 1;
const WORDS_FROM_BYTES = 48;
const VECTORS_FROM_BYTES = 128;
/** Buffers up to this size may be kept alive by the view cached below. */
const MAX_CACHED_BYTES = 1 << 19;

let cachedBuffer: ArrayBufferLike | undefined;
let cachedWords: Int32Array = new Int32Array(0);

/** The shared read buffer and the output slab come back all the time: one view is kept for the last buffer seen. */
function wordsOf(buffer: ArrayBufferLike): Int32Array {
  if (buffer === cachedBuffer) return cachedWords;
  const words = new Int32Array(buffer, 0, buffer.byteLength >> 2);
  if (buffer.byteLength <= MAX_CACHED_BYTES) {
    cachedBuffer = buffer;
    cachedWords = words;
  }
  return words;
}

/** The key as it applies when the first byte to be masked is byte `phase` of the payload. */
export function rotateMask(mask: number, phase: number): number {
  const bits = (phase & 3) << 3;
  return bits === 0 ? mask : (mask >>> bits) | (mask << (32 - bits));
}

/**
 * XORs `start` to `end` in place (RFC 6455 section 5.3) and returns the OR of the resulting bytes, of which only bit
 * `0x80` of any byte matters: none set means that the payload is ASCII. A `mask` of 0 only looks.
 */
export function applyMask(bytes: Buffer, start: number, end: number, mask: number): number {
  if (end - start < WORDS_FROM_BYTES || !IS_LITTLE_ENDIAN) return applyMaskByBytes(bytes, start, end, mask);
  const base = bytes.byteOffset;
  if (xorInMemory !== undefined && end - start >= VECTORS_FROM_BYTES && bytes.buffer === simdMemory) {
    return xorInMemory(base + start, base + end, mask);
  }
  let at = start;
  let seen = 0;
  const misaligned = (base + at) & 3;
  if (misaligned !== 0) {
    const aligned = at + 4 - misaligned;
    seen = applyMaskByBytes(bytes, at, aligned, mask);
    mask = rotateMask(mask, aligned - at);
    at = aligned;
  }
  const words = wordsOf(bytes.buffer);
  const first = (base + at) >> 2;
  const count = (end - at) >> 2;
  seen |= mask === 0 ? scanWords(words, first, first + count) : maskWords(words, first, first + count, mask);
  at += count << 2;
  return at < end ? seen | applyMaskByBytes(bytes, at, end, mask) : seen;
}

function maskWords(words: Int32Array, from: number, to: number, mask: number): number {
  let seen = 0;
  let i = from;
  for (const last = to - 7; i < last; i += 8) {
    const a = (words[i] as number) ^ mask;
    const b = (words[i + 1] as number) ^ mask;
    const c = (words[i + 2] as number) ^ mask;
    const d = (words[i + 3] as number) ^ mask;
    const e = (words[i + 4] as number) ^ mask;
    const f = (words[i + 5] as number) ^ mask;
    const g = (words[i + 6] as number) ^ mask;
    const h = (words[i + 7] as number) ^ mask;
    words[i] = a;
    words[i + 1] = b;
    words[i + 2] = c;
    words[i + 3] = d;
    words[i + 4] = e;
    words[i + 5] = f;
    words[i + 6] = g;
    words[i + 7] = h;
    seen |= a | b | c | d | e | f | g | h;
  }
  for (; i < to; i++) {
    const a = (words[i] as number) ^ mask;
    words[i] = a;
    seen |= a;
  }
  return foldHighBits(seen);
}

function scanWords(words: Int32Array, from: number, to: number): number {
  let seen = 0;
  for (let i = from; i < to; i++) seen |= words[i] as number;
  return foldHighBits(seen);
}

function foldHighBits(word: number): number {
  return (word & 0x80808080) === 0 ? 0 : 0x80;
}

function applyMaskByBytes(bytes: Buffer, start: number, end: number, mask: number): number {
  const m0 = mask & 0xff;
  const m1 = (mask >>> 8) & 0xff;
  const m2 = (mask >>> 16) & 0xff;
  const m3 = mask >>> 24;
  let seen = 0;
  let i = start;
  for (const last = end - 3; i < last; i += 4) {
    seen |=
      (bytes[i] = (bytes[i] as number) ^ m0) |
      (bytes[i + 1] = (bytes[i + 1] as number) ^ m1) |
      (bytes[i + 2] = (bytes[i + 2] as number) ^ m2) |
      (bytes[i + 3] = (bytes[i + 3] as number) ^ m3);
  }
  if (i < end) seen |= bytes[i] = (bytes[i] as number) ^ m0;
  if (i + 1 < end) seen |= bytes[i + 1] = (bytes[i + 1] as number) ^ m1;
  if (i + 2 < end) seen |= bytes[i + 2] = (bytes[i + 2] as number) ^ m2;
  return seen;
}

/** Masking keys for a client: unpredictable (RFC 6455 section 5.3), drawn from the system's generator in blocks. */
export class MaskSource {
  private readonly keys = new Int32Array(1024);
  private readonly fillRandom: ProtocolPorts['fillRandom'];
  private next = this.keys.length;

  constructor(fillRandom: ProtocolPorts['fillRandom']) {
    this.fillRandom = fillRandom;
  }

  /** A key that was never used before. */
  take(): number {
    if (this.next === this.keys.length) {
      this.fillRandom(new Uint8Array(this.keys.buffer));
      this.next = 0;
    }
    const key = this.keys[this.next] as number;
    // A used key must not stay readable in memory.
    this.keys[this.next++] = 0;
    return key;
  }
}

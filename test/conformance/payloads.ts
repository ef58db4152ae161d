/** A payload as data: text, bytes, or a pattern of a given length, which is made when the case is played. */
export type Payload = string | Uint8Array | Pattern;

export interface Pattern {
  readonly pattern: PatternName;
  readonly bytes: number;
}

/**
 * - `ascii`: printable characters, never the same twice in a row
 * - `utf8`: characters of one to four bytes, mixed
 * - `random`: bytes that do not compress
 * - `json`: records with names that repeat
 * - `zeros`: one byte, over and over
 */
export type PatternName = 'ascii' | 'utf8' | 'random' | 'json' | 'zeros';

const made = new Map<string, Buffer>();
/** Longer payloads are made anew each time, so that memory is not held for the whole run. */
const CACHED_BYTES = 256 * 1024;

/** The bytes of a payload. They may be shared: nobody changes them. */
export function bytesOf(payload: Payload | undefined): Buffer {
  if (payload === undefined) return Buffer.alloc(0);
  if (typeof payload === 'string') return Buffer.from(payload, 'utf8');
  if (payload instanceof Uint8Array) {
    return Buffer.from(payload.buffer, payload.byteOffset, payload.byteLength);
  }
  const key = `${payload.pattern} ${payload.bytes}`;
  const known = made.get(key);
  if (known !== undefined) return known;
  const bytes = makers[payload.pattern](payload.bytes);
  if (bytes.length !== payload.bytes) throw new Error(`the pattern ${key} has ${bytes.length} bytes`);
  if (bytes.length <= CACHED_BYTES) made.set(key, bytes);
  return bytes;
}

/** Bytes from hex digits; blanks are for the reader. */
export function hex(digits: string): Buffer {
  const compact = digits.replaceAll(' ', '');
  const bytes = Buffer.from(compact, 'hex');
  if (bytes.length * 2 !== compact.length) throw new Error(`not hex: ${digits}`);
  return bytes;
}

/** Numbers that look random and are the same in each run (xorshift, 32 bits). */
export function createRandom(seed: number): () => number {
  let state = seed | 0 || 1;
  return () => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return state >>> 0;
  };
}

const makers: Readonly<Record<PatternName, (bytes: number) => Buffer>> = {
  ascii: (length) => {
    const bytes = Buffer.allocUnsafe(length);
    for (let i = 0; i < length; i++) bytes[i] = 0x21 + ((i * 7 + (i >> 8)) % 94);
    return bytes;
  },
  utf8: (length) => {
    const sample = Buffer.from('aß水🎉', 'utf8');
    const whole = length - (length % sample.length);
    return Buffer.concat([Buffer.alloc(whole, sample), Buffer.alloc(length - whole, '.')]);
  },
  random: (length) => {
    const bytes = Buffer.allocUnsafe(length);
    const next = createRandom(length + 1);
    let at = 0;
    for (; at + 4 <= length; at += 4) bytes.writeUInt32LE(next(), at);
    for (; at < length; at++) bytes[at] = next() & 0xff;
    return bytes;
  },
  json: (length) => {
    const next = createRandom(length + 2);
    let text = '[';
    while (text.length < length) {
      text += `{"id":${next()},"name":"user ${next() % 1000}","active":${next() % 2 === 0},"tags":["new","blue"]},`;
    }
    return Buffer.from(text.slice(0, length), 'latin1');
  },
  zeros: (length) => Buffer.alloc(length),
};

import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { nodePorts } from '../../../src/platform/node-ports.ts';
import { applyMask, MaskSource, rotateMask } from '../../../src/protocol/websocket/frames/masking.ts';
import { simdMemory } from '../../../src/util/simd-memory.ts';

/** RFC 6455 section 5.3, word for word: transformed-octet-i = original-octet-i XOR masking-key-octet-(i MOD 4). */
function naiveMask(bytes: Buffer, start: number, end: number, key: readonly number[]): void {
  for (let i = start; i < end; i++) bytes[i] = (bytes[i] ?? 0) ^ (key[(i - start) % 4] ?? 0);
}

/** Ordinary memory, and the one in which vectors are used. */
const memories: [string, (offset: number, length: number) => Buffer][] = [
  ['ordinary memory', (offset, length) => Buffer.from(new ArrayBuffer(offset + length), offset)],
  ['the shared read buffer', (offset, length) => Buffer.from(simdMemory, offset, length)],
  [
    'the end of the shared read buffer',
    (offset, length) => Buffer.from(simdMemory, simdMemory.byteLength - length - offset, length),
  ],
];

function wordOf(key: readonly number[]): number {
  return Buffer.from(key).readInt32LE(0);
}

const keys = [
  [0x37, 0xfa, 0x21, 0x3d],
  [0, 0, 0, 0],
  [0xff, 0xff, 0xff, 0xff],
  [0, 0, 0, 0x80],
  [0x80, 0, 0, 0],
  [1, 2, 3, 4],
];

describe('applying a mask', () => {
  test.each(memories)('agrees with the formula of section 5.3 at all offsets and lengths in %s', (_name, allocate) => {
    for (const key of keys) {
      for (let offset = 0; offset < 17; offset++) {
        for (let length = 0; length < 340; length++) {
          const bytes = allocate(offset, length + 7);
          for (let i = 0; i < bytes.length; i++) bytes[i] = (i * 73 + 11) & 0xff;
          const start = length % 5;
          const expected = Buffer.from(bytes);
          naiveMask(expected, start, start + length, key);
          applyMask(bytes, start, start + length, wordOf(key));
          // `equals` and not `toEqual`: there are 100 000 of them.
          if (!bytes.equals(expected)) expect.fail(`${length} bytes at ${offset + start}, key ${key.join()}`);
        }
      }
    }
  });

  test('agrees with the formula for long payloads, piece by piece with the rotated key', () => {
    fc.assert(
      fc.property(
        fc.uint8Array({ minLength: 0, maxLength: 5000 }),
        fc.array(fc.nat({ max: 5000 }), { maxLength: 6 }),
        fc.tuple(fc.nat(255), fc.nat(255), fc.nat(255), fc.nat(255)),
        fc.nat({ max: 7 }),
        fc.constantFrom(...memories.map(([, allocate]) => allocate)),
        (payload, cuts, key, offset, allocate) => {
          const bytes = allocate(offset, offset + payload.length);
          bytes.set(payload, offset);
          const expected = Buffer.from(bytes);
          naiveMask(expected, offset, expected.length, key);
          const ends = cuts.filter((cut) => cut < payload.length).sort((a, b) => a - b);
          let from = 0;
          for (const to of [...ends, payload.length]) {
            applyMask(bytes, offset + from, offset + to, rotateMask(wordOf(key), from));
            from = to;
          }
          expect(bytes.equals(expected)).toBe(true);
        },
      ),
    );
  });

  test('twice changes nothing', () => {
    const bytes = Buffer.from('RFC 6455 section 5.3: the same algorithm applies regardless of the direction');
    const masked = Buffer.from(bytes);
    applyMask(masked, 0, masked.length, 0x3d21fa37);
    expect(masked).not.toEqual(bytes);
    applyMask(masked, 0, masked.length, 0x3d21fa37);
    expect(masked).toEqual(bytes);
  });

  test.each(memories)('tells whether a byte of the result is beyond ASCII, wherever it is in %s', (_name, allocate) => {
    for (const length of [1, 2, 3, 4, 5, 7, 8, 47, 48, 49, 63, 64, 80, 101, 127, 128, 129, 191, 200, 1000]) {
      for (const start of [0, 1, 2, 3]) {
        for (const mask of [0, wordOf([0x37, 0xfa, 0x21, 0x3d]), -1]) {
          const ascii = allocate(1, start + length + 3).fill(0x7f);
          applyMask(ascii, start, start + length, mask);
          expect(applyMask(ascii, start, start + length, mask) & 0x80, `${length} bytes of ASCII`).toBe(0);
          for (let at = 0; at < length; at++) {
            const bytes = allocate(1, start + length + 3).fill(0x41);
            bytes[start + at] = 0x80;
            applyMask(bytes, start, start + length, mask);
            const seen = applyMask(bytes, start, start + length, mask);
            if ((seen & 0x80) === 0) expect.fail(`the byte at ${at} of ${length} from ${start} was missed`);
          }
        }
      }
    }
  });

  test.each(memories)('does not look at the bytes around, in %s', (_name, allocate) => {
    for (const length of [1, 50, 100, 130, 200, 1000]) {
      const bytes = allocate(3, length + 100).fill(0xff);
      bytes.fill(0x20, 50, 50 + length);
      expect(applyMask(bytes, 50, 50 + length, 0) & 0x80).toBe(0);
    }
  });

  test('a mask of 0 changes nothing', () => {
    const bytes = Buffer.from(Array.from({ length: 300 }, (_, i) => i & 0xff));
    const before = Buffer.from(bytes);
    applyMask(bytes, 3, 290, 0);
    expect(bytes).toEqual(before);
  });

  test('works on memory whose length is no multiple of four, and on slices of a pool', () => {
    const odd = Buffer.from(new ArrayBuffer(103), 2);
    odd.fill(0x55);
    applyMask(odd, 0, odd.length, 0x04030201);
    expect([...odd.subarray(97, 101)]).toEqual([0x55 ^ 2, 0x55 ^ 3, 0x55 ^ 4, 0x55 ^ 1]);
    const pooled = Buffer.allocUnsafe(100).fill(0x55);
    applyMask(pooled, 0, 100, 0x04030201);
    expect([...pooled.subarray(96)]).toEqual([0x55 ^ 1, 0x55 ^ 2, 0x55 ^ 3, 0x55 ^ 4]);
  });

  test('buffers in turn do not disturb each other', () => {
    const buffers = [1, 2, 3].map((n) => Buffer.alloc(64 * n, n));
    for (let round = 0; round < 4; round++) for (const each of buffers) applyMask(each, 0, each.length, 0x01010101);
    expect(buffers.map((each, i) => each.every((byte) => byte === i + 1))).toEqual([true, true, true]);
  });
});

test('a rotated mask begins with the byte that applies at the phase', () => {
  const bytesOf = (word: number): string => {
    const bytes = Buffer.alloc(4);
    bytes.writeInt32LE(word | 0);
    return bytes.toString('hex');
  };
  for (const key of ['01020384', 'ff000080', '80ff7f00', '00000000', 'ffffffff']) {
    const word = Buffer.from(key, 'hex').readInt32LE(0);
    for (const phase of [0, 1, 2, 3, 4, 5, 6, 7, 65_535, 65_536, 2 ** 31 + 1, 2 ** 32 + 2, 2 ** 53 - 1]) {
      const by = (phase % 4) * 2;
      expect(bytesOf(rotateMask(word, phase)), `${key} at ${phase}`).toBe(key.slice(by) + key.slice(0, by));
    }
  }
});

describe('a source of masks', () => {
  test('hands out each random word once, in blocks that are drawn when needed', () => {
    let drawn = 0;
    let counter = 0;
    const masks = new MaskSource((target) => {
      drawn++;
      const words = new Int32Array(target.buffer, target.byteOffset, target.byteLength / 4);
      for (let i = 0; i < words.length; i++) words[i] = ++counter;
    });
    expect(drawn, 'nothing is drawn before the first key').toBe(0);
    const keys = Array.from({ length: 10_000 }, () => masks.take());
    expect(new Set(keys).size).toBe(10_000);
    expect(drawn).toBeGreaterThan(1);
    expect(drawn, 'one call for each key would be slow').toBeLessThan(100);
  });

  test('a used key is not left in the memory that it was drawn into', () => {
    let memory: ArrayBufferLike | undefined;
    const masks = new MaskSource((target) => {
      memory = target.buffer;
      target.fill(0x5a);
    });
    for (let i = 0; i < 5; i++) masks.take();
    expect([...new Int32Array(memory ?? new ArrayBuffer(0)).subarray(0, 6)]).toEqual([0, 0, 0, 0, 0, 0x5a5a5a5a]);
  });

  test('keys from the system differ and use all their bits', () => {
    const masks = new MaskSource(nodePorts.fillRandom);
    let ones = 0;
    let zeros = 0;
    const seen = new Set<number>();
    for (let i = 0; i < 3000; i++) {
      const key = masks.take();
      seen.add(key);
      ones |= key;
      zeros |= ~key;
    }
    expect(seen.size).toBeGreaterThan(2990);
    expect([ones, zeros]).toEqual([-1, -1]);
  });
});

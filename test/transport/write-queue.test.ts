import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { WriteQueue } from '../../src/transport/write-queue.ts';

/** Bytes of all the memory behind some pieces. */
function memoryOf(pieces: readonly Buffer[]): number {
  return [...new Set(pieces.map((piece) => piece.buffer))].reduce((sum, buffer) => sum + buffer.byteLength, 0);
}

describe('a write queue', () => {
  test('gives everything back in order, and is empty after that', () => {
    const queue = new WriteQueue();
    expect(queue.bytes).toBe(0);
    queue.copy(Buffer.from('xxonexx'), 2, 5);
    queue.append(Buffer.from(' two'));
    queue.copy(Buffer.from(' three'), 0, 6);
    expect(queue.bytes).toBe(13);
    expect(Buffer.concat(queue.takeAll()).toString()).toBe('one two three');
    expect(queue.bytes).toBe(0);
    expect(queue.takeAll()).toEqual([]);
    queue.copy(Buffer.from('again'), 0, 5);
    expect(Buffer.concat(queue.takeAll()).toString()).toBe('again');
  });

  test('keeps copies of what was copied, and the very buffers that were appended', () => {
    const queue = new WriteQueue();
    const source = Buffer.from('copied');
    const appended = Buffer.from('appended');
    queue.copy(source, 0, 6);
    queue.append(appended);
    source.fill(0xff);
    const pieces = queue.takeAll();
    expect(pieces[0]?.toString()).toBe('copied');
    expect(pieces[1]).toBe(appended);
  });

  test('what was taken out does not change when more is put in', () => {
    const queue = new WriteQueue();
    queue.copy(Buffer.from('first'), 0, 5);
    const taken = queue.takeAll();
    queue.copy(Buffer.from('SECOND'), 0, 6);
    expect(Buffer.concat(taken).toString()).toBe('first');
  });

  test('a buffer that was appended is not written into', () => {
    const queue = new WriteQueue();
    const memory = Buffer.alloc(100, 0x61);
    queue.append(memory.subarray(0, 10));
    queue.copy(Buffer.alloc(50, 0x62), 0, 50);
    expect(memory.every((byte) => byte === 0x61)).toBe(true);
  });

  test.each([1, 10, 102, 1000, 5000, 16_384, 40_000])('pieces of %i bytes cost less than twice their bytes', (size) => {
    const queue = new WriteQueue();
    const source = Buffer.alloc(size, 0x61);
    const count = Math.floor(300_000 / size);
    for (let i = 0; i < count; i++) queue.copy(source, 0, size);
    const { bytes } = queue;
    expect(bytes).toBe(count * size);
    const pieces = queue.takeAll();
    expect(memoryOf(pieces)).toBeLessThan(2 * bytes + 1024);
    expect(pieces.length).toBeLessThan(bytes / 4096 + 10);
  });

  test('few bytes cost little', () => {
    const queue = new WriteQueue();
    queue.copy(Buffer.from('0123456789'), 0, 10);
    expect(memoryOf(queue.takeAll())).toBeLessThanOrEqual(1024);
  });

  test('any sequence comes back whole, without empty pieces', () => {
    const anyPiece = fc.record({
      isCopy: fc.boolean(),
      length: fc.oneof(fc.integer({ min: 1, max: 50 }), fc.integer({ min: 1, max: 40_000 })),
      skip: fc.nat({ max: 9 }),
    });
    fc.assert(
      fc.property(fc.array(anyPiece, { maxLength: 25 }), fc.nat({ max: 25 }), (pieces, takeAt) => {
        const queue = new WriteQueue();
        const expected: Buffer[] = [];
        const out: Buffer[] = [];
        for (const [i, { isCopy, length, skip }] of pieces.entries()) {
          const source = Buffer.alloc(skip + length + 5, i + 1);
          expected.push(Buffer.alloc(length, i + 1));
          if (isCopy) queue.copy(source, skip, skip + length);
          else queue.append(source.subarray(skip, skip + length));
          if (isCopy) source.fill(0xff);
          if (i === takeAt) out.push(...queue.takeAll());
        }
        out.push(...queue.takeAll());
        expect(out.every((piece) => piece.length > 0)).toBe(true);
        expect(Buffer.concat(out).equals(Buffer.concat(expected))).toBe(true);
      }),
    );
  });
});

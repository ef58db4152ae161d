import { isUtf8 } from 'node:buffer';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { validateUtf8 } from '../../../src/protocol/websocket/text/utf8.ts';
import { expectSame } from '../../support/expect-same.ts';
import { hex } from '../../support/frames.ts';

interface Verdict {
  /** Index of the first byte after which nothing can make the bytes valid; -1 when there is none. */
  readonly badAt: number;
  /** True when the bytes end with a whole character. */
  readonly isComplete: boolean;
}

/** By code points, not by tables: a prefix is fine as long as one of the code points it can still become is. */
function judge(bytes: Uint8Array): Verdict {
  let missing = 0;
  let point = 0;
  let least = 0;
  for (let index = 0; index < bytes.length; index++) {
    const byte = bytes[index] ?? 0;
    if (missing === 0) {
      if (byte < 0x80) continue;
      if (byte < 0xc0 || byte > 0xf7) return { badAt: index, isComplete: false };
      missing = byte < 0xe0 ? 1 : byte < 0xf0 ? 2 : 3;
      least = missing === 1 ? 0x80 : missing === 2 ? 0x800 : 0x10000;
      point = byte % (missing === 1 ? 32 : missing === 2 ? 16 : 8);
    } else {
      if (byte < 0x80 || byte > 0xbf) return { badAt: index, isComplete: false };
      point = point * 64 + (byte % 64);
      missing--;
    }
    const step = 1 << (6 * missing);
    const lowest = Math.max(point * step, least);
    const highest = Math.min((point + 1) * step - 1, 0x10ffff);
    if (lowest > highest || (lowest >= 0xd800 && highest <= 0xdfff)) return { badAt: index, isComplete: false };
  }
  return { badAt: -1, isComplete: missing === 0 };
}

/** Feeds the bytes piece by piece; the last piece that was fed, or -1 with no failure, and whether all is complete. */
function validatePieces(bytes: Uint8Array, ends: readonly number[]): { failedPiece: number; isComplete: boolean } {
  let from = 0;
  for (let piece = 0; piece < ends.length; piece++) {
    const to = ends[piece] ?? 0;
    const next = validateUtf8(bytes, from, to, isUtf8);
    if (next === -1) return { failedPiece: piece, isComplete: false };
    if (next < from || next > to || to - next > 3) throw new Error(`${next} after ${from} to ${to}`);
    from = next;
  }
  return { failedPiece: -1, isComplete: from === bytes.length };
}

/** The ends of pieces of one byte, by the number of bytes. */
const EVERY_BYTE = [[], [1], [1, 2], [1, 2, 3], [1, 2, 3, 4]];

function compareByteByByte(bytes: Uint8Array): void {
  const verdict = judge(bytes);
  const ends = EVERY_BYTE[bytes.length] ?? [];
  const { failedPiece, isComplete } = validatePieces(bytes, ends);
  if (failedPiece !== verdict.badAt || isComplete !== verdict.isComplete) {
    expect.fail(`${Buffer.from(bytes).toString('hex')}: failed at ${failedPiece}, not ${verdict.badAt}`);
  }
}

/** The bytes at which the rules change, and one beside each. */
const TELLING = hex(
  '00 41 7f 80 81 8f 90 91 9f a0 a1 bf c0 c1 c2 c3 df e0 e1 ec ed ee ef f0 f1 f3 f4 f5 f7 f8 fb fc fe ff',
);

test('the reference agrees with the runtime about whole arrays', () => {
  for (let first = 0; first < 256; first++) {
    for (let second = 0; second < 256; second++) {
      const bytes = Uint8Array.of(first, second);
      if (judge(bytes).isComplete !== isUtf8(bytes)) expect.fail(Buffer.from(bytes).toString('hex'));
    }
  }
  for (const first of TELLING) {
    for (const second of TELLING) {
      for (const third of TELLING) {
        for (const bytes of [Uint8Array.of(first, second, third), Uint8Array.of(first, second, third, 0x80)]) {
          if (judge(bytes).isComplete !== isUtf8(bytes)) expect.fail(Buffer.from(bytes).toString('hex'));
        }
      }
    }
  }
});

describe('byte by byte, validation fails with the byte that makes it certain', () => {
  test('all sequences of one and of two bytes', () => {
    for (let first = 0; first < 256; first++) {
      compareByteByByte(Uint8Array.of(first));
      for (let second = 0; second < 256; second++) compareByteByByte(Uint8Array.of(first, second));
    }
  });

  test('every second byte behind a lead of three or four bytes', () => {
    for (let first = 0xe0; first < 0xf8; first++) {
      for (let second = 0; second < 256; second++) {
        for (const third of TELLING) compareByteByByte(Uint8Array.of(first, second, third));
      }
    }
  });

  test('all sequences of four bytes between which the rules differ', () => {
    for (const first of TELLING) {
      for (const second of TELLING) {
        for (const third of TELLING) {
          for (const fourth of TELLING) compareByteByByte(Uint8Array.of(first, second, third, fourth));
        }
      }
    }
  });

  test('every lead and second byte at the end of a long piece', () => {
    const long = Buffer.alloc(100, 0x61);
    for (let first = 0; first < 256; first++) {
      for (const second of TELLING) {
        for (const tail of [[first], [first, second], [first, second, 0x80]]) {
          const bytes = Buffer.concat([long, Buffer.from(tail)]);
          const verdict = judge(bytes);
          const next = validateUtf8(bytes, 0, bytes.length, isUtf8);
          const isBad = verdict.badAt !== -1;
          const isRight = isBad ? next === -1 : next !== -1 && (next === bytes.length) === verdict.isComplete;
          if (!isRight) expect.fail(bytes.toString('hex', 100));
        }
      }
    }
  });
});

test('every character is valid, however it is cut', () => {
  for (let point = 0; point <= 0x10ffff; point += point < 0x1_0000 ? 1 : 13) {
    if (point >= 0xd800 && point <= 0xdfff) continue;
    const bytes = Buffer.from(String.fromCodePoint(point));
    const ends = [1, 2, 3, 4].filter((end) => end <= bytes.length);
    const { failedPiece, isComplete } = validatePieces(bytes, ends);
    if (failedPiece !== -1 || !isComplete) expect.fail(`U+${point.toString(16)}`);
  }
});

test('no surrogate is valid, and it fails with its second byte', () => {
  for (let point = 0xd800; point <= 0xdfff; point++) {
    const bytes = Uint8Array.of(0xed, 0x80 + ((point >> 6) & 0x3f), 0x80 + (point & 0x3f));
    expectSame(validatePieces(bytes, [1, 2, 3]), { failedPiece: 1, isComplete: false });
  }
});

const anyText = fc.oneof(
  fc.string({ unit: 'binary', maxLength: 80 }),
  fc.string({ unit: 'grapheme', maxLength: 80 }),
  fc.string({ unit: fc.constantFrom('a', 'é', '€', '😀', '\ufeff', '\ufffe', '\ufdd0'), maxLength: 80 }),
);
const anyCuts = fc.array(fc.nat({ max: 400 }), { maxLength: 8 });

function endsOf(cuts: readonly number[], length: number): number[] {
  const inside = new Set(cuts.filter((cut) => cut > 0 && cut < length));
  return [...[...inside].sort((a, b) => a - b), length];
}

test('valid text is valid in whatever pieces it arrives', () => {
  fc.assert(
    fc.property(anyText, anyCuts, (text, cuts) => {
      const bytes = Buffer.from(text);
      if (bytes.length === 0) return;
      expect(validatePieces(bytes, endsOf(cuts, bytes.length))).toEqual({ failedPiece: -1, isComplete: true });
    }),
  );
});

test('text with a changed byte fails in the piece that has the byte which makes it certain', () => {
  fc.assert(
    fc.property(anyText, fc.nat(), fc.nat(255), anyCuts, (text, where, byte, cuts) => {
      const bytes = Buffer.from(text);
      if (bytes.length === 0) return;
      bytes[where % bytes.length] = byte;
      const verdict = judge(bytes);
      const ends = endsOf(cuts, bytes.length);
      const expectedPiece = verdict.badAt === -1 ? -1 : ends.findIndex((end) => end > verdict.badAt);
      expect(validatePieces(bytes, ends)).toEqual({ failedPiece: expectedPiece, isComplete: verdict.isComplete });
      expect(verdict.isComplete).toBe(isUtf8(bytes));
    }),
    { numRuns: 1000 },
  );
});

test('what is in front of `from` and behind `to` does not matter', () => {
  const bytes = hex('ff ff e2 82 ac ff');
  expect(validateUtf8(bytes, 2, 5, isUtf8)).toBe(5);
  expect(validateUtf8(bytes, 2, 4, isUtf8)).toBe(2);
  expect(validateUtf8(bytes, 2, 6, isUtf8)).toBe(-1);
  expect(validateUtf8(bytes, 5, 5, isUtf8)).toBe(5);
});

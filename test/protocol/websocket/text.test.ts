import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { decodeText, encodeText, utf8Length } from '../../../src/protocol/websocket/text/text.ts';

/** The OR of all bytes, as masking leaves it behind. */
function seenIn(bytes: Buffer): number {
  return bytes.reduce((seen, byte) => seen | byte, 0);
}

const lengths = [0, 1, 2, 15, 16, 17, 31, 32, 47, 48, 49, 50, 100, 1000, 70_000];
const units = [
  'a',
  '\u0000',
  '\u007f',
  '\u0080',
  'é',
  '\u07ff',
  '\u0800',
  '€',
  '\ufeff',
  '\uffff',
  '\ufdd0',
  '😀',
  '\u{10ffff}',
];

describe('encoding and decoding', () => {
  test.each(lengths)('%i characters of every width come back', (length) => {
    for (const unit of units) {
      const text = unit.repeat(length);
      const bytes = Buffer.from(text);
      const out = Buffer.alloc(bytes.length + 10, 0xee);
      expect(utf8Length(text)).toBe(bytes.length);
      encodeText(text, bytes.length, out, 5);
      expect(out.equals(Buffer.concat([Buffer.alloc(5, 0xee), bytes, Buffer.alloc(5, 0xee)]))).toBe(true);
      expect(decodeText(out, 5, 5 + bytes.length, seenIn(bytes)) === text).toBe(true);
    }
  });

  test('a byte order mark is a character like any other', () => {
    const bytes = Buffer.from('efbbbf61', 'hex');
    expect(decodeText(bytes, 0, 4, seenIn(bytes))).toBe('\ufeffa');
    expect(decodeText(bytes, 0, 3, seenIn(bytes))).toBe('\ufeff');
  });

  test('ASCII is decoded the same with and without being known to be ASCII', () => {
    const all = Buffer.from(Array.from({ length: 128 }, (_, i) => i));
    for (let length = 0; length <= 128; length++) {
      expect(decodeText(all, 0, length, 0x7f)).toBe(decodeText(all, 0, length, 0xff));
    }
  });

  test('any text comes back', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 200 }), (text) => {
        const length = utf8Length(text);
        const out = Buffer.alloc(length);
        encodeText(text, length, out, 0);
        expect(decodeText(out, 0, length, seenIn(out))).toBe(text);
      }),
    );
  });
});

describe('the length of text in UTF-8', () => {
  test.each([
    '\ud800',
    '\udc00',
    'a\ud83d',
    '\ude00\ud83d',
    'x'.repeat(100) + '\udfff',
    '\ud800'.repeat(60),
    'é\udbff',
  ])('is -1 for a lone surrogate: %j', (text) => {
    expect(utf8Length(text)).toBe(-1);
  });

  test('agrees with what the runtime writes', () => {
    const anyUnit = fc.oneof(fc.constantFrom('a', 'é', '€', '\ud83d', '\ude00', '\ufffd'), fc.string({ maxLength: 1 }));
    fc.assert(
      fc.property(fc.string({ unit: anyUnit, maxLength: 120 }), (text) => {
        const bytes = Buffer.from(text);
        const isWhole = bytes.toString() === text;
        expect(utf8Length(text)).toBe(isWhole ? bytes.length : -1);
      }),
      { numRuns: 1000 },
    );
  });
});

import { createHash } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { nodePorts } from '../../src/platform/node-ports.ts';

describe('sha1Base64', () => {
  test.each([
    ['dGhlIHNhbXBsZSBub25jZQ==258EAFA5-E914-47DA-95CA-C5AB0DC85B11', 's3pPLMBiTxaQ9kYGzzhZRbK+xOo='], // RFC 6455 section 1.3
    ['', '2jmj7l5rSw0yVb/vlWAYkK/YBwk='],
    ['abc', 'qZk+NkcGgWq6PiVxeFDCbJzQ2J0='], // FIPS 180-1 appendix A
  ])('%j gives %s', (text, expected) => {
    expect(nodePorts.sha1Base64(text)).toBe(expected);
  });

  test('text is taken as Latin-1, one byte a character', () => {
    const latin1 = fc.array(fc.nat({ max: 255 })).map((codes) => String.fromCharCode(...codes));
    fc.assert(
      fc.property(latin1, (text) => {
        const bytes = Uint8Array.from(text, (character) => character.charCodeAt(0));
        expect(nodePorts.sha1Base64(text)).toBe(createHash('sha1').update(bytes).digest('base64'));
      }),
    );
  });
});

describe('fillRandom', () => {
  test('the whole array is filled, and nothing around it', () => {
    const whole = new Uint8Array(4096);
    nodePorts.fillRandom(whole.subarray(1024, 3072));
    const isZero = (byte: number) => byte === 0;
    expect(whole.subarray(0, 1024).every(isZero)).toBe(true);
    expect(whole.subarray(3072).every(isZero)).toBe(true);
    // 64 zero bytes in a row do not happen by chance: 2 to the -512.
    for (let start = 1024; start < 3072; start += 64)
      expect(whole.subarray(start, start + 64).every(isZero)).toBe(false);
  });

  test('no two fillings are alike', () => {
    const drawn = Array.from({ length: 100 }, () => {
      const bytes = new Uint8Array(16);
      nodePorts.fillRandom(bytes);
      return bytes.join();
    });
    expect(new Set(drawn).size).toBe(100);
  });

  test('an empty array is fine', () => {
    expect(() => nodePorts.fillRandom(new Uint8Array(0))).not.toThrow();
  });
});

describe('isUtf8', () => {
  test.each([
    ['', true, 'nothing'],
    ['61', true, 'ASCII'],
    ['00', true, 'NUL'],
    ['c3a9', true, 'two bytes'],
    ['efbbbf', true, 'a byte order mark'],
    ['efbfbf', true, 'the non-character U+FFFF'],
    ['f48fbfbf', true, 'U+10FFFF'],
    ['f4908080', false, 'U+110000'],
    ['eda080', false, 'a high surrogate'],
    ['edbfbf', false, 'a low surrogate'],
    ['c080', false, 'an over-long NUL'],
    ['e0809f', false, 'over-long in three bytes'],
    ['f08080af', false, 'over-long in four bytes'],
    ['80', false, 'a continuation without a start'],
    ['c3', false, 'a start without a continuation'],
    ['e282', false, 'a sequence cut short'],
    ['fe', false, 'a byte that never occurs'],
    ['ff', false, 'another byte that never occurs'],
  ])('%s is %s: %s', (hex, expected) => {
    expect(nodePorts.isUtf8(Buffer.from(hex, 'hex'))).toBe(expected);
  });

  test('only the view counts, not the memory around it', () => {
    const bytes = Uint8Array.of(0xff, 0x61, 0xff);
    expect(nodePorts.isUtf8(bytes.subarray(1, 2))).toBe(true);
    expect(nodePorts.isUtf8(bytes)).toBe(false);
  });

  test('it agrees with a strict decoder on any bytes', () => {
    const decoder = new TextDecoder('utf-8', { fatal: true });
    const decodes = (bytes: Uint8Array) => {
      try {
        decoder.decode(bytes);
        return true;
      } catch {
        return false;
      }
    };
    const byte = fc.oneof(
      fc.nat({ max: 255 }),
      fc.constantFrom(0xc2, 0xe0, 0xed, 0xf0, 0xf4, 0x80, 0x8f, 0x90, 0x9f, 0xa0, 0xbf),
    );
    fc.assert(
      fc.property(fc.array(byte, { maxLength: 8 }), (codes) => {
        const bytes = Uint8Array.from(codes);
        expect(nodePorts.isUtf8(bytes)).toBe(decodes(bytes));
      }),
      { numRuns: 1000 },
    );
  });
});

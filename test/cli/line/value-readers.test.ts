import { describe, expect, it } from 'vitest';
import { BadValue } from '../../../src/cli/line/command-table.ts';
import {
  readByteSize,
  readHeader,
  readInteger,
  readNames,
  readPath,
  readPort,
  readSeconds,
} from '../../../src/cli/line/value-readers.ts';

describe('reading a number of bytes', () => {
  it.each([
    ['16777216', 16_777_216],
    ['1', 1],
    ['16M', 16_777_216],
    ['16m', 16_777_216],
    ['16MiB', 16_777_216],
    ['16 MB', 16_777_216],
    ['64K', 65_536],
    ['1G', 1_073_741_824],
    ['1.5k', 1536],
    ['4294967295', 4_294_967_295],
  ])('takes %s for %d', (text, bytes) => {
    expect(readByteSize(text)).toBe(bytes);
  });

  it.each(['', '0', '-1', '4G', '16X', 'M', '1e9', '0x10', '16 M M', ' 5', 'NaN'])('refuses %j', (text) => {
    expect(() => readByteSize(text)).toThrow(BadValue);
  });
});

describe('reading a header', () => {
  it.each([
    ['X-A: b', 'X-A', 'b'],
    ['X-A:b', 'X-A', 'b'],
    ['  X-A  :  b c  ', 'X-A', 'b c'],
    ['Origin: http://o:80', 'Origin', 'http://o:80'],
    ['X-Empty:', 'X-Empty', ''],
    ['X-Empty;', 'X-Empty', ''],
    ['X-A: b;', 'X-A', 'b;'],
    // The bytes that were typed, one character each.
    ['X-A: é☃', 'X-A', '\u00c3\u00a9\u00e2\u0098\u0083'],
    ['X-Tab: a\tb', 'X-Tab', 'a\tb'],
  ])('splits %j at the first colon and trims', (text, name, value) => {
    expect(readHeader(text)).toEqual([name, value]);
  });

  it.each(['', 'X-A', ': b', 'X A: b', 'X-A: b\r\nEvil: 1', 'X-A: b\nc', 'X-A: \u0000', 'X A;'])(
    'refuses %j',
    (text) => {
      expect(() => readHeader(text)).toThrow(BadValue);
    },
  );

  it('does not repeat what may be a secret', () => {
    expect(() => readHeader('Bearer s3cret')).toThrow(/^((?!s3cret).)*$/);
    expect(() => readHeader('Authorization: s3cret\n')).not.toThrow();
    expect(() => readHeader('Authorization: s3\ncret')).toThrow(/^((?!cret).)*$/);
  });
});

describe('reading other values', () => {
  it.each([
    ['0', 0],
    ['8008', 8008],
    ['65535', 65_535],
  ])('takes the port %s', (text, port) => {
    expect(readPort(text)).toBe(port);
  });

  it.each(['', '-1', '65536', '80x', '8.5', '0x50', ' 80', '1e3'])('refuses the port %j', (text) => {
    expect(() => readPort(text)).toThrow('must be a whole number from 0 to 65535');
  });

  it('takes signs where the range has them', () => {
    expect(readInteger(-1, 10)('-1')).toBe(-1);
    expect(readInteger(-1, 10)('+7')).toBe(7);
    expect(() => readInteger(-1, 10)('-2')).toThrow(BadValue);
  });

  it.each([
    ['0', 0],
    ['1.5', 1.5],
    ['.5', 0.5],
    ['2.', 2],
    ['86400', 86_400],
  ])('takes %s for seconds', (text, seconds) => {
    expect(readSeconds(text)).toBe(seconds);
  });

  it.each(['', '-1', 'x', '86401', 'Infinity', '.'])('refuses %j for seconds', (text) => {
    expect(() => readSeconds(text)).toThrow(BadValue);
  });

  it('splits names at commas', () => {
    expect(readNames('chat, soap')).toEqual(['chat', 'soap']);
    expect(() => readNames('chat,,soap')).toThrow(BadValue);
    expect(() => readNames('')).toThrow(BadValue);
  });

  it('wants a path to be there', () => {
    expect(readPath('a b')).toBe('a b');
    expect(() => readPath('')).toThrow(BadValue);
  });
});

import { describe, expect, test } from 'vitest';
import { isCompressible, parseContentEncoding } from '../../src/http/coding/content-coding.ts';

describe('Content-Encoding', () => {
  test.each<[string | undefined, string[]]>([
    [undefined, []],
    ['', []],
    ['identity', []],
    ['gzip', ['gzip']],
    ['X-GZIP', ['gzip']],
    ['deflate, br', ['deflate', 'br']],
    [' gzip ,, identity,\tzstd ', ['gzip', 'zstd']],
    ['gzip, gzip, gzip, gzip, gzip', ['gzip', 'gzip', 'gzip', 'gzip', 'gzip']],
  ])('%j is read as %j', (value, expected) => {
    expect(parseContentEncoding(value)).toEqual(expected);
  });

  test('has at most five members', () => {
    expect(parseContentEncoding(Array(6).fill('gzip').join(','))).toMatchObject({ code: 'tooManyContentCodings' });
    expect(parseContentEncoding(Array(1000).fill('br').join(','))).toMatchObject({ code: 'tooManyContentCodings' });
  });

  test.each(['compress', 'gzip, foo', '__proto__', 'constructor', 'gzip br'])('%j is unknown', (value) => {
    expect(parseContentEncoding(value)).toMatchObject({ code: 'contentCodingUnsupported' });
  });
});

describe('a type', () => {
  test.each([
    'text/html; charset=utf-8',
    'TEXT/PLAIN',
    'application/json',
    'application/vnd.api+json; v=1',
    'image/svg+xml',
    'application/wasm',
    'font/ttf',
  ])('%s is worth encoding', (type) => {
    expect(isCompressible(type)).toBe(true);
  });

  test.each(['image/png', 'video/mp4', 'application/zip', 'font/woff2', 'application/octet-stream', '', undefined])(
    '%s is not',
    (type) => {
      expect(isCompressible(type)).toBe(false);
    },
  );
});

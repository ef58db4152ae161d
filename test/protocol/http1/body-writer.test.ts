import { describe, expect, test } from 'vitest';
import { UsageError } from '../../../src/errors.ts';
import { HttpHeaders } from '../../../src/protocol/http1/headers.ts';
import {
  chunkEnd,
  formatChunkHeader,
  formatLastChunk,
  lastChunk,
} from '../../../src/protocol/http1/message/body-writer.ts';
import { bodyOf } from './read-messages.ts';

describe('RFC 9112 7.1: a chunked body as it is written', () => {
  test.each([
    [1, '1\r\n'],
    [15, 'f\r\n'],
    [65_536, '10000\r\n'],
    [Number.MAX_SAFE_INTEGER, '1fffffffffffff\r\n'],
  ])('a chunk of %i bytes begins with %j', (length, expected) => {
    expect(formatChunkHeader(length)).toBe(expected);
  });

  test.each([0, -1, 1.5, Number.NaN, 2 ** 53])('a chunk of %s bytes cannot be', (length) => {
    expect(() => formatChunkHeader(length)).toThrow(UsageError);
  });

  test('is what a reader expects', () => {
    const trailers = HttpHeaders.from([
      ['X-Sum', '1'],
      ['x-sum', 'z\xe9'],
    ]);
    const head = 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n';
    const data = `${formatChunkHeader(5)}hello${chunkEnd}`;
    expect(bodyOf('response', `${head}${data}${data}${lastChunk}`)).toEqual({ body: 'hellohello', trailers: [] });
    expect(bodyOf('response', head + data + formatLastChunk(trailers))).toEqual({
      body: 'hello',
      trailers: [...trailers],
    });
  });

  test.each([undefined, new HttpHeaders()])('without trailers it ends like any other', (trailers) => {
    expect(formatLastChunk(trailers)).toBe(lastChunk);
  });

  test.each(['content-length', 'Transfer-Encoding', 'Host', 'Trailer'])('%s is refused as a trailer', (name) => {
    expect(() => formatLastChunk(HttpHeaders.from({ A: 'b', [name]: '1' }))).toThrow(
      new UsageError('trailers', `${name} must not be sent as a trailer`),
    );
  });
});

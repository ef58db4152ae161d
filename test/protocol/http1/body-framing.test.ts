import { describe, expect, test } from 'vitest';
import { parseContentLength } from '../../../src/protocol/http1/message/body-framing.ts';
import { bodyOf, failureOf, readMessagesEveryWay } from './read-messages.ts';

const request = (fields: string, version = '1.1', method = 'POST'): string =>
  `${method} / HTTP/${version}\r\nHost: a.example\r\n${fields}\r\n`;
const response = (fields: string, start = 'HTTP/1.1 200 OK'): string => `${start}\r\n${fields}\r\n`;
const framing = (role: 'request' | 'response', text: string, method?: string): unknown => {
  const options = method === undefined ? {} : { methods: [method] };
  return readMessagesEveryWay(role, text, options).find(([kind]) => kind === 'head')?.[3];
};

describe('RFC 9112 6.3: which framing a request has', () => {
  test.each([
    ['neither field', '', { kind: 'none' }],
    ['Content-Length: 0', 'Content-Length: 0\r\n', { kind: 'none' }],
    ['Content-Length', 'Content-Length: 5\r\n', { kind: 'length', length: 5 }],
    ['a length in lower case', 'content-length: 5\r\n', { kind: 'length', length: 5 }],
    ['a length without a space before it', 'Content-Length:5\r\n', { kind: 'length', length: 5 }],
    ['a length between spaces', 'Content-Length:   5  \r\n', { kind: 'length', length: 5 }],
    ['a length with leading zeros, which are digits', 'Content-Length: 0005\r\n', { kind: 'length', length: 5 }],
    ['nothing but zeros', 'Content-Length: 000\r\n', { kind: 'none' }],
    ['2^53 - 1', 'Content-Length: 9007199254740991\r\n', { kind: 'length', length: 9_007_199_254_740_991 }],
    ['chunked', 'Transfer-Encoding: chunked\r\n', { kind: 'chunked' }],
    ['chunked in any case', 'TRANSFER-encoding: ChUnKeD\r\n', { kind: 'chunked' }],
    ['chunked between spaces', 'Transfer-Encoding:  chunked  \r\n', { kind: 'chunked' }],
    [
      'names that only look alike',
      'Content_Length: 5\r\nTransfer_Encoding: chunked\r\nXContent-Length: 7\r\n',
      { kind: 'none' },
    ],
    [
      'fields that promise a body but do not delimit it',
      'Content-Type: text/plain\r\nTrailer: X\r\nTE: trailers\r\n',
      { kind: 'none' },
    ],
  ])('%s', (_, fields, expected) => {
    expect(framing('request', request(fields))).toEqual(expected);
  });

  test.each(['GET', 'HEAD', 'DELETE', 'OPTIONS', 'TRACE', 'M-SEARCH'])(
    'a %s may have a body like any other',
    (method) => {
      expect(bodyOf('request', `${request('Content-Length: 5\r\n', '1.1', method)}hello`).body).toBe('hello');
      expect(
        bodyOf('request', `${request('Transfer-Encoding: chunked\r\n', '1.1', method)}5\r\nhello\r\n0\r\n\r\n`).body,
      ).toBe('hello');
    },
  );

  test('a CONNECT has no body, and one that declares it is refused (RFC 9110 9.3.6)', () => {
    const connect = (fields: string): string => `CONNECT a:443 HTTP/1.1\r\nHost: a:443\r\n${fields}\r\n`;
    expect(framing('request', connect(''))).toEqual({ kind: 'none' });
    expect(framing('request', connect('Content-Length: 0\r\n'))).toEqual({ kind: 'none' });
    expect(failureOf('request', connect('Content-Length: 2\r\n'))).toBe('400 bodyInConnect');
    expect(failureOf('request', connect('Transfer-Encoding: chunked\r\n'))).toBe('400 bodyInConnect');
    expect(failureOf('request', connect('Content-Length: -2\r\n'))).toBe('400 invalidContentLength');
  });

  test('an HTTP/1.0 request may have a length', () => {
    expect(bodyOf('request', 'POST / HTTP/1.0\r\nContent-Length: 2\r\n\r\nhi').body).toBe('hi');
  });
});

describe('RFC 9112 6.3: which framing a response has', () => {
  test.each([
    ['without a length it lasts until the connection ends', '', { kind: 'untilClose' }],
    ['in HTTP/1.0 as well', '', { kind: 'untilClose' }, 'HTTP/1.0 200 OK'],
    ['Content-Length', 'Content-Length: 5\r\n', { kind: 'length', length: 5 }],
    ['Content-Length: 0', 'Content-Length: 0\r\n', { kind: 'none' }],
    ['chunked', 'Transfer-Encoding: Chunked\r\n', { kind: 'chunked' }],
    ['205 is no exception', 'Content-Length: 2\r\n', { kind: 'length', length: 2 }, 'HTTP/1.1 205 Reset Content'],
    ['4xx', '', { kind: 'untilClose' }, 'HTTP/1.1 404 Not Found'],
  ])('%s', (_, fields, expected, start?: string) => {
    expect(framing('response', response(fields, start))).toEqual(expected);
  });

  const lying = [
    '',
    'Content-Length: 5\r\n',
    'Transfer-Encoding: chunked\r\n',
    'Content-Length: 1\r\nContent-Length: 2\r\n',
  ];

  test.each(lying)('to HEAD it ends with the head: %j', (fields) => {
    expect(framing('response', response(fields), 'HEAD')).toEqual({ kind: 'none' });
  });

  test.each(lying)('204 and 304 end with the head: %j', (fields) => {
    expect(framing('response', response(fields, 'HTTP/1.1 204 No Content'))).toEqual({ kind: 'none' });
    expect(framing('response', response(fields, 'HTTP/1.1 304 Not Modified'))).toEqual({ kind: 'none' });
  });

  test('methods are case-sensitive: a response to `head` has a body', () => {
    expect(framing('response', response('Content-Length: 5\r\n'), 'head')).toEqual({ kind: 'length', length: 5 });
  });

  test.each(lying)('2xx to CONNECT opens a tunnel: %j', (fields) => {
    const text = `${response(fields, 'HTTP/1.1 200 Connection established')}`;
    expect(readMessagesEveryWay('response', text, { methods: ['CONNECT'] }).map(([kind]) => kind)).toEqual([
      'head',
      'complete',
      'tunnel',
    ]);
  });

  test('a refused CONNECT has a body', () => {
    const text = `${response('Content-Length: 2\r\n', 'HTTP/1.1 407 No')}hi`;
    expect(bodyOf('response', text, { methods: ['CONNECT'] }).body).toBe('hi');
  });
});

/** Fields that two programs may read differently, and what a request with them is answered. */
const ambiguous: [fields: string, failure: string][] = [
  // RFC 9112 6.1 and 6.3: both fields.
  ['Content-Length: 5\r\nTransfer-Encoding: chunked\r\n', '400 conflictingLength'],
  ['Transfer-Encoding: chunked\r\nContent-Length: 5\r\n', '400 conflictingLength'],
  ['Content-Length: 0\r\nTransfer-Encoding: chunked\r\n', '400 conflictingLength'],
  ['content-length: 5\r\ntransfer-encoding: identity\r\n', '400 conflictingLength'],
  ['Content-Length:\r\nTransfer-Encoding:\r\n', '400 conflictingLength'],
  // RFC 9110 8.6: more than one length.
  ['Content-Length: 5\r\nContent-Length: 6\r\n', '400 repeatedContentLength'],
  ['Content-Length: 5\r\nContent-Length: 5\r\n', '400 repeatedContentLength'],
  ['Content-Length: 5\r\ncontent-length: 5\r\n', '400 repeatedContentLength'],
  ['Content-Length: 0\r\nX: y\r\nCONTENT-LENGTH: 5\r\n', '400 repeatedContentLength'],
  ['Content-Length:\r\nContent-Length: 5\r\n', '400 repeatedContentLength'],
  ...[
    '5, 5',
    '5,5',
    '5, 6',
    ',5',
    '5,',
    '',
    '-5',
    '+5',
    '-0',
    '0x5',
    '5h',
    '5.0',
    '5e0',
    '5_0',
    '5 0',
    '5;q=1',
    '"5"',
    'five',
    '\u00b2',
    '\u00a05',
    '5\u00a0',
    '9007199254740992',
    '18446744073709551616',
    '4294967296000000000000',
    `1${'0'.repeat(400)}`,
  ].map((value): [string, string] => [`Content-Length: ${value}\r\n`, '400 invalidContentLength']),
  // RFC 9112 6.1: anything but one final `chunked`.
  ...[
    '',
    'identity',
    'gzip',
    'xchunked',
    'chunkedx',
    'chunke',
    'chunked, identity',
    'chunked, gzip',
    'chunked, chunked',
    'chunked,chunked',
    'chunked,',
    ',chunked',
    'chunked;',
    'chunked;q=1',
    'chunked ;a=b',
    '"chunked"',
    "'chunked'",
    'chunked chunked',
    'chun ked',
    'c hunked',
    'chunked=1',
    'gzip;level=1, chunked',
    'gzip, chunked, gzip',
    '\u00a0chunked',
    'chunked\u00a0',
    'chunked\u0085',
  ].map((value): [string, string] => [`Transfer-Encoding: ${value}\r\n`, '400 invalidTransferEncoding']),
  ['Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n', '400 invalidTransferEncoding'],
  ['Transfer-Encoding: chunked\r\nTransfer-Encoding: identity\r\n', '400 invalidTransferEncoding'],
  ['Transfer-Encoding: identity\r\ntransfer-encoding: chunked\r\n', '400 invalidTransferEncoding'],
  ['Transfer-Encoding:\r\nTransfer-Encoding: chunked\r\n', '400 invalidTransferEncoding'],
  ['Transfer-Encoding: gzip\r\nX: y\r\nTransfer-Encoding: chunked\r\n', '400 invalidTransferEncoding'],
  // Codings that exist or may exist, properly delimited (RFC 9112 6.1).
  ['Transfer-Encoding: gzip, chunked\r\n', '501 unsupportedTransferCoding'],
  ['Transfer-Encoding: identity, chunked\r\n', '501 unsupportedTransferCoding'],
  ['Transfer-Encoding: xchunked,chunked\r\n', '501 unsupportedTransferCoding'],
  ['Transfer-Encoding: gzip , deflate ,  CHUNKED\r\n', '501 unsupportedTransferCoding'],
  // Bytes that some programs take for white space, a line end, or a name.
  ['Transfer-Encoding:\tchunked\r\n', '400 hiddenFraming'],
  ['Transfer-Encoding: \t chunked\r\n', '400 hiddenFraming'],
  ['Transfer-Encoding: chunked\t\r\n', '400 hiddenFraming'],
  ['transfer-encoding: chunked \t \r\n', '400 hiddenFraming'],
  ['Content-Length:\t5\r\n', '400 hiddenFraming'],
  ['Content-Length: 5\t\r\n', '400 hiddenFraming'],
  ['Transfer-Encoding: \x0bchunked\r\n', '400 invalidHeaderValue'],
  ['Transfer-Encoding: chunked\x0c\r\n', '400 invalidHeaderValue'],
  ['Transfer-Encoding: chunked\0\r\n', '400 invalidHeaderValue'],
  ['Content-Length: 5\x7f\r\n', '400 invalidHeaderValue'],
  ['Transfer-Encoding : chunked\r\n', '400 spaceBeforeColon'],
  ['Transfer-Encoding\t: chunked\r\n', '400 spaceBeforeColon'],
  ['Content-Length : 5\r\n', '400 spaceBeforeColon'],
  ['Transfer Encoding: chunked\r\n', '400 spaceBeforeColon'],
  ['Transfer-Encoding\r\n', '400 missingColon'],
  ['Transfer-Encoding\0: chunked\r\n', '400 invalidHeaderName'],
  ['Transfer-Encod\xefng: chunked\r\n', '400 invalidHeaderName'],
  ['Transfer-Encoding\x0b: chunked\r\n', '400 invalidHeaderName'],
  [': chunked\r\n', '400 emptyHeaderName'],
  [' Transfer-Encoding: chunked\r\n', '400 foldedHeader'],
  ['Transfer-Encoding:\r\n chunked\r\n', '400 foldedHeader'],
  ['Transfer-Encoding: chunked\r\n , identity\r\n', '400 foldedHeader'],
  ['Content-Length: 5\r\n\t0\r\n', '400 foldedHeader'],
  ['X: y\r\n\tTransfer-Encoding: chunked\r\n', '400 foldedHeader'],
  ['X: y\nTransfer-Encoding: chunked\r\n', '400 bareLineFeed'],
  ['X: y\rTransfer-Encoding: chunked\r\n', '400 bareCarriageReturn'],
  ['X: y\r\r\nTransfer-Encoding: chunked\r\n', '400 bareCarriageReturn'],
  ['Transfer-Encoding: chunked\n', '400 bareLineFeed'],
  ['Content-Length: 5\n', '400 bareLineFeed'],
  ['\nTransfer-Encoding: chunked\r\n', '400 bareLineFeed'],
];

describe('the smuggling matrix: no message that can be read in two ways is read at all', () => {
  test.each(ambiguous)('%j is refused with %s', (fields, failure) => {
    expect(failureOf('request', request(fields))).toBe(failure);
    expect(failureOf('response', response(fields))).toBe(failure);
    // Between other fields, too.
    expect(failureOf('request', request(`A: b\r\n${fields}Z: y\r\n`))).toBe(failure);
  });

  test.each(['chunked', 'identity', 'gzip, chunked', ''])(
    'an HTTP/1.0 message with Transfer-Encoding: %j is refused',
    (value) => {
      const fields = `Transfer-Encoding: ${value}\r\n`;
      expect(failureOf('request', request(fields, '1.0'))).toBe('400 transferEncodingInHttp10');
      expect(failureOf('response', response(fields, 'HTTP/1.0 200 OK'))).toBe('400 transferEncodingInHttp10');
    },
  );

  test.each(['\t', '\t \t', ' \t'])('other fields may have %j around their values', (space) => {
    const fields = `X:${space}a\tb${space}\r\nY:${space}\r\n`;
    expect(readMessagesEveryWay('request', request(fields))[0]?.[2]).toEqual([
      ['Host', 'a.example'],
      ['X', 'a\tb'],
      ['Y', ''],
    ]);
  });

  test('a request behind a refused one is not seen', () => {
    const smuggled = 'GET /admin HTTP/1.1\r\nHost: a\r\n\r\n';
    const events = readMessagesEveryWay(
      'request',
      `${request('Content-Length: 6\r\nTransfer-Encoding: chunked\r\n')}0\r\n\r\n${smuggled}`,
    );
    expect(events).toEqual([['failure', '400 conflictingLength']]);
  });
});

describe('parseContentLength', () => {
  test.each([
    ['0', 0],
    ['10', 10],
    ['00000000000000000000000000042', 42],
    ['9007199254740991', Number.MAX_SAFE_INTEGER],
    ['9007199254740992', undefined],
    ['9007199254740993', undefined],
    ['90071992547409910', undefined],
    ['', undefined],
    [' 1', undefined],
    ['1 ', undefined],
    ['\u0661', undefined],
  ])('%j is %s', (text, expected) => {
    expect(parseContentLength(text)).toBe(expected);
  });
});

import { describe, expect, test } from 'vitest';
import { bodyOf, failureOf, readMessagesEveryWay } from './read-messages.ts';

const HEAD = 'POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n';
const RESPONSE_HEAD = 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n';

/** The failure of a chunked body, which is the same in both roles. */
function refusal(body: string, limits?: Parameters<typeof failureOf>[2]): string {
  const failure = failureOf('request', HEAD + body, limits);
  expect(failureOf('response', RESPONSE_HEAD + body, limits)).toBe(failure);
  return failure;
}

function read(body: string, limits?: Parameters<typeof bodyOf>[2]): ReturnType<typeof bodyOf> {
  const whole = bodyOf('request', HEAD + body, limits);
  expect(bodyOf('response', RESPONSE_HEAD + body, limits)).toEqual(whole);
  return whole;
}

describe('RFC 9112 7.1: chunks', () => {
  test.each([
    ['none but the last', '0\r\n\r\n', ''],
    ['one', '5\r\nhello\r\n0\r\n\r\n', 'hello'],
    ['several', '5\r\nhello\r\n1\r\n \r\n5\r\nworld\r\n0\r\n\r\n', 'hello world'],
    ['data that looks like chunks', '5\r\n0\r\n\r\n\r\n0\r\n\r\n', '0\r\n\r\n'],
    ['any octet as data', '4\r\n\0\n\r\xff\r\n0\r\n\r\n', '\0\n\r\xff'],
    ['sizes in lower case', `1a\r\n${'x'.repeat(26)}\r\n0\r\n\r\n`, 'x'.repeat(26)],
    ['sizes in upper case', `1A\r\n${'x'.repeat(26)}\r\n0\r\n\r\n`, 'x'.repeat(26)],
    ['leading zeros', '0005\r\nhello\r\n000\r\n\r\n', 'hello'],
    ['as many digits as there may be', '0000000000000005\r\nhello\r\n0000000000000000\r\n\r\n', 'hello'],
  ])('%s', (_, body, expected) => {
    expect(read(body)).toEqual({ body: expected, trailers: [] });
  });

  test.each([
    ['an empty line', '\r\n'],
    ['a letter that is no digit', 'g\r\n'],
    ['a sign', '+5\r\n'],
    ['a minus', '-5\r\n'],
    ['a prefix', '0x5\r\n'],
    ['an underscore', '1_0\r\n'],
    ['a point', '5.0\r\n'],
    ['a suffix', '5h\r\n'],
    ['a space in front', ' 5\r\n'],
    ['a tab in front', '\t5\r\n'],
    ['a space behind', '5 \r\n'],
    ['a tab behind', '5\t\r\n'],
    ['a space in front of an extension', '5 ;a=b\r\n'],
    ['a space between digits', '1 0\r\n'],
    ['quotes', '"5"\r\n'],
    ['NUL', '5\0\r\n'],
    ['VT', '5\x0b\r\n'],
    ['an octet above 127', '\xb2\r\n'],
    ['an extension without a size', ';a=b\r\n'],
    ['a comma', '5,5\r\n'],
    ['17 digits', '00000000000000005\r\n'],
    ['2^53', '20000000000000\r\n'],
    ['2^64', '10000000000000000\r\n'],
    ['2^64 + 5', '10000000000000005\r\n'],
    ['2^64 - 1', 'ffffffffffffffff\r\n'],
  ])('%s in a size is refused', (_, line) => {
    expect(refusal(line)).toBe('400 invalidChunkSize');
    expect(refusal(`5\r\nhello\r\n${line}`)).toBe('400 invalidChunkSize');
  });

  test('the largest size that can be counted is read', () => {
    const events = readMessagesEveryWay('request', `${HEAD}1fffffffffffff\r\nhello`);
    expect(events.at(-1)).toEqual(['body', 'hello']);
  });

  test.each([
    ['5\nhello', '400 bareLineFeed'],
    ['5\rhello', '400 bareCarriageReturn'],
    ['5\r\r\nhello', '400 bareCarriageReturn'],
    ['\n5\r\nhello', '400 bareLineFeed'],
    ['5\r\nhello\n0\r\n\r\n', '400 bareLineFeed'],
    ['5\r\nhello\r0\r\n\r\n', '400 bareCarriageReturn'],
    ['5\r\nhello\r\r\n0\r\n\r\n', '400 bareCarriageReturn'],
    ['5\r\nhello0\r\n\r\n', '400 invalidChunkEnd'],
    ['5\r\nhelloX\r\n0\r\n\r\n', '400 invalidChunkEnd'],
    ['5\r\nhello \r\n0\r\n\r\n', '400 invalidChunkEnd'],
    ['5\r\nhell\r\n0\r\n\r\n', '400 bareLineFeed'],
    ['5\r\nhel\r\n0\r\n\r\n', '400 invalidChunkEnd'],
    ['5\r\nhello\r\n\r\n0\r\n\r\n', '400 invalidChunkSize'],
    ['0\n\n', '400 bareLineFeed'],
    ['0\r\n\n', '400 bareLineFeed'],
    ['0\r\n\rX', '400 bareCarriageReturn'],
    ['0\r\n\r\r\n', '400 bareCarriageReturn'],
  ])('a body with other line ends is refused: %j', (body, failure) => {
    expect(readMessagesEveryWay('request', HEAD + body).at(-1)).toEqual(['failure', failure]);
    expect(readMessagesEveryWay('response', RESPONSE_HEAD + body).at(-1)).toEqual(['failure', failure]);
  });
});

describe('RFC 9112 7.1.1: chunk extensions', () => {
  test.each([
    ';a',
    ';a=b',
    ';a="b"',
    ';a="b;c=d"',
    ';a=""',
    ';a="\\"\\\\ \t\xe9"',
    ';a;b;c=d;e="f"',
    ";!#$%&'*+-.^_`|~=1",
    ';a="b";c',
    '; a',
    '; \t a=b',
    ';a =b',
    ';a= b',
    ';a \t = \t "b"',
    ';a ;b',
    ';a=b ; c',
    ';a="b"\t;c',
    '; some; parameters=stuff',
  ])('%j is accepted and ignored', (extension) => {
    expect(read(`5${extension}\r\nhello\r\n0${extension}\r\n\r\n`)).toEqual({ body: 'hello', trailers: [] });
  });

  test.each([
    ';',
    ';;a',
    ';a;',
    ';=b',
    ';a=',
    ';a=;b',
    ';a==b',
    ';a=b=c',
    ';a="b',
    ';a="b\\',
    ';a="b"c',
    ';a="b" ',
    ';a="b"=c',
    ';a=b"c"',
    ';a"b"',
    '; ',
    ';\t',
    '; ;a',
    '; =b',
    ';a ',
    ';a b',
    ';a\t',
    ';a ;',
    ';a= ',
    ';a= ;b',
    ';a=b ',
    ';a=b c',
    ';a=b =c',
    ';a="b" c',
    ';a=b\t;',
    ';\x0ba',
    ';\xa0a',
    ';a\0',
    ';a="\0"',
    ';a="\x7f"',
    ';a="\\\0"',
    ';a="\x0b"',
    ';a=\xe9',
    ';(a)',
    ';a,b',
    ';a=b\\',
  ])('%j is refused', (extension) => {
    expect(refusal(`5${extension}\r\n`)).toBe('400 invalidChunkExtension');
    expect(refusal(`0${extension}\r\n`)).toBe('400 invalidChunkExtension');
  });

  test.each([
    [';a\nX', '400 bareLineFeed'],
    [';a="\n"', '400 bareLineFeed'],
    [';a="b\\\n', '400 bareLineFeed'],
    [';\n', '400 bareLineFeed'],
    ['; \n a', '400 bareLineFeed'],
    [';a \n=b', '400 bareLineFeed'],
    [';a=b \r ;c', '400 invalidChunkExtension'],
    [';a=b\rX', '400 bareCarriageReturn'],
    [';a="\r\n"', '400 invalidChunkExtension'],
  ])('no line end hides in %j', (extension, failure) => {
    expect(refusal(`5${extension}`)).toBe(failure);
  });

  test('a line may have 4 KiB, one byte more is refused while it arrives', () => {
    const line = (length: number): string => `5;a=${'b'.repeat(length - 4)}`;
    expect(read(`${line(4096)}\r\nhello\r\n0\r\n\r\n`).body).toBe('hello');
    expect(refusal(line(4097))).toBe('400 chunkLineTooLong');
  });

  test('all extensions of a body may have 16 KiB together, which empties out neither with the chunk nor with a read', () => {
    const chunk = `1;${'a'.repeat(1023)}\r\nx\r\n`;
    expect(read(`${chunk.repeat(16)}0\r\n\r\n`).body).toBe('x'.repeat(16));
    const events = readMessagesEveryWay('request', `${HEAD}${chunk.repeat(16)}1;`);
    expect(events.at(-1)).toEqual(['failure', '400 chunkExtensionsTooLarge']);
  });

  test('the next body of the connection may have as many again', () => {
    const limits = { maxChunkExtensionBytes: 4 };
    const message = `${HEAD}1;ab\r\nx\r\n0\r\n\r\n`;
    expect(
      readMessagesEveryWay('request', message.repeat(3), { limits }).filter(([kind]) => kind === 'complete'),
    ).toHaveLength(3);
  });

  test('the limits given hold instead of the defaults', () => {
    expect(refusal('5;abc', { limits: { maxChunkLineBytes: 4 } })).toBe('400 chunkLineTooLong');
    expect(refusal('5;abc', { limits: { maxChunkExtensionBytes: 3 } })).toBe('400 chunkExtensionsTooLarge');
  });
});

describe('RFC 9112 7.1.2: trailers', () => {
  test('are given apart from the headers, in their order', () => {
    const { body, trailers } = read(
      '5\r\nhello\r\n0\r\nX-Sum: 1\r\nx-sum:2 \r\nEmpty:\r\nVary: *\r\nContent-Type: text/plain\r\n\r\n',
    );
    expect(body).toBe('hello');
    expect(trailers).toEqual([
      ['X-Sum', '1'],
      ['x-sum', '2'],
      ['Empty', ''],
      ['Vary', '*'],
      ['Content-Type', 'text/plain'],
    ]);
  });

  test('of one message are not those of the next', () => {
    const first = `${HEAD}0\r\nA: b\r\n\r\n`;
    const events = readMessagesEveryWay('request', `${first}${HEAD}0\r\n\r\n${HEAD}0\r\nC: d\r\n\r\n`);
    expect(events.filter(([kind]) => kind === 'complete')).toEqual([
      ['complete', [['A', 'b']]],
      ['complete', undefined],
      ['complete', [['C', 'd']]],
    ]);
  });

  test.each([
    'Content-Length',
    'content-length',
    'Transfer-Encoding',
    'Host',
    'Connection',
    'Upgrade',
    'Trailer',
    'TE',
    'Expect',
    'Keep-Alive',
  ])('%s among them is refused (RFC 9110 6.5.1)', (name) => {
    expect(refusal(`0\r\nA: b\r\n${name}: 5\r\n\r\n`)).toBe('400 forbiddenTrailer');
  });

  test.each([
    ['A : b\r\n', '400 spaceBeforeColon'],
    [' A: b\r\n', '400 foldedHeader'],
    ['A: b\r\n c\r\n', '400 foldedHeader'],
    ['A\r\n', '400 missingColon'],
    [': b\r\n', '400 emptyHeaderName'],
    ['A: b\n', '400 bareLineFeed'],
    ['A: b\rC', '400 bareCarriageReturn'],
    ['A: \0\r\n', '400 invalidHeaderValue'],
    ['(A): b\r\n', '400 invalidHeaderName'],
    ['A: b\r\n\n', '400 bareLineFeed'],
    ['A: b\r\n\rX', '400 bareCarriageReturn'],
    ['GET / HTTP/1.1\r\n', '400 spaceBeforeColon'],
  ])('%j is refused as it would be in a head', (lines, failure) => {
    expect(refusal(`0\r\n${lines}`)).toBe(failure);
  });

  test('16 KiB of them are read, one byte more is 431', () => {
    const lines = `A: ${'a'.repeat(8000)}\r\nB: ${'b'.repeat(8000)}\r\nC: `;
    const filler = 16_384 - lines.length - 4;
    expect(read(`0\r\n${lines}${'c'.repeat(filler)}\r\n\r\n`).trailers).toHaveLength(3);
    expect(refusal(`0\r\n${lines}${'c'.repeat(filler + 1)}\r\n\r\n`)).toBe('431 trailersTooLarge');
  });

  test('100 of them are read, the 101st is refused at its first byte', () => {
    expect(read(`0\r\n${'X: y\r\n'.repeat(100)}\r\n`).trailers).toHaveLength(100);
    expect(refusal(`0\r\n${'X: y\r\n'.repeat(100)}X`)).toBe('431 trailersTooLarge');
  });

  test('a line without an end is refused while it arrives', () => {
    expect(refusal(`0\r\nA: ${'b'.repeat(16_384)}`)).toBe('431 trailersTooLarge');
  });

  test('the limits given hold instead of the defaults', () => {
    expect(refusal('0\r\nA: b\r\nC', { limits: { maxTrailers: 1 } })).toBe('431 trailersTooLarge');
    expect(refusal('0\r\nA: bcdefgh', { limits: { maxTrailerBytes: 9 } })).toBe('431 trailersTooLarge');
  });
});

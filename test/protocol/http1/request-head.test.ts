import { describe, expect, test } from 'vitest';
import { readEveryWay } from './read-head.ts';

const read = (text: string) => readEveryWay('request', text);
const withHost = (requestLine: string): string => `${requestLine}\r\nHost: a.example\r\n\r\n`;
const withHeader = (line: string): string => `GET / HTTP/1.1\r\nHost: a.example\r\n${line}\r\n\r\n`;

describe('a request line (RFC 9112 3)', () => {
  test.each<[string, string, string, string]>([
    ['GET / HTTP/1.1', 'GET', '/', '1.1'],
    ['GET /chat?a=b&c=d HTTP/1.0', 'GET', '/chat?a=b&c=d', '1.0'],
    ['get / HTTP/1.1', 'get', '/', '1.1'],
    ["!#$%&'*+-.^_`|~09azAZ / HTTP/1.1", "!#$%&'*+-.^_`|~09azAZ", '/', '1.1'],
    ['GET /{a}|"<b>^`\\ HTTP/1.1', 'GET', '/{a}|"<b>^`\\', '1.1'],
    ['GET //host/path HTTP/1.1', 'GET', '//host/path', '1.1'],
    ['OPTIONS * HTTP/1.1', 'OPTIONS', '*', '1.1'],
    ['GET http://a.example/b?c HTTP/1.1', 'GET', 'http://a.example/b?c', '1.1'],
    ['GET HTTP://A.Example:80 HTTP/1.1', 'GET', 'HTTP://A.Example:80', '1.1'],
    ['GET https://a.example:443?q HTTP/1.1', 'GET', 'https://a.example:443?q', '1.1'],
    ['CONNECT b.example:443 HTTP/1.1', 'CONNECT', 'b.example:443', '1.1'],
    // RFC 9110 2.5: a higher minor version is read as the highest we know.
    ['GET / HTTP/1.9', 'GET', '/', '1.1'],
  ])('%s', (line, method, target, version) => {
    const outcome = read(withHost(line));
    expect(outcome.failure).toBeUndefined();
    expect(outcome.start).toEqual({ method, target, version });
    expect(outcome.headers).toEqual([['Host', 'a.example']]);
    expect(outcome.length).toBe(withHost(line).length);
  });

  test.each<[string, string]>([
    [' GET / HTTP/1.1', '400 invalidRequestLine'],
    ['GET  / HTTP/1.1', '400 invalidRequestLine'],
    ['GET /  HTTP/1.1', '400 invalidVersion'],
    ['GET / HTTP/1.1 ', '400 invalidVersion'],
    ['GET\t/ HTTP/1.1', '400 invalidMethod'],
    ['GET /\tHTTP/1.1', '400 invalidTarget'],
    ['GET / a HTTP/1.1', '400 invalidVersion'],
    ['GET', '400 invalidRequestLine'],
    ['GET ', '400 invalidRequestLine'],
    ['GET /', '400 invalidRequestLine'],
    ['GET / ', '400 invalidVersion'],
    ['G(T / HTTP/1.1', '400 invalidMethod'],
    ['G\0T / HTTP/1.1', '400 invalidMethod'],
    ['G\xc9T / HTTP/1.1', '400 invalidMethod'],
    ['(GET / HTTP/1.1', '400 invalidMethod'],
    ['\0GET / HTTP/1.1', '400 invalidMethod'],
    ['GET /\0 HTTP/1.1', '400 invalidTarget'],
    ['GET /\x7f HTTP/1.1', '400 invalidTarget'],
    ['GET /\x80 HTTP/1.1', '400 invalidTarget'],
    ['GET /a#b HTTP/1.1', '400 invalidTarget'],
    ['GET a HTTP/1.1', '400 invalidTarget'],
    ['GET * HTTP/1.1', '400 invalidTarget'],
    ['OPTIONS ** HTTP/1.1', '400 invalidTarget'],
    ['GET ?a HTTP/1.1', '400 invalidTarget'],
    ['GET a.example:80 HTTP/1.1', '400 invalidTarget'],
    ['GET http:// HTTP/1.1', '400 invalidTarget'],
    ['GET http:///a HTTP/1.1', '400 invalidTarget'],
    ['GET http://u:p@a.example/ HTTP/1.1', '400 invalidTarget'],
    ['GET ://a.example/ HTTP/1.1', '400 invalidTarget'],
    ['GET 1http://a.example/ HTTP/1.1', '400 invalidTarget'],
    ['CONNECT / HTTP/1.1', '400 invalidTarget'],
    ['CONNECT a.example HTTP/1.1', '400 invalidTarget'],
    ['CONNECT http://a.example:80/ HTTP/1.1', '400 invalidTarget'],
    ['GET / http/1.1', '400 invalidVersion'],
    ['GET / HTTP/1', '400 invalidVersion'],
    ['GET / HTTP/1.', '400 invalidVersion'],
    ['GET / HTTP/1.10', '400 invalidVersion'],
    ['GET / HTTP/11.1', '400 invalidVersion'],
    ['GET / HTTP/1,1', '400 invalidVersion'],
    ['GET / HTTPS/1.1', '400 invalidVersion'],
    ['GET / ICE/1.0', '400 invalidVersion'],
    ['GET / HTTP/0.9', '400 invalidVersion'],
    ['GET / HTTP/01.1', '400 invalidVersion'],
    ['GET / HTTP/2.0', '505 unsupportedVersion'],
    ['PRI * HTTP/2.0', '505 unsupportedVersion'],
  ])('%j is refused', (line, failure) => {
    const outcome = read(withHost(line));
    expect(outcome.failure).toBe(failure);
    expect(outcome.state).toBe('failed');
    expect(outcome.start).toBeUndefined();
  });

  test('one empty line before it is skipped, a second one is not (RFC 9112 2.2)', () => {
    expect(read(`\r\n${withHost('GET / HTTP/1.1')}`).start).toEqual({ method: 'GET', target: '/', version: '1.1' });
    expect(read(`\r\n${withHost('GET / HTTP/1.1')}`).length).toBe(withHost('GET / HTTP/1.1').length + 2);
    expect(read(`\r\n\r\n${withHost('GET / HTTP/1.1')}`).failure).toBe('400 invalidRequestLine');
    expect(read(`\n${withHost('GET / HTTP/1.1')}`).failure).toBe('400 bareLineFeed');
    expect(read(`\r${withHost('GET / HTTP/1.1')}`).failure).toBe('400 bareCarriageReturn');
  });

  test('a TLS client that talks to a plain port is told so at its first byte', () => {
    expect(read('\x16').failure).toBe('400 tlsClientHello');
    expect(read('\x16\x03\x01\x02\0\x01\0\x01\xfc\x03\x03').failure).toBe('400 tlsClientHello');
  });
});

describe('the ends of lines (RFC 9112 2.2)', () => {
  test.each<[string, string]>([
    ['GET / HTTP/1.1\nHost: a.example\r\n\r\n', '400 bareLineFeed'],
    ['GET / HTTP/1.1\rHost: a.example\r\n\r\n', '400 bareCarriageReturn'],
    ['GET / HTTP/1.1\r\r\nHost: a.example\r\n\r\n', '400 bareCarriageReturn'],
    ['GET /\nHTTP/1.1\r\n\r\n', '400 bareLineFeed'],
    ['GET\n/ HTTP/1.1\r\n\r\n', '400 bareLineFeed'],
    ['GET / HTTP\n/1.1\r\n\r\n', '400 bareLineFeed'],
    ['GET / HTTP/1.1\r\nHost: a.example\n\r\n', '400 bareLineFeed'],
    ['GET / HTTP/1.1\r\nHost: a.example\r\r\n', '400 bareCarriageReturn'],
    ['GET / HTTP/1.1\r\nHost: a.example\rX: y\r\n\r\n', '400 bareCarriageReturn'],
    ['GET / HTTP/1.1\r\nHost: a.example\r\n\n', '400 bareLineFeed'],
    ['GET / HTTP/1.1\r\nHost: a.example\r\n\rX', '400 bareCarriageReturn'],
    ['GET / HTTP/1.1\r\nHost\n: a.example\r\n\r\n', '400 bareLineFeed'],
  ])('%j is refused', (text, failure) => {
    expect(read(text).failure).toBe(failure);
  });
});

describe('a header line (RFC 9112 5)', () => {
  test.each<[string, string, string]>([
    ['X: y', 'X', 'y'],
    ['X:y', 'X', 'y'],
    ['X:', 'X', ''],
    ['X: \t \t', 'X', ''],
    ['X:\t y z \t', 'X', 'y z'],
    ['X: a:b', 'X', 'a:b'],
    ['X: "\\\xe9\xff\x80', 'X', '"\\\xe9\xff\x80'],
    ['X: \xa0y\xa0', 'X', '\xa0y\xa0'],
    ["!#$%&'*+-.^_`|~09: y", "!#$%&'*+-.^_`|~09", 'y'],
    ['__proto__: y', '__proto__', 'y'],
    ['constructor: y', 'constructor', 'y'],
  ])('%j', (line, name, value) => {
    const outcome = read(withHeader(line));
    expect(outcome.failure).toBeUndefined();
    expect(outcome.headers).toEqual([
      ['Host', 'a.example'],
      [name, value],
    ]);
  });

  test.each<[string, string]>([
    ['X : y', '400 spaceBeforeColon'],
    ['X\t: y', '400 spaceBeforeColon'],
    ['X Y: z', '400 spaceBeforeColon'],
    [' X: y', '400 foldedHeader'],
    ['\tX: y', '400 foldedHeader'],
    ['X: y\r\n z', '400 foldedHeader'],
    ['X: y\r\n\tz', '400 foldedHeader'],
    [' ', '400 foldedHeader'],
    [': y', '400 emptyHeaderName'],
    ['X', '400 missingColon'],
    ['X\0: y', '400 invalidHeaderName'],
    ['(X): y', '400 invalidHeaderName'],
    ['X@: y', '400 invalidHeaderName'],
    ['X\x80: y', '400 invalidHeaderName'],
    ['\xef\xbb\xbfX: y', '400 invalidHeaderName'],
    ['X: \0', '400 invalidHeaderValue'],
    ['X: a\x01b', '400 invalidHeaderValue'],
    ['X: a\x0bb', '400 invalidHeaderValue'],
    ['X: a\x1bb', '400 invalidHeaderValue'],
    ['X: a\x7fb', '400 invalidHeaderValue'],
  ])('%j is refused', (line, failure) => {
    expect(read(withHeader(line)).failure).toBe(failure);
  });

  test('white space before the first header is refused (RFC 9112 2.2)', () => {
    expect(read('GET / HTTP/1.1\r\n Host: a.example\r\n\r\n').failure).toBe('400 foldedHeader');
  });

  test('an illegal byte is refused before anything after it arrives', () => {
    expect(read('GET / HTTP/1.1\r\nX ').failure).toBe('400 spaceBeforeColon');
    expect(read('GET / HTTP/1.1\r\nX: \0').failure).toBe('400 invalidHeaderValue');
    expect(read('(').failure).toBe('400 invalidMethod');
    expect(read('GET / HTTP/2').failure).toBe('505 unsupportedVersion');
  });

  test('order, spelling and repetition of headers are kept', () => {
    expect(read('GET / HTTP/1.1\r\nb: 1\r\nHOST: a.example\r\nB: 2\r\nb: 1\r\n\r\n').headers).toEqual([
      ['b', '1'],
      ['HOST', 'a.example'],
      ['B', '2'],
      ['b', '1'],
    ]);
  });
});

describe('Host (RFC 9112 3.2)', () => {
  const host = (lines: string, line = 'GET / HTTP/1.1') => read(`${line}\r\n${lines}\r\n`);

  test.each([
    'a.example',
    'A.Example:8080',
    'localhost',
    'under_score.example',
    '127.0.0.1:0',
    '[::1]:65535',
    '[2001:db8::192.0.2.1]',
    'xn--bcher-kva.example',
    'a%20b.example',
    'a.example:',
  ])('%s is a host', (value) => {
    expect(host(`Host: ${value}\r\n`).headers).toEqual([['Host', value]]);
  });

  test.each([
    '',
    ' ',
    ':80',
    'a b',
    'a,b',
    'a.example, a.example',
    'user@a.example',
    'a.example/',
    'http://a.example',
    'a.example:80:80',
    'a.example:65536',
    'a.example:+80',
    'a.example:8 0',
    'a.example:0x50',
    '::1',
    '[::1',
    '[::1]x',
    '[]',
    '[fe80::1%25eth0]',
    '[1:2:3:4:5:6:7:8:9]',
    '[1:2:3:4:5:6:7]',
    '[1::2::3]',
    '[12345::]',
    '[::256.0.0.1]',
    'a%2',
    'a%zz',
    'b\xfccher.example',
  ])('%j is none', (value) => {
    expect(host(`Host: ${value}\r\n`).failure).toBe('400 invalidHost');
  });

  test('HTTP/1.1 needs exactly one, HTTP/1.0 at most one', () => {
    expect(host('').failure).toBe('400 missingHost');
    expect(host('Host: a\r\nhost: a\r\n').failure).toBe('400 repeatedHost');
    expect(host('', 'GET / HTTP/1.0').start).toMatchObject({ version: '1.0' });
    expect(host('Host: a\r\nHost: b\r\n', 'GET / HTTP/1.0').failure).toBe('400 repeatedHost');
    expect(host('Host: a@b\r\n', 'GET / HTTP/1.0').failure).toBe('400 invalidHost');
  });

  test.each<[string, string, boolean]>([
    ['http://a.example/', 'a.example', true],
    ['http://a.example/', 'A.EXAMPLE:80', true],
    ['https://a.example/', 'a.example:443', true],
    ['ws://a.example:8080/', 'a.example:8080', true],
    ['http://a.example/', 'b.example', false],
    ['http://a.example/', 'a.example:81', false],
    ['https://a.example/', 'a.example:80', false],
  ])('target %s with Host %s', (target, value, isAccepted) => {
    const outcome = host(`Host: ${value}\r\n`, `GET ${target} HTTP/1.1`);
    expect(outcome.failure).toBe(isAccepted ? undefined : '400 hostMismatch');
  });
});

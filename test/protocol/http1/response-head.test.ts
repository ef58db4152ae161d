import { describe, expect, test } from 'vitest';
import { HeadReader } from '../../../src/protocol/http1/head/head-reader.ts';
import { parseStatusLine } from '../../../src/protocol/http1/head/response-head.ts';
import { readEveryWay } from './read-head.ts';

const read = (line: string) => readEveryWay('response', `${line}\r\nX: y\r\n\r\n`);

describe('a status line (RFC 9112 4)', () => {
  test.each<[string, string, number, string]>([
    ['HTTP/1.1 200 OK', '1.1', 200, 'OK'],
    ['HTTP/1.0 404 Not Found', '1.0', 404, 'Not Found'],
    ['HTTP/1.1 101 Switching Protocols', '1.1', 101, 'Switching Protocols'],
    ['HTTP/1.1 599 ', '1.1', 599, ''],
    ['HTTP/1.1 600 OK', '1.1', 600, 'OK'],
    ['HTTP/1.1 999 Request denied', '1.1', 999, 'Request denied'],
    ['HTTP/1.1 200', '1.1', 200, ''],
    ['HTTP/1.1 100 a  b\t\xe9', '1.1', 100, 'a  b\t\xe9'],
    ['HTTP/1.7 200 OK', '1.1', 200, 'OK'],
  ])('%j', (line, version, status, statusText) => {
    const outcome = read(line);
    expect(outcome.start).toEqual({ version, status, statusText });
    expect(outcome.headers).toEqual([['X', 'y']]);
  });

  test.each<[string, string]>([
    ['', '400 invalidStatusLine'],
    [' HTTP/1.1 200 OK', '400 invalidStatusLine'],
    ['http/1.1 200 OK', '400 invalidStatusLine'],
    ['HTTP/1.1', '400 invalidStatusLine'],
    ['HTTP/1.1 ', '400 invalidStatusLine'],
    ['HTTP/1.1  200 OK', '400 invalidStatusLine'],
    ['HTTP/1.1\t200 OK', '400 invalidStatusLine'],
    ['HTTP/1.1 20 OK', '400 invalidStatusLine'],
    ['HTTP/1.1 2000 OK', '400 invalidStatusLine'],
    ['HTTP/1.1 200OK', '400 invalidStatusLine'],
    ['HTTP/1.1 +20 OK', '400 invalidStatusLine'],
    ['HTTP/1.1 099 OK', '400 invalidStatusLine'],
    ['HTTP/1.1 000 OK', '400 invalidStatusLine'],
    ['HTTP/1.1 99a OK', '400 invalidStatusLine'],
    ['HTTP/1.1 200 O\0K', '400 invalidStatusLine'],
    ['HTTP/1.12 200 OK', '400 invalidStatusLine'],
    ['HTTP/2.0 200 OK', '505 unsupportedVersion'],
    ['\x15\x03\x01\x00\x02\x02\x46', '400 tlsRecord'],
    ['\x16\x03\x03\x00\x02\x02\x00', '400 tlsRecord'],
    ['H\x15', '400 invalidStatusLine'],
    ['ICY 200 OK', '400 invalidStatusLine'],
    ['HTTP/1.1 200 OK\nX', '400 bareLineFeed'],
    ['HTTP/1.1 200\n', '400 bareLineFeed'],
    ['HTTP/1.1 200 OK\rX', '400 bareCarriageReturn'],
  ])('%j is refused', (line, failure) => {
    expect(read(line).failure).toBe(failure);
  });

  test('no empty line is skipped before it, and a response needs no Host', () => {
    expect(readEveryWay('response', '\r\nHTTP/1.1 200 OK\r\n\r\n').failure).toBe('400 invalidStatusLine');
    expect(readEveryWay('response', 'HTTP/1.1 200 OK\r\n\r\n').headers).toEqual([]);
  });

  test('a response cut short is still being read, never half a head', () => {
    expect(readEveryWay('response', 'HTTP/1.1 200 OK\r\nX: y\r\n').state).toBe('reading');
    expect(readEveryWay('response', 'HTTP/1.1 200 OK\r\nX: y\r\n\r').state).toBe('reading');
  });
});

describe('the status of a response', () => {
  test.each<[string, number]>([
    ['HTTP/1.1 40', 0],
    ['HTTP/1.1 400', 400],
    ['HTTP/1.1 400 Bad Request\r\nX: y', 400],
    ['HTTP/1.1 400\n', 400],
    ['HTTP/1.1 101 Switching\r\nX: y\r\n', 101],
    ['HTTP/1.1 501 x\r\nX: \0', 501],
    ['HTTP/1.1 200 OK\r\n\r\n', 200],
    ['HTTP/2.0 400 x', 0],
  ])('of %j is known as %i, whatever becomes of the rest', (text, status) => {
    const bytes = Buffer.from(text, 'latin1');
    const whole = new HeadReader('response');
    whole.read(bytes, 0, bytes.length);
    expect(whole.status).toBe(status);
    const byByte = new HeadReader('response');
    for (let at = 0; at < bytes.length; at++) byByte.read(bytes, at, at + 1);
    expect(byByte.status).toBe(status);
    whole.reset();
    expect(whole.status).toBe(0);
  });
});

describe('parseStatusLine, the helper of IXWebSocket', () => {
  test.each<[string, string, number]>([
    ['HTTP/1.1 200', 'HTTP/1.1', 200],
    ['HTTP/1.0 200', 'HTTP/1.0', 200],
    ['', '', -1],
    ['HTTP/1.1', 'HTTP/1.1', -1],
    ['HTTP/1.1 999 Request denied', 'HTTP/1.1', 999],
    ['HTTP/1.1 301 Moved Permanently', 'HTTP/1.1', 301],
    ['HTTP/1.1 20x', 'HTTP/1.1', -1],
    ['HTTP/1.1 2000', 'HTTP/1.1', -1],
    ['HTTP/1.1 ', 'HTTP/1.1', -1],
  ])('%j', (line, version, status) => {
    expect(parseStatusLine(line)).toEqual({ version, status });
  });
});

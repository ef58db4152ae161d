import { describe, expect, test } from 'vitest';
import { UsageError } from '../../../src/errors.ts';
import { headFailure } from '../../../src/protocol/http1/head/head-failure.ts';
import { type Refusal, writeRefusal } from '../../../src/protocol/http1/head/refusal.ts';
import { readEveryWay } from './read-head.ts';

const busy: Refusal = { status: 503, code: 'busy', reason: 'Too many connections', headers: [['Retry-After', '5']] };

function headersOf(text: string): [string, string][] {
  return readEveryWay('response', text).headers ?? [];
}

test('a refusal is a complete response with a body for people', () => {
  expect(writeRefusal(busy, { server: 'ixwebsocket' })).toBe(
    'HTTP/1.1 503 Service Unavailable\r\n' +
      'Content-Type: text/plain; charset=utf-8\r\n' +
      'Content-Length: 21\r\n' +
      'Connection: close\r\n' +
      'Server: ixwebsocket\r\n' +
      'Retry-After: 5\r\n' +
      '\r\n' +
      'Too many connections\n',
  );
});

test('HEAD gets the same head and no body (RFC 9110 9.3.2)', () => {
  const whole = writeRefusal(busy);
  expect(writeRefusal(busy, { isHead: true })).toBe(whole.slice(0, whole.indexOf('\r\n\r\n') + 4));
});

test('the body is UTF-8, and its length is counted in bytes', () => {
  const text = writeRefusal({ ...busy, body: 'zu viele – später' });
  const bytes = Buffer.from(text, 'latin1');
  const body = bytes.subarray(bytes.indexOf('\r\n\r\n') + 4);
  expect(body.toString('utf8')).toBe('zu viele – später');
  expect(headersOf(text)).toContainEqual(['Content-Length', String(body.length)]);
});

test('Upgrade is named in Connection too (RFC 9110 7.8)', () => {
  const text = writeRefusal({ status: 426, code: 'x', reason: 'y', headers: [['upgrade', 'websocket']] });
  expect(headersOf(text)).toContainEqual(['Connection', 'close, Upgrade']);
});

test('the fields it writes itself cannot be doubled', () => {
  const headers: [string, string][] = [
    ['connection', 'keep-alive'],
    ['CONTENT-LENGTH', '0'],
    ['content-type', 'text/html'],
  ];
  const names = headersOf(writeRefusal({ ...busy, headers })).map(([name]) => name);
  expect(names).toEqual(['Content-Type', 'Content-Length', 'Connection']);
});

test('the date is written when it is given', () => {
  const date = 'Sun, 06 Nov 1994 08:49:37 GMT';
  expect(headersOf(writeRefusal(busy, { date }))).toContainEqual(['Date', date]);
});

test('what is wrong with a head is a refusal as it stands', () => {
  expect(writeRefusal(headFailure('requestLineTooLong'))).toMatch(/^HTTP\/1\.1 414 URI Too Long\r\n/);
});

describe('nothing in it can split the response', () => {
  test('line breaks in the reason or the body stay in the body', () => {
    const text = writeRefusal({ status: 400, code: 'x', reason: 'a\r\nX: y\r\n\r\nHTTP/1.1 200 OK\r\n\r\n' });
    expect(text.startsWith('HTTP/1.1 400 Bad Request\r\n')).toBe(true);
    expect(headersOf(text).map(([name]) => name)).toEqual(['Content-Type', 'Content-Length', 'Connection']);
  });

  test.each(['a\r\nb: c', 'a\nb', '\0', '\u010a'])('header value %j is refused', (value) => {
    expect(() => writeRefusal({ ...busy, headers: [['X', value]] })).toThrow(UsageError);
    expect(() => writeRefusal(busy, { server: value })).toThrow(UsageError);
  });
});

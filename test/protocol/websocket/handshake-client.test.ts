import { createHash } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { UsageError } from '../../../src/errors.ts';
import { HeadReader } from '../../../src/protocol/http1/head/head-reader.ts';
import type { ResponseHead } from '../../../src/protocol/http1/head/response-head.ts';
import { HttpHeaders } from '../../../src/protocol/http1/headers.ts';
import {
  checkUpgradeResponse,
  createKey,
  type UpgradeExpectation,
  type UpgradeRequest,
  writeUpgradeRequest,
} from '../../../src/protocol/websocket/handshake/handshake-client.ts';
import {
  evaluateUpgrade,
  writeSwitchingProtocols,
} from '../../../src/protocol/websocket/handshake/handshake-server.ts';
import { fieldName, fieldValue, targetPath, token } from '../http1/arbitraries.ts';
import { readEveryWay } from '../http1/read-head.ts';

const sha1Base64 = (text: string): string => createHash('sha1').update(text, 'latin1').digest('base64');
const key = 'dGhlIHNhbXBsZSBub25jZQ==';

const plain: UpgradeRequest = {
  host: '127.0.0.1:8008',
  target: '/chat?a=b',
  key,
  subprotocols: [],
  extraHeaders: new HttpHeaders(),
};

function requestHeaders(changes: Partial<UpgradeRequest>): [string, string][] {
  return readEveryWay('request', writeUpgradeRequest({ ...plain, ...changes })).headers ?? [];
}

describe('the key (RFC 6455 4.1)', () => {
  test('is base64 of the 16 bytes that the system gave', () => {
    expect(createKey({ fillRandom: (bytes) => bytes.set(Buffer.from('the sample nonce')) })).toBe(key);
  });

  test('is drawn anew for each connection', () => {
    let byte = 0;
    const ports = { fillRandom: (bytes: Uint8Array) => bytes.fill(++byte) };
    expect(createKey(ports)).not.toBe(createKey(ports));
  });
});

describe('the request', () => {
  test('has the fields in the order of IXWebSocket', () => {
    const text = writeUpgradeRequest({
      ...plain,
      subprotocols: ['json', 'msgpack'],
      extraHeaders: HttpHeaders.from({ 'X-B': '1', 'X-A': '2' }),
      extensions: [{ name: 'permessage-deflate', params: [['client_max_window_bits', true]] }],
      userAgent: 'ixwebsocket/1',
      authorization: 'Basic dTpw',
    });
    expect(text).toBe(
      'GET /chat?a=b HTTP/1.1\r\n' +
        'Host: 127.0.0.1:8008\r\n' +
        'Upgrade: websocket\r\n' +
        'Connection: Upgrade\r\n' +
        'Sec-WebSocket-Version: 13\r\n' +
        `Sec-WebSocket-Key: ${key}\r\n` +
        'User-Agent: ixwebsocket/1\r\n' +
        'Authorization: Basic dTpw\r\n' +
        'X-B: 1\r\n' +
        'X-A: 2\r\n' +
        'Sec-WebSocket-Protocol: json,msgpack\r\n' +
        'Sec-WebSocket-Extensions: permessage-deflate; client_max_window_bits\r\n' +
        '\r\n',
    );
  });

  test('says nothing that was not asked for: no Origin, no agent, no subprotocol, no extension', () => {
    expect(requestHeaders({}).map(([name]) => name)).toEqual([
      'Host',
      'Upgrade',
      'Connection',
      'Sec-WebSocket-Version',
      'Sec-WebSocket-Key',
    ]);
    expect(requestHeaders({ extraHeaders: HttpHeaders.from({ Origin: 'http://a' }) })).toContainEqual([
      'Origin',
      'http://a',
    ]);
  });

  test('Host, User-Agent and Authorization of the user replace ours, Host in its place', () => {
    const headers = requestHeaders({
      userAgent: 'ours',
      authorization: 'ours',
      extraHeaders: HttpHeaders.from({ 'user-agent': 'u', authorization: 'a', host: 'localhost' }),
    });
    expect(headers[0]).toEqual(['Host', 'localhost']);
    expect(headers).toContainEqual(['user-agent', 'u']);
    expect(headers).toContainEqual(['authorization', 'a']);
    expect(headers).toHaveLength(7);
  });

  test('the headers given are not changed', () => {
    const extraHeaders = HttpHeaders.from({ Host: 'a', X: 'y' });
    writeUpgradeRequest({ ...plain, extraHeaders });
    expect([...extraHeaders]).toEqual([
      ['Host', 'a'],
      ['X', 'y'],
    ]);
  });

  test.each([
    'Connection',
    'upgrade',
    'Sec-WebSocket-Key',
    'sec-websocket-version',
    'Sec-WebSocket-Accept',
    'Sec-WebSocket-Extensions',
    'Sec-WebSocket-Protocol',
    'Content-Length',
    'Transfer-Encoding',
  ])('%s cannot be given by the user', (name) => {
    const extraHeaders = HttpHeaders.from({ [name]: 'x' });
    expect(() => writeUpgradeRequest({ ...plain, extraHeaders })).toThrow(UsageError);
    expect(() => writeUpgradeRequest({ ...plain, extraHeaders })).toThrow(/^extraHeaders: /);
  });

  test.each([
    [['a', 'a']],
    [['a b']],
    [['']],
    [['a,b']],
    [['a\r\nX: y']],
    [['\u010a']],
    [[5]],
    ['a'],
    [[{ toString: () => 'a' }]],
  ])('subprotocols %j are refused', (subprotocols) => {
    expect(() => writeUpgradeRequest({ ...plain, subprotocols: subprotocols as string[] })).toThrow(UsageError);
  });

  test.each(['a\r\nX: y', 'a\n', 'a\0', 'a\r', '\u010d\u010a'])('%j in any value is refused', (value) => {
    for (const field of ['host', 'target', 'key', 'userAgent', 'authorization'] as const) {
      expect(() => writeUpgradeRequest({ ...plain, [field]: value }), field).toThrow(UsageError);
    }
  });

  test('values that are no strings are refused, whatever they turn into', () => {
    const changing = { toString: () => '/' } as unknown as string;
    for (const field of ['host', 'target', 'key', 'userAgent', 'authorization'] as const) {
      expect(() => writeUpgradeRequest({ ...plain, [field]: changing }), field).toThrow(UsageError);
    }
  });

  test.each(['', 'a b', 'a,b', 'u@a', 'a:b', 'a/'])('Host %j is refused', (host) => {
    expect(() => writeUpgradeRequest({ ...plain, host })).toThrow(UsageError);
    expect(() => writeUpgradeRequest({ ...plain, extraHeaders: HttpHeaders.from({ Host: host }) })).toThrow(UsageError);
  });

  test('Host may be given once', () => {
    const extraHeaders = HttpHeaders.from([
      ['Host', 'a'],
      ['host', 'a'],
    ]);
    expect(() => writeUpgradeRequest({ ...plain, extraHeaders })).toThrow(UsageError);
  });

  test('whatever can be written is accepted by our server, and its answer by our client', () => {
    const extra = fc.array(
      fc.tuple(
        fieldName.map((name) => `x-${name}`),
        fieldValue,
      ),
      { maxLength: 5 },
    );
    fc.assert(
      fc.property(targetPath, fc.uniqueArray(token, { maxLength: 4 }), extra, (target, subprotocols, list) => {
        const request = { ...plain, target, subprotocols, extraHeaders: HttpHeaders.from(list) };
        const reader = new HeadReader('request');
        const bytes = Buffer.from(writeUpgradeRequest(request), 'latin1');
        expect(reader.read(bytes, 0, bytes.length)).toBe(bytes.length);
        if (reader.head === undefined) throw new Error(reader.failure?.reason);
        const result = evaluateUpgrade(reader.head, { sha1Base64, subprotocols: subprotocols.slice(-1) });
        if (!result.ok) throw new Error(result.refusal.reason);
        expect(result.offeredSubprotocols).toEqual(subprotocols);
        const answer = responseHead(writeSwitchingProtocols(result));
        expect(checkUpgradeResponse(answer, { ...expectation, subprotocols })).toEqual({
          ok: true,
          protocol: subprotocols.at(-1) ?? '',
          extensions: [],
        });
      }),
    );
  });
});

function responseHead(text: string): ResponseHead {
  const reader = new HeadReader('response');
  const bytes = Buffer.from(text, 'latin1');
  reader.read(bytes, 0, bytes.length);
  if (reader.head === undefined) throw new Error(reader.failure?.reason ?? 'incomplete');
  return reader.head;
}

const expectation: UpgradeExpectation = {
  key,
  subprotocols: [],
  offeredExtensions: [],
  host: 'foo.com',
  url: 'ws://foo.com/chat',
  sha1Base64,
};

/** The answer of RFC 6455 1.3 with some headers replaced, removed (undefined) or repeated (a list). */
function answer(
  changes: Record<string, string | string[] | undefined> = {},
  line: Partial<ResponseHead> = {},
): ResponseHead {
  const headers = HttpHeaders.from({
    Upgrade: 'websocket',
    Connection: 'Upgrade',
    'Sec-WebSocket-Accept': 's3pPLMBiTxaQ9kYGzzhZRbK+xOo=',
  });
  for (const [name, value] of Object.entries(changes)) {
    headers.delete(name);
    for (const one of value === undefined ? [] : [value].flat()) headers.append(name, one);
  }
  return { version: '1.1', status: 101, statusText: 'Switching Protocols', headers, ...line };
}

describe('the answer (RFC 6455 4.1)', () => {
  test.each<[string, string | string[]]>([
    ['Upgrade', 'WebSocket'],
    ['Connection', 'upgrade'],
    ['Connection', 'keep-alive, Upgrade'],
    ['Connection', ['keep-alive', 'UPGRADE']],
    ['X', 'y'],
    ['__proto__', 'constructor'],
  ])('with %s: %j is accepted', (name, value) => {
    expect(checkUpgradeResponse(answer({ [name]: value }), expectation)).toEqual({
      ok: true,
      protocol: '',
      extensions: [],
    });
  });

  test('whatever its phrase is', () => {
    expect(checkUpgradeResponse(answer({}, { statusText: '' }), expectation).ok).toBe(true);
  });

  test.each<[string, ResponseHead, string, string]>([
    [
      'a redirect',
      answer({}, { status: 301, statusText: 'Moved Permanently' }),
      'badStatus',
      'Got bad status connecting to foo.com, status: 301, HTTP Status line: HTTP/1.1 301 Moved Permanently',
    ],
    [
      'success',
      answer({}, { status: 200, statusText: '' }),
      'badStatus',
      'Got bad status connecting to foo.com, status: 200, HTTP Status line: HTTP/1.1 200',
    ],
    [
      'HTTP/1.0',
      answer({}, { version: '1.0' }),
      'badVersion',
      'Expecting HTTP/1.1, got HTTP/1.0. Rejecting connection to ws://foo.com/chat, status: 101, HTTP Status line: HTTP/1.0 101 Switching Protocols',
    ],
    ['no Upgrade', answer({ Upgrade: undefined }), 'invalidUpgrade', 'Missing Upgrade value'],
    ['another Upgrade', answer({ Upgrade: 'h2c' }), 'invalidUpgrade', 'Invalid Upgrade value: h2c'],
    [
      'two Upgrades',
      answer({ Upgrade: ['websocket', 'websocket'] }),
      'invalidUpgrade',
      'Invalid Upgrade value: websocket, websocket',
    ],
    ['no Connection', answer({ Connection: undefined }), 'invalidConnection', 'Missing connection value'],
    ['another Connection', answer({ Connection: 'close' }), 'invalidConnection', 'Invalid connection value: close'],
    [
      'a length',
      answer({ 'Content-Length': '5' }),
      'malformedResponse',
      'A 101 response has no body, and must not have the field Content-Length',
    ],
    [
      'two lengths',
      answer({ 'Content-Length': ['0', '0'] }),
      'malformedResponse',
      'A 101 response has no body, and must not have the field Content-Length',
    ],
    [
      'a transfer coding',
      answer({ 'Transfer-Encoding': 'chunked' }),
      'malformedResponse',
      'A 101 response has no body, and must not have the field Transfer-Encoding',
    ],
    ['no accept', answer({ 'Sec-WebSocket-Accept': undefined }), 'invalidAccept', 'Missing Sec-WebSocket-Accept value'],
  ])('%s is refused', (_name, head, code, reason) => {
    expect(checkUpgradeResponse(head, expectation)).toEqual({ ok: false, code, reason, httpStatus: head.status });
  });

  test.each<[string | string[]]>([
    [''],
    ['S3pPLMBiTxaQ9kYGzzhZRbK+xOo='],
    ['s3pPLMBiTxaQ9kYGzzhZRbK+xOo'],
    ['s3pPLMBiTxaQ9kYGzzhZRbK+xOo=='],
    ['s3pPLMBiTxaQ9kYGzzhZRbK+xOp='],
    [['s3pPLMBiTxaQ9kYGzzhZRbK+xOo=', 's3pPLMBiTxaQ9kYGzzhZRbK+xOo=']],
    [key],
  ])('accept %j is compared exactly', (value) => {
    expect(checkUpgradeResponse(answer({ 'Sec-WebSocket-Accept': value }), expectation)).toMatchObject({
      ok: false,
      code: 'invalidAccept',
      reason: 'Invalid Sec-WebSocket-Accept value',
    });
  });

  test('a long value of the peer is cut in messages', () => {
    const result = checkUpgradeResponse(answer({ Upgrade: 'x'.repeat(8000) }), expectation);
    expect(result.ok ? '' : result.reason.length).toBeLessThan(200);
  });
});

describe('what the server selected', () => {
  test('an offered subprotocol, or none, is accepted', () => {
    const expected = { ...expectation, subprotocols: ['json', 'constructor'] };
    const select = (name?: string) => checkUpgradeResponse(answer({ 'Sec-WebSocket-Protocol': name }), expected);
    expect(select('json')).toMatchObject({ ok: true, protocol: 'json' });
    expect(select('constructor')).toMatchObject({ ok: true, protocol: 'constructor' });
    expect(select()).toMatchObject({ ok: true, protocol: '' });
  });

  test.each<[string | string[], string[]]>([
    ['json', []],
    ['constructor', []],
    ['toString', ['json']],
    ['JSON', ['json']],
    ['', ['json']],
    ['json, msgpack', ['json', 'msgpack']],
    [['json', 'json'], ['json']],
    [
      ['json', 'msgpack'],
      ['json', 'msgpack'],
    ],
  ])('subprotocol %j for the offer %j is refused', (value, subprotocols) => {
    const result = checkUpgradeResponse(answer({ 'Sec-WebSocket-Protocol': value }), { ...expectation, subprotocols });
    expect(result).toMatchObject({ ok: false, code: 'invalidSubprotocol', httpStatus: 101 });
  });

  const deflate = { name: 'permessage-deflate', params: [] };
  const use = (value: string | string[], changes: Partial<UpgradeExpectation>) =>
    checkUpgradeResponse(answer({ 'Sec-WebSocket-Extensions': value }), { ...expectation, ...changes });

  test('an offered extension is accepted, with its parameters', () => {
    const extensions = [{ name: 'permessage-deflate', params: [['server_max_window_bits', '10']] }];
    const seen: unknown[] = [];
    const result = use('permessage-deflate; server_max_window_bits=10', {
      offeredExtensions: [deflate],
      acceptExtensions: (answers) => {
        seen.push(answers);
        return undefined;
      },
    });
    expect(result).toEqual({ ok: true, protocol: '', extensions });
    expect(seen).toEqual([extensions]);
  });

  test('the reason why its parameters cannot be used is reported', () => {
    const result = use('permessage-deflate; x', { offeredExtensions: [deflate], acceptExtensions: () => 'unknown x' });
    expect(result).toEqual({ ok: false, code: 'invalidExtensions', reason: 'unknown x', httpStatus: 101 });
  });

  test.each([
    'foo',
    'permessage-deflate, foo',
    'constructor',
    '__proto__',
    'Permessage-Deflate',
    '',
    'a b',
    'permessage-deflate;',
  ])('extensions %j are refused', (value) => {
    expect(use(value, { offeredExtensions: [deflate] })).toMatchObject({ ok: false, code: 'invalidExtensions' });
  });

  test('any extension is refused when none was offered', () => {
    expect(use('permessage-deflate', {})).toMatchObject({ ok: false, code: 'invalidExtensions' });
  });
});

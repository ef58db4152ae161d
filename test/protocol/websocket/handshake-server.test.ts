import { createHash } from 'node:crypto';
import { describe, expect, test, vi } from 'vitest';
import { UsageError } from '../../../src/errors.ts';
import { writeRefusal } from '../../../src/protocol/http1/head/refusal.ts';
import type { RequestHead } from '../../../src/protocol/http1/head/request-head.ts';
import { HttpHeaders } from '../../../src/protocol/http1/headers.ts';
import type { ParsedExtension } from '../../../src/protocol/websocket/handshake/extension-header.ts';
import {
  type AcceptedUpgrade,
  evaluateUpgrade,
  isWebSocketRequest,
  type UpgradeOptions,
  upgradeRequired,
  writeSwitchingProtocols,
} from '../../../src/protocol/websocket/handshake/handshake-server.ts';
import { readEveryWay } from '../http1/read-head.ts';

const sha1Base64 = (text: string): string => createHash('sha1').update(text, 'latin1').digest('base64');

/** The example of RFC 6455 1.3. */
const valid: readonly (readonly [string, string])[] = [
  ['Host', 'server.example.com'],
  ['Upgrade', 'websocket'],
  ['Connection', 'Upgrade'],
  ['Sec-WebSocket-Key', 'dGhlIHNhbXBsZSBub25jZQ=='],
  ['Sec-WebSocket-Version', '13'],
];

/** The example with some headers replaced, removed (undefined), or added again (a list). */
function head(
  changes: Record<string, string | undefined | string[]> = {},
  line: Partial<RequestHead> = {},
): RequestHead {
  const headers = HttpHeaders.from(valid);
  for (const [name, value] of Object.entries(changes)) {
    headers.delete(name);
    for (const one of value === undefined ? [] : [value].flat()) headers.append(name, one);
  }
  return { method: 'GET', target: '/chat', version: '1.1', headers, ...line };
}

function accepted(request: RequestHead, options: Partial<UpgradeOptions> = {}): AcceptedUpgrade {
  const result = evaluateUpgrade(request, { sha1Base64, ...options });
  if (!result.ok) throw new Error(`refused: ${result.refusal.reason}`);
  return result;
}

function refused(request: RequestHead, options: Partial<UpgradeOptions> = {}): string {
  const result = evaluateUpgrade(request, { sha1Base64, ...options });
  return result.ok ? 'accepted' : `${result.refusal.status} ${result.refusal.code}: ${result.refusal.reason}`;
}

describe('a valid handshake (RFC 6455 4.2)', () => {
  test('the example of section 1.3 gives the answer of section 1.3', () => {
    expect(accepted(head())).toEqual({
      ok: true,
      key: 'dGhlIHNhbXBsZSBub25jZQ==',
      accept: 's3pPLMBiTxaQ9kYGzzhZRbK+xOo=',
      offeredSubprotocols: [],
      protocol: '',
      extensions: '',
    });
  });

  test.each<[string, string | string[]]>([
    ['Upgrade', 'WebSocket'],
    ['Upgrade', 'WEBSOCKET'],
    ['Upgrade', 'websocket, h2c'],
    ['Upgrade', 'h2c,WebSocket'],
    ['Upgrade', ['h2c', 'websocket']],
    ['Connection', 'upgrade'],
    ['Connection', 'keep-alive, Upgrade'],
    ['Connection', 'Upgrade,keep-alive'],
    ['Connection', ['keep-alive', 'UPGRADE']],
    ['Content-Length', '0'],
    ['Origin', 'http://server.example.com'],
    ['constructor', '1'],
    ['__proto__', '1'],
    ['Sec-WebSocket-Key', 'AAAAAAAAAAAAAAAAAAAAAA=='],
    ['Sec-WebSocket-Key', '/+//////////////////+w=='],
  ])('%s: %j is accepted', (name, value) => {
    expect(refused(head({ [name]: value }))).toBe('accepted');
  });

  test('an absolute-form target is accepted', () => {
    expect(refused(head({}, { target: 'http://server.example.com/chat' }))).toBe('accepted');
  });
});

describe('every check of RFC 6455 4.2.1', () => {
  test.each<[string, RequestHead, string]>([
    ['POST', head({}, { method: 'POST' }), '405 invalidMethod: Invalid HTTP method, need GET, got POST'],
    ['HEAD', head({}, { method: 'HEAD' }), '405 invalidMethod: Invalid HTTP method, need GET, got HEAD'],
    ['a lower-case get', head({}, { method: 'get' }), '405 invalidMethod: Invalid HTTP method, need GET, got get'],
    [
      'HTTP/1.0',
      head({}, { version: '1.0' }),
      '400 invalidVersion: Invalid HTTP version, need HTTP/1.1, got: HTTP/1.0',
    ],
    ['no Upgrade', head({ Upgrade: undefined }), '400 missingUpgrade: Missing Upgrade header'],
    [
      'another Upgrade',
      head({ Upgrade: 'h2c' }),
      '400 invalidUpgrade: Invalid Upgrade header, need WebSocket, got h2c',
    ],
    [
      'a longer Upgrade',
      head({ Upgrade: 'websockets' }),
      '400 invalidUpgrade: Invalid Upgrade header, need WebSocket, got websockets',
    ],
    ['an empty Upgrade', head({ Upgrade: '' }), '400 invalidUpgrade: Invalid Upgrade header, need WebSocket, got '],
    ['no Connection', head({ Connection: undefined }), '400 missingConnection: Missing Connection header'],
    [
      'another Connection',
      head({ Connection: 'keep-alive, not-upgrade' }),
      '400 invalidConnection: Invalid Connection header, need Upgrade, got keep-alive, not-upgrade',
    ],
    [
      'no version',
      head({ 'Sec-WebSocket-Version': undefined }),
      '400 missingWebSocketVersion: Missing Sec-WebSocket-Version value',
    ],
    [
      'two versions',
      head({ 'Sec-WebSocket-Version': ['13', '13'] }),
      '400 repeatedWebSocketVersion: More than one Sec-WebSocket-Version header',
    ],
    ['no key', head({ 'Sec-WebSocket-Key': undefined }), '400 missingKey: Missing Sec-WebSocket-Key value'],
    [
      'two keys',
      head({ 'Sec-WebSocket-Key': ['dGhlIHNhbXBsZSBub25jZQ==', 'dGhlIHNhbXBsZSBub25jZQ=='] }),
      '400 repeatedKey: More than one Sec-WebSocket-Key header',
    ],
    ['two origins', head({ Origin: ['http://a', 'http://b'] }), '400 repeatedOrigin: More than one Origin header'],
  ])('%s is refused', (_name, request, expected) => {
    expect(refused(request)).toBe(expected);
  });

  test.each([
    '',
    'foobar',
    'dGhlIHNhbXBsZSBub25jZQ',
    'dGhlIHNhbXBsZSBub25jZQ=',
    'dGhlIHNhbXBsZSBub25jZQ===',
    'dGhlIHNhbXBsZSBub25jZTE=',
    'dGhlIHNhbXBsZSBub25jZTEy',
    'dGhlIHNhbXBsZSBub25j ZQ==',
    'dGhlIHNhbXBsZSBub25-ZQ==',
    'dGhlIHNhbXBsZSBub25jZQ==, x',
    `${'A'.repeat(65_536)}==`,
  ])('key %j is not base64 of 16 bytes', (key) => {
    expect(refused(head({ 'Sec-WebSocket-Key': key }))).toMatch(/^400 invalidKey: /);
  });

  test.each(['12', '14', '8', '013', '13abc', '13, 8', '', '+13'])(
    'version %j is answered with the one we speak (RFC 6455 4.4)',
    (version) => {
      const result = evaluateUpgrade(head({ 'Sec-WebSocket-Version': version }), { sha1Base64 });
      expect(result).toMatchObject({
        ok: false,
        refusal: { status: 426, code: 'unsupportedWebSocketVersion' },
      });
      const answer = readEveryWay('response', result.ok ? '' : writeRefusal(result.refusal));
      expect(answer.headers).toContainEqual(['Sec-WebSocket-Version', '13']);
      expect(answer.headers).toContainEqual(['Upgrade', 'websocket']);
      expect(answer.headers).toContainEqual(['Connection', 'close, Upgrade']);
    },
  );

  test.each<[string, string | string[]]>([
    ['Content-Length', '5'],
    ['Content-Length', ['0', '0']],
    ['Content-Length', '00'],
    ['Content-Length', '+0'],
    ['Content-Length', ''],
    ['Transfer-Encoding', 'chunked'],
    ['Transfer-Encoding', ''],
  ])('a body announced by %s: %j is refused', (name, value) => {
    expect(refused(head({ [name]: value }))).toBe('400 unexpectedBody: An upgrade request must not have a body');
  });

  test('405 says which method is allowed', () => {
    const result = evaluateUpgrade(head({}, { method: 'PUT' }), { sha1Base64 });
    expect(result).toMatchObject({ refusal: { headers: [['Allow', 'GET']] } });
  });

  test('a long value is not repeated to the peer at length', () => {
    expect(refused(head({ Upgrade: 'x'.repeat(8000) })).length).toBeLessThan(200);
    expect(refused(head({}, { method: 'X'.repeat(8000) })).length).toBeLessThan(200);
  });
});

describe('an ordinary request', () => {
  const ordinary = (changes: Record<string, string>): RequestHead => ({
    ...head(),
    headers: HttpHeaders.from({ Host: 'a', ...changes }),
  });

  test.each<[string, Record<string, string>]>([
    ['of a browser', {}],
    ['with keep-alive', { Connection: 'keep-alive' }],
    ['that would rather have HTTP/2', { Connection: 'Upgrade, HTTP2-Settings', Upgrade: 'h2c', 'HTTP2-Settings': '' }],
  ])('%s is told to upgrade (RFC 9110 15.5.22)', (_name, headers) => {
    expect(isWebSocketRequest(ordinary(headers))).toBe(false);
    expect(evaluateUpgrade(ordinary(headers), { sha1Base64 })).toEqual({ ok: false, refusal: upgradeRequired });
  });

  test('the answer is a complete 426 that names the protocol', () => {
    const text = writeRefusal(upgradeRequired);
    const answer = readEveryWay('response', text);
    expect(answer.start).toMatchObject({ status: 426, statusText: 'Upgrade Required' });
    expect(answer.headers).toContainEqual(['Upgrade', 'websocket']);
    expect(answer.headers).toContainEqual(['Connection', 'close, Upgrade']);
    expect(answer.headers).toContainEqual(['Content-Length', String(text.length - (answer.length ?? 0))]);
  });

  test.each<[string, Record<string, string>]>([
    ['Upgrade', { Upgrade: 'websocket' }],
    ['a key', { 'Sec-WebSocket-Key': 'x' }],
    ['a version', { 'Sec-WebSocket-Version': '13' }],
  ])('with %s it is a handshake, and judged as one', (_name, headers) => {
    expect(isWebSocketRequest(ordinary(headers))).toBe(true);
    expect(refused(ordinary(headers))).toMatch(/^400 /);
  });
});

describe('subprotocols (RFC 6455 4.2.2)', () => {
  const offering = (...values: string[]): RequestHead => head({ 'Sec-WebSocket-Protocol': values });

  test('none is selected unless the server has some', () => {
    expect(accepted(offering('json,msgpack'))).toMatchObject({
      protocol: '',
      offeredSubprotocols: ['json', 'msgpack'],
    });
    expect(accepted(offering('json'), { subprotocols: [] }).protocol).toBe('');
    expect(accepted(offering('json'), { subprotocols: ['Json'] }).protocol).toBe('');
    expect(accepted(head(), { subprotocols: ['json'] }).protocol).toBe('');
  });

  test('the first of ours that is offered wins', () => {
    expect(accepted(offering('a, b', 'c'), { subprotocols: ['x', 'c', 'a'] }).protocol).toBe('c');
    expect(accepted(offering('a', 'b', 'c')).offeredSubprotocols).toEqual(['a', 'b', 'c']);
  });

  test.each(['constructor', '__proto__', 'toString'])('%s is a subprotocol like any other', (name) => {
    expect(accepted(offering(name), { subprotocols: [name] }).protocol).toBe(name);
    expect(accepted(offering(name), { subprotocols: ['json'] }).protocol).toBe('');
  });

  test.each([['a b'], ['a, a'], ['a', 'a'], ['"a"'], ['a;b'], ['a/b'], ['a,\xa0b'], ['a', 'b c']])(
    '%j is malformed',
    (...values) => {
      expect(refused(offering(...values))).toBe('400 invalidSubprotocols: Invalid Sec-WebSocket-Protocol header');
    },
  );

  test.each([[''], [','], ['', '']])('%j offers none', (...values) => {
    expect(accepted(offering(...values), { subprotocols: ['a'] })).toMatchObject({
      protocol: '',
      offeredSubprotocols: [],
    });
  });

  test('names that differ in case are two (RFC 6455 11.3.4 compares them exactly)', () => {
    expect(accepted(offering('a, A')).offeredSubprotocols).toEqual(['a', 'A']);
  });
});

describe('extensions', () => {
  const offering = (value: string | string[]): RequestHead => head({ 'Sec-WebSocket-Extensions': value });

  test('none is used unless something accepts them', () => {
    expect(accepted(offering('permessage-deflate')).extensions).toBe('');
  });

  test('what accepts them sees all offers of all lines', () => {
    const acceptExtensions = vi.fn((offers: readonly ParsedExtension[]) => offers.slice(1));
    expect(accepted(offering(['a; b=c', 'd; e']), { acceptExtensions }).extensions).toBe('d; e');
    expect(acceptExtensions).toHaveBeenCalledExactlyOnceWith([
      { name: 'a', params: [['b', 'c']] },
      { name: 'd', params: [['e', true]] },
    ]);
    expect(accepted(offering('a'), { acceptExtensions: () => [] }).extensions).toBe('');
    expect(accepted(head(), { acceptExtensions }).extensions).toBe('');
    expect(acceptExtensions).toHaveBeenCalledOnce();
  });

  test.each(['', ',', 'a b', 'a;', 'a; b="', '"a"'])('%j is malformed', (value) => {
    expect(refused(offering(value))).toBe('400 invalidExtensions: Invalid Sec-WebSocket-Extensions header');
  });
});

describe('the answer (RFC 6455 4.2.2)', () => {
  const answer = accepted(head());

  test('has the fields in the order of IXWebSocket', () => {
    const extraHeaders = HttpHeaders.from({ Server: 'ixwebsocket', 'Set-Cookie': 'a=b' });
    const text = writeSwitchingProtocols({ ...answer, protocol: 'json', extensions: 'foo; a' }, extraHeaders);
    expect(text).toBe(
      'HTTP/1.1 101 Switching Protocols\r\n' +
        'Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n' +
        'Upgrade: websocket\r\n' +
        'Connection: Upgrade\r\n' +
        'Server: ixwebsocket\r\n' +
        'Set-Cookie: a=b\r\n' +
        'Sec-WebSocket-Protocol: json\r\n' +
        'Sec-WebSocket-Extensions: foo; a\r\n' +
        '\r\n',
    );
    expect(readEveryWay('response', text).state).toBe('complete');
  });

  test('names neither subprotocol nor extensions when there are none', () => {
    expect(writeSwitchingProtocols(answer)).not.toMatch(/Protocol:|Extensions:/);
    expect(writeSwitchingProtocols(answer)).toBe(writeSwitchingProtocols(answer, new HttpHeaders()));
  });

  test.each([
    'Connection',
    'upgrade',
    'sec-websocket-accept',
    'Sec-WebSocket-Protocol',
    'Sec-WebSocket-Extensions',
    'Content-Length',
    'Transfer-Encoding',
  ])('%s cannot be added by the user', (name) => {
    expect(() => writeSwitchingProtocols(answer, HttpHeaders.from({ [name]: 'x' }))).toThrow(UsageError);
  });
});

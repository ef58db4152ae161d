import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { toErrorInfo } from '../../src/client/attempt/error-info.ts';
import { explainedCodes } from '../../src/client/explain/explain.ts';
import {
  ConnectError,
  type ConnectErrorCode,
  type ConnectPhase,
  explain,
  type WebSocketErrorInfo,
} from '../../src/index.ts';
import { daysFromNow } from '../support/certificates.ts';
import { startHttpProxy } from '../support/proxies.ts';
import { authority, failureOf, startSecureServer, trusting } from '../support/secure.ts';

const info = (
  code: string,
  { phase = 'handshake', ...details }: { phase?: ConnectPhase; httpStatus?: number; retryAfterMs?: number } = {},
): WebSocketErrorInfo => toErrorInfo(new ConnectError(code as ConnectErrorCode, phase, 'it went wrong', details), 0, 0);

describe('a failed attempt is explained', () => {
  test('for every code there is', async () => {
    const source = await readFile(join(import.meta.dirname, '../../src/errors.ts'), 'utf8');
    const types = ['ConnectErrorCode', 'TLSOptionsErrorCode', 'TLSHandshakeErrorCode'];
    const unions = types.map((type) => new RegExp(`type ${type} =(.*?);`, 's').exec(source)?.[1] ?? '');
    const codes = unions.flatMap((union) => [...union.matchAll(/'(\w+)'/g)].map((match) => match[1] ?? ''));
    expect(codes.length).toBeGreaterThan(30);
    expect(codes.filter((code) => !explainedCodes.includes(code))).toEqual([]);
  });

  test.each(explainedCodes)('%s in one to four sentences', (code) => {
    const text = explain(info(code));
    expect(text).toMatch(/^[A-Z].*\.$/);
    expect(text.match(/[.!?](?= |$)/g)?.length).toBeLessThanOrEqual(4);
    expect(text).not.toMatch(/undefined|\.\.|\n/);
  });

  test.each([
    [400, 'header'],
    [401, 'Authorization'],
    [403, 'Origin'],
    [404, 'path'],
    [407, 'proxy'],
    [426, 'Upgrade'],
    [429, 'less often'],
    [301, 'redirect'],
    [500, 'log'],
    [503, 'later'],
    [200, 'no WebSocket'],
  ])('by its status %i', (httpStatus, word) => {
    expect(explain(info('badStatus', { httpStatus }))).toContain(word);
  });

  test('with the wait that the server asks for', () => {
    expect(explain(info('badStatus', { httpStatus: 429, retryAfterMs: 90_000 }))).toContain('wait for 90 s');
  });

  test.each(['lookup', 'connect', 'proxy', 'tls', 'handshake'] as const)(
    'when it timed out in the phase %s',
    (phase) => {
      expect(explain(info('timeout', { phase }))).toMatch(/^[A-Z].*\.$/);
    },
  );

  test.each([407, 403, 502, 500])('when a proxy refused with %i', (httpStatus) => {
    expect(explain(info('proxyRefused', { phase: 'proxy', httpStatus }))).toMatch(/^The proxy .*\.$/);
  });

  test('when the code is unknown, by its reason', () => {
    expect(explain({ ...info('timeout'), code: 'constructor' })).toBe('It went wrong. Another attempt may succeed.');
  });

  test('with the dates and the names of the certificate', async () => {
    const expired = await startSecureServer(authority.issue({ notBefore: daysFromNow(-9), notAfter: daysFromNow(-1) }));
    expect(explain(await failureOf(expired.url))).toMatch(/valid from .* to .* GMT\) has expired/);
    const other = await startSecureServer(authority.issue({ names: ['other.test', '192.0.2.1'] }));
    expect(explain(await failureOf(other.url))).toContain('for other names: other.test, 192.0.2.1.');
  });

  test('with the proxy, and without its credentials', async () => {
    const proxy = await startHttpProxy({ wants: 'a:b' });
    const options = { proxy: `http://user:hunter2@127.0.0.1:${proxy.port}` };
    const text = explain(await failureOf('ws://server.behind.test/', trusting, options));
    expect(text).toContain(`The proxy http://127.0.0.1:${proxy.port} asks for a user name`);
    expect(text).not.toContain('hunter2');
  });
});

describe('a close is explained', () => {
  test.each([...Array.from({ length: 16 }, (_, i) => 1000 + i), 2999, 3000, 4001, 4999])('with code %i', (code) => {
    for (const remote of [true, false]) {
      const text = explain({ code, reason: '', remote, layer: 'websocket' });
      expect(text).toMatch(/^[A-Z].*\.$/);
      expect(text).not.toMatch(/undefined/);
    }
  });

  test('says who closed, and the reason', () => {
    expect(explain({ code: 4001, reason: 'token expired', remote: true, layer: 'websocket' })).toMatch(
      /^The other side .* It said: token expired\.$/,
    );
    expect(explain({ code: 1000, reason: '', remote: false, layer: 'websocket' })).toMatch(/^This side /);
  });

  test('tells a break of the connection from an end that this side made, and names the cause', () => {
    const broken = { code: 1006, reason: 'Abnormal closure', layer: 'transport' } as const;
    expect(explain({ ...broken, remote: true })).toMatch(/^The connection broke/);
    const cause = Object.assign(new Error('read ECONNRESET'), { code: 'ECONNRESET' });
    expect(explain({ ...broken, remote: true, cause })).toContain('read ECONNRESET');
    expect(explain({ ...broken, remote: false })).toMatch(/^This side .* terminate\(\)/);
  });

  test.each([
    ['Terminated', /^This program ended the connection at once, by terminate\(\)/],
    ['Close timeout', /within closeTimeoutSecs/],
    ['Send timeout', /sendTimeoutSecs/],
    ['Ended without an answer to the close frame', /without the close frame that should have been the answer/],
    ['Reset before an answer to the close frame', /the connection broke before the other side had answered/],
    [
      'Protocol error, before an answer to the close frame',
      /broke the protocol in place of an answer\. The reason: Protocol/,
    ],
  ])('tells an end that this side made by its reason: %s', (reason, says) => {
    const text = explain({ code: 1006, reason, remote: false, layer: 'transport' });
    expect(text).toMatch(says);
    expect(text).toMatch(/^This (?:side|program) .*\.$/);
    expect(text).not.toMatch(/undefined|\.\./);
  });

  test('does not pass on what could drive a terminal', () => {
    expect(explain({ code: 1000, reason: 'a\u001b[2Jb\u202ec', remote: true, layer: 'websocket' })).toContain(
      'It said: a\\u{1b}[2Jb\\u{202e}c.',
    );
  });
});

import { createHash } from 'node:crypto';
import { inspect } from 'node:util';
import { describe, expect, test } from 'vitest';
import type { ConnectAttempt, WebSocketErrorInfo, WebSocketOptions } from '../../src/index.ts';
import { daysFromNow } from '../support/certificates.ts';
import { patient } from '../support/patience.ts';
import { startHttpProxy } from '../support/proxies.ts';
import { closedPort, listenAndAnswer, listenRaw } from '../support/raw-server.ts';
import { createClient } from '../support/running.ts';
import { authority, startSecureServer, trusting } from '../support/secure.ts';

async function failure(options: WebSocketOptions): Promise<WebSocketErrorInfo & { attempt: ConnectAttempt }> {
  const { client } = createClient(options);
  const result = await client.connect();
  if (result.success) throw new Error('it connected');
  const { attempt } = result.errorInfo;
  if (attempt === undefined) throw new Error('there is no record');
  return { ...result.errorInfo, attempt };
}

const phasesOf = ({ phases }: ConnectAttempt): string[] => phases.map(({ phase }) => phase);

describe('the record of an attempt', () => {
  test('has the phases up to the failure, and how long they took', async () => {
    const server = await listenAndAnswer(() => 'HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n');
    const info = await failure({ url: server.url.replace('127.0.0.1', 'localhost'), family: 4 });
    expect(info).toMatchObject({ phase: 'handshake', retryable: true });
    const { attempt } = info;
    expect(phasesOf(attempt)).toEqual(['lookup', 'connect', 'handshake']);
    expect(attempt.phases.every(({ durationMs }) => durationMs >= 0)).toBe(true);
    const sum = attempt.phases.reduce((total, { durationMs }) => total + durationMs, 0);
    expect(attempt.durationMs).toBeGreaterThanOrEqual(sum - 0.01);
    expect(attempt).toMatchObject({ remoteAddress: '127.0.0.1', earlier: [], proxy: undefined, tls: undefined });
  });

  test('of an address has no lookup', async () => {
    const info = await failure({ url: `ws://127.0.0.1:${await closedPort()}/` });
    expect(phasesOf(info.attempt)).toEqual(['connect']);
    expect(info).toMatchObject({ phase: 'connect', retryable: true });
  });

  test('of a url that cannot be used is empty', async () => {
    const info = await failure({ url: 'nonsense' });
    expect(info).toMatchObject({
      phase: 'url',
      retryable: false,
      attempt: { url: '', phases: [], response: undefined },
    });
  });

  test('shows the certificate that was refused', async () => {
    const server = await startSecureServer(authority.issue({ notBefore: daysFromNow(-9), notAfter: daysFromNow(-1) }));
    const info = await failure({ url: server.url, tlsOptions: trusting });
    expect(info.code).toBe('tlsCertificateExpired');
    expect(info.attempt.tls).toMatchObject({ version: 'TLSv1.3', certificate: { subject: 'CN=localhost' } });
    expect(Date.parse(info.attempt.tls?.certificate?.validTo ?? '')).toBeLessThan(Date.now());
    expect(phasesOf(info.attempt)).toEqual(['lookup', 'connect', 'tls']);
  });

  test('of a proxy has its phase and its url, without credentials', async () => {
    const server = await startSecureServer(authority.issue({ names: ['other.test'] }));
    const proxy = await startHttpProxy();
    const info = await failure({
      url: server.url.replace('wss://', 'wss://user:hunter2@'),
      tlsOptions: trusting,
      proxy: `http://user:hunter2@127.0.0.1:${proxy.port}`,
    });
    expect(phasesOf(info.attempt)).toEqual(['connect', 'proxy', 'tls']);
    expect(info.attempt).toMatchObject({ url: server.url, proxy: `http://127.0.0.1:${proxy.port}` });
    expect(inspect(info, { depth: 9, showHidden: true })).not.toContain('hunter2');
  });

  test('lists redirects', async () => {
    const server = await listenAndAnswer((request) =>
      request.startsWith('GET / ')
        ? 'HTTP/1.1 302 Found\r\nLocation: /b\r\n\r\n'
        : 'HTTP/1.1 403 Forbidden\r\nContent-Length: 2\r\n\r\nno',
    );
    const { attempt } = await failure({ url: server.url });
    expect(attempt).toMatchObject({
      url: `${server.url}b`,
      earlier: [{ url: server.url, request: { target: '/' }, response: { status: 302, statusText: 'Found' } }],
      request: { target: '/b' },
      response: { status: 403 },
    });
    expect(phasesOf(attempt)).toEqual(['connect', 'handshake', 'connect', 'handshake']);
  });
});

describe('the record of an attempt that succeeded', () => {
  const accepting = (request: string): string => {
    const key = /Sec-WebSocket-Key: (\S+)/.exec(request)?.[1] ?? '';
    const accept = createHash('sha1').update(`${key}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`).digest('base64');
    return `HTTP/1.1 101 Welcome\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: ${accept}\r\n\r\n`;
  };

  async function success(options: WebSocketOptions): Promise<ConnectAttempt> {
    const { client } = createClient(options);
    const result = await client.connect();
    if (!result.success) throw new Error(result.errorInfo.reason);
    const { attempt } = result.openInfo;
    if (attempt === undefined) throw new Error('there is no record');
    return attempt;
  }

  test('has the request as it was sent, and the answer', async () => {
    let sent = '';
    const server = await listenAndAnswer((request) => {
      sent = request;
      return accepting(request);
    });
    const attempt = await success({ url: `${server.url}a?b=c`, extraHeaders: { 'X-A': '1' }, subprotocols: ['p'] });
    expect(phasesOf(attempt)).toEqual(['connect', 'handshake']);
    expect(attempt).toMatchObject({ url: `${server.url}a?b=c`, earlier: [], remoteAddress: '127.0.0.1' });
    const { request, response } = attempt;
    const fields = Array.from(request?.headers ?? [], ([name, value]) => `${name}: ${value}\r\n`).join('');
    expect(`GET ${request?.target} HTTP/1.1\r\n${fields}\r\n`).toBe(sent);
    expect(response).toMatchObject({ version: '1.1', status: 101, statusText: 'Welcome', isTruncated: false });
    expect(response?.headers.get('upgrade')).toBe('websocket');
    expect(response?.body).toHaveLength(0);
  });

  test('has what redirected to it', async () => {
    const server = await listenAndAnswer((request) =>
      request.startsWith('GET / ') ? 'HTTP/1.1 307 Over there\r\nLocation: /b\r\n\r\nbody' : accepting(request),
    );
    const attempt = await success({ url: server.url });
    expect(attempt).toMatchObject({
      url: `${server.url}b`,
      earlier: [{ url: server.url, request: { target: '/' }, response: { status: 307, statusText: 'Over there' } }],
      request: { target: '/b' },
      response: { status: 101 },
    });
    expect(attempt.earlier[0]?.response).toMatchObject({ body: Buffer.alloc(0), isTruncated: true });
  });

  test('has no credentials and no cookies, and what is sent has them', async () => {
    const requests: string[] = [];
    const server = await listenAndAnswer((request) => {
      requests.push(request);
      return request.startsWith('GET / ') ? 'HTTP/1.1 302 Found\r\nLocation: /b\r\n\r\n' : accepting(request);
    });
    const extraHeaders = { cookie: 'hunter2', 'Proxy-Authorization': 'hunter2', 'X-A': '1' };
    const attempt = await success({ url: server.url.replace('ws://', 'ws://user:hunter2@'), extraHeaders });
    const credentials = Buffer.from('user:hunter2').toString('base64');
    expect(requests).toHaveLength(2);
    for (const request of requests) expect(request).toContain(credentials);
    expect(requests[1]).toContain('cookie: hunter2\r\nProxy-Authorization: hunter2\r\n');
    const shown = inspect(attempt, { depth: 9, showHidden: true });
    expect(shown).not.toContain('hunter2');
    expect(shown).not.toContain(credentials);
    for (const name of ['Authorization', 'Cookie', 'Proxy-Authorization']) {
      expect(attempt.request?.headers.get(name)).toBe('(redacted)');
      expect(attempt.earlier[0]?.request.headers.get(name)).toBe('(redacted)');
    }
  });
});

describe('the response of a refusal', () => {
  test('is kept with its headers and body', async () => {
    const server = await listenAndAnswer(
      () => 'HTTP/1.1 429 Slow Down\r\nRetry-After: 120\r\nX-A: 1\r\nX-A: 2\r\nContent-Length: 9\r\n\r\ntoo often',
    );
    const { attempt, cause, httpStatus } = await failure({ url: server.url });
    expect(httpStatus).toBe(429);
    expect(cause).toMatchObject({ retryAfterMs: 120_000 });
    expect(attempt.response).toMatchObject({ status: 429, statusText: 'Slow Down', isTruncated: false });
    expect(attempt.response?.headers.get('x-a')).toBe('1, 2');
    expect(attempt.response?.body.toString()).toBe('too often');
  });

  test('is cut at 64 KiB', async () => {
    const server = await listenRaw(async (peer) => {
      await peer.head();
      peer.socket.on('error', () => undefined);
      peer.write('HTTP/1.1 503 Full\r\nConnection: close\r\n\r\n');
      peer.write(Buffer.alloc(1_000_000, 'x'));
    });
    const { attempt } = await failure({ url: server.url });
    expect(attempt.response).toMatchObject({ isTruncated: true });
    expect(attempt.response?.body).toHaveLength(64 * 1024);
  });

  test('is cut after a second, however little there is of it', async () => {
    const server = await listenAndAnswer(() => 'HTTP/1.1 503 Full\r\nContent-Length: 100\r\n\r\nsome');
    const start = performance.now();
    const { attempt, code } = await failure({ url: server.url });
    expect(performance.now() - start).toBeLessThan(patient(4000));
    expect(code).toBe('badStatus');
    expect(attempt.response?.body.toString()).toBe('some');
    expect(attempt.response?.isTruncated).toBe(true);
  });

  test('is what an attempt says that runs out of time over it', async () => {
    const server = await listenAndAnswer(() => 'HTTP/1.1 503 Full\r\nContent-Length: 100\r\n\r\nsome');
    const { attempt, code } = await failure({ url: server.url, handshakeTimeoutSecs: 0.1 });
    expect(code).toBe('badStatus');
    expect(attempt.response?.body.toString()).toBe('some');
  });

  test('is given up when the client is stopped', async () => {
    const server = await listenAndAnswer(() => 'HTTP/1.1 503 Full\r\nContent-Length: 100\r\n\r\nsome');
    const { client } = createClient({ url: server.url });
    const connecting = client.connect();
    const peer = await server.accept();
    await peer.head();
    await client.stop();
    expect(await connecting).toMatchObject({ success: false, errorInfo: { code: 'cancelled' } });
  });
});

import type { LookupFunction } from 'node:net';
import { describe, expect, test } from 'vitest';
import { ConnectError, type WebSocketErrorInfo, type WebSocketOptions } from '../../src/index.ts';
import { closedPort, listenAndAnswer, listenRaw, switchingProtocols } from '../support/raw-server.ts';
import { activeResources, noSocketsBut } from '../support/resources.ts';
import { createClient } from '../support/running.ts';

/** The error of one attempt, which the result and the event must agree on. */
async function failToConnect(options: WebSocketOptions, timeoutSecs?: number): Promise<WebSocketErrorInfo> {
  const { client, log } = createClient(options);
  const result = await client.connect(timeoutSecs);
  if (result.success) throw new Error('it connected');
  const { errorInfo } = result;
  expect(log.all.map((message) => message.type)).toEqual(['error']);
  expect(log.of('error')[0]?.errorInfo).toEqual(errorInfo);
  expect(errorInfo).toMatchObject({ retries: 0, waitTime: 0, decompressionError: false });
  expect(errorInfo.reason).toBe(errorInfo.cause.message);
  expect(errorInfo.code).toBe(errorInfo.cause.code);
  expect(client.getReadyState()).toBe('closed');
  return errorInfo;
}

const phaseOf = (info: WebSocketErrorInfo): string => (info.cause instanceof ConnectError ? info.cause.phase : '');

describe('an attempt fails', () => {
  test('with connectionRefused when nobody listens', async () => {
    const port = await closedPort();
    const info = await failToConnect({ url: `ws://127.0.0.1:${port}/` });
    expect(info).toMatchObject({
      code: 'connectionRefused',
      httpStatus: 0,
      reason: `Unable to connect to 127.0.0.1 on port ${port}, error: Connection refused`,
    });
    expect(phaseOf(info)).toBe('connect');
  });

  test.each(['', 'nonsense', 'ftp://127.0.0.1/', 'ws://', 'ws://[::1', 'ws://127.0.0.1:99999/', 'ws://127.0.0.1/#x'])(
    'with invalidUrl for %j',
    async (url) => {
      const info = await failToConnect({ url });
      expect(info).toMatchObject({ code: 'invalidUrl', httpStatus: 0 });
      expect(phaseOf(info)).toBe('url');
    },
  );

  test('with timeout when the server accepts and stays silent', async () => {
    const before = activeResources();
    const server = await listenRaw();
    const info = await failToConnect({ url: server.url, handshakeTimeoutSecs: 0.05 });
    expect(info).toMatchObject({ code: 'timeout', httpStatus: 0 });
    expect(info.reason).toMatch(/^Unable to connect to 127\.0\.0\.1 on port \d+, error: timed out after 50 ms$/);
    expect(phaseOf(info)).toBe('handshake');
    const peer = await server.accept();
    await peer.ended();
    peer.socket.destroy();
    await noSocketsBut({ ...before, TCPServerWrap: 1 });
  });

  test('with timeout when the response comes byte by byte, however often', async () => {
    const server = await listenRaw((peer) => {
      const bytes = Buffer.from(`HTTP/1.1 101 Switching Protocols\r\nX: ${'x'.repeat(4000)}`);
      let at = 0;
      const timer = setInterval(() => peer.write(bytes.subarray(at, ++at)), 5);
      peer.socket.on('close', () => clearInterval(timer));
      peer.socket.on('end', () => peer.socket.destroy());
    });
    const info = await failToConnect({ url: server.url }, 0.1);
    expect(info.code).toBe('timeout');
  });

  test('with timeout, in the phase lookup, when the name is never resolved', async () => {
    const lookup: LookupFunction = () => undefined;
    const info = await failToConnect({ url: 'ws://black.hole.test/', lookup, handshakeTimeoutSecs: 0.05 });
    expect(info.code).toBe('timeout');
    expect(phaseOf(info)).toBe('lookup');
  });

  test('with lookupFailed when the name does not exist', async () => {
    const lookup: LookupFunction = (hostname, _options, callback) => {
      const error = Object.assign(new Error(`getaddrinfo ENOTFOUND ${hostname}`), { code: 'ENOTFOUND' });
      process.nextTick(() => callback(error, '', 4));
    };
    const info = await failToConnect({ url: 'ws://no.such.test/', lookup });
    expect(info).toMatchObject({
      code: 'lookupFailed',
      reason: 'Unable to connect to no.such.test on port 80, error: getaddrinfo ENOTFOUND no.such.test',
    });
    expect(phaseOf(info)).toBe('lookup');
  });

  test('when a lookup of the user throws', async () => {
    const lookup: LookupFunction = () => {
      throw new Error('mine');
    };
    const info = await failToConnect({ url: 'ws://name.test/', lookup });
    expect(info.reason).toContain('mine');
  });

  type LookupArguments = Parameters<LookupFunction>;
  test.each<[string, (...args: LookupArguments) => unknown, string]>([
    ['rejects', () => Promise.reject(new Error('mine')), 'mine'],
    ['answers with nothing', (_host, _options, callback) => Reflect.apply(callback, undefined, []), 'found no address'],
    [
      'answers with a number',
      (_host, _options, callback) => Reflect.apply(callback, undefined, [null, 5]),
      'found no address',
    ],
    ['answers with a name', (_host, _options, callback) => callback(null, 'localhost', 4), 'found no address'],
    ['answers with no address of all', (_host, _options, callback) => callback(null, [], 4), 'found no address'],
    [
      'answers with an odd list',
      (_host, _options, callback) => Reflect.apply(callback, undefined, [null, [null]]),
      'found no',
    ],
    [
      'answers twice',
      (_host, _options, callback) => {
        callback(new Error('first'), '');
        callback(new Error('second'), '');
      },
      'first',
    ],
  ])('when a lookup of the user %s', async (_what, lookup, reason) => {
    const info = await failToConnect({ url: 'ws://name.test/', lookup, handshakeTimeoutSecs: 10 });
    expect(info.reason).toContain(reason);
    expect(info.code).not.toBe('timeout');
  });

  test('with cancelled when it is closed before it is over', async () => {
    const server = await listenRaw();
    const { client, log } = createClient({ url: server.url });
    const connecting = client.connect();
    await server.accept();
    client.close();
    const result = await connecting;
    expect(result.success || result.errorInfo.code).toBe('cancelled');
    expect(log.all).toEqual([]);
  });

  test.each([301, 302, 400, 401, 403, 404, 426, 429, 500, 503])('with badStatus for a %i', async (status) => {
    const server = await listenAndAnswer(
      () => `HTTP/1.1 ${status} Some Reason\r\nServer: x\r\nContent-Length: 5\r\n\r\nsorry`,
    );
    const info = await failToConnect({ url: server.url });
    expect(info).toMatchObject({
      code: 'badStatus',
      httpStatus: status,
      reason: `Got bad status connecting to 127.0.0.1, status: ${status}, HTTP Status line: HTTP/1.1 ${status} Some Reason`,
    });
    expect(phaseOf(info)).toBe('handshake');
  });

  test('with badStatus for a 200, and hangs up on a body that never ends', async () => {
    const server = await listenRaw(async (peer) => {
      await peer.head();
      peer.write('HTTP/1.1 200 OK\r\n\r\n');
      const timer = setInterval(() => peer.write('x'.repeat(1000)), 1);
      peer.socket.on('close', () => clearInterval(timer));
      peer.socket.on('end', () => peer.socket.destroy());
    });
    expect(await failToConnect({ url: server.url })).toMatchObject({ code: 'badStatus', httpStatus: 200 });
    await (await server.accept()).ended();
  });

  test.each([
    ['garbage', 'SSH-2.0-OpenSSH_9.2\r\n', 'malformedResponse'],
    ['binary garbage', Buffer.alloc(100, 0xff), 'malformedResponse'],
    ['a bare line feed', 'HTTP/1.1 101 x\nUpgrade: websocket\n\n', 'malformedResponse'],
    ['a folded header', 'HTTP/1.1 101 x\r\nA: b\r\n c\r\n\r\n', 'malformedResponse'],
    ['too many headers', `HTTP/1.1 101 x\r\n${'A: b\r\n'.repeat(200)}\r\n`, 'malformedResponse'],
    ['headers without an end', `HTTP/1.1 101 x\r\nA: ${'b'.repeat(100_000)}`, 'malformedResponse'],
    ['HTTP/1.0', 'HTTP/1.0 101 Switching Protocols\r\n\r\n', 'badVersion'],
    ['HTTP/2', 'HTTP/2.0 101 x\r\n\r\n', undefined],
  ])('for %s', async (_name, answer, code) => {
    const server = await listenAndAnswer(() => answer);
    const info = await failToConnect({ url: server.url });
    if (code !== undefined) expect(info.code).toBe(code);
    expect(info.reason).not.toBe('');
    expect(phaseOf(info)).toBe('handshake');
  });

  test.each([
    ['no Upgrade', { Upgrade: undefined }, 'invalidUpgrade', 'Missing Upgrade value'],
    ['another Upgrade', { Upgrade: 'h2c' }, 'invalidUpgrade', 'Invalid Upgrade value: h2c'],
    ['no Connection', { Connection: undefined }, 'invalidConnection', 'Missing connection value'],
    ['Connection: close', { Connection: 'close' }, 'invalidConnection', 'Invalid connection value: close'],
    ['no accept value', { 'Sec-WebSocket-Accept': undefined }, 'invalidAccept', 'Missing Sec-WebSocket-Accept value'],
    [
      'the accept value of another key',
      { 'Sec-WebSocket-Accept': 's3pPLMBiTxaQ9kYGzzhZRbK+xOo=' },
      'invalidAccept',
      'Invalid Sec-WebSocket-Accept value',
    ],
    [
      'a subprotocol nobody asked for',
      { 'Sec-WebSocket-Protocol': 'chat' },
      'invalidSubprotocol',
      'Invalid Sec-WebSocket-Protocol: the server selected chat, which was not offered',
    ],
    [
      'an extension nobody asked for',
      { 'Sec-WebSocket-Extensions': 'x-unknown' },
      'invalidExtensions',
      'Invalid Sec-WebSocket-Extensions: the server uses x-unknown, which was not offered',
    ],
  ])('for a 101 with %s', async (_name, fields, code, reason) => {
    const server = await listenAndAnswer((request) => switchingProtocols(request, fields));
    expect(await failToConnect({ url: server.url })).toMatchObject({ code, reason, httpStatus: 101 });
  });

  test('for one of the subprotocols in another case', async () => {
    const server = await listenAndAnswer((request) =>
      switchingProtocols(request, { 'Sec-WebSocket-Protocol': 'JSON' }),
    );
    expect(await failToConnect({ url: server.url, subprotocols: ['json'] })).toMatchObject({
      code: 'invalidSubprotocol',
    });
  });

  test.each(['ends', 'resets'])('when the server %s the connection at any byte of the response', async (how) => {
    const whole = switchingProtocols('');
    for (let cut = 0; cut < whole.length; cut += cut < 20 ? 1 : 7) {
      const server = await listenRaw(async (peer) => {
        await peer.head();
        if (how === 'ends') peer.socket.end(whole.slice(0, cut));
        else peer.socket.write(whole.slice(0, cut), () => peer.socket.resetAndDestroy());
      });
      const info = await failToConnect({ url: server.url });
      expect(info.code).toBe('connectionLost');
      const what = cut === 0 ? 'HTTP status line' : 'HTTP headers';
      const hasStatus = cut >= 'HTTP/1.1 101'.length;
      const circumstances = hasStatus ? ', status: 101' : cut === 0 ? ' (it may expect TLS, as in wss://)' : '';
      // A reset may overtake the bytes before it.
      if (how === 'ends') {
        expect(info.httpStatus).toBe(hasStatus ? 101 : 0);
        expect(info.reason).toBe(
          `Failed reading ${what} from ${server.url}: the connection was closed${circumstances}`,
        );
      }
    }
  });

  test('when the server hangs up before it has read the request', async () => {
    const server = await listenRaw((peer) => peer.socket.resetAndDestroy());
    const info = await failToConnect({ url: server.url });
    expect(['connectionLost', 'connectFailed']).toContain(info.code);
  });
});

test.each(['Connection: keep-alive, Upgrade', 'connection: UPGRADE'])('a 101 with %s is fine', async (line) => {
  const server = await listenAndAnswer((request) =>
    switchingProtocols(request)
      .replace('Connection: Upgrade', line)
      .replace('Upgrade: websocket', 'upgrade: WebSocket'),
  );
  const { client } = createClient({ url: server.url, closeTimeoutSecs: 0.05 });
  expect((await client.connect()).success).toBe(true);
});

test('a response byte by byte is fine', async () => {
  const server = await listenRaw(async (peer) => {
    const response = switchingProtocols(await peer.head(), { 'X-More': 'yes' });
    for (const byte of Buffer.from(response)) await new Promise((done) => peer.socket.write(Buffer.of(byte), done));
  });
  const { client } = createClient({ url: server.url, closeTimeoutSecs: 0.05 });
  const result = await client.connect();
  expect(result.success && result.openInfo.headers.get('x-more')).toBe('yes');
});

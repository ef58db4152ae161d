import { createConnection } from 'node:net';
import { describe, expect, onTestFinished, test } from 'vitest';
import { type SocketServerOptions, UsageError, userAgent, WebSocketServer } from '../../src/index.ts';
import { eventually, turns } from '../support/eventually.ts';
import { patient } from '../support/patience.ts';
import { connectRaw, openRaw, type RawPeer, upgradeRequest } from '../support/raw-peer.ts';
import { connectClient, type RunningServer, startServer } from '../support/running.ts';

/** Sends `request` and gives the whole response, which must be a complete one that ends the connection. */
async function refusalOf(request: string | Uint8Array, options: SocketServerOptions = {}) {
  const running = await startServer(options);
  const peer = await connectRaw(running.port, { send: request });
  return { ...running, peer, ...(await responseOf(peer)) };
}

async function responseOf(peer: RawPeer) {
  const head = await peer.head();
  await peer.ended();
  const [statusLine = '', ...fields] = head.trimEnd().split('\r\n');
  const headers = new Headers(fields.map((field) => field.split(/: (.*)/s).slice(0, 2) as [string, string]));
  const status = Number(statusLine.split(' ')[1]);
  expect(statusLine).toMatch(/^HTTP\/1\.1 \d\d\d \S/);
  expect(headers.get('server')).toBe(userAgent);
  expect(headers.get('connection')).toContain('close');
  const body = peer.body.toString();
  if (body !== '') expect(headers.get('content-length')).toBe(String(peer.body.length));
  return { status, headers, body, head };
}

/** No trace of it is left, and a client is served. */
async function expectUnharmed({ server, url }: RunningServer): Promise<void> {
  expect(server.getClients().size).toBe(0);
  const { client } = await connectClient(url);
  expect(server.getClients().size).toBe(1);
  await client.stop();
  await eventually('the client to be gone', () => server.getClients().size === 0);
}

test.each<[name: string, request: string | Buffer, status: number, body: string]>([
  [
    'a plain GET',
    'GET / HTTP/1.1\r\nHost: x\r\n\r\n',
    426,
    'This is a WebSocket server: connect with the WebSocket protocol\n',
  ],
  [
    'a plain POST',
    'POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\n\r\nabc',
    426,
    'This is a WebSocket server: connect with the WebSocket protocol\n',
  ],
  [
    'a POST that wants WebSocket',
    upgradeRequest().replace('GET', 'POST'),
    405,
    'Invalid HTTP method, need GET, got POST\n',
  ],
  ['a line that is no request', 'GET /\r\n', 400, ''],
  ['a request without Host', upgradeRequest({ Host: undefined }), 400, 'Missing Host header\n'],
  ['no Upgrade', upgradeRequest({ Upgrade: undefined }), 400, 'Missing Upgrade header\n'],
  ['another Upgrade', upgradeRequest({ Upgrade: 'h2c' }), 400, 'Invalid Upgrade header, need WebSocket, got h2c\n'],
  ['no Connection', upgradeRequest({ Connection: undefined }), 400, 'Missing Connection header\n'],
  ['Connection: keep-alive', upgradeRequest({ Connection: 'keep-alive' }), 400, ''],
  ['no version', upgradeRequest({ 'Sec-WebSocket-Version': undefined }), 400, 'Missing Sec-WebSocket-Version value\n'],
  ['version 12', upgradeRequest({ 'Sec-WebSocket-Version': '12' }), 426, ''],
  ['version 13abc', upgradeRequest({ 'Sec-WebSocket-Version': '13abc' }), 426, ''],
  ['no key', upgradeRequest({ 'Sec-WebSocket-Key': undefined }), 400, 'Missing Sec-WebSocket-Key value\n'],
  [
    'a key that is no key',
    upgradeRequest({ 'Sec-WebSocket-Key': 'foobar' }),
    400,
    'Invalid Sec-WebSocket-Key value, need base64 of 16 bytes\n',
  ],
  ['a body', upgradeRequest({ 'Content-Length': '5' }), 400, 'An upgrade request must not have a body\n'],
  [
    'HTTP/1.0',
    upgradeRequest().replace('HTTP/1.1', 'HTTP/1.0'),
    400,
    'Invalid HTTP version, need HTTP/1.1, got: HTTP/1.0\n',
  ],
  ['HTTP/2.0', upgradeRequest().replace('HTTP/1.1', 'HTTP/2.0'), 505, ''],
  ['a malformed list of subprotocols', upgradeRequest({ 'Sec-WebSocket-Protocol': 'a b' }), 400, ''],
  ['a malformed list of extensions', upgradeRequest({ 'Sec-WebSocket-Extensions': 'a;;' }), 400, ''],
  ['a request line without an end', `GET /${'x'.repeat(17_000)}`, 414, ''],
  ['a header without an end', `GET / HTTP/1.1\r\nA: ${'x'.repeat(17_000)}`, 431, ''],
  [
    '2 100 headers, and the upgrade behind them',
    upgradeRequest().replace('Upgrade:', `${'A: b\r\n'.repeat(2100)}Upgrade:`),
    431,
    '',
  ],
  ['100 headers too many for the count', `GET / HTTP/1.1\r\n${'A: b\r\n'.repeat(101)}\r\n`, 431, ''],
  ['headers too large together', `GET / HTTP/1.1\r\n${`A: ${'x'.repeat(1000)}\r\n`.repeat(17)}\r\n`, 431, ''],
  ['bytes that are no HTTP', Buffer.alloc(10, 0xff), 400, ''],
  ['a NUL', Buffer.from([0]), 400, ''],
  [
    'a TLS handshake',
    Buffer.from('16030100a5010000a1', 'hex'),
    400,
    'This looks like a TLS handshake, but this port speaks plain HTTP\n',
  ],
  ['a bare line feed', 'GET / HTTP/1.1\nHost: x\n\n', 400, 'Line feed without carriage return\n'],
  ['two Hosts', 'GET / HTTP/1.1\r\nHost: x\r\nHost: x\r\n\r\n', 400, 'More than one Host header\n'],
])('%s gets a complete refusal', async (_name, request, status, body) => {
  const result = await refusalOf(request);
  expect(result.status).toBe(status);
  expect(result.body).not.toBe('');
  if (body !== '') expect(result.body).toBe(body);
  if (status === 405) expect(result.headers.get('allow')).toBe('GET');
  if (status === 426) expect(result.headers.get('upgrade')).toBe('websocket');
  if (status === 426) expect(result.headers.get('connection')?.toLowerCase()).toContain('upgrade');
  if (/version 1/.test(_name)) expect(result.headers.get('sec-websocket-version')).toBe('13');
  await expectUnharmed(result);
});

test('a HEAD is answered by a head alone', async () => {
  const result = await refusalOf('HEAD / HTTP/1.1\r\nHost: x\r\n\r\n');
  expect([result.status, result.body]).toEqual([426, '']);
  expect(Number(result.headers.get('content-length'))).toBeGreaterThan(10);
});

test('a refusal comes however the request is cut, and whatever follows it', async () => {
  const { port } = await startServer();
  const request = Buffer.from('GET / HTTP/1.1\r\nHost: x\r\n\r\n');
  for (const cut of [1, 3, 10, 16, 25, request.length - 1]) {
    const peer = await connectRaw(port, { send: request.subarray(0, cut) });
    await turns(2);
    peer.write(Buffer.concat([request.subarray(cut), Buffer.alloc(200_000, 0x41)]));
    expect((await responseOf(peer)).status).toBe(426);
    peer.socket.destroy();
  }
});

describe('when the server is full', () => {
  test('the next one gets a complete 503, and is in again when there is room', async () => {
    const { server, port, url } = await startServer({ maxConnections: 2 });
    const first = await openRaw(port);
    await openRaw(port);
    const third = await connectRaw(port, { send: upgradeRequest() });
    const { status, headers, body } = await responseOf(third);
    expect([status, body, headers.get('retry-after')]).toEqual([503, 'Too many connections\n', '5']);
    expect(server.getClients().size).toBe(2);
    first.socket.destroy();
    await eventually('room', () => server.getClients().size === 1);
    const { client } = await connectClient(url);
    expect(server.getClients().size).toBe(2);
    await client.stop();
  });

  test('a request that is refused anyway hears its own reason, or that it is full', async () => {
    const { port } = await startServer({ maxConnections: 1 });
    await openRaw(port);
    const peer = await connectRaw(port, { send: 'GET / HTTP/1.1\r\nHost: x\r\n\r\n' });
    expect([426, 503]).toContain((await responseOf(peer)).status);
  });
});

describe('the handshake timeout', () => {
  test('answers a silent peer with 408', async () => {
    const running = await startServer({ handshakeTimeoutSecs: 0.15 });
    const start = performance.now();
    const peer = await connectRaw(running.port);
    const { status, body } = await responseOf(peer);
    expect([status, body]).toEqual([408, 'The request did not arrive in time\n']);
    expect(performance.now() - start).toBeGreaterThan(140);
    peer.socket.destroy();
    await expectUnharmed(running);
  });

  test('is not extended by a byte now and then', async () => {
    const { port } = await startServer({ handshakeTimeoutSecs: 0.2 });
    const peer = await connectRaw(port);
    const request = `GET / HTTP/1.1\r\nX: ${'x'.repeat(5000)}`;
    let at = 0;
    const timer = setInterval(() => peer.write(request.charAt(at++)), 10);
    const start = performance.now();
    const { status } = await responseOf(peer).finally(() => clearInterval(timer));
    expect(status).toBe(408);
    expect(performance.now() - start).toBeLessThan(patient(1500));
  });

  test('does not end a connection that is open', async () => {
    const { server, port } = await startServer({ handshakeTimeoutSecs: 0.1 });
    const open = await openRaw(port);
    const silent = await connectRaw(port);
    await responseOf(silent);
    expect(server.getClients().size).toBe(1);
    expect(open.hasEnded).toBe(false);
  });
});

test('a refused peer that does not hang up is cut off', async () => {
  const { port } = await startServer();
  const peer = await connectRaw(port, { send: 'GET / HTTP/1.1\r\nHost: x\r\n\r\n' });
  await responseOf(peer);
  const start = performance.now();
  while (!peer.isClosed && performance.now() - start < 5000) {
    peer.socket.write('x');
    await turns(50);
  }
  expect(peer.isClosed).toBe(true);
  expect(performance.now() - start).toBeLessThan(patient(3500));
});

test('peers that hang up at any byte of their request leave nothing behind', async () => {
  const running = await startServer();
  const request = upgradeRequest();
  for (let cut = 0; cut < request.length; cut += 5) {
    const socket = createConnection({ port: running.port, host: '127.0.0.1' });
    onTestFinished(() => void socket.destroy());
    socket.on('error', () => undefined);
    await new Promise((resolve) => socket.once('connect', resolve));
    if (cut % 2 === 0) socket.end(request.slice(0, cut));
    else socket.write(request.slice(0, cut), () => socket.resetAndDestroy());
  }
  await expectUnharmed(running);
  const start = performance.now();
  await running.server.stop();
  expect(performance.now() - start).toBeLessThan(patient(1000));
});

describe('names that JavaScript knows', () => {
  test.each(['__proto__', 'constructor', 'toString', 'hasOwnProperty'])('%s may be anywhere', async (name) => {
    const { port } = await startServer({ subprotocols: ['chat'] });
    const fields = {
      [`X-${name}`]: '1',
      'Sec-WebSocket-Extensions': `${name}; ${name}=${name}`,
      'Sec-WebSocket-Protocol': `${name}, chat`,
    };
    const request = upgradeRequest(fields, `/${name}?${name}=${name}`).replace('Host', `${name}: 1\r\nHost`);
    const peer = await connectRaw(port, { send: request });
    const head = await peer.head();
    expect(head).toContain(' 101 ');
    expect(head).toContain('Sec-WebSocket-Protocol: chat\r\n');
    expect(head).not.toContain('Sec-WebSocket-Extensions');
  });
});

test.each([
  ['Upgrade', 'WebSocket'],
  ['Upgrade', 'h2c, websocket'],
  ['Connection', 'keep-alive, Upgrade'],
  ['Connection', 'UPGRADE'],
])('%s: %s is fine', async (name, value) => {
  const { port } = await startServer();
  await openRaw(port, { [name]: value });
});

test('the answer is that of RFC 6455 section 1.3, with the fields of IXWebSocket in its order', async () => {
  const { port } = await startServer();
  const peer = await openRaw(port);
  expect(await peer.head()).toBe(
    'HTTP/1.1 101 Switching Protocols\r\nSec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n' +
      `Upgrade: websocket\r\nConnection: Upgrade\r\nServer: ${userAgent}\r\n\r\n`,
  );
});

test.each([
  ['port', -1],
  ['port', 65_536],
  ['port', '80'],
  ['host', 5],
  ['addressFamily', 5],
  ['backlog', 0],
  ['maxConnections', 0],
  ['maxConnections', 1.5],
  ['maxPendingConnections', -1],
  ['handshakeTimeoutSecs', 0],
  ['closeTimeoutSecs', Infinity],
  ['enablePong', 'no'],
  ['maxMessageSize', 2 ** 31 * 2],
  ['maxFragments', 0],
  ['maxUnfinishedBytes', 0],
  ['maxBufferedBytes', Number.NaN],
  ['subprotocols', ['a b']],
  ['subprotocols', 'chat'],
  ['allowedOrigins', 'example.com'],
  ['allowedOrigins', ['example.com']],
  ['connectionStateFactory', {}],
  ['onCallbackError', 'log'],
  ['tlsOptoins', {}],
])('the option %s must not be %j', (name, value) => {
  const construct = (): unknown => new WebSocketServer({ [name]: value });
  expect(construct).toThrow(UsageError);
  expect(construct).toThrow(new RegExp(`^${name}: `));
});

import { describe, expect, onTestFinished, test } from 'vitest';
import { type SocketServerOptions, UsageError, WebSocketServer } from '../../src/index.ts';
import { sharedWheel } from '../../src/platform/shared-wheel.ts';
import { AddressLimits } from '../../src/server/admission/address-limits.ts';
import { eventually } from '../support/eventually.ts';
import { FakeClock } from '../support/fake-clock.ts';
import { connectRaw, openRaw, upgradeRequest } from '../support/raw-peer.ts';
import { connectClient, startServer } from '../support/running.ts';

type Fields = Record<string, string | undefined>;

/** The response to a request for an upgrade, and the connection it came on. */
async function ask(port: number, fields: Fields = {}, target = '/') {
  const peer = await connectRaw(port, { send: upgradeRequest(fields, target) });
  const head = await peer.head();
  const status = Number(head.split(' ')[1]);
  if (status !== 101) await peer.ended();
  return { status, head, peer, body: peer.body.toString() };
}

/** The statuses of requests that say they come from these addresses. */
async function statusesOf(port: number, addresses: readonly string[]): Promise<number[]> {
  const statuses: number[] = [];
  for (const address of addresses) statuses.push((await ask(port, { 'X-Forwarded-For': address })).status);
  return statuses;
}

const behindProxy: SocketServerOptions = { trustedProxies: ['127.0.0.1'] };

describe('the path', () => {
  test.each([
    ['/chat', 101],
    ['/chat?room=1', 101],
    ['http://127.0.0.1/chat', 101],
    ['/', 404],
    ['/chat/', 404],
    ['/Chat', 404],
    ['/chatter', 404],
    ['/x?/chat', 404],
    ['//chat', 404],
    ['/%63hat', 404],
  ])('%s is answered with %i', async (target, status) => {
    const { port, server } = await startServer({ path: '/chat' });
    expect((await ask(port, {}, target)).status).toBe(status);
    if (status === 404) expect(server.metrics().handshakes.refused).toEqual({ pathNotFound: 1 });
  });
});

test.each([
  ['::ffff:7f00:2', '127.0.0.2'],
  ['::ffff:127.0.0.2', '127.0.0.2'],
  ['[::FFFF:a00:1]:99', '10.0.0.1'],
  ['0:0:0:0:0:ffff:10.0.0.1', '10.0.0.1'],
  ['2001:DB8:0:0:0:0:0:1', '2001:db8::1'],
])('an address behind a proxy has one spelling: %s is %s', async (given, address) => {
  let seen: string | undefined;
  const { port } = await startServer({ ...behindProxy, onUpgrade: ({ remoteIp }) => void (seen = remoteIp) });
  expect((await ask(port, { 'X-Forwarded-For': given })).status).toBe(101);
  expect(seen).toBe(address);
});

describe('the names of the server', () => {
  const allowedHosts = ['Example.com', 'localhost:8080', '[::1]'];

  test.each([
    ['example.com', 101],
    ['EXAMPLE.com:1234', 101],
    ['localhost:8080', 101],
    ['[::1]:80', 101],
    ['localhost', 421],
    ['localhost:8081', 421],
    ['evil.example.com', 421],
    ['example.com.', 421],
    ['127.0.0.1', 421],
  ])('%s is answered with %i', async (host, status) => {
    const { port } = await startServer({ allowedHosts });
    expect((await ask(port, { Host: host })).status).toBe(status);
  });

  test('a trusted proxy says what it was asked for, and nobody else does', async () => {
    const trusting = await startServer({ allowedHosts, ...behindProxy });
    expect((await ask(trusting.port, { Host: 'inner', 'X-Forwarded-Host': 'example.com' })).status).toBe(101);
    expect((await ask(trusting.port, { Host: 'inner', 'X-Forwarded-Host': 'a.com' })).status).toBe(421);
    const other = await startServer({ allowedHosts });
    expect((await ask(other.port, { Host: 'inner', 'X-Forwarded-Host': 'example.com' })).status).toBe(421);
  });

  test('the rule about origins goes by the name that a trusted proxy was asked for', async () => {
    const fields = { Host: 'inner:1', 'X-Forwarded-Host': 'example.com', Origin: 'https://example.com' };
    const trusting = await startServer(behindProxy);
    expect((await ask(trusting.port, fields)).status).toBe(101);
    expect((await ask(trusting.port, { ...fields, Origin: 'http://inner:1' })).status).toBe(403);
    const other = await startServer();
    expect((await ask(other.port, fields)).status).toBe(403);
    expect((await ask(other.port, { ...fields, Origin: 'http://inner:1' })).status).toBe(101);
  });
});

describe('the address of a client behind proxies', () => {
  async function addressOf(options: SocketServerOptions, fields: Fields): Promise<string> {
    const seen: string[] = [];
    const { port } = await startServer(
      { ...options, onUpgrade: ({ remoteIp }) => void seen.push(remoteIp) },
      (server) => server.setOnConnectionCallback((_webSocket, state) => void seen.push(state.getRemoteIp())),
    );
    await ask(port, fields);
    expect(seen[0]).toBe(seen[1]);
    return seen[0] ?? '';
  }

  const own = '127.0.0.1';
  test.each<[name: string, trusted: string[] | undefined, forwarded: string, address: string]>([
    ['is not believed without trusted proxies', undefined, '203.0.113.7', own],
    ['is not believed of others', ['10.0.0.0/8'], '203.0.113.7', own],
    ['is the one a trusted proxy adds', [own], '203.0.113.7', '203.0.113.7'],
    ['is the last one, whatever the client had written', [own], '1.1.1.1, 8.8.8.8, 203.0.113.7', '203.0.113.7'],
    ['is the last one that is no proxy', [own, '10.0.0.0/8'], '1.1.1.1, 203.0.113.7, 10.1.2.3', '203.0.113.7'],
    ['is the first one when all are proxies', [own, '10.0.0.0/8'], '10.1.2.3, 10.1.2.4', '10.1.2.3'],
    ['ends before what is unreadable', [own, '10.0.0.0/8'], '203.0.113.7, unknown, 10.1.2.3', '10.1.2.3'],
    ['stays the proxy when nothing is readable', [own], 'unknown', own],
    ['may be empty', [own], '', own],
    ['may have a port', [own], '203.0.113.7:1234', '203.0.113.7'],
    ['may be IPv6', [own], '2001:DB8::1', '2001:db8::1'],
    ['may be IPv6 with a port', [own], '[2001:db8::1]:1234', '2001:db8::1'],
    ['may be IPv4 in IPv6', [own], '::ffff:203.0.113.7', '203.0.113.7'],
    ['is no name', [own], 'example.com', own],
    ['is not what only looks like an address', [own], '203.0.113.007', own],
  ])('%s', async (_name, trustedProxies, forwarded, address) => {
    expect(await addressOf({ trustedProxies }, { 'X-Forwarded-For': forwarded })).toBe(address);
  });

  test('is read from several fields as from one', async () => {
    const request = upgradeRequest({ 'X-Forwarded-For': '1.1.1.1' }).replace(
      '\r\n\r\n',
      '\r\nX-Forwarded-For: 203.0.113.7\r\n\r\n',
    );
    const seen: string[] = [];
    const { port } = await startServer({ ...behindProxy, onUpgrade: ({ remoteIp }) => void seen.push(remoteIp) });
    await (await connectRaw(port, { send: request })).head();
    expect(seen).toEqual(['203.0.113.7']);
  });
});

describe('connections of one address', () => {
  test('the next one gets 429, and is in again when there is room', async () => {
    const { server, port } = await startServer({ ...behindProxy, maxConnectionsPerIp: 2 });
    const fields = { 'X-Forwarded-For': '203.0.113.7' };
    const first = await openRaw(port, fields);
    await openRaw(port, fields);
    const third = await ask(port, fields);
    expect([third.status, third.body]).toEqual([429, 'Too many connections from this address\n']);
    expect(third.head).toContain('Retry-After: 30\r\n');
    expect(await statusesOf(port, ['203.0.113.8'])).toEqual([101]);
    first.socket.destroy();
    await eventually('room', () => server.getClients().size === 2);
    expect((await ask(port, fields)).status).toBe(101);
    expect(server.metrics().handshakes.refused).toEqual({ tooManyConnectionsOfAddress: 1 });
  });

  test('a refused client has no place, even before it has hung up', async () => {
    const { port } = await startServer({ ...behindProxy, maxConnectionsPerIp: 1, path: '/chat' });
    const fields = { 'X-Forwarded-For': '203.0.113.7' };
    const refused = await ask(port, fields, '/wrong');
    expect(refused.status).toBe(404);
    expect((await ask(port, fields, '/chat')).status).toBe(101);
    expect(refused.peer.isClosed).toBe(false);
  });

  test('an address that the client makes up does not help it', async () => {
    const { port } = await startServer({ ...behindProxy, maxConnectionsPerIp: 1 });
    const spoofed = ['1.1.1.1, 203.0.113.7', '2.2.2.2, 203.0.113.7', 'x, 203.0.113.7', '203.0.113.7'];
    expect(await statusesOf(port, spoofed)).toEqual([101, 429, 429, 429]);
  });

  test('IPv6 counts by its /64 network, and IPv4 in IPv6 by its own address', async () => {
    const { port } = await startServer({ ...behindProxy, maxConnectionsPerIp: 1 });
    const addresses = ['2001:db8::1', '2001:db8:0:0:ffff::2', '2001:db8:0:1::1', '::ffff:1.1.1.1', '::ffff:1.1.1.2'];
    expect(await statusesOf(port, addresses)).toEqual([101, 429, 101, 101, 101]);
  });

  test('loopback is exempt', async () => {
    const { port } = await startServer({ maxConnectionsPerIp: 1, maxHandshakesPerMinutePerIp: 1 });
    for (let i = 0; i < 3; i++) await openRaw(port);
  });

  test.each<[name: string, options: SocketServerOptions, request: string, status: number]>([
    ['a plain GET', {}, 'GET / HTTP/1.1\r\nHost: x\r\nX-Forwarded-For: 1.1.1.1\r\n\r\n', 426],
    ['no key', {}, upgradeRequest({ 'X-Forwarded-For': '1.1.1.1', 'Sec-WebSocket-Key': undefined }), 400],
    ['a foreign origin', {}, upgradeRequest({ 'X-Forwarded-For': '1.1.1.1', Origin: 'http://a.com' }), 403],
    ['another path', { path: '/chat' }, upgradeRequest({ 'X-Forwarded-For': '1.1.1.1' }), 404],
    ['a refusal', { onUpgrade: () => false }, upgradeRequest({ 'X-Forwarded-For': '1.1.1.1' }), 403],
    [
      'a crash of the callback',
      { onUpgrade: () => Promise.reject(new Error('x')) },
      upgradeRequest({ 'X-Forwarded-For': '1.1.1.1' }),
      500,
    ],
    [
      'a crash of the factory',
      {
        connectionStateFactory: () => {
          throw new Error('x');
        },
      },
      upgradeRequest({ 'X-Forwarded-For': '1.1.1.1' }),
      500,
    ],
    [
      'a callback without an answer',
      { upgradeTimeoutSecs: 0.05, onUpgrade: () => new Promise(() => undefined) },
      upgradeRequest({ 'X-Forwarded-For': '1.1.1.1' }),
      503,
    ],
    [
      'half a request',
      { handshakeTimeoutSecs: 0.05 },
      upgradeRequest({ 'X-Forwarded-For': '1.1.1.1' }).slice(0, -2),
      408,
    ],
  ])('%s leaves no place taken', async (_name, options, request, status) => {
    const { server, port } = await startServer({
      ...behindProxy,
      maxConnectionsPerIp: 1,
      maxConnections: 1,
      onCallbackError: () => undefined,
      ...options,
    });
    for (let i = 0; i < 3; i++) {
      const peer = await connectRaw(port, { send: request });
      expect(await peer.head()).toContain(`HTTP/1.1 ${status} `);
      peer.socket.destroy();
      await eventually('nothing left', () => server.metrics().handshakes.pending === 0);
    }
    expect(Object.values(server.metrics().handshakes.refused)).toEqual([3]);
    expect(server.metrics().connections).toEqual({ open: 0, total: 0, plain: 0, overflows: 0 });
  });
});

describe('handshakes of one address in a minute', () => {
  test('more get 429, refused ones count, and others are served', async () => {
    const { port } = await startServer({ ...behindProxy, maxHandshakesPerMinutePerIp: 3, path: '/' });
    const mine = { 'X-Forwarded-For': '203.0.113.7' };
    expect((await ask(port, mine)).status).toBe(101);
    expect((await ask(port, mine, '/wrong')).status).toBe(404);
    expect((await ask(port, mine)).status).toBe(101);
    const refused = await ask(port, mine);
    expect([refused.status, refused.body]).toEqual([429, 'Too many opening handshakes from this address\n']);
    expect(refused.head).toContain('Retry-After: 60\r\n');
    expect(await statusesOf(port, ['203.0.113.8'])).toEqual([101]);
  });

  test('come back with time', () => {
    const clock = new FakeClock();
    const limits = new AddressLimits(undefined, 6, clock);
    const take = () => limits.takeHandshake('203.0.113.7');
    expect(Array.from({ length: 7 }, take)).toEqual([true, true, true, true, true, true, false]);
    clock.advance(10_000);
    expect([take(), take()]).toEqual([true, false]);
    clock.advance(60_000);
    expect(Array.from({ length: 7 }, take).filter(Boolean)).toHaveLength(6);
  });

  test('of addresses that are quiet for a minute nothing is kept, and of any number of them only so much', () => {
    const clock = new FakeClock();
    const limits = new AddressLimits(undefined, 6, clock);
    for (let i = 0; i < 70_000; i++) limits.takeHandshake(`10.${i >> 16}.${(i >> 8) & 255}.${i & 255}`);
    expect(limits.size).toBe(65_536);
    clock.advance(60_000);
    limits.takeHandshake('203.0.113.7');
    expect(limits.size).toBe(1);
  });
});

describe('the age of connections', () => {
  test('ends them with 1001, each at a time of its own', async () => {
    const { server, url } = await startServer({ maxConnectionAgeSecs: 0.3 });
    const start = performance.now();
    const { log } = await connectClient(url, { automaticReconnection: false });
    expect((await log.next('close')).closeInfo).toMatchObject({ code: 1001, reason: 'Connection age limit' });
    expect(performance.now() - start).toBeGreaterThan(260);
    await eventually('nobody left', () => server.getClients().size === 0);
  });

  test('is forgotten with the connection', async () => {
    const { server, url } = await startServer({ maxConnectionAgeSecs: 3600 });
    const before = sharedWheel.size;
    const { client } = await connectClient(url);
    expect(sharedWheel.size).toBeGreaterThan(before);
    await client.stop();
    await eventually('nobody left', () => server.getClients().size === 0);
    expect(sharedWheel.size).toBeLessThanOrEqual(before);
  });
});

test.each([
  ['path', 'chat'],
  ['path', '/chat?x'],
  ['path', '/a b'],
  ['path', '/ä'],
  ['path', 5],
  ['onUpgrade', true],
  ['upgradeTimeoutSecs', 0],
  ['allowedHosts', 'localhost'],
  ['allowedHosts', ['http://localhost']],
  ['allowedHosts', [5]],
  ['trustedProxies', '127.0.0.1'],
  ['trustedProxies', ['localhost']],
  ['trustedProxies', ['10.0.0.0/33']],
  ['trustedProxies', [undefined]],
  ['proxyProtocol', true],
  ['maxConnectionsPerIp', 0],
  ['maxHandshakesPerMinutePerIp', 1.5],
  ['maxConnectionAgeSecs', -1],
  ['maxMessagesPerSec', 0],
])('the option %s must not be %j', (name, value) => {
  const construct = (): unknown => new WebSocketServer({ [name]: value });
  expect(construct).toThrow(UsageError);
  expect(construct).toThrow(new RegExp(`^${name}: `));
});

test('a peer on a unix socket is trusted as such', async () => {
  const { mkdtemp, rm } = await import('node:fs/promises');
  const { tmpdir } = await import('node:os');
  const { join } = await import('node:path');
  const directory = await mkdtemp(join(tmpdir(), 'ix-'));
  onTestFinished(() => rm(directory, { recursive: true }));
  const socketPath = join(directory, 's');
  const seen: string[] = [];
  const server = new WebSocketServer({
    socketPath,
    trustedProxies: ['unix'],
    onUpgrade: ({ remoteIp }) => void seen.push(remoteIp),
  });
  onTestFinished(() => server.stop());
  expect(await server.listenAndStart()).toEqual({ ok: true });
  await connectClient(`ws+unix:${socketPath}:/`, { extraHeaders: { 'X-Forwarded-For': '203.0.113.7' } });
  expect(seen).toEqual(['203.0.113.7']);
});

import net from 'node:net';
import tls from 'node:tls';
import { describe, expect, onTestFinished, test } from 'vitest';
import { type SocketServerOptions, WebSocketServer } from '../../src/index.ts';
import { eventually, turns } from '../support/eventually.ts';
import { frame, RFC_MASK } from '../support/frames.ts';
import { connectRaw, RawPeer, upgradeRequest } from '../support/raw-peer.ts';
import { startServer } from '../support/running.ts';
import { identity } from '../support/secure.ts';

const V1 = 'PROXY TCP4 203.0.113.7 192.0.2.1 54321 443\r\n';
const V2 = Buffer.from('0d0a0d0a000d0a515549540a2111000ccb007107c0000201d43101bb', 'hex');
const LOCAL = Buffer.from('0d0a0d0a000d0a515549540a20000000', 'hex');
const hello = frame({ opcode: 1, payload: Buffer.from('hello'), mask: RFC_MASK });

/** An echo server that notes whom it sees. */
async function startProxied(options: SocketServerOptions = {}) {
  const seen: string[] = [];
  const lines: string[] = [];
  const running = await startServer(
    { proxyProtocol: 'required', logCallback: (_level, line) => void lines.push(line), ...options },
    (server) =>
      server.setOnClientMessageCallback((state, webSocket, message) => {
        if (message.type === 'open') seen.push(`${state.getRemoteIp()}:${state.getRemotePort()}`);
        if (message.type === 'message') webSocket.send(message.data, message.binary);
      }),
  );
  return { ...running, seen, lines };
}

async function expectEcho(peer: RawPeer): Promise<void> {
  expect(await peer.head()).toContain(' 101 ');
  // More reads than it takes for the handle of the socket to move.
  for (let i = 1; i <= 12; i++) {
    peer.write(hello);
    expect((await peer.frames(i)).at(-1)?.payload.toString()).toBe('hello');
  }
}

test.each<[name: string, header: Buffer]>([
  ['version 1', Buffer.from(V1)],
  ['version 2', V2],
])('%s says who the client is, however it arrives', async (_name, header) => {
  const { port, seen } = await startProxied();
  const request = Buffer.concat([header, Buffer.from(upgradeRequest())]);
  await expectEcho(await connectRaw(port, { send: request }));
  const slow = await connectRaw(port);
  for (const byte of request) {
    slow.write(Buffer.from([byte]));
    await new Promise((resolve) => setImmediate(resolve));
  }
  await expectEcho(slow);
  const apart = await connectRaw(port, { send: header });
  await turns(5);
  apart.write(upgradeRequest());
  await expectEcho(apart);
  expect(seen).toEqual(Array.from({ length: 3 }, () => '203.0.113.7:54321'));
});

test('a proxy that speaks for itself is the client', async () => {
  const { port, seen } = await startProxied();
  for (const header of [LOCAL, Buffer.from('PROXY UNKNOWN\r\n')]) {
    const peer = await connectRaw(port, { send: Buffer.concat([header, Buffer.from(upgradeRequest())]) });
    await expectEcho(peer);
    expect(seen.pop()).toBe(`127.0.0.1:${peer.socket.localPort}`);
  }
});

test('the header comes before the TLS handshake', async () => {
  const { port, seen } = await startProxied({ tlsOptions: { tls: true, ...identity } });
  const socket = net.connect(port, '127.0.0.1');
  onTestFinished(() => void socket.destroy());
  socket.write(V2);
  const secured = tls.connect({ socket, rejectUnauthorized: false });
  onTestFinished(() => void secured.destroy());
  await new Promise<void>((resolve, reject) => secured.once('secureConnect', resolve).once('error', reject));
  const peer = new RawPeer(secured);
  peer.write(upgradeRequest());
  await expectEcho(peer);
  expect(seen).toEqual(['203.0.113.7:54321']);
});

test('the header and the whole TLS handshake in one piece', async () => {
  const { port, seen } = await startProxied({ tlsOptions: { tls: true, ...identity } });
  // What the client says goes through here, with the header in front of its first bytes.
  const relay = net.createServer((client) => {
    const upstream = net.connect(port, '127.0.0.1');
    onTestFinished(() => void upstream.destroy());
    client.once('data', (first: Buffer) => {
      upstream.write(Buffer.concat([Buffer.from(V1), first]));
      client.pipe(upstream).pipe(client);
    });
    client.on('error', () => undefined);
    upstream.on('error', () => undefined);
  });
  onTestFinished(() => void relay.close());
  await new Promise<void>((resolve) => relay.listen(0, '127.0.0.1', resolve));
  const { port: relayPort } = relay.address() as net.AddressInfo;
  const secured = tls.connect({ port: relayPort, host: '127.0.0.1', rejectUnauthorized: false });
  onTestFinished(() => void secured.destroy());
  const peer = new RawPeer(secured);
  peer.write(upgradeRequest());
  await expectEcho(peer);
  expect(seen).toEqual(['203.0.113.7:54321']);
});

describe('connections without a proper header', () => {
  test.each<[name: string, bytes: string | Buffer]>([
    ['a request', upgradeRequest()],
    ['garbage', Buffer.alloc(5000, 0xff)],
    ['a malformed line', 'PROXY TCP4 example.com 192.0.2.1 1 2\r\n'],
    ['a line without an end', `PROXY ${'x'.repeat(5000)}`],
    ['a header that is too long', Buffer.from('0d0a0d0a000d0a515549540a2111ffff', 'hex')],
  ])('are dropped without a word: %s', async (_name, bytes) => {
    const { server, port, lines } = await startProxied();
    const peer = await connectRaw(port, { send: bytes });
    await peer.ended();
    expect(peer.received).toBe(0);
    expect(server.metrics().handshakes).toEqual({ accepted: 0, refused: { proxyHeaderRefused: 1 }, pending: 0 });
    expect(lines[0]).toMatch(/^PROXY header refused from 127\.0\.0\.1:\d+: /);
    await expectEcho(await connectRaw(port, { send: V1 + upgradeRequest() }));
  });

  test('are dropped when they are silent or slow', async () => {
    const { port, server } = await startProxied({ handshakeTimeoutSecs: 0.15 });
    const silent = await connectRaw(port);
    const slow = await connectRaw(port, { send: V1.slice(0, -1) });
    await Promise.all([silent.ended(), slow.ended()]);
    expect(server.metrics().handshakes.refused).toEqual({ proxyHeaderRefused: 2 });
  });

  test('leave nothing behind when they hang up', async () => {
    const { port, server } = await startProxied();
    for (const leave of ['end', 'resetAndDestroy'] as const) {
      const peer = await connectRaw(port, { send: 'PROXY ' });
      await eventually('it to be pending', () => server.metrics().handshakes.pending === 1);
      peer.socket[leave]();
      await eventually('it to be gone', () => server.metrics().handshakes.pending === 0);
    }
  });

  test('count as pending, and make room for others', async () => {
    const { port } = await startProxied({ maxPendingConnections: 3 });
    const silent: RawPeer[] = [];
    for (let i = 0; i < 6; i++) silent.push(await connectRaw(port));
    await expectEcho(await connectRaw(port, { send: V1 + upgradeRequest() }));
    await silent[0]?.ended();
  });
});

describe('with trusted proxies', () => {
  test('only those may say who the client is', async () => {
    const { port, lines } = await startProxied({ trustedProxies: ['10.0.0.0/8'] });
    const peer = await connectRaw(port, { send: V1 + upgradeRequest() });
    await peer.ended();
    expect(peer.received).toBe(0);
    expect(lines[0]).toContain('not a trusted proxy');
    const trusting = await startProxied({ trustedProxies: ['127.0.0.1'] });
    await expectEcho(await connectRaw(trusting.port, { send: V1 + upgradeRequest() }));
    expect(trusting.seen).toEqual(['203.0.113.7:54321']);
  });

  test('what the client adds to X-Forwarded-For does not count, unless it is a proxy as well', async () => {
    const request = upgradeRequest({ 'X-Forwarded-For': '198.51.100.1' });
    const { port, seen } = await startProxied({ trustedProxies: ['127.0.0.1'] });
    await (await connectRaw(port, { send: V1 + request })).head();
    const chain = await startProxied({ trustedProxies: ['127.0.0.1', '203.0.113.0/24'] });
    await (await connectRaw(chain.port, { send: V1 + request })).head();
    expect([...seen, ...chain.seen]).toEqual(['203.0.113.7:54321', '198.51.100.1:0']);
  });
});

test('limits by address go by what the header says', async () => {
  const { port } = await startProxied({ maxConnectionsPerIp: 1 });
  await expectEcho(await connectRaw(port, { send: V1 + upgradeRequest() }));
  expect(await (await connectRaw(port, { send: V1 + upgradeRequest() })).head()).toContain(' 429 ');
  await expectEcho(await connectRaw(port, { send: V1.replace('113.7', '113.8') + upgradeRequest() }));
});

test('stop() drops those whose header is on its way', async () => {
  const server = new WebSocketServer({ port: 0, proxyProtocol: 'required' });
  await server.listenAndStart();
  const peer = await connectRaw(server.getPort(), { send: 'PROXY' });
  await eventually('it to be pending', () => server.metrics().handshakes.pending === 1);
  await server.stop();
  await peer.ended();
});

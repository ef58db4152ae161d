import net from 'node:net';
import tls from 'node:tls';
import { describe, expect, onTestFinished, test } from 'vitest';
import type { SocketServerOptions } from '../../src/index.ts';
import { type Attacked, attack, closeFrameOf, victims } from '../support/attacked.ts';
import { BYSTANDER, Bystander } from '../support/bystander.ts';
import { eventually } from '../support/eventually.ts';
import { createEcho, listenHttp } from '../support/http-hosts.ts';
import { MemoryWatch } from '../support/memory-watch.ts';
import { connectRaw, type RawPeer, upgradeRequest } from '../support/raw-peer.ts';
import { startServer } from '../support/running.ts';
import { identity, trusting } from '../support/secure.ts';

const MIB = 1024 * 1024;

/** A server that serves bystanders at `/ok`, and one of them. */
async function startVictim(options: SocketServerOptions = {}) {
  const errors: unknown[] = [];
  const isSecure = options.tlsOptions !== undefined;
  const running = await startServer({ onCallbackError: (error) => void errors.push(error), ...options }, (server) =>
    server.setOnClientMessageCallback((_state, webSocket, message) => {
      if (message.type === 'message' && !message.binary && message.data.startsWith(BYSTANDER)) {
        webSocket.send(message.data);
      }
    }),
  );
  const url = isSecure ? `wss://localhost:${running.port}/ok` : `ws://127.0.0.1:${running.port}/ok`;
  const bystander = await Bystander.join(url, isSecure ? { tlsOptions: trusting } : {});
  return { ...running, bystander, errors };
}

/** One connection after the other, or all at once. */
async function swarm(count: number, port: number, send: string | Buffer): Promise<RawPeer[]> {
  return Promise.all(Array.from({ length: count }, () => connectRaw(port, { send })));
}

describe('handshakes slower than handshakeTimeoutSecs', () => {
  /** A byte now and then, until the other end has had enough. */
  function drip(write: (byte: string) => void, isOver: () => boolean): void {
    const text = `GET / HTTP/1.1\r\nHost: x\r\nA: ${'x'.repeat(7000)}`;
    let at = 0;
    const timer = setInterval(() => {
      if (isOver()) clearInterval(timer);
      else write(text.charAt(at++));
    }, 5);
    onTestFinished(() => clearInterval(timer));
  }

  test('in plain text are answered with 408 in time', async () => {
    const { port, bystander, server } = await startVictim({ handshakeTimeoutSecs: 0.3 });
    const peers = await swarm(50, port, 'G');
    for (const peer of peers)
      drip(
        (byte) => peer.write(byte),
        () => peer.hasEnded,
      );
    await Promise.all(peers.map((peer) => peer.ended()));
    expect(peers.every((peer) => peer.text.startsWith('HTTP/1.1 4'))).toBe(true);
    await bystander.stillServed();
    for (const peer of peers) peer.socket.destroy();
    await eventually('nothing pending', () => server.metrics().handshakes.pending === 0);
  });

  test('below TLS are dropped in time, and inside of TLS answered', async () => {
    const { port, bystander, server } = await startVictim({
      handshakeTimeoutSecs: 0.4,
      tlsOptions: { tls: true, ...identity },
    });
    const below = await swarm(20, port, Buffer.from('16', 'hex'));
    const inside = await Promise.all(
      Array.from({ length: 5 }, async () => {
        const socket = tls.connect({ port, host: '127.0.0.1', rejectUnauthorized: false });
        onTestFinished(() => void socket.destroy());
        await new Promise((resolve) => socket.once('secureConnect', resolve));
        let text = '';
        socket.on('data', (chunk: Buffer) => (text += chunk.toString()));
        socket.on('error', () => undefined);
        const over = new Promise<void>((resolve) => socket.once('close', () => resolve()).once('end', () => resolve()));
        let isOver = false;
        void over.then(() => (isOver = true));
        drip(
          (byte) => void socket.write(byte),
          () => isOver,
        );
        await over;
        return text;
      }),
    );
    await Promise.all(below.map((peer) => peer.ended()));
    expect(inside.every((text) => text.startsWith('HTTP/1.1 408'))).toBe(true);
    await bystander.stillServed();
    await eventually('nothing pending', () => server.metrics().handshakes.pending === 0);
  });
});

describe('onUpgrade that takes longer than upgradeTimeoutSecs', () => {
  const options: SocketServerOptions = {
    upgradeTimeoutSecs: 0.3,
    onUpgrade: ({ path }) => (path === '/ok' ? undefined : new Promise(() => undefined)),
  };

  test('is answered for with 503, and nothing is left', async () => {
    const { port, server, bystander, errors } = await startVictim(options);
    const peers = await swarm(100, port, upgradeRequest());
    await Promise.all(peers.map((peer) => peer.ended()));
    expect(peers.every((peer) => peer.text.startsWith('HTTP/1.1 503'))).toBe(true);
    await bystander.stillServed();
    for (const peer of peers) peer.socket.destroy();
    await eventually('nothing pending', () => server.metrics().handshakes.pending === 0);
    expect(errors).toEqual([]);
  });

  test('keeps little of what clients send meanwhile', async () => {
    const { port, bystander } = await startVictim({ ...options, upgradeTimeoutSecs: 1.5 });
    const memory = new MemoryWatch();
    const peers = await swarm(20, port, upgradeRequest());
    const chunk = Buffer.alloc(64 * 1024);
    for (const peer of peers) for (let i = 0; i < 100; i++) peer.write(chunk);
    await eventually('standstill', () => peers.every((peer) => peer.socket.writableLength > 0));
    // 125 MiB wait at the senders, in one chunk; each connection holds 64 KiB and one read.
    expect(memory.grown).toBeLessThan(20 * MIB);
    await bystander.stillServed();
  });

  test('does so at an HTTP server of Node, which does not time such a socket itself', async () => {
    const { httpServer, port, url } = await listenHttp();
    const server = createEcho('', options);
    server.setOnClientMessageCallback((_state, webSocket, message) => {
      if (message.type === 'message') webSocket.send(message.data, message.binary);
    });
    server.attach(httpServer);
    const bystander = await Bystander.join(`${url}ok`);
    const peers = await swarm(50, port, upgradeRequest());
    await Promise.all(peers.map((peer) => peer.ended()));
    await bystander.stillServed();
    for (const peer of peers) peer.socket.destroy();
    await eventually('nothing pending', () => server.metrics().handshakes.pending === 0);
  });
});

describe('one address, with maxConnectionsPerIp and maxHandshakesPerMinutePerIp', () => {
  const options: SocketServerOptions = { trustedProxies: ['127.0.0.1'], maxConnectionsPerIp: 5 };

  test('that opens all it can keeps no other out, and spoofing does not help', async () => {
    const { port, server, bystander } = await startVictim(options);
    const peers: RawPeer[] = [];
    for (let i = 0; i < 40; i++) {
      peers.push(
        await connectRaw(port, { send: upgradeRequest({ 'X-Forwarded-For': `10.0.0.${i}, ::1, 203.0.113.7` }) }),
      );
    }
    await Promise.all(peers.map((peer) => peer.head()));
    expect(peers.filter((peer) => peer.text.includes(' 101 '))).toHaveLength(5);
    expect(peers.filter((peer) => peer.text.includes(' 429 '))).toHaveLength(35);
    await bystander.stillServed();
    for (const peer of peers) peer.socket.destroy();
    await eventually('nobody but the bystander', () => server.getClients().size === 1);
    const again = await connectRaw(port, { send: upgradeRequest({ 'X-Forwarded-For': '203.0.113.7' }) });
    expect(await again.head()).toContain(' 101 ');
  });

  test('that only hangs up takes no place', async () => {
    const { port, server, bystander } = await startVictim({
      ...options,
      onUpgrade: ({ path }) => (path === '/ok' ? undefined : new Promise(() => undefined)),
    });
    const request = upgradeRequest({ 'X-Forwarded-For': '203.0.113.7' });
    for (let i = 0; i < 30; i++) {
      const socket = net.connect(port, '127.0.0.1');
      socket.on('error', () => undefined);
      await new Promise((resolve) => socket.once('connect', resolve));
      socket.write(request.slice(0, i % 3 === 0 ? 40 : undefined), () => socket.resetAndDestroy());
      await eventually('it to be gone', () => socket.destroyed && server.metrics().handshakes.pending === 0);
    }
    server.setOnUpgradeCallback(() => undefined);
    for (let i = 0; i < 5; i++) {
      expect(await (await connectRaw(port, { send: request })).head()).toContain(' 101 ');
    }
    await bystander.stillServed();
  });
});

test('floods of headers are refused, byte by byte as well, and cost no memory', async () => {
  const { port, bystander, server } = await startVictim();
  const memory = new MemoryWatch();
  const floods = [
    `GET /${'x'.repeat(100_000)}`,
    `GET / HTTP/1.1\r\n${'A: b\r\n'.repeat(20_000)}`,
    `GET / HTTP/1.1\r\nCookie: ${'x'.repeat(100_000)}`,
    upgradeRequest({ 'Sec-WebSocket-Protocol': `${' '.repeat(4000)},${','.repeat(4000)}` }),
    upgradeRequest({ 'X-Forwarded-For': ','.repeat(8000) }),
  ];
  for (let round = 0; round < 10; round++) {
    const peers = await Promise.all(floods.map((flood) => connectRaw(port, { send: flood })));
    await Promise.all(peers.map((peer) => peer.head()));
    for (const peer of peers) peer.socket.destroy();
  }
  await bystander.stillServed();
  expect(memory.grown).toBeLessThan(4 * MIB);
  await eventually('nothing pending', () => server.metrics().handshakes.pending === 0);
});

test('garbage in place of a PROXY header drops its connection and no other', async () => {
  const errors: unknown[] = [];
  const { server, port } = await startServer(
    { proxyProtocol: 'required', onCallbackError: (error) => void errors.push(error) },
    (made) =>
      made.setOnClientMessageCallback((_state, webSocket, message) => {
        if (message.type === 'message') webSocket.send(message.data, message.binary);
      }),
  );
  // A proxy in front, so that a client of ours can be the bystander.
  const proxy = net.createServer((client) => {
    const upstream = net.connect(port, '127.0.0.1');
    upstream.write('PROXY TCP4 203.0.113.7 192.0.2.1 1 2\r\n');
    for (const socket of [client, upstream]) {
      socket.on('error', () => undefined);
      onTestFinished(() => void socket.destroy());
    }
    client.pipe(upstream).pipe(client);
  });
  onTestFinished(() => void proxy.close());
  await new Promise<void>((resolve) => proxy.listen(0, '127.0.0.1', resolve));
  const bystander = await Bystander.join(`ws://127.0.0.1:${(proxy.address() as net.AddressInfo).port}/`);

  const memory = new MemoryWatch();
  const signature = Buffer.from('0d0a0d0a000d0a515549540a', 'hex');
  for (let seed = 0; seed < 200; seed++) {
    const noise = Buffer.alloc(600);
    for (let i = 0, x = seed + 1; i < noise.length; i++) noise[i] = (x = (x * 48_271) % 0x7fffffff) & 0xff;
    const starts = [Buffer.alloc(0), signature, Buffer.from('PROXY TCP4 '), Buffer.from('PROXY UNKNOWN')];
    const peer = await connectRaw(port, { send: Buffer.concat([starts[seed % 4] ?? signature, noise]) });
    peer.socket.end();
    await peer.ended();
  }
  await bystander.stillServed();
  expect(memory.grown).toBeLessThan(4 * MIB);
  expect(errors).toEqual([]);
  await eventually('nothing pending', () => server.metrics().handshakes.pending === 0);
});

describe.each(victims)('more messages than maxMessagesPerSec of %s', (victim) => {
  async function pour({ raw, frame }: Attacked, count: number, payload: string): Promise<void> {
    raw.write(Buffer.concat(Array.from({ length: count }, () => frame({ opcode: 1, payload }))));
  }

  test('are closed with 1008, behind twice as many', async () => {
    const attacked = await attack(victim, { maxMessagesPerSec: 50 });
    await pour(attacked, 5000, 'x');
    expect(await closeFrameOf(attacked.raw)).toBe('1008 Too many messages');
    // A few more, since the allowance fills up again while they arrive.
    expect(attacked.received.messages).toBeGreaterThanOrEqual(100);
    expect(attacked.received.messages).toBeLessThan(150);
    attacked.raw.socket.destroy();
    expect(await attacked.closed).toMatchObject({ code: 1008, remote: false });
    expect(attacked.errors).toEqual([]);
  });

  test('as many as it allows are delivered', async () => {
    const attacked = await attack(victim, { maxMessagesPerSec: 500 });
    await pour(attacked, 1000, 'x');
    await eventually('all of them', () => attacked.received.messages === 1000);
    expect(attacked.raw.hasEnded).toBe(false);
  });
});

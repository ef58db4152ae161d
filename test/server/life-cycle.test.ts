import { networkInterfaces } from 'node:os';
import { describe, expect, onTestFinished, test } from 'vitest';
import {
  ConnectionState,
  ListenError,
  type SocketServerOptions,
  UsageError,
  WebSocketServer,
} from '../../src/index.ts';
import { runModule } from '../support/child.ts';
import { eventually, turns } from '../support/eventually.ts';
import { hasIpv6Loopback } from '../support/ipv6.ts';
import { patient } from '../support/patience.ts';
import { connectRaw, openRaw, upgradeRequest } from '../support/raw-peer.ts';
import { activeResources, noSocketsBut } from '../support/resources.ts';
import { connectClient, createClient, startEchoServer, startServer } from '../support/running.ts';

function createServer(options: SocketServerOptions = {}): WebSocketServer {
  const server = new WebSocketServer({ port: 0, closeTimeoutSecs: 0.2, ...options });
  onTestFinished(() => server.stop());
  return server;
}

async function listenError(options: SocketServerOptions): Promise<ListenError> {
  const result = await createServer(options).listen();
  if (result.ok) throw new Error('it listens');
  expect(result.error).toBeInstanceOf(ListenError);
  return result.error;
}

describe('listen()', () => {
  test('tells that the address is in use, in the words of the system', async () => {
    const { port } = await startServer();
    const error = await listenError({ port });
    expect(error).toMatchObject({ code: 'addressInUse', host: '127.0.0.1', port });
    expect(error.message).toBe(`Cannot listen on 127.0.0.1:${port}: Address already in use`);
    expect(error.cause).toMatchObject({ code: 'EADDRINUSE' });
  });

  test('tells that the address is not ours', async () => {
    expect(await listenError({ host: '192.0.2.1' })).toMatchObject({ code: 'addressNotAvailable' });
  });

  test('tells that the host is none', async () => {
    for (const host of ['999.1.1.1', 'no such host', 'x'.repeat(300)]) {
      expect((await listenError({ host })).code).toBe('invalidHost');
    }
  });

  test.runIf(hasIpv6Loopback)('keeps to its address family', async () => {
    expect(await listenError({ addressFamily: 4, host: '::1' })).toBeInstanceOf(ListenError);
    expect(await listenError({ addressFamily: 6, host: '127.0.0.1' })).toBeInstanceOf(ListenError);
  });

  test('can be tried again after an error', async () => {
    const { server: other, port } = await startServer();
    const server = createServer({ port });
    expect((await server.listen()).ok).toBe(false);
    await other.stop();
    expect((await server.listen()).ok).toBe(true);
  });

  test('twice is an error, also at the same time, and harms nothing', async () => {
    const server = createServer();
    const [first, second] = await Promise.all([server.listen(), server.listen()]);
    expect([first.ok, second.ok]).toEqual([true, false]);
    const third = await server.listen();
    expect(third).toMatchObject({ ok: false, error: { code: 'alreadyListening' } });
    server.start();
    await openRaw(server.getPort());
  });

  test('picks a free port for 0, and the getters tell', async () => {
    const server = createServer({ backlog: 7, maxConnections: 3, handshakeTimeoutSecs: 2 });
    expect(server.getPort()).toBe(0);
    await server.listen();
    expect(server.getPort()).toBeGreaterThan(0);
    expect([server.getHost(), server.getBacklog(), server.getMaxConnections()]).toEqual(['127.0.0.1', 7, 3]);
    expect([server.getHandshakeTimeoutSecs(), server.getAddressFamily()]).toEqual([2, 4]);
    const defaults = new WebSocketServer();
    expect([defaults.getPort(), defaults.getHost(), defaults.getMaxConnections()]).toEqual([8080, '127.0.0.1', 10_000]);
  });

  test('and its switches', () => {
    const server = createServer({ pingIntervalSecs: 25, upgradeTimeoutSecs: 3 });
    expect([server.getPingInterval(), server.getUpgradeTimeoutSecs()]).toEqual([25, 3]);
    expect([server.isPongEnabled(), server.isPerMessageDeflateEnabled()]).toEqual([true, true]);
    server.disablePong();
    server.disablePerMessageDeflate();
    expect([server.isPongEnabled(), server.isPerMessageDeflateEnabled()]).toEqual([false, false]);
    server.enablePong();
    server.setPerMessageDeflateOptions({});
    expect([server.isPongEnabled(), server.isPerMessageDeflateEnabled()]).toEqual([true, true]);
    const off = createServer({ enablePong: false, perMessageDeflate: false });
    expect([off.isPongEnabled(), off.isPerMessageDeflateEnabled(), off.getPingInterval()]).toEqual([false, false, -1]);
  });

  test('is on loopback only by default', async () => {
    const { port } = await startServer();
    const outer = Object.values(networkInterfaces()).flatMap((list) => list ?? []);
    for (const { address, family, internal } of outer) {
      if (internal || family !== 'IPv4') continue;
      await expect(connectRaw(port, { host: address })).rejects.toThrow(/ECONNREFUSED/);
    }
  });
});

describe('a failed listen()', () => {
  test('rejects wait(), called before or after, and its reason is what start() throws', async () => {
    const { port } = await startServer();
    const server = createServer({ port });
    const waiting = server.wait();
    const result = await server.listen();
    const error = result.ok ? undefined : result.error;
    expect(error?.code).toBe('addressInUse');
    await expect(waiting).rejects.toBe(error);
    await expect(server.wait()).rejects.toBe(error);
    expect(() => server.start()).toThrow(error);
  });

  test.each([
    ['listen', 'logCallback', 1],
    ['listenAndStart', 'logCallback', 1],
    ['listen', 'wait()', 0],
    ['listen', 'the result', 0],
  ])('of %s() is logged once unless somebody looks: %s', async (method, who, count) => {
    const { port } = await startServer();
    const lines: string[] = [];
    const server = createServer({ port, logCallback: (level, line) => void lines.push(`${level}: ${line}`) });
    const listening = method === 'listen' ? server.listen() : server.listenAndStart();
    if (who === 'wait()') await expect(server.wait()).rejects.toThrow(ListenError);
    if (who === 'the result') expect((await listening).ok).toBe(false);
    await listening;
    await turns(5);
    expect(lines).toEqual(
      Array.from({ length: count }, () => `error: Cannot listen on 127.0.0.1:${port}: Address already in use`),
    );
  });

  test('is told by the standard error stream, and ends a program that waits', async () => {
    const { port } = await startServer();
    const program = (lines: string): string => `
      const server = new ix.WebSocketServer({ port: ${port} });
      ${lines}`;
    const ignored = await runModule(program('server.listen();'));
    expect(ignored).toMatchObject({
      code: 0,
      stderr: expect.stringMatching(/^ixwebsocket: Cannot listen .*in use\n$/),
    });
    const waits = await runModule(program('server.listenAndStart(); await server.wait();'));
    expect(waits.code).toBe(1);
    expect(waits.stderr).toContain(`Cannot listen on 127.0.0.1:${port}: Address already in use`);
  });

  test('is forgotten by the next one, and stop() is none', async () => {
    const { server: other, port } = await startServer();
    const server = createServer({ port });
    expect((await server.listen()).ok).toBe(false);
    await other.stop();
    expect((await server.listenAndStart()).ok).toBe(true);
    const waiting = server.wait();
    await server.stop();
    await waiting;
    const listening = server.listen();
    const waitingAgain = server.wait();
    await server.stop();
    expect(await listening).toMatchObject({ ok: false, error: { code: 'stopped' } });
    await waitingAgain;
  });
});

describe('start()', () => {
  test('says when listen() has not finished', async () => {
    const server = createServer();
    const listening = server.listen();
    expect(() => server.start()).toThrow('listen() has not finished: await it');
    await listening;
    server.start();
  });

  test('without listen() is a misuse', () => {
    expect(() => createServer().start()).toThrow(UsageError);
  });

  test('serves those who connected since listen(), and not before', async () => {
    const server = createServer();
    const seen: string[] = [];
    await server.listen();
    const early = await connectRaw(server.getPort(), { send: upgradeRequest() });
    await turns(20);
    expect(early.text).toBe('');
    server.setOnClientMessageCallback((_state, _webSocket, message) => void seen.push(message.type));
    server.start();
    expect(await early.head()).toContain(' 101 ');
    expect(seen).toEqual(['open']);
  });

  test('does not mind those who left before it', async () => {
    const server = createServer();
    await server.listen();
    const gone = await connectRaw(server.getPort(), { send: upgradeRequest() });
    const reset = await connectRaw(server.getPort());
    await turns(5);
    gone.socket.destroy();
    reset.socket.resetAndDestroy();
    await turns(5);
    server.start();
    await openRaw(server.getPort());
    await eventually('only one', () => server.getClients().size === 1);
  });

  test('twice is once', async () => {
    const { server, port } = await startServer();
    server.start();
    await openRaw(port);
    expect(server.getClients().size).toBe(1);
  });
});

describe('stop()', () => {
  test('closes every client with 1000, frees the port, and lets wait() go', async () => {
    const before = activeResources();
    const { server, port, url } = await startEchoServer();
    const first = createClient({ url, automaticReconnection: false });
    const second = createClient({ url, automaticReconnection: false });
    for (const { client, log } of [first, second]) {
      client.start();
      await log.next('open');
    }
    let waited = false;
    const waiting = server.wait().then(() => (waited = true));
    await turns();
    expect(waited).toBe(false);
    await server.stop();
    await waiting;
    for (const { log } of [first, second]) {
      expect((await log.next('close')).closeInfo).toEqual({
        code: 1000,
        reason: 'Normal closure',
        remote: true,
        layer: 'websocket',
      });
    }
    expect(server.getClients().size).toBe(0);
    const again = createServer({ port });
    expect((await again.listen()).ok).toBe(true);
    await again.stop();
    await noSocketsBut(before);
  });

  test('tells its own callbacks that it was local, with its code', async () => {
    const closes: unknown[] = [];
    const { server, url } = await startServer({}, (made) => {
      made.setOnClientMessageCallback((_state, _webSocket, message) => {
        if (message.type === 'close') closes.push(message.closeInfo);
      });
    });
    await connectClient(url);
    await server.stop(1001, 'going away');
    expect(closes).toEqual([{ code: 1001, reason: 'going away', remote: false, layer: 'websocket' }]);
    expect(() => server.stop(1005)).toThrow(UsageError);
  });

  test('sends what was sent before it', async () => {
    const { server, url } = await startServer();
    const { log } = await connectClient(url);
    for (const webSocket of server.getClients()) webSocket.send(Buffer.alloc(4_000_000));
    await server.stop();
    expect((await log.next('message')).bytes).toHaveLength(4_000_000);
    expect((await log.next('close')).closeInfo.code).toBe(1000);
  });

  test('settles in time with peers that hang in every phase', async () => {
    const before = activeResources();
    const { server, port } = await startServer({ closeTimeoutSecs: 0.2 });
    const peers = [
      await connectRaw(port),
      await connectRaw(port, { send: 'GET / HT' }),
      await connectRaw(port, { send: 'GET / HTTP/1.1\r\nHost: x\r\n\r\n' }),
      await openRaw(port),
      await openRaw(port),
    ];
    peers[4]?.socket.pause();
    for (const webSocket of server.getClients()) webSocket.send(Buffer.alloc(15_000_000));
    const start = performance.now();
    await server.stop();
    expect(performance.now() - start).toBeLessThan(patient(2000));
    expect(server.getClients().size).toBe(0);
    for (const peer of peers) peer.socket.destroy();
    await noSocketsBut(before);
  });

  test.each(['connection', 'open', 'message', 'close', 'factory'])('may be called from inside %s', async (where) => {
    const before = activeResources();
    let stopped: Promise<void> | undefined;
    const { server, url } = await startServer({}, (made) => {
      const stopIn = (place: string): void => {
        if (place === where) stopped ??= made.stop();
      };
      made.setOnConnectionCallback(() => stopIn('connection'));
      made.setOnClientMessageCallback((_state, _webSocket, message) => stopIn(message.type));
      made.setConnectionStateFactory(() => {
        stopIn('factory');
        return new ConnectionState();
      });
    });
    const { client } = createClient({ url, automaticReconnection: false });
    await client.connect();
    client.send('x');
    if (where === 'close') client.close();
    await eventually('stop()', () => stopped);
    await stopped;
    expect(server.getClients().size).toBe(0);
    await client.stop();
    await noSocketsBut(before);
  });

  test('may be awaited inside a callback', async () => {
    const { server, url } = await startServer({}, (made) => {
      made.setOnClientMessageCallback(async (_state, _webSocket, message) => {
        if (message.type === 'message') await made.stop();
      });
    });
    const { client } = await connectClient(url);
    client.send('x');
    await server.wait();
    expect(server.getClients().size).toBe(0);
  });

  test('twice, and without having listened, settles', async () => {
    const server = createServer();
    await server.stop();
    await Promise.all([server.stop(), server.stop()]);
    await server.listenAndStart();
    await Promise.all([server.stop(), server.stop()]);
    await server.wait();
  });

  test('right behind listen(), without waiting for it, does not leave it listening', async () => {
    const server = createServer();
    const listening = server.listen();
    await server.stop();
    const result = await listening;
    const { port } = server.getPort() === 0 ? { port: undefined } : { port: server.getPort() };
    const isReachable =
      port !== undefined &&
      (await connectRaw(port).then(
        () => true,
        () => false,
      ));
    // Either it never listened, or it stopped listening.
    expect([result.ok, isReachable]).not.toEqual([true, true]);
  });

  test('before start() drops those who wait', async () => {
    const server = createServer();
    await server.listen();
    const early = await connectRaw(server.getPort(), { send: upgradeRequest() });
    await turns(5);
    await server.stop();
    await early.gone();
    expect(early.text).toBe('');
  });

  test('right after the start() of a client lets both end', async () => {
    const { server, url } = await startServer();
    const { client, log } = createClient({ url, automaticReconnection: false });
    client.start();
    await server.stop();
    await client.run();
    expect(server.getClients().size).toBe(0);
    expect(log.of('open').length).toBe(log.of('close').length);
  });
});

test('a server can listen again after stop(), on the same port, with the same callbacks', async () => {
  const before = activeResources();
  const { server, port } = await startEchoServer();
  for (let round = 0; round < 5; round++) {
    const { client, log } = await connectClient(`ws://127.0.0.1:${server.getPort()}/`);
    client.send(`round ${round}`);
    expect((await log.next('message')).data).toBe(`round ${round}`);
    await server.stop();
    await client.stop();
    await noSocketsBut(before);
    expect((await server.listenAndStart()).ok).toBe(true);
  }
  expect(port).toBeGreaterThan(0);
});

test('wait() of a server that listens again waits for the next stop()', async () => {
  const { server } = await startServer();
  await server.stop();
  await server.listenAndStart();
  let isOver = false;
  void server.wait().then(() => (isOver = true));
  await turns(10);
  expect(isOver).toBe(false);
  await server.stop();
  await turns();
  expect(isOver).toBe(true);
});

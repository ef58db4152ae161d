import { describe, expect, test } from 'vitest';
import { ReadyState, UsageError, WebSocket, type WebSocketOptions } from '../../src/index.ts';
import { eventually, turns } from '../support/eventually.ts';
import { frame } from '../support/frames.ts';
import { patient } from '../support/patience.ts';
import { closedPort, listenRaw } from '../support/raw-server.ts';
import { activeResources, noSocketsBut } from '../support/resources.ts';
import { connectClient, createClient, startEchoServer, startServer } from '../support/running.ts';

describe('getReadyState()', () => {
  test('tells each phase', async () => {
    const server = await listenRaw();
    const { client, log } = createClient({ url: server.url, automaticReconnection: false });
    const seen: string[] = [];
    for (const type of ['open', 'close', 'error'] as const) {
      client.on(type, () => seen.push(`${type} ${client.getReadyState()}`));
    }
    expect(client.getReadyState()).toBe('closed');
    client.start();
    expect(client.getReadyState()).toBe('connecting');
    const peer = await server.acceptUpgrade();
    await log.next('open');
    expect(client.getReadyState()).toBe('open');
    client.close();
    expect(client.getReadyState()).toBe('closing');
    await peer.frames(1);
    peer.write(Buffer.from('880203e8', 'hex'));
    peer.socket.end();
    await log.next('close');
    expect(client.getReadyState()).toBe('closed');
    expect(seen).toEqual(['open open', 'close closed']);
  });

  test('is closed while it waits for the next attempt, and after giving up', async () => {
    const { client, log } = createClient({ url: `ws://127.0.0.1:${await closedPort()}/` });
    client.start();
    expect(client.getReadyState()).toBe('connecting');
    await log.next('error');
    expect(client.getReadyState()).toBe('closed');
    await client.stop();
    expect(client.getReadyState()).toBe('closed');
  });

  test('has the names of IXWebSocket', () => {
    expect(Object.values(ReadyState).map((state) => WebSocket.readyStateToString(state))).toEqual([
      'CONNECTING',
      'OPEN',
      'CLOSING',
      'CLOSED',
    ]);
    expect(WebSocket.readyStateToString('nothing' as ReadyState)).toBe('UNKNOWN');
  });
});

describe('stop() settles, and leaves nothing behind', () => {
  /** Runs `stopIn` and checks that no socket and no timer is left of it, and that nothing happens any more. */
  async function stopsWithoutTrace(options: WebSocketOptions, stopIn: (client: WebSocket) => Promise<unknown>) {
    const before = activeResources();
    const { client, log } = createClient(options);
    await stopIn(client);
    expect(client.getReadyState()).toBe('closed');
    const count = log.all.length;
    await noSocketsBut(before);
    await turns(10);
    expect(log.all).toHaveLength(count);
    return log;
  }

  test('when it was never started, and when it is called again', async () => {
    await stopsWithoutTrace({ url: 'ws://127.0.0.1:1/' }, async (client) => {
      expect(await client.stop()).toEqual({ unsentBytes: 0, isDelivered: true });
      expect(await client.stop()).toEqual({ unsentBytes: 0, isDelivered: true });
    });
  });

  test('right after start()', async () => {
    const server = await listenRaw();
    const log = await stopsWithoutTrace({ url: server.url }, async (client) => {
      client.start();
      await client.stop();
      for (const peer of server.peers) peer.socket.destroy();
    });
    expect(log.all).toEqual([]);
  });

  test('while a name is looked up', async () => {
    const log = await stopsWithoutTrace({ url: 'ws://name.test/', lookup: () => undefined }, async (client) => {
      client.start();
      await turns(2);
      await client.stop();
    });
    expect(log.all).toEqual([]);
  });

  test('while the server does not answer', async () => {
    const server = await listenRaw();
    const log = await stopsWithoutTrace({ url: server.url }, async (client) => {
      client.start();
      const peer = await server.accept();
      await peer.head();
      await client.stop();
      await peer.ended();
      peer.socket.destroy();
    });
    expect(log.all).toEqual([]);
  });

  test('while it waits for the next attempt', async () => {
    const url = `ws://127.0.0.1:${await closedPort()}/`;
    const start = performance.now();
    const log = await stopsWithoutTrace({ url, minWaitBetweenReconnectionRetries: 5000 }, async (client) => {
      client.start();
      await eventually('the wait', () => client.getReadyState() === 'closed');
      await client.stop();
    });
    expect(performance.now() - start).toBeLessThan(patient(3000));
    expect(log.all.map((message) => message.type)).toEqual(['error']);
  });

  test('while it is open', async () => {
    const { url } = await startEchoServer();
    const before = activeResources();
    const { client, log } = await connectClient(url);
    await client.stop(4000, 'My reason');
    expect((await log.next('close')).closeInfo).toEqual({
      code: 4000,
      reason: 'My reason',
      remote: false,
      layer: 'websocket',
    });
    await noSocketsBut(before);
  });

  test('while it is closing already, with the code of the first', async () => {
    const { url } = await startEchoServer();
    const { client, log } = await connectClient(url);
    client.close(3001);
    await Promise.all([client.stop(3002), client.stop(3003)]);
    expect(log.of('close').map(({ closeInfo }) => closeInfo.code)).toEqual([3001]);
  });

  test.each(['open', 'message', 'close', 'error'] as const)('from inside a callback for %s', async (type) => {
    const { url } = type === 'error' ? { url: `ws://127.0.0.1:${await closedPort()}/` } : await startEchoServer();
    const { client, log } = createClient({ url });
    client.on('open', () => {
      client.send('hello');
      if (type === 'close') client.close(3000);
    });
    const stopped = new Promise((resolve) => {
      client.on(type, async () => resolve(await client.stop()));
    });
    client.start();
    expect(await stopped).toEqual({ unsentBytes: 0, isDelivered: true });
    const count = log.all.length;
    await turns(30);
    expect(log.all).toHaveLength(count);
    expect(client.getReadyState()).toBe('closed');
  });

  test('100 times in a row, right after start(), with never more connections than starts', async () => {
    const before = activeResources();
    let opened = 0;
    const { server, url } = await startServer({}, (made) => {
      made.setOnConnectionCallback(() => void opened++);
    });
    const { client } = createClient({ url });
    for (let i = 0; i < 100; i++) {
      client.start();
      if (i % 3 === 1) await turns(i % 7);
      await client.stop();
    }
    expect(opened).toBeLessThanOrEqual(100);
    await eventually('the server to be empty', () => server.getClients().size === 0);
    await server.stop();
    await noSocketsBut(before);
  });

  test('within the close deadline when the server hangs', async () => {
    const server = await listenRaw();
    const { client } = createClient({ url: server.url, closeTimeoutSecs: 0.2 });
    client.start();
    await server.acceptUpgrade();
    await eventually('open', () => client.getReadyState() === 'open');
    const start = performance.now();
    await client.stop();
    expect(performance.now() - start).toBeLessThan(patient(1500));
  });

  test('and refuses a code that cannot be sent', async () => {
    const { url } = await startEchoServer();
    const { client } = await connectClient(url);
    expect(() => client.stop(1005)).toThrow(UsageError);
    expect(client.getReadyState()).toBe('open');
  });
});

describe('start()', () => {
  test('after stop() works again, with the same listeners', async () => {
    const { url } = await startEchoServer();
    const { client, log } = createClient({ url });
    for (let i = 0; i < 5; i++) {
      client.start();
      await log.next('open');
      client.send(`${i}`);
      expect((await log.next('message')).data).toBe(`${i}`);
      await client.stop();
    }
    expect(log.of('close')).toHaveLength(5);
  });

  test('twice is once', async () => {
    const { server, url } = await startEchoServer();
    const { client, log } = createClient({ url });
    client.start();
    client.start();
    await log.next('open');
    client.start();
    await turns(20);
    expect(server.getClients().size).toBe(1);
    expect(log.of('open')).toHaveLength(1);
  });

  test('right behind stop(), without waiting for it, still starts', async () => {
    const { url } = await startEchoServer();
    const { client, log } = await connectClient(url);
    const stopping = client.stop();
    client.start();
    await stopping;
    await eventually('the second connection', () => log.of('open').length === 2, 1000);
  });
});

describe('close() ends it for good', () => {
  test('while it is open', async () => {
    const { url } = await startEchoServer();
    const { client, log } = createClient({ url });
    client.start();
    await log.next('open');
    client.close(3000, 'done');
    expect((await log.next('close')).closeInfo).toEqual({
      code: 3000,
      reason: 'done',
      remote: false,
      layer: 'websocket',
    });
    await turns(20);
    expect(log.all.map((message) => message.type)).toEqual(['open', 'close']);
  });

  test('while it connects, and while it waits', async () => {
    const before = activeResources();
    const connecting = createClient({ url: 'ws://name.test/', lookup: () => undefined });
    connecting.client.start();
    connecting.client.close();
    const waiting = createClient({ url: `ws://127.0.0.1:${await closedPort()}/` });
    waiting.client.start();
    await waiting.log.next('error');
    waiting.client.close();
    await noSocketsBut(before);
    expect(connecting.log.all).toEqual([]);
    expect(waiting.log.all).toHaveLength(1);
  });

  test('terminate() does not: the connection comes back', async () => {
    const { url } = await startEchoServer();
    const { client, log } = createClient({ url });
    client.start();
    await log.next('open');
    client.terminate();
    expect((await log.next('close')).closeInfo).toMatchObject({ code: 1006, remote: false, layer: 'transport' });
    await log.next('open');
  });
});

describe('connect() and run()', () => {
  test('tell that it is open, and how it ended', async () => {
    const { url } = await startEchoServer();
    const { client, log } = createClient({ url });
    const result = await client.connect(5);
    expect(result.success && result.openInfo.uri).toBe('/');
    expect(log.of('open')).toHaveLength(1);
    const end = client.run();
    client.close(3000, 'done');
    expect(await end).toEqual({ code: 3000, reason: 'done', remote: false, layer: 'websocket' });
    expect(await client.run()).toEqual({ code: 3000, reason: 'done', remote: false, layer: 'websocket' });
  });

  test('run() of a client that never connected is over at once', async () => {
    expect(await new WebSocket().run()).toEqual({
      code: 1006,
      reason: 'Abnormal closure',
      remote: false,
      layer: 'transport',
    });
  });

  test('are refused while the client runs, and for a timeout that is none', async () => {
    const { url } = await startEchoServer();
    const { client } = await connectClient(url);
    await expect(client.connect()).rejects.toThrow(UsageError);
    await client.stop();
    for (const timeout of [0, -1, Number.NaN, Infinity, 2 ** 31, '5' as unknown as number]) {
      await expect(client.connect(timeout)).rejects.toThrow(UsageError);
    }
    expect((await client.connect()).success).toBe(true);
  });
});

test('frames in the same segment as the 101 come right after open, whole and cut', async () => {
  const server = await listenRaw();
  const { client, log } = createClient({ url: server.url, closeTimeoutSecs: 0.05 });
  client.start();
  const cut = frame({ opcode: 1, payload: 'cut in two' });
  const behind = [frame({ opcode: 1, payload: 'whole' }), frame({ opcode: 9, payload: 'p' }), cut.subarray(0, 5)];
  const peer = await server.acceptUpgrade(Buffer.concat(behind));
  await peer.frames(1);
  peer.write(cut.subarray(5));
  await log.atLeast('message', 2);
  expect(log.all.map((message) => message.type)).toEqual(['open', 'message', 'ping', 'message']);
  expect(log.data).toEqual(['whole', 'cut in two']);
});

test('a close frame in the same segment as the 101 is an open and a close', async () => {
  const server = await listenRaw();
  const { client, log } = createClient({ url: server.url, automaticReconnection: false });
  client.start();
  const peer = await server.acceptUpgrade(Buffer.from('88020fa0', 'hex'));
  peer.socket.end();
  expect((await log.next('close')).closeInfo).toEqual({ code: 4000, reason: '', remote: true, layer: 'websocket' });
  expect(log.all.map((message) => message.type)).toEqual(['open', 'close']);
});

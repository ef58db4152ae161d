import { describe, expect, test } from 'vitest';
import { calculateRetryWaitMilliseconds, UsageError, WebSocket } from '../../src/index.ts';
import { eventually, turns } from '../support/eventually.ts';
import { hex } from '../support/frames.ts';
import { patient } from '../support/patience.ts';
import type { RawPeer } from '../support/raw-peer.ts';
import { closedPort, listenAndAnswer, listenRaw, switchingProtocols } from '../support/raw-server.ts';
import { connectClient, createClient, startEchoServer, startServer } from '../support/running.ts';

/** Every connection counts as one that lasted, and no chance is involved. */
const lasting = { minUptimeMs: 0, reconnectSpreadMs: 0 };

const deadUrl = async (): Promise<string> => `ws://127.0.0.1:${await closedPort()}/`;

describe('a client that cannot connect', () => {
  test('waits 100, 200 and 400 ms, counts from 1, and is not early', async () => {
    const { client, log } = createClient({ url: await deadUrl() });
    const times: number[] = [];
    client.on('error', () => times.push(performance.now()));
    client.start();
    const errors = await log.atLeast('error', 4);
    expect(errors.map(({ errorInfo }) => [errorInfo.retries, errorInfo.waitTime])).toEqual([
      [1, 100],
      [2, 200],
      [3, 400],
      [4, 800],
    ]);
    const gaps = times.slice(1).map((time, i) => time - (times[i] ?? 0));
    for (const [i, gap] of gaps.entries()) {
      expect(gap).toBeGreaterThanOrEqual(100 * 2 ** i - 1);
      expect(gap).toBeLessThan(100 * 2 ** i + 400);
    }
    await client.stop();
  });

  test('waits as told at the most, and at the least', async () => {
    const { client, log } = createClient({
      url: await deadUrl(),
      maxWaitBetweenReconnectionRetries: 15,
      minWaitBetweenReconnectionRetries: 1,
    });
    client.start();
    const errors = await log.atLeast('error', 5);
    expect(errors.slice(0, 5).map(({ errorInfo }) => errorInfo.waitTime)).toEqual([15, 15, 15, 15, 15]);
    expect(errors.slice(0, 5).map(({ errorInfo }) => errorInfo.retries)).toEqual([1, 2, 3, 4, 5]);
    await client.stop();

    client.setMaxWaitBetweenReconnectionRetries(10_000);
    client.setMinWaitBetweenReconnectionRetries(150);
    expect([client.getMaxWaitBetweenReconnectionRetries(), client.getMinWaitBetweenReconnectionRetries()]).toEqual([
      10_000, 150,
    ]);
    log.all.length = 0;
    client.start();
    const again = await log.atLeast('error', 2);
    expect(again.map(({ errorInfo }) => errorInfo.waitTime)).toEqual([150, 200]);
  });

  test('has the table of IXWebSocket', () => {
    const waits = Array.from({ length: 30 }, (_, n) => calculateRetryWaitMilliseconds(n, 10_000, 100));
    expect(waits.slice(0, 9)).toEqual([100, 200, 400, 800, 1600, 3200, 6400, 10_000, 10_000]);
    for (const wait of waits.slice(9)) expect(wait).toBe(10_000);
  });

  test('waits after a refused handshake as well', async () => {
    const server = await listenAndAnswer(() => 'HTTP/1.1 503 Busy\r\nConnection: close\r\n\r\n');
    const { client, log } = createClient({ url: server.url });
    client.start();
    const errors = await log.atLeast('error', 2);
    expect(errors.map(({ errorInfo }) => [errorInfo.retries, errorInfo.waitTime, errorInfo.httpStatus])).toEqual([
      [1, 100, 503],
      [2, 200, 503],
    ]);
  });

  test('without reconnection tries once, tells 0 and 0, and is over', async () => {
    const { client, log } = createClient({ url: await deadUrl(), automaticReconnection: false });
    expect(client.isAutomaticReconnectionEnabled()).toBe(false);
    client.start();
    await client.run();
    expect(log.of('error').map(({ errorInfo }) => [errorInfo.retries, errorInfo.waitTime])).toEqual([[0, 0]]);
    expect(client.getReadyState()).toBe('closed');
    client.start();
    await client.run();
    expect(log.of('error')).toHaveLength(2);
  });

  test('gives up at once on a url that can never be connected to', async () => {
    const { client, log } = createClient({ url: 'ws://' });
    client.start();
    await client.run();
    expect(log.of('error').map(({ errorInfo }) => [errorInfo.retries, errorInfo.waitTime, errorInfo.code])).toEqual([
      [0, 0, 'invalidUrl'],
    ]);
  });

  test('connects as soon as there is a server, and counts from 1 again after that', async () => {
    const { client, log } = createClient({ url: await deadUrl(), closeTimeoutSecs: 0.05, ...lasting });
    client.start();
    await log.atLeast('error', 2);
    const server = await listenRaw();
    client.setUrl(server.url);
    const peer = await server.acceptUpgrade();
    await log.next('open');
    client.setUrl(await deadUrl());
    peer.socket.resetAndDestroy();
    await log.next('close');
    const errors = (await log.atLeast('error', 4)).map(({ errorInfo }) => [errorInfo.retries, errorInfo.waitTime]);
    expect(errors.slice(-2)).toEqual([
      [1, 100],
      [2, 200],
    ]);
  });
});

/** A peer that has accepted the upgrade, and ends the connection. */
const endings: [string, (peer: RawPeer) => void][] = [
  ['1000', (peer) => peer.write(hex('880203e8'))],
  ['1008', (peer) => peer.write(hex('880203f0'))],
  ['1012', (peer) => peer.write(hex('880203f4'))],
  ['1013', (peer) => peer.write(hex('880203f5'))],
  ['4001', (peer) => peer.write(hex('88020fa1'))],
  ['a message and 1000', (peer) => peer.write(hex('8101 78 880203e8'.replaceAll(' ', '')))],
  ['the end of the stream', () => undefined],
];

describe('a client whose server accepts and hangs up', () => {
  test.each(endings)(
    'with %s comes back after 100, 200, 400 and 800 ms, as from failed attempts',
    async (_how, end) => {
      const server = await listenRaw((peer) => {
        void peer.head().then((head) => {
          peer.write(switchingProtocols(head));
          end(peer);
          peer.socket.end();
        });
      });
      const times: number[] = [];
      const { client, log } = createClient({ url: server.url });
      client.on('open', () => times.push(performance.now()));
      client.start();
      await log.atLeast('open', 5);
      await client.stop();
      expect(times.at(-1) ?? 0).toBeGreaterThanOrEqual((times[0] ?? 0) + 1500);
      expect(log.of('error')).toEqual([]);
    },
  );

  test.each([
    [1001, true],
    [1012, true],
    [1013, true],
    [1000, false],
    [1008, false],
    [4001, false],
  ])('for good after a while with %i: its first attempt is spread by chance: %s', async (code, isSpread) => {
    const waits: number[] = [];
    const { server, url } = await startEchoServer();
    for (let i = 0; i < 8; i++) {
      const { client, log } = createClient({
        url,
        minUptimeMs: 0,
        shouldReconnect: (context) => {
          if (context.type === 'close') waits.push(context.waitTime);
          return false;
        },
      });
      client.start();
      await log.next('open');
    }
    for (const peer of server.getClients()) peer.close(code);
    await eventually('all decisions', () => waits.length === 8);
    for (const wait of waits) expect(wait).toBeLessThanOrEqual(isSpread ? 1100 : 0);
    if (isSpread) expect(new Set(waits).size).toBeGreaterThan(3);
    if (code === 1013) expect(Math.min(...waits)).toBeGreaterThanOrEqual(100);
  });

  test('by a cut after a while is spread, unless this side made the cut', async () => {
    for (const [isOurs, expected] of [
      [false, 3000],
      [true, 0],
    ] as const) {
      const waits: number[] = [];
      const { server, url } = await startEchoServer();
      const { client, log } = createClient({
        url,
        minUptimeMs: 0,
        reconnectSpreadMs: 3000,
        shouldReconnect: (context) => {
          if (context.type === 'close') waits.push(context.waitTime);
          return waits.length < 10;
        },
        maxWaitBetweenReconnectionRetries: isOurs ? 10_000 : 5,
      });
      client.start();
      for (let i = 1; i <= 10; i++) {
        await log.next('open');
        if (isOurs) client.terminate();
        else for (const peer of server.getClients()) peer.terminate();
        await eventually('a decision', () => waits.length === i);
      }
      expect(Math.max(...waits)).toBeLessThanOrEqual(Math.min(5, expected));
      expect(Math.max(...waits) > 0).toBe(!isOurs);
    }
  });
});

describe('a client that loses its connection', () => {
  test.each([
    ['is reset', 1006],
    ['is closed with 1000', 1000],
    ['is closed with 1001', 1001],
  ])('that %s connects again at once', async (_how, code) => {
    const { server, url } = await startEchoServer();
    const { client, log } = createClient({ url, minWaitBetweenReconnectionRetries: 3000, ...lasting });
    client.start();
    await log.next('open');
    const start = performance.now();
    for (const peer of server.getClients()) {
      if (code === 1006) peer.terminate();
      else peer.close(code);
    }
    expect((await log.next('close')).closeInfo).toMatchObject({ code, remote: true });
    await log.next('open');
    expect(performance.now() - start).toBeLessThan(patient(2000));
    expect(log.of('error')).toEqual([]);
    client.send('works');
    expect((await log.next('message')).data).toBe('works');
    expect(server.getClients().size).toBe(1);
  });

  test('stays closed when reconnection is off, also when that was said while it was open', async () => {
    const { server, url } = await startEchoServer();
    const { client, log } = createClient({ url });
    client.start();
    await log.next('open');
    expect(client.isAutomaticReconnectionEnabled()).toBe(true);
    client.disableAutomaticReconnection();
    for (const peer of server.getClients()) peer.close();
    await log.next('close');
    await client.run();
    await turns(20);
    expect(log.all.map((message) => message.type)).toEqual(['open', 'close']);
    client.enableAutomaticReconnection();
    client.start();
    await log.next('open');
  });

  test('does not come back when it was made by connect()', async () => {
    const { server, url } = await startEchoServer();
    const { client, log } = await connectClient(url);
    for (const peer of server.getClients()) peer.close(3001, 'bye');
    expect(await client.run()).toEqual({ code: 3001, reason: 'bye', remote: true, layer: 'websocket' });
    await turns(20);
    expect(log.all.map((message) => message.type)).toEqual(['open', 'close']);
    expect((await client.connect()).success).toBe(true);
  });

  test('never has two connections at a time', async () => {
    let open = 0;
    let most = 0;
    const { server, url } = await startServer({}, (made) => {
      made.setOnClientMessageCallback((_state, _webSocket, message) => {
        if (message.type === 'open') most = Math.max(most, ++open);
        if (message.type === 'close') open--;
      });
    });
    const { client, log } = createClient({ url, ...lasting });
    client.start();
    for (let i = 0; i < 20; i++) {
      await log.next('open');
      client.start();
      for (const peer of server.getClients()) peer.terminate();
      await log.next('close');
    }
    expect(most).toBe(1);
  });

  test('follows a new url at the next attempt', async () => {
    const first = await startEchoServer();
    const second = await startEchoServer();
    const { client, log } = createClient({ url: first.url });
    client.start();
    await log.next('open');
    client.setUrl(second.url);
    expect(client.getUrl()).toBe(second.url);
    await turns(10);
    expect(first.server.getClients().size).toBe(1);
    for (const peer of first.server.getClients()) peer.terminate();
    await log.atLeast('open', 2);
    expect(second.server.getClients().size).toBe(1);
  });
});

describe('sending while it waits', () => {
  test('neither sends nor shortens the wait', async () => {
    const { client, log } = createClient({ url: await deadUrl() });
    client.start();
    await log.next('error');
    const start = performance.now();
    for (let i = 0; i < 10; i++) expect(client.send('now?')).toMatchObject({ success: false, code: 'closed' });
    expect(client.getReadyState()).toBe('closed');
    await log.next('error');
    expect(performance.now() - start).toBeGreaterThan(90);
  });
});

test('a server that stops and starts again on its port gets its client back', async () => {
  const { server, url } = await startEchoServer();
  const { client, log } = createClient({ url, maxWaitBetweenReconnectionRetries: 20 });
  client.start();
  await log.next('open');
  await server.stop();
  await log.next('close');
  await log.atLeast('error', 2);
  const again = await startEchoServer({ port: Number(new URL(url).port) });
  await log.atLeast('open', 2);
  await eventually('the client', () => again.server.getClients().size === 1);
});

test('the options of reconnection are checked', () => {
  for (const wait of [-1, 1.5, Number.NaN, Infinity, '5' as unknown as number, 2 ** 31]) {
    expect(() => new WebSocket({ maxWaitBetweenReconnectionRetries: wait })).toThrow(UsageError);
    expect(() => new WebSocket().setMinWaitBetweenReconnectionRetries(wait)).toThrow(UsageError);
    expect(() => new WebSocket().setMaxWaitBetweenReconnectionRetries(wait)).toThrow(UsageError);
  }
});

import { describe, expect, test } from 'vitest';
import type { ReconnectionContext } from '../../src/client/reconnection-options.ts';
import { UsageError, WebSocket } from '../../src/index.ts';
import { eventually, turns } from '../support/eventually.ts';
import { closedPort, listenAndAnswer } from '../support/raw-server.ts';
import { createClient, startEchoServer, startServer } from '../support/running.ts';

const deadUrl = async (): Promise<string> => `ws://127.0.0.1:${await closedPort()}/`;
const fast = { maxWaitBetweenReconnectionRetries: 10 };

describe('maxRetries', () => {
  test('ends the attempts with an error that says so, and start() begins anew', async () => {
    const { client, log } = createClient({ url: await deadUrl(), ...fast, maxRetries: 2 });
    for (let round = 1; round <= 2; round++) {
      client.start();
      await client.run();
      const errors = log.of('error').map(({ errorInfo }) => [errorInfo.code, errorInfo.retries, errorInfo.waitTime]);
      expect(errors.slice(-4)).toEqual([
        ['connectionRefused', 1, 10],
        ['connectionRefused', 2, 10],
        ['connectionRefused', 3, 0],
        ['gaveUp', 3, 0],
      ]);
      expect(errors).toHaveLength(4 * round);
      expect(client.getReadyState()).toBe('closed');
    }
    const last = log.of('error').at(-1)?.errorInfo;
    expect(last?.reason).toContain('Gave up after 3 attempts: ');
    expect(last?.cause.cause).toMatchObject({ code: 'connectionRefused' });
  });

  test('lets the callback that hears of it start again', async () => {
    const { client, log } = createClient({ url: await deadUrl(), ...fast, maxRetries: 0 });
    const { url } = await startEchoServer();
    client.on('error', ({ errorInfo }) => {
      if (errorInfo.code !== 'gaveUp') return;
      client.setUrl(url);
      client.start();
    });
    client.start();
    await log.next('open');
    expect(log.all.map(({ type }) => type)).toEqual(['error', 'error', 'open']);
  });

  test('ends a loop over the messages', async () => {
    const { client } = createClient({ url: await deadUrl(), ...fast, maxRetries: 1 });
    client.start();
    for await (const message of client) throw new Error(`unexpected ${message.type}`);
    expect(client.getReadyState()).toBe('closed');
  });

  test('says nothing of giving up when it is stopped in the callback of the last failure', async () => {
    const { client, log } = createClient({ url: await deadUrl(), ...fast, maxRetries: 0 });
    client.on('error', () => void client.stop());
    client.start();
    await client.run();
    await turns(5);
    expect(log.of('error').map(({ errorInfo }) => errorInfo.code)).toEqual(['connectionRefused']);
  });

  test('counts again from the start after a connection', async () => {
    const { server, url } = await startEchoServer();
    const { client, log } = createClient({ url, ...fast, minUptimeMs: 0, maxRetries: 1 });
    client.start();
    for (let i = 1; i <= 4; i++) {
      await log.atLeast('open', i);
      for (const peer of server.getClients()) peer.terminate();
      await log.atLeast('close', i);
    }
    expect(log.of('error')).toEqual([]);
  });
});

describe('minUptimeMs', () => {
  test('makes a server that hangs up count as failing', async () => {
    let count = 0;
    const { url } = await startServer({}, (server) => {
      server.setOnClientMessageCallback((_state, webSocket, message) => {
        if (message.type !== 'open') return;
        count++;
        webSocket.close(1013);
      });
    });
    const { client, log } = createClient({ url, ...fast, minUptimeMs: 60_000, maxRetries: 2 });
    client.start();
    await client.run();
    await eventually('giving up', () => log.of('error').length === 1);
    expect(count).toBe(3);
    const { errorInfo } = await log.next('error');
    expect(errorInfo).toMatchObject({ code: 'gaveUp', retries: 3, waitTime: 0 });
    expect(errorInfo.reason).toMatch(/^Gave up after 3 attempts: the connection was closed with 1013 after \d+ ms$/);
  });
});

describe('shouldReconnect', () => {
  test('is asked with the failed attempt, and ends them with false', async () => {
    const server = await listenAndAnswer(() => 'HTTP/1.1 401 Unauthorized\r\nContent-Length: 0\r\n\r\n');
    const seen: ReconnectionContext[] = [];
    const { client, log } = createClient({
      url: server.url,
      ...fast,
      shouldReconnect: (context) => {
        seen.push(context);
        return seen.length < 2;
      },
    });
    client.start();
    await client.run();
    expect(
      log.of('error').map(({ errorInfo }) => [errorInfo.httpStatus, errorInfo.retries, errorInfo.waitTime]),
    ).toEqual([
      [401, 1, 10],
      [401, 2, 0],
    ]);
    expect(seen.map((context) => context.type === 'error' && context.errorInfo.httpStatus)).toEqual([401, 401]);
  });

  test('is asked with the close, and may take its time', async () => {
    const { server, url } = await startEchoServer();
    const seen: ReconnectionContext[] = [];
    const { client, log } = createClient({
      url,
      minUptimeMs: 0,
      shouldReconnect: async (context) => {
        seen.push(context);
        await turns(3);
        return context.type === 'close' && context.closeInfo.code !== 4001;
      },
    });
    client.start();
    await log.next('open');
    for (const peer of server.getClients()) peer.close(4000, 'again');
    await log.atLeast('open', 2);
    for (const peer of server.getClients()) peer.close(4001, 'never again');
    await log.atLeast('close', 2);
    await eventually('the end', () => seen.length === 2);
    await turns(20);
    expect(log.all.map(({ type }) => type)).toEqual(['open', 'close', 'open', 'close']);
    expect(seen[0]).toMatchObject({
      type: 'close',
      closeInfo: { code: 4000, remote: true, layer: 'websocket' },
      retries: 0,
      waitTime: 0,
    });
  });

  test('that throws is reported, and keeps nothing from connecting', async () => {
    const reported: unknown[] = [];
    const { client, log } = createClient({
      url: await deadUrl(),
      ...fast,
      onCallbackError: (error) => void reported.push(error),
      shouldReconnect: () => {
        throw new Error('oops');
      },
    });
    client.start();
    await log.atLeast('error', 3);
    expect(reported.slice(0, 2)).toEqual([new Error('oops'), new Error('oops')]);
  });

  test('that never answers keeps nobody from stopping', async () => {
    const { client, log } = createClient({ url: await deadUrl(), shouldReconnect: () => new Promise(() => undefined) });
    client.start();
    await turns(50);
    await client.stop();
    expect(log.all).toEqual([]);
  });

  test('is not asked when reconnection is off, nor about what cannot heal', async () => {
    let asked = 0;
    const shouldReconnect = (): boolean => asked++ >= 0;
    const off = createClient({ url: await deadUrl(), automaticReconnection: false, shouldReconnect });
    off.client.start();
    await off.client.run();
    const hopeless = createClient({ url: 'http://', shouldReconnect });
    hopeless.client.start();
    await hopeless.client.run();
    expect(asked).toBe(0);
  });
});

test('the callback of the last message may start again', async () => {
  const { server, url } = await startEchoServer();
  const { client, log } = createClient({ url: 'http://', automaticReconnection: false });
  client.on('error', () => {
    client.setUrl(url);
    client.start();
  });
  client.start();
  await log.next('open');
  client.on('close', () => {
    if (log.of('close').length < 3) client.start();
  });
  for (let i = 1; i <= 3; i++) {
    await log.atLeast('open', i);
    for (const peer of server.getClients()) peer.close();
    await log.atLeast('close', i);
  }
  await turns(20);
  expect(log.all.map(({ type }) => type)).toEqual([
    'error',
    ...Array.from({ length: 3 }, () => ['open', 'close']).flat(),
  ]);
});

test.each([
  ['seconds', () => '1'],
  ['a date', () => new Date(Date.now() + 2000).toUTCString()],
])('Retry-After in %s lengthens the wait', async (_form, value) => {
  const server = await listenAndAnswer(
    () => `HTTP/1.1 429 Too Many Requests\r\nRetry-After: ${value()}\r\nContent-Length: 0\r\n\r\n`,
  );
  const { client, log } = createClient({ url: server.url });
  client.start();
  const { errorInfo } = await log.next('error');
  expect(errorInfo).toMatchObject({ httpStatus: 429, retries: 1 });
  expect(errorInfo.waitTime).toBeGreaterThan(900);
  expect(errorInfo.waitTime).toBeLessThanOrEqual(2000);
  await client.stop();
});

test('options that make no sense are refused', () => {
  for (const bad of [
    { reconnectJitter: -0.1 },
    { reconnectJitter: 1.1 },
    { minUptimeMs: -1 },
    { minUptimeMs: 1.5 },
    { maxRetries: -1 },
    { maxRetries: 1.5 },
    { maxRetries: Number.NaN },
    { shouldReconnect: true as unknown as () => boolean },
  ]) {
    expect(() => new WebSocket(bad)).toThrow(UsageError);
  }
  expect(() => new WebSocket({ maxRetries: Infinity, reconnectJitter: 1, minUptimeMs: 5000 })).not.toThrow();
});

import { describe, expect, onTestFinished, test, vi } from 'vitest';
import { type ServerWebSocket, UsageError, WebSocket, type WebSocketMessage } from '../../src/index.ts';
import { eventually, turns } from '../support/eventually.ts';
import { closedPort } from '../support/raw-server.ts';
import { connectClient, connectPair, createClient, startEchoServer, startServer } from '../support/running.ts';

const summaryOf = (message: WebSocketMessage): string =>
  message.type === 'message' || message.type === 'ping' || message.type === 'pong'
    ? `${message.type} ${message.data.toString()}`
    : message.type;

describe('the callback', () => {
  test('sees everything that happens, in order', async () => {
    const { url } = await startEchoServer();
    const { client, log } = createClient({ url, automaticReconnection: false });
    const seen: string[] = [];
    client.setOnMessageCallback((message) => void seen.push(summaryOf(message)));
    client.start();
    await log.next('open');
    client.send('one');
    client.ping('two');
    client.send('three');
    client.close();
    await log.next('close');
    expect(seen).toEqual(['open', 'close']);
    client.start();
    await log.next('open');
    client.send('one');
    client.ping('two');
    client.send('three');
    await log.atLeast('message', 2);
    await client.stop();
    expect(seen.slice(2)).toEqual(['open', 'message one', 'pong two', 'message three', 'close']);
  });

  test('is replaced by the next one, and removed by undefined', async () => {
    const { client, peer, log } = await connectPair();
    const seen: string[] = [];
    client.setOnMessageCallback(() => void seen.push('first'));
    client.setOnMessageCallback(() => void seen.push('second'));
    expect(client.isOnMessageCallbackRegistered()).toBe(true);
    peer.send('1');
    await log.atLeast('message', 1);
    client.setOnMessageCallback(undefined);
    expect(client.isOnMessageCallbackRegistered()).toBe(false);
    peer.send('2');
    await log.atLeast('message', 2);
    expect(seen).toEqual(['second']);
  });

  test('must be a function, and so must a listener', () => {
    const webSocket = new WebSocket();
    for (const value of [null, 'x', {}, 5]) {
      expect(() => webSocket.setOnMessageCallback(value as unknown as () => void)).toThrow(UsageError);
      expect(() => webSocket.on('message', value as unknown as () => void)).toThrow(UsageError);
    }
  });
});

describe('listeners', () => {
  test('must be for a type that exists: a misspelled one would never be called', () => {
    const webSocket = new WebSocket();
    for (const type of ['mesage', 'Open', 'toString', undefined]) {
      expect(() => webSocket.on(type as 'open', () => undefined)).toThrow(/^type: must be one of 'message', 'open'/);
    }
  });

  test('see the messages of their type, in the order they were added, until they are removed', async () => {
    const { client, peer, log } = await connectPair();
    const seen: string[] = [];
    const second = (): number => seen.push('second');
    client.on('message', () => seen.push('first')).on('message', second);
    client.on('ping', () => seen.push('ping'));
    peer.send('1');
    await log.atLeast('message', 1);
    expect(seen).toEqual(['first', 'second']);
    client
      .off('message', second)
      .off('message', () => undefined)
      .off('close', second);
    peer.send('2');
    await log.atLeast('message', 2);
    expect(seen).toEqual(['first', 'second', 'first']);
  });

  test('may be added and removed by one another while a message is delivered', async () => {
    const { client, peer, log } = await connectPair();
    const seen: string[] = [];
    const once = (): void => {
      seen.push('once');
      client.off('message', once);
      client.on('message', () => seen.push('added'));
    };
    client.on('message', once);
    peer.send('1');
    await log.atLeast('message', 1);
    expect(seen).toEqual(['once']);
    peer.send('2');
    await log.atLeast('message', 2);
    expect(seen).toEqual(['once', 'added']);
  });

  test('are not needed for an error: without one, the first failure of a client is logged, once', async () => {
    const log = vi.spyOn(console, 'error').mockImplementation(() => undefined);
    onTestFinished(() => log.mockRestore());
    const { client } = createClient({ url: 'not a url' });
    const webSocket = new WebSocket({ url: `ws://me:hunter2@127.0.0.1:${await closedPort()}/?q=token`, maxRetries: 1 });
    client.start();
    webSocket.start();
    expect((await webSocket.run()).code).toBe(1006);
    await webSocket.connect();
    expect(log.mock.calls).toEqual([
      [expect.stringMatching(/^ixwebsocket: Unable to connect to 127\.0\.0\.1 .*'error': told once\)$/)],
    ]);
    expect(String(log.mock.calls)).not.toMatch(/hunter2|token/);
  });
});

test('names of the inside that are assigned to a connection change nothing', async () => {
  const names = ['onText', 'onBinary', 'onPing', 'onPong', 'onSessionClosed', 'session', 'keeper', 'hub', 'deliver'];
  const seen: string[] = [];
  const assign = (webSocket: object): void =>
    names.forEach((name) => void Object.assign(webSocket, { [name]: () => void seen.push(name) }));
  const { url } = await startServer({}, (server) =>
    server.setOnConnectionCallback((webSocket) => {
      assign(webSocket);
      webSocket.on('message', ({ data, binary }) => void webSocket.send(data, binary));
    }),
  );
  const { client, log } = await connectClient(url);
  assign(client);
  client.send('text');
  client.send(Buffer.from('bytes'));
  expect((await log.atLeast('message', 2)).map(({ data }) => data)).toEqual(['text', Buffer.from('bytes')]);
  client.ping('are you there');
  expect((await log.next('pong')).data).toBe('are you there');
  await client.stop();
  expect(log.of('close')).toHaveLength(1);
  expect(seen).toEqual([]);
});

describe('a callback that throws or rejects', () => {
  test('is reported, and neither the connection nor the other listeners notice', async () => {
    const errors: unknown[] = [];
    const { url } = await startEchoServer();
    const { client, log } = await connectClient(url, { onCallbackError: (error) => void errors.push(error) });
    const seen: string[] = [];
    client.setOnMessageCallback((message) => {
      throw new Error(`callback ${message.type}`);
    });
    client.on('message', () => {
      throw new Error('listener');
    });
    client.on('message', () => Promise.reject(new Error('rejected')));
    client.on('message', () => seen.push('unharmed'));
    client.send('1');
    client.send('2');
    await log.atLeast('message', 2);
    await turns();
    expect(seen).toEqual(['unharmed', 'unharmed']);
    expect(errors.map((error) => (error as Error).message).toSorted()).toEqual([
      'callback message',
      'callback message',
      'listener',
      'listener',
      'rejected',
      'rejected',
    ]);
    expect(client.getReadyState()).toBe('open');
    await client.stop();
    expect(errors.map((error) => (error as Error).message)).toContain('callback close');
  });

  test('is reported on a server too, wherever it throws', async () => {
    const errors: string[] = [];
    const { url } = await startServer(
      { onCallbackError: (error) => void errors.push((error as Error).message) },
      (server) => {
        server.setOnConnectionCallback(() => {
          throw new Error('onConnection');
        });
        server.setOnClientMessageCallback((_state, webSocket, message) => {
          if (message.type === 'message') webSocket.send(message.data);
          throw new Error(message.type);
        });
      },
    );
    const { log } = await connectClient(url, { automaticReconnection: false });
    expect((await log.next('close')).closeInfo).toMatchObject({ code: 1011, reason: 'Internal error', remote: true });
    await eventually('close', () => errors.length === 3);
    expect(errors).toEqual(['onConnection', 'open', 'close']);
  });

  test('ends its connection on a server with 1011, and no other', async () => {
    const errors: unknown[] = [];
    const { url } = await startServer({ onCallbackError: (error) => void errors.push(error) }, (server) => {
      server.setOnClientMessageCallback((_state, webSocket, message) => {
        if (message.type !== 'message') return;
        if (message.data === 'bad') throw new Error('mine');
        webSocket.send(message.data);
      });
    });
    const bad = await connectClient(url, { automaticReconnection: false });
    const good = await connectClient(url);
    bad.client.send('bad');
    bad.client.send('more');
    expect((await bad.log.next('close')).closeInfo).toMatchObject({ code: 1011, remote: true });
    good.client.send('still served');
    expect((await good.log.next('message')).data).toBe('still served');
    expect(bad.log.of('message')).toEqual([]);
    expect(errors).toEqual([new Error('mine')]);
  });

  test('may throw or reject with anything', async () => {
    const errors: unknown[] = [];
    const { url } = await startEchoServer();
    const { client, log } = await connectClient(url, { onCallbackError: (error) => void errors.push(error) });
    const causes: unknown[] = [undefined, null, 'text', 5];
    client.on('message', (message) => {
      const cause = causes[Number(message.data)];
      if (message.binary) return Promise.reject(cause);
      throw cause;
    });
    for (let i = 0; i < causes.length; i++) {
      client.send(String(i));
      client.send(Buffer.from(String(i)));
    }
    await log.atLeast('message', 8);
    await turns();
    expect(new Set(errors)).toEqual(new Set(causes));
    expect(errors).toHaveLength(8);
  });
});

test('a callback of one connection may send on another, and nothing is mixed up', async () => {
  const clients: ServerWebSocket[] = [];
  const { url } = await startServer({}, (server) => {
    server.setOnConnectionCallback((webSocket) => void clients.push(webSocket));
    server.setOnClientMessageCallback((_state, webSocket, message) => {
      if (message.type !== 'message') return;
      webSocket.send(`to you: ${message.data.toString()}`);
      for (const client of clients) if (client !== webSocket) client.send(`from another: ${message.data.toString()}`);
      webSocket.send(`again: ${message.data.toString()}`);
    });
  });
  const first = await connectClient(url);
  const second = await connectClient(url);
  for (let i = 0; i < 100; i++) first.client.send(`${i}`);
  for (let i = 0; i < 100; i++) second.client.send(`${i}`);
  for (const { log } of [first, second]) {
    await log.atLeast('message', 300);
    const all = log.data;
    expect(all.filter((text) => /^(to you|again)/.test(text.toString()))).toEqual(
      Array.from({ length: 100 }, (_, i) => [`to you: ${i}`, `again: ${i}`]).flat(),
    );
    expect(all.filter((text) => text.toString().startsWith('from another'))).toEqual(
      Array.from({ length: 100 }, (_, i) => `from another: ${i}`),
    );
  }
});

test('a client may be closed, and started again, from inside its callbacks', async () => {
  const { url } = await startEchoServer();
  const { client, log } = createClient({ url });
  client.on('open', () => client.send('one'));
  client.on('message', () => client.close(3000));
  client.start();
  await log.next('close');
  await client.stop();
  client.start();
  await log.next('close');
  expect(log.all.map((message) => message.type)).toEqual(['open', 'message', 'close', 'open', 'message', 'close']);
});

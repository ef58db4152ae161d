import { expect, test } from 'vitest';
import { UsageError, WebSocket, type WebSocketOptions } from '../../src/index.ts';
import { connectClient, createClient, startEchoServer } from '../support/running.ts';

test.each([
  ['url', 5],
  ['url', new URL('ws://127.0.0.1/')],
  ['handshakeTimeoutSecs', 0],
  ['handshakeTimeoutSecs', Number.NaN],
  ['handshakeTimeoutSecs', 2 ** 31],
  ['closeTimeoutSecs', -1],
  ['closeTimeoutSecs', '5'],
  ['automaticReconnection', 1],
  ['enablePong', 'yes'],
  ['maxMessageSize', 0],
  ['maxMessageSize', 2 ** 32],
  ['maxMessageSize', 1.5],
  ['maxFragments', 0],
  ['maxBufferedBytes', -5],
  ['localAddress', 5],
  ['family', 5],
  ['lookup', 'dns'],
  ['onCallbackError', {}],
  ['subprotocols', 'json'],
  ['extraHeaders', 'X-A: b'],
])('%s must not be %j', (name, value) => {
  const construct = (): unknown => new WebSocket({ [name]: value });
  expect(construct).toThrow(UsageError);
  expect(construct).toThrow(new RegExp(`^${name}: `));
  expect(() => new WebSocket().configure({ [name]: value })).toThrow(UsageError);
});

test('an option that is undefined is its default', () => {
  const names = [
    'url',
    'handshakeTimeoutSecs',
    'enablePong',
    'maxMessageSize',
    'lookup',
    'subprotocols',
    'extraHeaders',
  ];
  expect(() => new WebSocket(Object.fromEntries(names.map((name) => [name, undefined])))).not.toThrow();
});

test('an unknown option is refused, with the one that was meant', () => {
  const construct = (): unknown => new WebSocket({ maxMesageSize: 5 } as WebSocketOptions);
  expect(construct).toThrow("maxMesageSize: is not an option of a WebSocket; did you mean 'maxMessageSize'?");
  expect(() => new WebSocket(5 as unknown as WebSocketOptions)).toThrow(UsageError);
  expect(() => new WebSocket(JSON.parse('{"__proto__":{"url":"x"},"constructor":1}') as WebSocketOptions)).toThrow(
    UsageError,
  );
});

test('configure() sets what it is given and leaves the rest', () => {
  const webSocket = new WebSocket({ url: 'ws://a.test/', maxWaitBetweenReconnectionRetries: 5 });
  webSocket.configure({ subprotocols: ['x'] });
  expect(webSocket.getUrl()).toBe('ws://a.test/');
  webSocket.configure('ws://b.test/');
  expect(webSocket.getUrl()).toBe('ws://b.test/');
  webSocket.configure({ url: 'ws://c.test/', automaticReconnection: false });
  expect(webSocket.getUrl()).toBe('ws://c.test/');
  expect(webSocket.getSubprotocols()).toEqual(['x']);
  expect(webSocket.isAutomaticReconnectionEnabled()).toBe(false);
  expect(webSocket.getMaxWaitBetweenReconnectionRetries()).toBe(5);
  expect(() => webSocket.configure({ url: 'ws://d.test/', subprotocols: ['a b'] })).toThrow(UsageError);
  expect(webSocket.getUrl()).toBe('ws://c.test/');
});

test('configure() with undefined for an option leaves it as it is, or as its default', () => {
  const webSocket = new WebSocket({ url: 'ws://a.test/' });
  webSocket.configure({ subprotocols: ['x'], url: undefined });
  expect(['ws://a.test/', '']).toContain(webSocket.getUrl());
});

test('options that are objects are copied', () => {
  const subprotocols = ['x'];
  const webSocket = new WebSocket({ subprotocols });
  subprotocols.push('y');
  expect(webSocket.getSubprotocols()).toEqual(['x']);
});

test('setHandshakeTimeout() applies to the next attempt', async () => {
  const { client } = createClient({ url: 'ws://name.test/', lookup: () => undefined });
  client.setHandshakeTimeout(0.03);
  const result = await client.connect();
  expect(result.success || result.errorInfo.code).toBe('timeout');
  expect(() => client.setHandshakeTimeout(0)).toThrow(UsageError);
});

test('onCallbackError set by configure() gets what callbacks throw from then on', async () => {
  const { url } = await startEchoServer();
  const errors: unknown[] = [];
  const { client, log } = createClient({ url, onCallbackError: (error) => void errors.push(['old', error]) });
  client.configure({ onCallbackError: (error) => void errors.push(['new', error]) });
  client.on('open', () => {
    throw new Error('mine');
  });
  client.start();
  await log.next('open');
  expect(errors).toEqual([['new', new Error('mine')]]);
});

test('maxMessageSize closes with 1009, for whole and fragmented messages, before they are there', async () => {
  const { url } = await startEchoServer();
  const { client, log } = await connectClient(url, { maxMessageSize: 1000 });
  client.send(Buffer.alloc(1000));
  expect((await log.next('message')).bytes).toHaveLength(1000);
  client.send(Buffer.alloc(1001));
  expect((await log.next('close')).closeInfo).toEqual({
    code: 1009,
    reason: 'Message too big',
    remote: false,
    layer: 'websocket',
  });
});

import { describe, expect, onTestFinished, test } from 'vitest';
import { type ServerWebSocket, WebSocket } from '../../src/index.ts';
import { eventually, turns } from '../support/eventually.ts';
import { frame, RFC_MASK } from '../support/frames.ts';
import { connectRaw, openRaw, upgradeRequest } from '../support/raw-peer.ts';
import { listenRaw } from '../support/raw-server.ts';
import { startServer } from '../support/running.ts';

const fromServer = (payload: string | Buffer): Buffer => frame({ opcode: 1, payload });
const fromClient = (payload: string): Buffer => frame({ opcode: 1, payload, mask: RFC_MASK });

/** A client without any listener. */
function createSilentClient(url: string): WebSocket {
  const client = new WebSocket({ url, closeTimeoutSecs: 0.1 });
  onTestFinished(() => void client.stop());
  return client;
}

describe('messages that arrive with the handshake are held', () => {
  test('for a callback that is attached after connect()', async () => {
    const server = await listenRaw();
    const client = createSilentClient(server.url);
    const connecting = client.connect();
    await server.acceptUpgrade(Buffer.concat([fromServer('1'), fromServer('2')]));
    await connecting;
    const seen: unknown[] = [];
    client.setOnMessageCallback((message) => {
      if (message.type === 'message') seen.push(message.data);
    });
    await turns();
    expect(seen).toEqual(['1', '2']);
    expect(client.unconsumedMessages).toBe(0);
  });

  test('for a listener that is attached in a later microtask of the same turn', async () => {
    const server = await listenRaw();
    const client = createSilentClient(server.url);
    const connecting = client.connect();
    await server.acceptUpgrade(fromServer('1'));
    await connecting;
    for (let i = 0; i < 10; i++) await Promise.resolve();
    const seen: unknown[] = [];
    client.on('message', (message) => seen.push(message.data));
    await turns();
    expect(seen).toEqual(['1']);
  });

  test('on a server, for a callback that is attached from a promise of onConnection', async () => {
    const seen: unknown[] = [];
    const { port } = await startServer({}, (server) => {
      server.setOnConnectionCallback(async (webSocket) => {
        await Promise.resolve();
        webSocket.on('message', (message) => seen.push(message.data));
      });
    });
    const behind = Buffer.concat([fromClient('1'), fromClient('2')]);
    const raw = await connectRaw(port, { send: Buffer.concat([Buffer.from(upgradeRequest()), behind]) });
    await raw.head();
    await turns();
    expect(seen).toEqual(['1', '2']);
  });

  test('not longer than the turn: then they are dropped and counted, and reading goes on', async () => {
    const server = await listenRaw();
    const client = createSilentClient(server.url);
    const connecting = client.connect();
    const raw = await server.acceptUpgrade(Buffer.concat([fromServer('1'), fromServer('2')]));
    await connecting;
    await turns();
    expect(client.unconsumedMessages).toBe(2);
    raw.write(Buffer.concat([fromServer('3'), frame({ opcode: 9, payload: 'still there?' })]));
    const [pong] = await raw.frames(1);
    expect(pong).toMatchObject({ first: 0x8a, payload: Buffer.from('still there?') });
    expect(client.unconsumedMessages).toBe(3);
    const seen: unknown[] = [];
    client.on('message', (message) => seen.push(message.data));
    raw.write(fromServer('4'));
    raw.write(frame({ opcode: 9 }));
    await raw.frames(2);
    expect(seen).toEqual(['4']);
  });

  test.each([
    ['64 of them', Array.from({ length: 500 }, (_, i) => `${i}`)],
    ['few of them, when they are long', Array.from({ length: 100 }, (_, i) => `${i}`.padEnd(60_000))],
  ])('at most %s, and the rest comes after them', async (_name, payloads) => {
    const server = await listenRaw();
    const client = createSilentClient(server.url);
    const connecting = client.connect();
    await server.acceptUpgrade(Buffer.concat(payloads.map((payload) => fromServer(payload))));
    await connecting;
    const seen: unknown[] = [];
    let heldAtOnce = 0;
    client.on('message', (message) => {
      // What was held is delivered in one go; what is read afterwards comes later.
      if (seen.push(message.data) === 1) process.nextTick(() => (heldAtOnce = seen.length));
    });
    await eventually('all of them', () => seen.length === payloads.length);
    expect(seen).toEqual(payloads);
    expect(heldAtOnce).toBeGreaterThan(0);
    expect(heldAtOnce).toBeLessThanOrEqual(64);
  });

  test('and are still in order behind them when the loop comes late', async () => {
    const server = await listenRaw();
    const client = createSilentClient(server.url);
    const connecting = client.connect();
    const payloads = Array.from({ length: 300 }, (_, i) => `${i}`);
    const raw = await server.acceptUpgrade(Buffer.concat(payloads.slice(0, 200).map(fromServer)));
    await connecting;
    const messages = client[Symbol.asyncIterator]();
    raw.write(Buffer.concat(payloads.slice(200).map(fromServer)));
    const seen: unknown[] = [];
    while (seen.length < 300) seen.push((await messages.next()).value?.data);
    expect(seen).toEqual(payloads);
  });
});

test('a server connection without any consumer answers pings and closes, and counts', async () => {
  const sockets: ServerWebSocket[] = [];
  const { port } = await startServer({}, (server) => {
    server.setOnConnectionCallback((webSocket) => void sockets.push(webSocket));
  });
  const raw = await openRaw(port);
  await turns();
  raw.write(Buffer.concat(Array.from({ length: 1000 }, () => fromClient('unwanted'))));
  raw.write(frame({ opcode: 9, payload: 'p', mask: RFC_MASK }));
  raw.write(frame({ opcode: 8, payload: Buffer.from('03e8', 'hex'), mask: RFC_MASK }));
  await raw.ended();
  expect(raw.body.toString('hex')).toBe(`8a0170${'880203e8'}`);
  expect(sockets[0]?.unconsumedMessages).toBe(1000);
});

test('a client that nobody listens to at all counts what it gets, and closes in order', async () => {
  const server = await listenRaw();
  const client = createSilentClient(server.url);
  client.start();
  const raw = await server.acceptUpgrade();
  raw.write(Buffer.concat([fromServer('1'), fromServer('2'), frame({ opcode: 9 })]));
  await raw.frames(1);
  expect(client.unconsumedMessages).toBe(2);
  const stopping = client.stop();
  await raw.frames(2);
  raw.write(Buffer.from('880203e8', 'hex'));
  raw.socket.end();
  expect(await stopping).toEqual({ unsentBytes: 0, isDelivered: true });
});

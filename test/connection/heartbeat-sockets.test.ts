import { describe, expect, test } from 'vitest';
import { UsageError, WebSocket, WebSocketServer } from '../../src/index.ts';
import { eventually } from '../support/eventually.ts';
import { frame, RFC_MASK } from '../support/frames.ts';
import { patient } from '../support/patience.ts';
import { openRaw } from '../support/raw-peer.ts';
import { listenRaw } from '../support/raw-server.ts';
import { connectPair, createClient, startServer } from '../support/running.ts';

const pingsOf = (frames: readonly { first: number; payload: Buffer }[]): string[] =>
  frames.filter(({ first }) => first === 0x89).map(({ payload }) => payload.toString());

describe('a client with a heartbeat', () => {
  test('sends numbered pings, and knows how long they took', async () => {
    const { client, log, peerLog } = await connectPair({}, { pingIntervalSecs: 0.2 });
    expect(client.roundTripTimeMs).toBeUndefined();
    await peerLog.atLeast('ping', 3);
    expect(peerLog.of('ping').map(({ data }) => data)).toEqual(
      [0, 1, 2].map((n) => `ixwebsocket::heartbeat::0.2s::${n}`),
    );
    await log.next('pong');
    expect(client.roundTripTimeMs).toBeGreaterThan(0);
    expect(client.roundTripTimeMs).toBeLessThan(patient(5000));
    expect(client.getReadyState()).toBe('open');
  });

  test('closes with 1011 when the server is silent, tells it so, connects again and counts on', async () => {
    const server = await listenRaw();
    const { client, log } = createClient({ url: server.url, pingIntervalSecs: 0.2, pingTimeoutSecs: 0.3 });
    client.start();
    const raw = await server.acceptUpgrade();
    const { closeInfo } = await log.next('close');
    expect(closeInfo).toEqual({ code: 1011, reason: 'Ping timeout', remote: false, layer: 'websocket' });
    await raw.ended();
    const frames = raw.framesSoFar();
    expect(frames.map(({ first }) => first)).toEqual([0x89, 0x88]);
    expect(frames[1]?.payload.readUInt16BE()).toBe(1011);
    const second = await server.acceptUpgrade();
    await log.atLeast('open', 2);
    expect(pingsOf(await second.frames(1))).toEqual(['ixwebsocket::heartbeat::0.2s::1']);
    await client.stop();
  });

  test('is kept alive by data of a server that never answers a ping', async () => {
    const server = await listenRaw();
    const { client, log } = createClient({ url: server.url, pingIntervalSecs: 0.3 });
    client.start();
    const raw = await server.acceptUpgrade();
    for (let i = 0; i < 3; i++) {
      await raw.frames(i + 1);
      raw.write(frame({ opcode: 1, payload: `${i}` }));
    }
    await log.atLeast('message', 3);
    expect(log.of('close')).toEqual([]);
    await client.stop();
  });

  test('sends what it was told to, as ping, text or binary', async () => {
    const { client, peerLog } = await connectPair();
    client.setPingMessage('are you there?');
    expect(client.getPingMessage()).toBe('are you there?');
    client.setPingInterval(0.2);
    expect(client.getPingInterval()).toBe(0.2);
    expect((await peerLog.next('ping')).data).toBe('are you there?');
    client.setPingMessage('{"op":"ping"}', 'text');
    expect((await peerLog.next('message')).data).toBe('{"op":"ping"}');
    client.setPingMessage(Buffer.from([1, 2, 3]), 'binary');
    await eventually('a binary message', () => peerLog.of('message').some(({ binary }) => binary));
    client.setPingInterval(-1);
    expect(client.getPingInterval()).toBe(-1);
  });

  test('takes silence after a text for death only with a timeout of its own', async () => {
    const server = await listenRaw();
    const quiet = createClient({ url: server.url, pingIntervalSecs: 0.2 });
    quiet.client.setPingMessage('x', 'text');
    quiet.client.start();
    const raw = await server.acceptUpgrade();
    await raw.frames(4);
    expect(quiet.log.of('close')).toEqual([]);
    await quiet.client.stop();
    const strict = createClient({ url: server.url, pingIntervalSecs: 0.2, pingTimeoutSecs: 0.2 });
    strict.client.setPingMessage('x', 'text');
    strict.client.start();
    await server.acceptUpgrade();
    expect((await strict.log.next('close')).closeInfo.reason).toBe('Ping timeout');
    await strict.client.stop();
  });
});

describe('a server with a heartbeat', () => {
  test('pings its clients', async () => {
    const { log, peer } = await connectPair({ pingIntervalSecs: 0.2 });
    expect((await log.next('ping')).data).toBe('ixwebsocket::heartbeat::0.2s::0');
    await eventually('a round trip', () => peer.roundTripTimeMs !== undefined);
    expect(peer.getPingInterval()).toBe(0.2);
  });

  test('drops a client that is silent, with 1011', async () => {
    const { server, port } = await startServer({ pingIntervalSecs: 0.2 });
    const raw = await openRaw(port);
    await raw.ended();
    const last = raw.framesSoFar().at(-1);
    expect([last?.first, last?.payload.readUInt16BE(), last?.payload.toString('utf8', 2)]).toEqual([
      0x88,
      1011,
      'Ping timeout',
    ]);
    await eventually('no clients', () => server.getClients().size === 0);
  });

  test('keeps one that only talks', async () => {
    const { server, port } = await startServer({ pingIntervalSecs: 0.2 });
    const raw = await openRaw(port);
    for (let i = 1; i <= 3; i++) {
      await eventually('a ping', () => raw.framesSoFar().length >= i);
      raw.write(frame({ opcode: 1, payload: 'still here', mask: RFC_MASK }));
    }
    expect(server.getClients().size).toBe(1);
  });
});

describe('what must not be taken for death', () => {
  test('an event loop that was blocked for longer than interval and timeout together', async () => {
    const heartbeat = { pingIntervalSecs: 0.3 };
    const { client, peer, log, peerLog } = await connectPair(heartbeat, heartbeat);
    await log.next('pong');
    const endMs = performance.now() + 1000;
    while (performance.now() < endMs);
    await log.atLeast('pong', log.of('pong').length + 2);
    expect([log.of('close'), peerLog.of('close')]).toEqual([[], []]);
    expect([client.getReadyState(), peer.getReadyState()]).toEqual(['open', 'open']);
  });

  test('a consumer that has paused the connection', async () => {
    const { client, log, peerLog } = await connectPair({}, { pingIntervalSecs: 0.2 });
    client.pause();
    await peerLog.atLeast('ping', 4);
    expect(log.of('close')).toEqual([]);
    client.resume();
    await log.next('pong');
    expect(client.getReadyState()).toBe('open');
  });

  test('a timeout that is configured later is kept', async () => {
    const server = await listenRaw();
    const { client, log } = createClient({ url: server.url, pingIntervalSecs: 0.2 });
    client.configure({ pingTimeoutSecs: 600 });
    client.start();
    const raw = await server.acceptUpgrade();
    await raw.frames(1);
    client.setPingInterval(0.3);
    await raw.frames(2);
    expect(log.of('close')).toEqual([]);
    await client.stop();
  });
});

test('without a heartbeat the time of an own ping is known as well', async () => {
  const { client, log } = await connectPair();
  expect(client.getPingInterval()).toBe(-1);
  expect(client.getPingMessage()).toBe('ixwebsocket::heartbeat::-1s::0');
  client.ping('x');
  await log.next('pong');
  expect(client.roundTripTimeMs).toBeGreaterThan(0);
  client.terminate();
  await log.next('close');
  expect(client.roundTripTimeMs).toBeUndefined();
});

test('what cannot be a heartbeat is refused', () => {
  for (const secs of [0, -2, Number.NaN, Infinity, '5' as unknown as number, 2 ** 31]) {
    expect(() => new WebSocket({ pingIntervalSecs: secs })).toThrow(UsageError);
    expect(() => new WebSocketServer({ pingIntervalSecs: secs })).toThrow(UsageError);
    expect(() => new WebSocket({ pingTimeoutSecs: secs })).toThrow(UsageError);
    expect(() => new WebSocket().setPingInterval(secs)).toThrow(UsageError);
  }
  const client = new WebSocket();
  expect(() => client.setPingMessage('x'.repeat(126))).toThrow(UsageError);
  expect(() => client.setPingMessage('x'.repeat(126), 'text')).not.toThrow();
  expect(() => client.setPingMessage('\ud800', 'text')).toThrow(UsageError);
  expect(() => client.setPingMessage(Buffer.from('x'), 'text')).toThrow(UsageError);
  expect(() => client.setPingMessage(5 as unknown as string)).toThrow(UsageError);
  expect(() => client.setPingMessage('x', 'pong' as 'ping')).toThrow(UsageError);
});

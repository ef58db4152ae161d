import { describe, expect, test } from 'vitest';
import { UsageError } from '../../src/index.ts';
import { frame, RFC_MASK } from '../support/frames.ts';
import { openRaw } from '../support/raw-peer.ts';
import { connectPair, startServer } from '../support/running.ts';

describe.each(['client', 'server'] as const)('a %s', (role) => {
  test('gets a pong with the bytes of its ping, and its peer sees the ping', async () => {
    const pair = await connectPair();
    const [connection, log, peerLog] =
      role === 'client' ? [pair.client, pair.log, pair.peerLog] : [pair.peer, pair.peerLog, pair.log];
    const mask = role === 'client' ? 4 : 0;
    expect(connection.ping('are you there?')).toEqual({
      success: true,
      compressionError: false,
      payloadSize: 14,
      wireSize: 16 + mask,
    });
    expect(await peerLog.next('ping')).toMatchObject({ data: 'are you there?', wireSize: 16 + mask });
    const pong = await log.next('pong');
    expect(pong).toMatchObject({ data: 'are you there?', wireSize: 20 - mask });
    expect(pong.bytes.toString()).toBe('are you there?');

    connection.ping();
    expect((await log.next('pong')).bytes).toHaveLength(0);
    const bytes = Buffer.from('00ff80', 'hex');
    connection.ping(new DataView(bytes.buffer, bytes.byteOffset, 3));
    expect((await log.next('pong')).bytes).toEqual(bytes);
    expect((await peerLog.atLeast('ping', 3))[2]?.bytes).toEqual(bytes);
  });

  test('may send 125 bytes in a ping, and not 126', async () => {
    const pair = await connectPair();
    const [connection, log] = role === 'client' ? [pair.client, pair.log] : [pair.peer, pair.peerLog];
    const refused = { success: false, compressionError: false, wireSize: 0, code: 'tooBig' };
    expect(connection.ping('x'.repeat(126))).toEqual({ ...refused, payloadSize: 126 });
    expect(connection.ping('ü'.repeat(63))).toEqual({ ...refused, payloadSize: 126 });
    expect(connection.ping(Buffer.alloc(1000))).toEqual({ ...refused, payloadSize: 1000 });
    expect(connection.ping('x'.repeat(125))).toMatchObject({ success: true, payloadSize: 125 });
    expect((await log.next('pong')).bytes).toHaveLength(125);
    expect(log.of('pong')).toHaveLength(1);
    connection.terminate();
    expect(connection.ping('x'.repeat(126)).success).toBe(false);
  });

  test('may send a pong that nobody asked for, and whatever bytes', async () => {
    const pair = await connectPair();
    const [connection, log, peerLog] =
      role === 'client' ? [pair.client, pair.log, pair.peerLog] : [pair.peer, pair.peerLog, pair.log];
    const mask = role === 'client' ? 4 : 0;
    expect(connection.pong('alive')).toMatchObject({ success: true, payloadSize: 5, wireSize: 7 + mask });
    expect(await peerLog.next('pong')).toMatchObject({ data: 'alive', wireSize: 7 + mask });
    const bytes = Buffer.from('00ff80', 'hex');
    connection.pong(new DataView(bytes.buffer, bytes.byteOffset, 3));
    connection.pong();
    const pongs = await peerLog.atLeast('pong', 3);
    expect(pongs.slice(1).map((pong) => pong.bytes)).toEqual([bytes, Buffer.alloc(0)]);
    // It is no question.
    expect(log.of('pong')).toEqual([]);
    expect(connection.roundTripTimeMs).toBeUndefined();
  });

  test('is told why a pong cannot be sent', async () => {
    const pair = await connectPair();
    const connection = role === 'client' ? pair.client : pair.peer;
    expect(connection.pong('ü'.repeat(63))).toMatchObject({ success: false, code: 'tooBig', payloadSize: 126 });
    expect(connection.pong('\ud800')).toMatchObject({ success: false, code: 'invalidUtf8' });
    // @ts-expect-error a number has no bytes
    expect(() => connection.pong(5)).toThrow(UsageError);
    connection.close();
    expect(connection.pong('x')).toMatchObject({ success: false, code: 'closed', payloadSize: 1 });
  });

  test('that has pongs disabled sees pings and does not answer', async () => {
    const pair = await connectPair({ enablePong: role !== 'server' }, { enablePong: role !== 'client' });
    const [pinging, log, peerLog] =
      role === 'server' ? [pair.client, pair.log, pair.peerLog] : [pair.peer, pair.peerLog, pair.log];
    pinging.ping('no answer');
    await peerLog.next('ping');
    pinging.send('behind it');
    await peerLog.next('message');
    (role === 'server' ? pair.peer : pair.client).send('an answer');
    await log.next('message');
    expect(log.of('pong')).toEqual([]);
  });
});

test('one that answers pings by itself does so with the bytes and at the time of its choice', async () => {
  const { client, peer, log, peerLog } = await connectPair({}, { enablePong: false });
  peer.ping('now?');
  const { bytes } = await log.next('ping');
  client.send('not yet');
  client.pong(bytes);
  expect((await peerLog.next('pong')).data).toBe('now?');
  expect(peerLog.of('message')).toHaveLength(1);
  expect(peer.roundTripTimeMs).toBeGreaterThan(0);
});

test('pongs can be disabled and enabled while the client is connected', async () => {
  const { client, peer, peerLog, log } = await connectPair();
  client.disablePong();
  peer.ping('1');
  await log.next('ping');
  client.enablePong();
  peer.ping('2');
  expect((await peerLog.next('pong')).data).toBe('2');
});

test('pongs leave in the order of the pings, between the messages around them', async () => {
  const { port } = await startServer({}, (server) => {
    server.setOnClientMessageCallback((_state, webSocket, message) => {
      if (message.type === 'message') webSocket.send(message.data);
    });
  });
  const raw = await openRaw(port);
  const parts = ['1', '2', '3'].flatMap((payload) => [
    frame({ opcode: 9, payload, mask: RFC_MASK }),
    frame({ opcode: 1, payload, mask: RFC_MASK }),
  ]);
  raw.write(Buffer.concat(parts));
  const frames = await raw.frames(6);
  expect(frames.map(({ first, payload }) => `${(first & 15).toString(16)}${payload.toString()}`)).toEqual([
    'a1',
    '11',
    'a2',
    '12',
    'a3',
    '13',
  ]);
});

test('a ping between the fragments of a message is answered before the message is complete', async () => {
  const { port } = await startServer();
  const raw = await openRaw(port);
  raw.write(frame({ opcode: 1, fin: false, payload: 'a', mask: RFC_MASK }));
  raw.write(frame({ opcode: 9, payload: 'p', mask: RFC_MASK }));
  const [pong] = await raw.frames(1);
  expect(pong).toMatchObject({ first: 0x8a, payload: Buffer.from('p') });
});

test('a flood of pings closes the connection with 1008', async () => {
  const { port } = await startServer();
  const raw = await openRaw(port);
  raw.write(Buffer.concat(Array.from({ length: 2000 }, () => frame({ opcode: 9, mask: RFC_MASK }))));
  await raw.ended();
  const frames = raw.framesSoFar();
  const last = frames.at(-1);
  expect(last?.first).toBe(0x88);
  expect(last?.payload.readUInt16BE()).toBe(1008);
  expect(frames.length).toBeLessThan(500);
});

import { expect, test } from 'vitest';
import type { ServerWebSocket } from '../../src/index.ts';
import { usedBytes } from '../support/collect-garbage.ts';
import { eventually, turns } from '../support/eventually.ts';
import { frame, RFC_MASK, readFrames } from '../support/frames.ts';
import { openRaw } from '../support/raw-peer.ts';
import { connectPair, startServer } from '../support/running.ts';

/** The server's end of a connection to a raw peer that has stopped reading, and fills up what the sockets hold. */
async function connectStalled() {
  const sockets: ServerWebSocket[] = [];
  const { port } = await startServer({ maxBufferedBytes: 2 ** 30, closeTimeoutSecs: 0.1 }, (server) => {
    server.setOnConnectionCallback((webSocket) => void sockets.push(webSocket));
  });
  const raw = await openRaw(port);
  raw.socket.pause();
  const webSocket = sockets[0];
  if (webSocket === undefined) throw new Error('no connection');
  let filled = 0;
  for (let quiet = 0; quiet < 10; ) {
    if (webSocket.bufferedAmount() === 0) {
      quiet = 0;
      filled += webSocket.send(Buffer.alloc(1_000_000)).wireSize;
    } else quiet++;
    await turns(1);
  }
  return { raw, webSocket, filled };
}

test('what is sent counts as buffered until the turn is over, and then it has left', async () => {
  const { client, peerLog } = await connectPair();
  expect(client.bufferedAmount()).toBe(0);
  client.send('x'.repeat(94));
  expect(client.bufferedAmount()).toBe(100);
  client.send('x'.repeat(94));
  expect(client.bufferedAmount()).toBe(200);
  await turns(1);
  expect(client.bufferedAmount()).toBe(0);
  await peerLog.atLeast('message', 2);
});

test('flush() writes at once, and without it the turn does', async () => {
  const { client, peerLog } = await connectPair();
  client.send('flushed');
  client.flush();
  expect(client.bufferedAmount()).toBe(0);
  client.flush();
  client.send('not flushed');
  expect(client.bufferedAmount()).toBeGreaterThan(0);
  await peerLog.atLeast('message', 2);
  expect(peerLog.data).toEqual(['flushed', 'not flushed']);
});

test('10 000 messages of 100 bytes for a reader that stalls are held in less than four times their size', async () => {
  const { webSocket, raw, filled } = await connectStalled();
  const count = 10_000;
  const payload = 'x'.repeat(100);
  const waiting = webSocket.bufferedAmount();
  const before = usedBytes();
  for (let i = 0; i < count; i++) {
    webSocket.send(payload);
    if (i % 100 === 0) await turns(1);
  }
  const held = usedBytes() - before;
  expect(webSocket.bufferedAmount() - waiting).toBe(count * 102);
  expect(held).toBeLessThan(4 * count * 100);
  raw.socket.resume();
  const end = filled + count * 102;
  await raw.until('all of it', () => raw.bodyLength >= end);
  expect(raw.body.subarray(filled).equals(Buffer.from(`\x81d${payload}`.repeat(count), 'latin1'))).toBe(true);
});

test('what waits keeps its order, short and long, while the reader stalls and comes back', async () => {
  const { webSocket, raw, filled } = await connectStalled();
  const sizes = [10, 20_000, 3, 0, 126, 70_000, 16_384, 5];
  for (let round = 0; round < 5; round++) {
    for (const size of sizes) webSocket.send(Buffer.alloc(size, size));
    await turns(1);
  }
  const headerBytes = (size: number): number => (size < 126 ? 2 : size < 65_536 ? 4 : 10);
  const expected = 5 * sizes.reduce((sum, size) => sum + size + headerBytes(size), 0);
  raw.socket.resume();
  await raw.until('all of it', () => raw.bodyLength >= filled + expected);

  const frames = readFrames(raw.body.subarray(filled));
  expect(frames.map(({ payload }) => payload.length)).toEqual([...sizes, ...sizes, ...sizes, ...sizes, ...sizes]);
  for (const { payload } of frames) expect(payload.equals(Buffer.alloc(payload.length, payload.length))).toBe(true);
  expect(webSocket.bufferedAmount()).toBe(0);
});

test('while a peer does not read, only its latest ping is answered', async () => {
  const { webSocket, raw, filled } = await connectStalled();

  let seen = 0;
  webSocket.on('ping', () => seen++);
  for (let i = 0; i < 50; i++) raw.write(frame({ opcode: 9, payload: `${i}`, mask: RFC_MASK }));
  await eventually('the pings', () => seen === 50);
  raw.socket.resume();
  await raw.until('a pong', () => raw.bodyLength >= filled + 4);
  await turns(20);
  expect(raw.body.subarray(filled).toString('latin1')).toBe('\x8a\x0249');
});

test('terminate() drops what waits, and its memory', async () => {
  const { webSocket } = await connectStalled();
  const before = usedBytes();
  const isOver = new Promise((resolve) => webSocket.on('close', resolve));
  for (let i = 0; i < 20; i++) webSocket.send(Buffer.alloc(1_000_000));
  expect(usedBytes() - before).toBeGreaterThan(19_000_000);
  webSocket.terminate();
  await isOver;
  await turns(5);
  expect(webSocket.bufferedAmount()).toBe(0);
  expect(usedBytes() - before).toBeLessThan(5_000_000);
});

test('stop() of a client tells how much did not leave', async () => {
  const { client, peer } = await connectPair({}, { maxBufferedBytes: 2 ** 30, closeTimeoutSecs: 0.2 });
  peer.pause();
  const total = 40_000_000;
  client.send(Buffer.alloc(total));
  const { unsentBytes } = await client.stop();
  expect(unsentBytes).toBeGreaterThan(10_000_000);
  expect(unsentBytes).toBeLessThanOrEqual(total + 14 + 8 + 16);
});

test('stop() of a client whose peer reads leaves nothing unsent', async () => {
  const { client, peerLog } = await connectPair();
  client.send(Buffer.alloc(5_000_000));
  expect(await client.stop()).toEqual({ unsentBytes: 0, isDelivered: true });
  expect((await peerLog.next('message')).bytes).toHaveLength(5_000_000);
});

import { expect, test } from 'vitest';
import type { ServerWebSocket } from '../../src/index.ts';
import { WebSocket } from '../../src/index.ts';
import { eventually } from '../support/eventually.ts';
import { MessageLog } from '../support/message-log.ts';
import { openRaw } from '../support/raw-peer.ts';
import { connectPair, createClient, startServer } from '../support/running.ts';

const closed = { success: false, compressionError: false, wireSize: 0, code: 'closed' };

test('before the connection is open nothing is sent', () => {
  const webSocket = new WebSocket({ url: 'ws://127.0.0.1:1/' });
  expect(webSocket.send('äb')).toEqual({ ...closed, payloadSize: 3 });
  expect(webSocket.send(Buffer.alloc(7))).toEqual({ ...closed, payloadSize: 7 });
  expect(webSocket.send(Buffer.alloc(7), false)).toEqual({ ...closed, payloadSize: 7 });
  expect(webSocket.sendBinary('abc')).toEqual({ ...closed, payloadSize: 3 });
  expect(webSocket.ping('abc')).toEqual({ ...closed, payloadSize: 3 });
  expect(webSocket.bufferedAmount()).toBe(0);
});

test('while it connects nothing is sent', async () => {
  const { url } = await startServer();
  const { client, log } = createClient({ url });
  client.start();
  expect(client.getReadyState()).toBe('connecting');
  expect(client.send('too early')).toEqual({ ...closed, payloadSize: 9 });
  await log.next('open');
  expect(client.send('in time').success).toBe(true);
});

test('after close() nothing is sent, on either side, and no call throws', async () => {
  const { client, peer, peerLog, log } = await connectPair();
  client.close();
  expect(client.getReadyState()).toBe('closing');
  expect(client.send('late')).toEqual({ ...closed, payloadSize: 4 });
  expect(client.ping()).toEqual({ ...closed, payloadSize: 0 });
  await peerLog.next('close');
  await log.next('close');
  for (const connection of [client, peer]) {
    expect(connection.getReadyState()).toBe('closed');
    expect(connection.send('late')).toEqual({ ...closed, payloadSize: 4 });
    expect(connection.send(Buffer.alloc(3))).toEqual({ ...closed, payloadSize: 3 });
    expect(connection.ping('x')).toMatchObject(closed);
    connection.close();
    connection.close(3000, 'again');
    connection.terminate();
    connection.pause();
    connection.resume();
    connection.flush();
    connection.ref();
    connection.unref();
    expect(connection.bufferedAmount()).toBe(0);
  }
  expect(peerLog.of('message')).toEqual([]);
});

test('after terminate() nothing is sent', async () => {
  const { client, peerLog } = await connectPair();
  client.terminate();
  client.send('late');
  await peerLog.next('close');
  expect(peerLog.of('message')).toEqual([]);
});

test('a peer that does not read fills the buffer up to its limit, and not beyond', async () => {
  const accepted: ServerWebSocket[] = [];
  const limit = 1024 * 1024;
  const { port } = await startServer({ maxBufferedBytes: limit, closeTimeoutSecs: 0.1 }, (server) => {
    server.setOnConnectionCallback((webSocket) => void accepted.push(webSocket));
  });
  const raw = await openRaw(port);
  raw.socket.pause();
  const [webSocket] = accepted;
  if (webSocket === undefined) throw new Error('no connection');
  const piece = Buffer.alloc(64 * 1024, 1);
  let sent = 0;
  await eventually('the buffer to be full', () => {
    for (;;) {
      const info = webSocket.send(piece);
      if (info.success) {
        sent++;
        continue;
      }
      expect(info).toEqual({ ...closed, code: 'bufferFull', payloadSize: piece.length });
      // The kernel may take more in a moment.
      return webSocket.bufferedAmount() > limit - piece.length - 1;
    }
  });
  expect(webSocket.bufferedAmount()).toBeLessThanOrEqual(limit + 10);
  expect(webSocket.send('x'.repeat(piece.length))).toMatchObject({ code: 'bufferFull' });
  expect(webSocket.send(Buffer.alloc(limit), false)).toMatchObject({ code: 'bufferFull' });
  expect(webSocket.getReadyState()).toBe('open');

  raw.socket.resume();
  await eventually('the buffer to be empty', () => webSocket.bufferedAmount() === 0);
  expect(webSocket.send('room again').success).toBe(true);
  const frames = await raw.frames(sent + 1);
  expect(frames).toHaveLength(sent + 1);
  expect(frames.at(-1)?.payload.toString()).toBe('room again');
});

test('one message larger than the limit is accepted while the buffer is empty', async () => {
  const { client, peerLog } = await connectPair({}, { maxBufferedBytes: 1000 });
  expect(client.send(Buffer.alloc(100_000)).success).toBe(true);
  expect((await peerLog.next('message')).bytes).toHaveLength(100_000);
});

test('a full buffer keeps no close from being sent', async () => {
  const accepted: ServerWebSocket[] = [];
  const logs: MessageLog[] = [];
  const { port } = await startServer({ maxBufferedBytes: 100_000, closeTimeoutSecs: 5 }, (server) => {
    server.setOnConnectionCallback((webSocket) => {
      accepted.push(webSocket);
      logs.push(new MessageLog(webSocket));
    });
  });
  const raw = await openRaw(port);
  raw.socket.pause();
  const [webSocket] = accepted;
  const [log] = logs;
  if (webSocket === undefined || log === undefined) throw new Error('no connection');
  while (webSocket.send(Buffer.alloc(10_000_000)).success);
  webSocket.close(3001, 'behind it');
  expect(webSocket.getReadyState()).toBe('closing');
  raw.socket.resume();
  const last = await raw.until(
    'a close frame',
    () => raw.framesSoFar().at(-1)?.first === 0x88 && raw.framesSoFar().at(-1),
  );
  expect(last.payload.readUInt16BE()).toBe(3001);
  expect(last.payload.subarray(2).toString()).toBe('behind it');
  raw.socket.destroy();
  await log.next('close');
});

import { afterEach, expect, test } from 'vitest';
import { UsageError, WebSocket } from '../../src/index.ts';
import { connectPair } from '../support/running.ts';

afterEach(() => WebSocket.resetTrafficTrackerCallback());

test('a traffic tracker is told the bytes of each message and ping, of both ends, until it is reset', async () => {
  const { client, log, peer, peerLog } = await connectPair();
  const seen: [number, boolean][] = [];
  WebSocket.setTrafficTrackerCallback((size, incoming) => seen.push([size, incoming]));
  client.send('hello');
  await peerLog.next('message');
  expect(seen.splice(0)).toEqual([
    [11, false],
    [11, true],
  ]);
  peer.ping('12');
  await log.next('ping');
  await peerLog.next('pong');
  expect(seen.splice(0)).toEqual([
    [4, false],
    [8, false],
    [4, true],
    [8, true],
  ]);
  await client.sendBinary(Buffer.alloc(70_000), () => undefined);
  await peerLog.atLeast('message', 2);
  expect(seen.splice(0).map(([, incoming]) => incoming)).toEqual([false, true]);
  WebSocket.resetTrafficTrackerCallback();
  client.send('unseen');
  await peerLog.atLeast('message', 3);
  expect(seen).toEqual([]);
});

test('a traffic tracker must be a function', () => {
  expect(() => WebSocket.setTrafficTrackerCallback(5 as unknown as () => void)).toThrow(UsageError);
});

import { describe, expect, test } from 'vitest';
import { turns } from '../support/eventually.ts';
import { connectPair } from '../support/running.ts';

const FRAGMENT = 32 * 1024;

describe('a send with a progress callback', () => {
  test('reports each 32 KiB that left, counted from 0, and the message arrives whole', async () => {
    const { client, peerLog } = await connectPair({ maxMessageSize: 64 * 2 ** 20 });
    const data = Buffer.alloc(32_768_000, 'abcdefg');
    const seen: number[] = [];
    let totals = 0;
    const info = await client.send(data, (current, total) => {
      seen.push(current);
      totals += total;
    });
    expect(info).toMatchObject({ success: true, payloadSize: data.length });
    expect(seen).toEqual(Array.from({ length: 1000 }, (_, i) => i));
    expect(totals).toBe(1_000_000);
    const message = await peerLog.next('message');
    expect(message.binary).toBe(true);
    expect(message.wireSize).toBe(info.wireSize);
    expect(message.bytes.equals(data)).toBe(true);
    // 999 continuations and a beginning, each with two bytes of length and four of mask.
    expect(info.wireSize).toBe(data.length + 1000 * 8);
  });

  test.each([
    ['nothing', 0, 1],
    ['a byte', 1, 1],
    ['just less than two fragments', 2 * FRAGMENT - 1, 1],
    ['two fragments', 2 * FRAGMENT, 2],
    ['two fragments and a rest', 3 * FRAGMENT - 1, 2],
  ])('splits %s (%i bytes) into %i', async (_name, length, count) => {
    const { client, peerLog } = await connectPair();
    const steps: (readonly [number, number])[] = [];
    const info = await client.sendText('x'.repeat(length), (current, total) => {
      steps.push([current, total]);
    });
    expect(steps).toEqual(Array.from({ length: count }, (_, i) => [i, count]));
    const message = await peerLog.next('message');
    expect(message.data).toBe('x'.repeat(length));
    expect(message.wireSize).toBe(info.wireSize);
  });

  test('works on a server as well', async () => {
    const { peer, log } = await connectPair();
    const info = await peer.sendBinary(Buffer.alloc(100_000, 1), () => true);
    const message = await log.next('message');
    expect(message.bytes.equals(Buffer.alloc(100_000, 1))).toBe(true);
    expect(message.wireSize).toBe(info.wireSize);
  });

  test('waits for the promise of its callback before the next fragment leaves', async () => {
    const { client, peerLog } = await connectPair();
    let release = (): void => undefined;
    const sending = client.sendBinary(Buffer.alloc(3 * FRAGMENT), (current) =>
      current === 0 ? new Promise<void>((resolve) => (release = resolve)) : undefined,
    );
    await peerLog.next('fragment');
    await turns(5);
    expect(peerLog.of('fragment').at(-1)?.receivedBytes).toBe(FRAGMENT);
    release();
    await sending;
    expect((await peerLog.next('message')).bytes.length).toBe(3 * FRAGMENT);
  });

  test('keeps the order of everything sent meanwhile, while pings pass', async () => {
    const { client, peerLog, log } = await connectPair();
    let release = (): void => undefined;
    const first = client.sendBinary(Buffer.alloc(2 * FRAGMENT, 1), (current) =>
      current === 0 ? new Promise<void>((resolve) => (release = resolve)) : undefined,
    );
    await peerLog.next('fragment');
    expect(client.send('second').success).toBe(true);
    const third = client.sendBinary(Buffer.alloc(3 * FRAGMENT, 3), () => undefined);
    const long = client.send(Buffer.alloc(50_000, 4));
    expect(long).toMatchObject({ success: true, payloadSize: 50_000 });
    expect(client.bufferedAmount()).toBeGreaterThan(50_000);
    client.ping('are you there');
    expect((await log.next('pong')).data).toBe('are you there');
    expect(peerLog.of('message')).toEqual([]);
    release();
    await Promise.all([first, third]);
    await peerLog.atLeast('message', 4);
    expect(peerLog.of('message').map((message) => message.bytes.length)).toEqual([
      2 * FRAGMENT,
      6,
      3 * FRAGMENT,
      50_000,
    ]);
  });

  test('that is cancelled closes the connection, so that nobody takes the part for the whole', async () => {
    const { client, log, peerLog } = await connectPair({}, { automaticReconnection: false });
    const info = await client.sendBinary(Buffer.alloc(5 * FRAGMENT), (current) => current < 1);
    expect(info).toMatchObject({ success: false, code: 'cancelled' });
    const expected = { code: 1011, reason: 'Send cancelled' };
    expect((await peerLog.next('close')).closeInfo).toEqual({ ...expected, remote: true, layer: 'websocket' });
    expect((await log.next('close')).closeInfo).toEqual({ ...expected, remote: false, layer: 'websocket' });
    expect(peerLog.of('message')).toEqual([]);
  });

  test('that is cancelled with onCancel "truncate" ends the message there, and the connection goes on', async () => {
    const { client, peerLog } = await connectPair({}, { onCancel: 'truncate' });
    const info = await client.sendBinary(Buffer.alloc(5 * FRAGMENT), (current) => current < 1);
    expect(info).toMatchObject({ success: false, code: 'cancelled' });
    client.send('next');
    await peerLog.atLeast('message', 2);
    expect(peerLog.of('message').map((message) => message.bytes.length)).toEqual([2 * FRAGMENT, 4]);
  });

  test('cannot be cancelled any more by the call for its last fragment', async () => {
    const { client, peerLog } = await connectPair();
    const info = await client.sendBinary(Buffer.alloc(10), () => false);
    expect(info.success).toBe(true);
    expect((await peerLog.next('message')).bytes.length).toBe(10);
  });

  test('rejects with what its callback throws, and is cancelled', async () => {
    const { client, peerLog } = await connectPair();
    const failure = new Error('no more');
    const sending = client.sendBinary(Buffer.alloc(5 * FRAGMENT), () => {
      throw failure;
    });
    await expect(sending).rejects.toBe(failure);
    expect((await peerLog.next('close')).closeInfo.code).toBe(1011);
  });

  test('is finished before a close that comes meanwhile', async () => {
    const { client, peerLog } = await connectPair();
    const sending = client.sendBinary(Buffer.alloc(20 * FRAGMENT, 7), () => undefined);
    client.send('behind it');
    client.close(4000, 'bye');
    expect(client.getReadyState()).toBe('closing');
    expect(client.send('too late')).toMatchObject({ success: false, code: 'closed' });
    expect((await sending).success).toBe(true);
    expect((await peerLog.next('close')).closeInfo).toEqual({
      code: 4000,
      reason: 'bye',
      remote: true,
      layer: 'websocket',
    });
    expect(peerLog.of('message').map((message) => message.bytes.length)).toEqual([20 * FRAGMENT, 9]);
  });

  test('tells that it was cut off when the peer closes in the middle', async () => {
    const { client, peer, peerLog } = await connectPair();
    const sending = client.sendBinary(Buffer.alloc(5 * FRAGMENT), async (current) => {
      if (current !== 0) return;
      peer.close(1001);
      await peerLog.next('close');
    });
    expect(await sending).toMatchObject({ success: false, code: 'closed' });
  });

  test('sends nothing that is not UTF-8 as text, or after the end', async () => {
    const { client } = await connectPair();
    const never = (): never => {
      throw new Error('called');
    };
    expect(await client.sendText(Buffer.from([0xff]), never)).toMatchObject({ success: false, code: 'invalidUtf8' });
    expect(await client.send('\ud800', never)).toMatchObject({ success: false, code: 'invalidUtf8' });
    await client.stop();
    expect(await client.send('x', never)).toMatchObject({ success: false, code: 'closed' });
  });
});

import { setImmediate as nextTurn } from 'node:timers/promises';
import { describe, expect, test } from 'vitest';
import { type ServerWebSocket, UsageError } from '../../src/index.ts';
import { turns } from '../support/eventually.ts';
import { frame, hex, RFC_MASK } from '../support/frames.ts';
import { MemoryConnection } from '../support/memory-connection.ts';
import { MessageLog } from '../support/message-log.ts';
import { passTime } from '../support/pass-time.ts';
import { openRaw } from '../support/raw-peer.ts';
import { listenRaw } from '../support/raw-server.ts';
import { connectPair, createClient, startServer } from '../support/running.ts';

/** A server with the log of its only connection. */
async function startLogged(closeTimeoutSecs = 0.2) {
  const logs: MessageLog[] = [];
  const sockets: ServerWebSocket[] = [];
  const running = await startServer({ closeTimeoutSecs }, (server) => {
    server.setOnConnectionCallback((webSocket) => {
      sockets.push(webSocket);
      logs.push(new MessageLog(webSocket));
    });
  });
  const only = () => {
    const [log] = logs;
    const [webSocket] = sockets;
    if (log === undefined || webSocket === undefined) throw new Error('no connection');
    return { log, webSocket };
  };
  return { ...running, only };
}

describe.each(['client', 'server'] as const)('a %s that closes', (role) => {
  test.each([
    [undefined, undefined, 1000, 'Normal closure'],
    [1000, undefined, 1000, 'Normal closure'],
    [1001, undefined, 1001, ''],
    [1003, 'text only', 1003, 'text only'],
    [1007, '', 1007, ''],
    [1014, 'x', 1014, 'x'],
    [3000, 'ü', 3000, 'ü'],
    [4999, 'x'.repeat(123), 4999, 'x'.repeat(123)],
    [4000, 'My reason', 4000, 'My reason'],
  ] as const)(
    'with (%s, %s) is seen by both sides with code and reason',
    async (code, reason, seenCode, seenReason) => {
      const pair = await connectPair();
      const [ours, ourLog, theirLog] =
        role === 'client' ? [pair.client, pair.log, pair.peerLog] : [pair.peer, pair.peerLog, pair.log];
      ours.close(code, reason);
      expect((await theirLog.next('close')).closeInfo).toEqual({
        code: seenCode,
        reason: seenReason,
        remote: true,
        layer: 'websocket',
      });
      expect((await ourLog.next('close')).closeInfo).toEqual({
        code: seenCode,
        reason: seenReason,
        remote: false,
        layer: 'websocket',
      });
      for (const log of [ourLog, theirLog]) expect(log.of('close')).toHaveLength(1);
    },
  );

  test.each([
    [0, ''],
    [999, ''],
    [1004, ''],
    [1005, ''],
    [1006, ''],
    [1015, ''],
    [1016, ''],
    [2999, ''],
    [5000, ''],
    [65_536 + 1000, ''],
    [1000.5, ''],
    [Number.NaN, ''],
    ['1000', ''],
    [1000, 'x'.repeat(124)],
    [1000, 'ü'.repeat(62)],
    [1000, '\uD800'],
    [1000, 5],
    [1000, Buffer.from('x')],
    [1000, new Float32Array(20)],
  ])('with (%s, %s) is told at once, and stays open', async (code, reason) => {
    const pair = await connectPair();
    const [ours, theirLog] = role === 'client' ? [pair.client, pair.peerLog] : [pair.peer, pair.log];
    const close = (): void => ours.close(code as number, reason as string);
    expect(close).toThrow(UsageError);
    expect(close).toThrow(/^(code|reason): must be /);
    expect(ours.getReadyState()).toBe('open');
    ours.send('still open');
    expect((await theirLog.next('message')).data).toBe('still open');
  });
});

test('the second close() changes nothing', async () => {
  const { client, peerLog } = await connectPair();
  client.close(3001, 'first');
  client.close(3002, 'second');
  expect((await peerLog.next('close')).closeInfo).toMatchObject({ code: 3001, reason: 'first' });
});

test('everything that was sent arrives before the close', async () => {
  const { client, peerLog } = await connectPair();
  const big = Buffer.alloc(8_000_000, 7);
  client.send('first');
  client.send(big);
  client.send('last');
  client.close(3005, 'behind them');
  const { closeInfo } = await peerLog.next('close');
  expect(closeInfo).toMatchObject({ code: 3005, reason: 'behind them', remote: true, layer: 'websocket' });
  const data = peerLog.data;
  expect(data).toHaveLength(3);
  expect([data[0], data[2]]).toEqual(['first', 'last']);
  expect(big.equals(data[1] as Buffer)).toBe(true);
});

test('a close frame without a code is 1005, and is answered by one without', async () => {
  const { port, only } = await startLogged();
  const raw = await openRaw(port);
  raw.write(hex('8880 37fa213d'));
  const { log } = only();
  expect((await log.next('close')).closeInfo).toEqual({
    code: 1005,
    reason: 'No status code',
    remote: true,
    layer: 'websocket',
  });
  expect(raw.body.toString('hex')).toBe('8800');
});

test.each([
  ['one byte', '03', 1002],
  ['code 999', '03e7', 1002],
  ['code 1005', '03ed', 1002],
  ['code 1006', '03ee', 1002],
  ['code 2000', '07d0', 1002],
  ['code 5000', '1388', 1002],
  ['a reason that is not UTF-8', '03e8ff', 1007],
])('a close frame with %s fails the connection', async (_name, payload, code) => {
  const { port, only } = await startLogged();
  const raw = await openRaw(port);
  raw.write(frame({ opcode: 8, payload: hex(payload), mask: RFC_MASK }));
  const [answer] = await raw.frames(1);
  expect(answer?.first).toBe(0x88);
  expect(answer?.payload.readUInt16BE()).toBe(code);
  await raw.ended();
  raw.socket.end();
  expect((await only().log.next('close')).closeInfo).toMatchObject({ code, remote: false, layer: 'websocket' });
});

test('what comes behind a close frame is ignored', async () => {
  const { port, only } = await startLogged();
  const raw = await openRaw(port);
  raw.write(
    Buffer.concat([
      frame({ opcode: 1, payload: 'before', mask: RFC_MASK }),
      frame({ opcode: 8, payload: hex('0bb8'), mask: RFC_MASK }),
      frame({ opcode: 1, payload: 'behind', mask: RFC_MASK }),
      Buffer.alloc(5000, 0xff),
    ]),
  );
  const { log } = only();
  expect((await log.next('close')).closeInfo).toMatchObject({ code: 3000, remote: true, layer: 'websocket' });
  expect(log.data).toEqual(['before']);
  expect(raw.body.toString('hex')).toBe('88020bb8');
});

test('a message that arrives after our close() is not delivered', async () => {
  const { port, only } = await startLogged(2);
  const raw = await openRaw(port);
  const { log, webSocket } = only();
  webSocket.close(3000);
  await raw.frames(1);
  raw.write(frame({ opcode: 1, payload: 'crossed it', mask: RFC_MASK }));
  raw.write(frame({ opcode: 8, payload: hex('0bb8'), mask: RFC_MASK }));
  await raw.ended();
  raw.socket.end();
  expect((await log.next('close')).closeInfo).toMatchObject({ code: 3000, remote: false, layer: 'websocket' });
  expect(log.data).toEqual([]);
});

describe('the close deadline', () => {
  test('is closeTimeoutSecs once, though the close frame itself leaves meanwhile', async () => {
    const ours = new MemoryConnection({ closeTimeoutSecs: 5 });
    ours.close();
    await nextTurn();
    ours.clock.advance(4900);
    await nextTurn();
    expect(ours.closeInfo).toBeUndefined();
    ours.clock.advance(300);
    await nextTurn();
    expect(ours.closeInfo?.code).toBe(1006);
    expect(ours.clock.pendingTimers).toBe(0);
  });

  test('begins anew when what was sent before has left, and not when the peer says something', async () => {
    const ours = new MemoryConnection({ closeTimeoutSecs: 5 });
    await ours.stall();
    ours.close();
    ours.clock.advance(4000);
    await ours.read();
    ours.clock.advance(4000);
    ours.peer.write(frame({ opcode: 1, payload: 'not an answer', mask: RFC_MASK }));
    await nextTurn();
    expect(ours.closeInfo).toBeUndefined();
    ours.clock.advance(1300);
    await nextTurn();
    expect(ours.closeInfo?.code).toBe(1006);
  });

  test('ends a server connection whose client never answers the close frame', async () => {
    const { port, only } = await startLogged(0.2);
    const raw = await openRaw(port);
    const { log, webSocket } = only();
    const start = performance.now();
    webSocket.close(3000, 'nobody answers');
    expect(webSocket.getReadyState()).toBe('closing');
    expect((await log.next('close')).closeInfo).toEqual({
      code: 1006,
      reason: 'Close timeout',
      remote: false,
      layer: 'transport',
    });
    expect(performance.now() - start).toBeGreaterThan(190);
    await raw.gone();
  });

  test('ends a server connection whose client answers and never hangs up', async () => {
    const { port, only } = await startLogged(0.2);
    const raw = await openRaw(port);
    raw.write(frame({ opcode: 8, payload: hex('03e8'), mask: RFC_MASK }));
    await raw.ended();
    expect((await only().log.next('close')).closeInfo).toMatchObject({ code: 1000, remote: true, layer: 'websocket' });
    await raw.gone();
  });

  test.each(['answers nothing', 'answers and never hangs up'])('ends a client whose server %s', async (what) => {
    const server = await listenRaw();
    const { client, log } = createClient({ url: server.url, closeTimeoutSecs: 0.2, automaticReconnection: false });
    client.start();
    const raw = await server.acceptUpgrade();
    await log.next('open');
    client.close(3000, 'over');
    await raw.frames(1);
    if (what !== 'answers nothing') raw.write(hex('8802 0bb8'));
    const { closeInfo } = await log.next('close');
    expect(closeInfo.code).toBe(what === 'answers nothing' ? 1006 : 3000);
    expect(closeInfo.remote).toBe(false);
    await raw.gone();
  });

  test('ends a connection that broke the protocol and does not hang up', async () => {
    const { port, only } = await startLogged(0.2);
    const raw = await openRaw(port);
    raw.write(hex('8100'));
    const [answer] = await raw.frames(1);
    expect(answer?.payload.toString('latin1')).toBe('\x03\xeaClient frame is not masked');
    expect((await only().log.next('close')).closeInfo).toMatchObject({ code: 1002, remote: false, layer: 'websocket' });
    await raw.gone();
  });

  test('counts from the last progress: a slow reader gets everything', async () => {
    const { port, only } = await startLogged(0.4);
    const raw = await openRaw(port);
    const { log, webSocket } = only();
    raw.socket.pause();
    const total = 24 * 1024 * 1024;
    webSocket.send(Buffer.alloc(total));
    webSocket.close(3000);
    const start = performance.now();
    while (webSocket.bufferedAmount() > 0) {
      raw.socket.resume();
      await turns(1);
      raw.socket.pause();
      await passTime(80);
    }
    expect(performance.now() - start).toBeGreaterThan(500);
    raw.socket.resume();
    const closeAt = 10 + total;
    await raw.until('all of it', () => raw.bodyLength >= closeAt + 4);
    expect(raw.body.subarray(closeAt).toString('hex')).toBe('88020bb8');
    raw.write(frame({ opcode: 8, payload: hex('0bb8'), mask: RFC_MASK }));
    raw.socket.end();
    expect((await log.next('close')).closeInfo).toMatchObject({ code: 3000, remote: false, layer: 'websocket' });
  });
});

describe('without a close frame it is 1006', () => {
  test('when the peer ends the stream', async () => {
    const { port, only } = await startLogged();
    const raw = await openRaw(port);
    raw.socket.end();
    expect((await only().log.next('close')).closeInfo).toEqual({
      code: 1006,
      reason: 'Abnormal closure',
      remote: true,
      layer: 'transport',
    });
    await raw.gone();
  });

  test('when the peer ends the stream inside a frame', async () => {
    const { port, only } = await startLogged();
    const raw = await openRaw(port);
    raw.socket.end(frame({ opcode: 1, payload: 'unfinished', mask: RFC_MASK }).subarray(0, -1));
    const { log } = only();
    expect((await log.next('close')).closeInfo).toMatchObject({ code: 1006, remote: true, layer: 'transport' });
    expect(log.data).toEqual([]);
  });

  test('when the peer resets the connection', async () => {
    const { port, only } = await startLogged();
    const raw = await openRaw(port);
    raw.socket.resetAndDestroy();
    expect((await only().log.next('close')).closeInfo).toEqual({
      code: 1006,
      reason: 'Abnormal closure',
      remote: true,
      layer: 'transport',
      cause: expect.objectContaining({ code: 'ECONNRESET' }),
    });
  });

  test('when the server goes away under a client', async () => {
    const server = await listenRaw();
    const { client, log } = createClient({ url: server.url, automaticReconnection: false });
    client.start();
    const raw = await server.acceptUpgrade();
    await log.next('open');
    raw.socket.resetAndDestroy();
    expect((await log.next('close')).closeInfo).toEqual({
      code: 1006,
      reason: 'Abnormal closure',
      remote: true,
      layer: 'transport',
      cause: expect.objectContaining({ code: 'ECONNRESET' }),
    });
    expect(client.getReadyState()).toBe('closed');
  });

  test('on both sides after terminate(), which is local on ours', async () => {
    const { client, log, peerLog } = await connectPair();
    client.send('dropped with it, or not');
    client.terminate();
    client.terminate();
    expect((await log.next('close')).closeInfo).toEqual({
      code: 1006,
      reason: 'Terminated',
      remote: false,
      layer: 'transport',
    });
    expect((await peerLog.next('close')).closeInfo).toMatchObject({ code: 1006, remote: true, layer: 'transport' });
  });

  test('when terminate() cuts a closing handshake short', async () => {
    const { port, only } = await startLogged(5);
    await openRaw(port);
    const { log, webSocket } = only();
    webSocket.close(3000);
    webSocket.terminate();
    expect((await log.next('close')).closeInfo).toEqual({
      code: 1006,
      reason: 'Terminated',
      remote: false,
      layer: 'transport',
    });
  });
});

test('the close frame of the peer has its size, and a local end has none', async () => {
  const { client, log, peerLog } = await connectPair();
  client.close(4000, 'abc');
  expect((await peerLog.next('close')).wireSize).toBe(2 + 4 + 5);
  expect((await log.next('close')).wireSize).toBe(2 + 5);
});

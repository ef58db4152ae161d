import { setImmediate as nextTurn } from 'node:timers/promises';
import { describe, expect, test } from 'vitest';
import type { WebSocketCloseInfo } from '../../src/index.ts';
import { WebSocket } from '../../src/index.ts';
import { eventually } from '../support/eventually.ts';
import { MemoryConnection } from '../support/memory-connection.ts';
import { openRaw } from '../support/raw-peer.ts';
import { startServer } from '../support/running.ts';

const timedOut = { code: 1006, reason: 'Send timeout', remote: false, layer: 'transport' };

describe('a connection with a send timeout', () => {
  test('is given up when nothing of what was sent leaves', async () => {
    const ours = new MemoryConnection({ sendTimeoutSecs: 8 });
    await ours.stall();
    ours.send('waits');
    ours.clock.advance(7900);
    await nextTurn();
    expect(ours.closeInfo).toBeUndefined();
    // Sending more is no progress.
    ours.send('waits as well');
    ours.clock.advance(1300);
    await nextTurn();
    expect(ours.closeInfo).toEqual(timedOut);
    expect(ours.unsentBytes).toBeGreaterThan(0);
    expect(ours.clock.pendingTimers).toBe(0);
  });

  test('lives on when the peer reads in time, and has no timer when nothing waits', async () => {
    const ours = new MemoryConnection({ sendTimeoutSecs: 8 });
    for (let i = 0; i < 5; i++) {
      await ours.stall();
      ours.clock.advance(7000);
      await ours.read();
    }
    ours.clock.advance(100_000);
    await nextTurn();
    expect(ours.closeInfo).toBeUndefined();
    expect(ours.clock.pendingTimers).toBe(0);
    expect(ours.texts).toHaveLength(5);
  });

  test('is not one by default', async () => {
    const ours = new MemoryConnection();
    await ours.stall();
    ours.clock.advance(1e7);
    await nextTurn();
    expect(ours.closeInfo).toBeUndefined();
  });

  test('counts a ping, and messages that wait in front of the writer', async () => {
    for (const options of [{}, { slowConsumer: 'conflate' }] as const) {
      const ours = new MemoryConnection({ sendTimeoutSecs: 1, ...options });
      ours.peer.pause();
      ours.ping('x');
      await nextTurn();
      ours.send('waits');
      ours.clock.advance(2000);
      await nextTurn();
      expect(ours.closeInfo).toEqual(timedOut);
    }
  });

  test('over TCP it ends a peer that does not read, and leaves one alone that does', async () => {
    const closes: WebSocketCloseInfo[] = [];
    const { server, port } = await startServer({ sendTimeoutSecs: 0.4 }, (made) => {
      made.setOnClientMessageCallback((_state, _webSocket, msg) => {
        if (msg.type === 'close') closes.push(msg.closeInfo);
      });
    });
    const stalled = await openRaw(port);
    stalled.socket.pause();
    const reader = await openRaw(port);
    server.broadcast(Buffer.alloc(8_000_000));
    await reader.until('the message', () => reader.bodyLength > 8_000_000);
    await eventually('the end', () => closes.length > 0);
    expect(closes).toEqual([timedOut]);
    expect(server.getClients().size).toBe(1);
  });

  test('has one of at least a millisecond, or -1 for none', () => {
    expect(() => new WebSocket({ sendTimeoutSecs: 0 })).toThrow('sendTimeoutSecs');
    expect(() => new WebSocket({ sendTimeoutSecs: -2 })).toThrow('sendTimeoutSecs');
    expect(new WebSocket({ sendTimeoutSecs: -1 })).toBeDefined();
  });
});

import { setImmediate as nextTurn } from 'node:timers/promises';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { ConnectionOptions, ServerWebSocket, SlowConsumerPolicy } from '../../src/index.ts';
import { prepareMessage, UsageError, WebSocket } from '../../src/index.ts';
import { createSide } from '../support/deflate-pair.ts';
import { eventually } from '../support/eventually.ts';
import { frame } from '../support/frames.ts';
import { MemoryConnection } from '../support/memory-connection.ts';
import { MessageLog } from '../support/message-log.ts';
import { openRaw } from '../support/raw-peer.ts';
import { startServer } from '../support/running.ts';

const KIB = 1024;
/** What a message that waits counts beside its payload. */
const OVERHEAD = 128;

function connection(policy: SlowConsumerPolicy, options: ConnectionOptions = {}): MemoryConnection {
  return new MemoryConnection({ slowConsumer: policy, maxBufferedBytes: 10 * KIB, ...options });
}

/** Messages of 1000 bytes that begin with a number. */
const numbered = (i: number): string => `${i} `.padEnd(1000, 'x');
const numbers = (texts: readonly string[]): number[] => texts.map((text) => Number.parseInt(text, 10));

describe("the policy 'fail'", () => {
  test('refuses what there is no room for, and counts nothing as dropped', async () => {
    const ours = connection('fail');
    await ours.stall();
    const codes = Array.from({ length: 20 }, (_, i) => ours.send(numbered(i))).map((info) => info.success);
    expect(codes.filter(Boolean)).toHaveLength(10);
    expect(ours.send(numbered(20))).toMatchObject({ success: false, code: 'bufferFull' });
    expect(ours.droppedMessages).toBe(0);
    await ours.read();
    expect(numbers(ours.texts.slice(1))).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
  });
});

describe("the policy 'drop-newest'", () => {
  test('refuses as well, and counts and tells what was dropped', async () => {
    const ours = connection('drop-newest');
    const log = new MessageLog(ours);
    await ours.stall();
    for (let i = 0; i < 20; i++) ours.send(numbered(i));
    expect(ours.send(numbered(20))).toMatchObject({ success: false, code: 'bufferFull' });
    expect(ours.droppedMessages).toBe(11);
    expect(ours.droppedBytes).toBe(11_000);
    expect(await log.next('dropped')).toMatchObject({ messages: 11, bytes: 11_000 });
    await ours.read();
    expect(numbers(ours.texts.slice(1))).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
  });
});

describe("the policy 'drop-oldest'", () => {
  test('keeps the newest messages, in order, and tells of the others once a turn', async () => {
    const ours = connection('drop-oldest');
    const log = new MessageLog(ours);
    await ours.stall();
    for (let i = 0; i < 100; i++) expect(ours.send(numbered(i)).success).toBe(true);
    expect(ours.bufferedAmount()).toBeLessThanOrEqual(10 * KIB);
    await nextTurn();
    await ours.read();
    const kept = numbers(ours.texts.slice(1));
    expect(kept).toEqual(Array.from({ length: kept.length }, (_, i) => 100 - kept.length + i));
    expect(kept.length).toBe(Math.floor((10 * KIB - 10) / (1000 + OVERHEAD)));
    expect(ours.droppedMessages).toBe(100 - kept.length);
    expect(log.of('dropped')).toEqual([
      { type: 'dropped', messages: 100 - kept.length, bytes: 1000 * (100 - kept.length), wireSize: 0 },
    ]);
  });

  test('never drops a message that is leaving, a ping or a close', async () => {
    const ours = connection('drop-oldest');
    await ours.stall('being sent');
    for (let i = 0; i < 50; i++) ours.send(numbered(i));
    expect(ours.ping('still there?').success).toBe(true);
    ours.close(3000, 'behind them');
    expect(ours.send('too late')).toMatchObject({ success: false, code: 'closed' });
    await ours.read();
    const { frames } = ours;
    expect(frames[0]?.payload.toString()).toBe('being sent');
    expect(frames[1]).toMatchObject({ first: 0x89 });
    expect(frames.at(-1)).toMatchObject({ first: 0x88 });
    expect(frames.at(-2)?.payload.toString()).toMatch(/^49 /);
  });

  test('holds one message that is larger than the limit by itself', async () => {
    const ours = connection('drop-oldest');
    await ours.stall();
    ours.send(numbered(1));
    ours.send('y'.repeat(50 * KIB));
    await ours.read();
    expect(ours.texts.map((text) => text.length)).toEqual([6, 50 * KIB]);
  });

  test('bounds empty messages as well', async () => {
    const ours = connection('drop-oldest');
    await ours.stall();
    for (let i = 0; i < 10_000; i++) ours.send('');
    await ours.read();
    expect(ours.frames.length).toBeLessThan(100);
  });

  test('bytes that wait may be changed by the sender, as those that leave at once', async () => {
    const ours = connection('drop-oldest');
    await ours.stall();
    const bytes = Buffer.from('as it was');
    ours.send(bytes, false);
    bytes.fill(0);
    await ours.read();
    expect(ours.texts).toEqual(['filler', 'as it was']);
  });

  test('what is sent between the drain and the news of it goes behind what waits', async () => {
    const ours = connection('drop-oldest');
    await ours.stall();
    ours.send('first');
    ours.peer.resume();
    ours.send('second');
    await ours.read();
    expect(ours.texts).toEqual(['filler', 'first', 'second']);
  });

  test('a send with progress takes its place behind what waits', async () => {
    const ours = connection('drop-oldest');
    await ours.stall();
    ours.send('before');
    const sending = ours.send('with progress', () => undefined);
    ours.send('behind');
    await ours.read();
    expect((await sending).success).toBe(true);
    await ours.read();
    expect(ours.texts).toEqual(['filler', 'before', 'with progress', 'behind']);
  });

  test('what waits when the peer closes does not leave, and is reported', async () => {
    const ours = connection('drop-oldest');
    await ours.stall();
    ours.send('waits');
    ours.peer.write(frame({ opcode: 8, payload: Buffer.from('03e8', 'hex'), mask: '00000000' }));
    await nextTurn();
    await ours.read();
    expect(ours.texts).toEqual(['filler']);
    expect(ours.closeInfo).toMatchObject({ code: 1000, remote: true, layer: 'websocket' });
    expect(ours.unsentBytes).toBe(5);
  });
});

describe("the policy 'conflate'", () => {
  test('a message takes the place of the one with its key', async () => {
    const ours = connection('conflate');
    await ours.stall();
    ours.send('a1', { key: 'a' });
    ours.send('no key');
    ours.send('b1', { key: 'b' });
    ours.send('a2', { key: 'a' });
    ours.send(Buffer.from('a3'), { key: 'a', binary: false });
    expect(ours.droppedMessages).toBe(2);
    await ours.read();
    expect(ours.texts).toEqual(['filler', 'a3', 'no key', 'b1']);
    ours.send('a4', { key: 'a' });
    ours.send('a5', { key: 'a' });
    await ours.read();
    expect(ours.texts.slice(4)).toEqual(['a4', 'a5']);
  });

  test('drops the oldest when there is no room even so', async () => {
    const ours = connection('conflate');
    await ours.stall();
    for (let i = 0; i < 100; i++) ours.send(numbered(i), { key: `key ${i % 50}` });
    await ours.read();
    const kept = numbers(ours.texts.slice(1));
    expect(kept.at(-1)).toBe(99);
    expect(kept.length).toBe(9);
  });

  test('without congestion a key changes nothing', async () => {
    const ours = connection('conflate');
    for (let i = 0; i < 5; i++) ours.send(`${i}`, { key: 'same' });
    await ours.read();
    expect(ours.texts).toEqual(['0', '1', '2', '3', '4']);
    expect(ours.droppedMessages).toBe(0);
  });
});

describe("the policy 'close'", () => {
  test('drops what waits, says 1013, and lets that stand without an answer', async () => {
    const ours = connection('close');
    await ours.stall();
    const infos = Array.from({ length: 20 }, (_, i) => ours.send(numbered(i)));
    expect(infos.findIndex((info) => !info.success)).toBe(9);
    expect(infos[9]).toMatchObject({ code: 'bufferFull' });
    expect(infos[10]).toMatchObject({ code: 'closed' });
    expect(ours.bufferedAmount()).toBeLessThan(100);
    ours.clock.advance(5200);
    await nextTurn();
    expect(ours.closeInfo).toEqual({ code: 1013, reason: 'Slow consumer', remote: false, layer: 'websocket' });
  });

  test('the peer learns of it when it reads again', async () => {
    const ours = connection('close');
    await ours.stall();
    for (let i = 0; i < 20; i++) ours.send(numbered(i));
    await ours.read();
    expect(ours.texts).toEqual(['filler']);
    expect(ours.frames.at(-1)?.payload.readUInt16BE()).toBe(1013);
  });
});

describe('waiting for room', () => {
  test('sendWhenReady() sends at once while there is room', async () => {
    const ours = connection('block');
    const sending = ours.sendWhenReady('now');
    expect(ours.bufferedAmount()).toBeGreaterThan(0);
    expect(await sending).toMatchObject({ success: true });
  });

  test('sendWhenReady() waits until the peer reads, first come first served', async () => {
    const ours = connection('block', { highWaterMark: 2000, lowWaterMark: 1000 });
    await ours.stall();
    for (let i = 0; i < 2; i++) ours.send(numbered(i));
    const done: number[] = [];
    for (let i = 2; i < 8; i++) void ours.sendWhenReady(numbered(i)).then(() => done.push(i));
    await nextTurn();
    expect(done).toEqual([]);
    await ours.read();
    await ours.read();
    expect(done).toEqual([2, 3, 4, 5, 6, 7]);
    expect(numbers(ours.texts.slice(1))).toEqual([0, 1, 2, 3, 4, 5, 6, 7]);
  });

  test('a signal gives up waiting, and nothing is sent', async () => {
    const ours = connection('block', { highWaterMark: 1000 });
    await ours.stall();
    ours.send(numbered(0));
    const ender = new AbortController();
    const given = ours.sendWhenReady('given up', { signal: ender.signal });
    const other = ours.sendWhenReady('behind it');
    ender.abort(new Error('enough'));
    await expect(given).rejects.toThrow('enough');
    await expect(ours.sendWhenReady('never', { signal: ender.signal })).rejects.toThrow('enough');
    await ours.read();
    expect(await other).toMatchObject({ success: true });
    await ours.read();
    expect(ours.texts.map((text) => text.slice(0, 9))).toEqual(['filler', '0 xxxxxxx', 'behind it']);
  });

  test('the end of the connection ends the waiting', async () => {
    const ours = connection('block', { highWaterMark: 1000 });
    await ours.stall();
    ours.send(numbered(0));
    const sending = ours.sendWhenReady('too late');
    ours.terminate();
    expect(await sending).toMatchObject({ success: false, code: 'closed' });
    expect(await ours.sendWhenReady('later still')).toMatchObject({ success: false, code: 'closed' });
  });
});

describe('the policy of one connection', () => {
  test('is set while it is open, and what waits is not lost', async () => {
    const ours = connection('fail');
    ours.setSlowConsumer('drop-oldest', 5 * KIB);
    await ours.stall();
    for (let i = 0; i < 10; i++) ours.send(numbered(i));
    expect(ours.droppedMessages).toBeGreaterThan(0);
    const dropped = ours.droppedMessages;
    ours.setSlowConsumer('fail');
    for (let i = 10; i < 15; i++) ours.send(numbered(i));
    expect(ours.droppedMessages).toBe(dropped);
    await ours.read();
    expect(numbers(ours.texts.slice(1))).toEqual([6, 7, 8, 9, 10, 11, 12, 13, 14]);
  });

  test('must be one that there is', () => {
    const ours = connection('fail');
    expect(() => ours.setSlowConsumer('drop' as SlowConsumerPolicy)).toThrow(UsageError);
    expect(() => ours.setSlowConsumer('close', 0)).toThrow(UsageError);
    expect(() => new WebSocket({ slowConsumer: 'wait' as SlowConsumerPolicy })).toThrow('slowConsumer');
    expect(() => ours.send('x', { key: 1 as unknown as string })).toThrow('key');
    expect(() => ours.sendPrepared({} as never)).toThrow('message');
  });
});

describe('with context takeover', () => {
  test('a message that was dropped or replaced has left no trace in the compressor', async () => {
    const agreement = {
      clientNoContextTakeover: false,
      serverNoContextTakeover: false,
      clientMaxWindowBits: 15,
      serverMaxWindowBits: 15,
    };
    const ours = new MemoryConnection(
      { slowConsumer: 'drop-oldest', maxBufferedBytes: 10 * KIB },
      createSide('server', { agreement }).deflate,
    );
    const inflater = createSide('client', { agreement }).deflate;
    await ours.stall('the first message is sent at once');
    for (let i = 0; i < 100; i++) ours.send(numbered(i));
    ours.sendPrepared(prepareMessage('prepared'));
    await ours.read();
    const texts = ours.frames.map(({ payload }) => {
      const length = inflater.decompress(payload, 0, payload.length, 1e6);
      return inflater.output.toString('utf8', 0, length);
    });
    expect(texts[0]).toBe('the first message is sent at once');
    expect(texts.at(-1)).toBe('prepared');
    expect(numbers(texts.slice(1, -1)).at(-1)).toBe(99);
    expect(ours.droppedMessages).toBe(100 + 1 - (texts.length - 1));
  });
});

test('whatever is sent, and whenever the peer reads: order is kept, no frame is cut, all is accounted for', async () => {
  const policies = ['drop-oldest', 'drop-newest', 'conflate', 'fail'] as const;
  const steps = fc.array(
    fc.oneof(
      fc.record({ send: fc.integer({ min: 0, max: 5000 }) }),
      fc.record({ ping: fc.constant(true) }),
      fc.record({ reads: fc.boolean() }),
    ),
    { maxLength: 60 },
  );
  await fc.assert(
    fc.asyncProperty(fc.constantFrom(...policies), steps, async (policy, list) => {
      const ours = connection(policy);
      let count = 0;
      let refused = 0;
      for (const step of list) {
        if ('send' in step) {
          const text = `${count++} `.padEnd(step.send, '.');
          if (!ours.send(text).success) refused++;
        } else if ('ping' in step) ours.ping('p');
        else if (step.reads) await ours.read();
        else {
          ours.peer.pause();
          await nextTurn();
        }
      }
      await ours.read();
      const got = numbers(ours.texts);
      expect(got).toEqual(got.toSorted((a, b) => a - b));
      expect(new Set(got).size).toBe(got.length);
      const lost = policy === 'drop-newest' ? ours.droppedMessages : ours.droppedMessages + refused;
      expect(got.length + lost).toBe(count);
      expect(ours.bufferedAmount()).toBe(0);
    }),
    { numRuns: 60 },
  );
});

describe('over TCP', () => {
  const policies: SlowConsumerPolicy[] = ['fail', 'close', 'drop-oldest', 'drop-newest', 'conflate', 'block'];

  test.each(policies)("one that does not read costs the others nothing, with '%s'", async (policy) => {
    const clients: ServerWebSocket[] = [];
    const { server, port } = await startServer(
      { slowConsumer: policy, maxBufferedBytes: 256 * KIB, closeTimeoutSecs: 0.3 },
      (made) => made.setOnConnectionCallback((webSocket) => void clients.push(webSocket)),
    );
    const stalled = await openRaw(port);
    stalled.socket.pause();
    const readers = [await openRaw(port), await openRaw(port)];
    const text = 'x'.repeat(10_000);
    let sent = 0;
    const wanted = policy === 'close' ? 1 : 50;
    // Sent until the kernel has taken all it can, and the rest is over the limit.
    while ((clients[0]?.droppedMessages ?? 0) < wanted && sent < 20_000) {
      server.broadcast(`${sent++} ${text}`, { key: 'same' });
      expect(clients[0]?.bufferedAmount() ?? 0).toBeLessThan(300 * KIB);
      if (sent % 10 === 0) {
        for (const reader of clients.slice(1)) await reader.drain();
        await nextTurn();
      }
    }
    expect(clients[0]?.droppedMessages).toBeGreaterThanOrEqual(wanted);
    expect(server.droppedMessages).toBe(clients[0]?.droppedMessages);
    for (const reader of readers) {
      await eventually('all messages', () => reader.framesSoFar().length === sent || undefined);
      const got = reader.framesSoFar().map(({ payload }) => Number.parseInt(payload.toString(), 10));
      expect(got).toEqual(Array.from({ length: sent }, (_, i) => i));
    }
    if (policy === 'close') return;
    stalled.socket.resume();
    const quiet = clients[0];
    await quiet?.drain();
    server.broadcast('last');
    await stalled.until('the last message', () => stalled.bytes.subarray(-4).toString() === 'last');
    const got = stalled.framesSoFar().map(({ payload }) => Number.parseInt(payload.toString(), 10));
    const ordered = got.slice(0, -1);
    expect(ordered).toEqual(ordered.toSorted((a, b) => a - b));
    if (policy === 'conflate' || policy === 'drop-oldest') expect(ordered.at(-1)).toBe(sent - 1);
  });
});

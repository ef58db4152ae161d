import process from 'node:process';
import fc from 'fast-check';
import { afterEach, describe, expect, test, vi } from 'vitest';
import { nodePorts } from '../../src/platform/node-ports.ts';
import { FrameWriter } from '../../src/protocol/websocket/frames/frame-writer.ts';
import { MaskSource } from '../../src/protocol/websocket/frames/masking.ts';
import { BatchWriter } from '../../src/transport/batch-writer.ts';
import { usedBytes } from '../support/collect-garbage.ts';
import { readFrames } from '../support/frames.ts';
import { ScriptedTransport } from '../support/scripted-transport.ts';

/** One connection's way out, with what should have arrived. */
class Line {
  readonly transport: ScriptedTransport;
  readonly writer: BatchWriter;
  readonly expected: Buffer[] = [];
  sentBytes = 0;

  constructor(options: { releasesBuffers?: boolean } = {}) {
    this.transport = new ScriptedTransport(options);
    this.writer = new BatchWriter(this.transport);
    lines.push(this);
  }

  /** Sends bytes through the slab, as a short frame is. */
  send(content: string | Buffer): void {
    const bytes = Buffer.from(content);
    const at = this.writer.reserve(bytes.length);
    bytes.copy(this.writer.bytes, at);
    this.writer.commit(at + bytes.length);
    this.expected.push(bytes);
    this.sentBytes += bytes.length;
  }

  /** Sends a header through the slab and a payload as it is, as a long frame is. */
  sendLong(header: string | Buffer, payload: Buffer): void {
    this.send(header);
    this.expected.push(Buffer.from(payload));
    this.sentBytes += payload.length;
    this.writer.writeThrough(payload);
  }

  /** Sends a frame that others get as well. */
  sendShared(frame: Buffer): void {
    this.writer.writeShared(frame);
    this.expected.push(frame);
    this.sentBytes += frame.length;
  }

  /** The operating system takes everything, as often as it is given more. */
  drain(): void {
    this.transport.isStalled = false;
    while (this.transport.takePending()) this.writer.onDrain();
  }

  get received(): string {
    return this.transport.received.toString('latin1');
  }

  /** Fails unless everything that was sent has arrived, in order and once. */
  expectAll(): void {
    // Not `toEqual`, which is slow for buffers.
    expect(this.transport.received.equals(this.expectedBytes), 'what arrived is what was sent').toBe(true);
  }

  get expectedBytes(): Buffer {
    return Buffer.concat(this.expected);
  }
}

let lines: Line[] = [];

afterEach(() => {
  // The slab belongs to the whole process: what one test leaves in it must not reach the next.
  for (const { writer } of lines) writer.close();
  lines = [];
});

/** Resolves when everything that was scheduled for the end of this callback has run. */
function endOfCallback(): Promise<void> {
  return new Promise((resolve) => process.nextTick(resolve));
}

describe('a batch', () => {
  test('leaves in one write when it ends', () => {
    const line = new Line();
    line.writer.beginBatch();
    for (let i = 0; i < 16; i++) line.send(`message ${i};`);
    expect(line.transport.calls).toEqual([]);
    line.writer.endBatch();
    expect(line.transport.calls).toHaveLength(1);
    expect(line.received).toBe(Array.from({ length: 16 }, (_, i) => `message ${i};`).join(''));
  });

  test('leaves in one write at the end of the callback when nobody opened it', async () => {
    const line = new Line();
    for (let i = 0; i < 100; i++) line.send(`${i};`);
    expect(line.transport.calls).toEqual([]);
    await endOfCallback();
    expect(line.transport.calls).toHaveLength(1);
    line.send('later');
    await endOfCallback();
    expect(line.transport.calls).toHaveLength(2);
    line.expectAll();
  });

  test('that is empty writes nothing', async () => {
    const line = new Line();
    line.writer.beginBatch();
    line.writer.endBatch();
    line.writer.flush();
    line.writer.flushScheduled();
    line.writer.onDrain();
    await endOfCallback();
    expect(line.transport.calls).toEqual([]);
  });

  test('that was written is not written again at the end of the callback', async () => {
    const line = new Line();
    line.send('once');
    line.writer.flush();
    await endOfCallback();
    line.writer.beginBatch();
    line.writer.endBatch();
    expect(line.received).toBe('once');
    expect(line.transport.calls).toHaveLength(1);
  });

  test('does not grow beyond what is worth waiting for', () => {
    const line = new Line();
    line.writer.beginBatch();
    const longestUnwritten = Array.from({ length: 300 }, (_, i) => {
      line.send(Buffer.alloc(1000, i));
      return line.writer.bufferedBytes;
    });
    expect(Math.max(...longestUnwritten)).toBeLessThan(17_000);
    expect(line.transport.calls.length).toBeLessThan(25);
    line.writer.endBatch();
    line.expectAll();
  });

  test('survives an exception of whoever sends inside of it', () => {
    const line = new Line();
    const work = (): void => {
      line.writer.beginBatch();
      try {
        line.send('before ');
        throw new Error('of a callback');
      } finally {
        line.writer.endBatch();
      }
    };
    expect(work).toThrow('of a callback');
    expect(line.received).toBe('before ');
    line.writer.beginBatch();
    line.send('after');
    line.writer.endBatch();
    expect(line.received).toBe('before after');
  });

  test('counts as buffered until it is written', () => {
    const line = new Line();
    line.writer.beginBatch();
    line.send('12345');
    expect(line.writer).toMatchObject({ bufferedBytes: 5, isCongested: false });
    line.writer.endBatch();
    expect(line.writer).toMatchObject({ bufferedBytes: 0, isCongested: false });
  });
});

describe('the slab that all connections share', () => {
  test('is written for its owner as soon as another one takes it', () => {
    const one = new Line();
    const other = new Line();
    one.writer.beginBatch();
    one.send('one ');
    other.send('other ');
    expect(one.received).toBe('one ');
    expect(one.writer.bufferedBytes).toBe(0);
    one.send('again');
    expect(other.received).toBe('other ');
    one.writer.endBatch();
    expect(one.received).toBe('one again');
    expect(other.received).toBe('other ');
  });

  test('a callback of one connection may send on others and on itself', async () => {
    const all = [new Line(), new Line(), new Line()];
    for (const line of all) line.writer.beginBatch();
    for (let round = 0; round < 20; round++) for (const [i, line] of all.entries()) line.send(`${i}.${round};`);
    for (const line of all) line.writer.endBatch();
    await endOfCallback();
    for (const line of all) line.expectAll();
  });

  test('is not written into where a stalled connection still needs it', () => {
    const stalled = new Line();
    const other = new Line();
    stalled.transport.isStalled = true;
    for (let round = 0; round < 300; round++) {
      if (round === 0) stalled.send('must stay as it is');
      stalled.writer.flush();
      other.send(Buffer.alloc(997, round));
      other.writer.flush();
    }
    other.expectAll();
    stalled.drain();
    expect(stalled.received).toBe('must stay as it is');
  });

  test('thousands of connections that stall at once get their own bytes', () => {
    const all = Array.from({ length: 3000 }, () => new Line());
    for (const line of all) line.transport.isStalled = true;
    for (let round = 0; round < 3; round++) {
      for (const [i, line] of all.entries()) {
        line.send(`round ${round} of connection ${i};`.repeat(1 + (i % 5)));
        line.writer.flush();
      }
    }
    for (const line of all) {
      line.drain();
      line.expectAll();
    }
  });

  test('has room for the longest frame wherever the last one ended', () => {
    const line = new Line();
    const { maxReserve } = line.writer;
    line.writer.beginBatch();
    for (let i = 0; i < 200; i++) {
      line.transport.isStalled = i % 3 === 0;
      line.send(Buffer.alloc(maxReserve - (i % 2) * 16_000, i));
      if (i % 7 === 0) line.drain();
    }
    line.writer.endBatch();
    line.drain();
    line.expectAll();
  });
});

describe('a long payload', () => {
  test('leaves together with its header, without being copied', () => {
    const line = new Line();
    const payload = Buffer.alloc(20_000, 7);
    line.sendLong('header', payload);
    expect(line.transport.calls.map((pieces) => pieces.map((piece) => piece.length))).toEqual([[6, 20_000]]);
    expect(line.writer.bufferedBytes).toBe(0);
  });

  test('leaves behind everything that was sent before, and in front of everything after it', () => {
    const line = new Line();
    line.writer.beginBatch();
    line.send('a');
    line.sendLong('b', Buffer.alloc(20_000, 'c'));
    line.send('d');
    line.writer.writeThrough(Buffer.from('e'));
    line.expected.push(Buffer.from('e'));
    line.writer.writeThrough(Buffer.from('f'));
    line.expected.push(Buffer.from('f'));
    line.send('g');
    line.writer.endBatch();
    line.expectAll();
  });

  test('of one connection does not leave with the header of another', () => {
    const one = new Line();
    const other = new Line();
    one.writer.beginBatch();
    one.send('one');
    other.writer.writeThrough(Buffer.alloc(20_000, 1));
    expect(other.transport.received).toEqual(Buffer.alloc(20_000, 1));
    one.writer.endBatch();
    expect(one.received).toBe('one');
  });

  test('waits in the queue while the transport is congested', () => {
    const line = new Line();
    line.transport.isStalled = true;
    line.sendLong('1', Buffer.alloc(20_000, 2));
    line.sendLong('3', Buffer.alloc(30_000, 4));
    line.send('5');
    line.writer.flush();
    expect(line.transport.calls).toHaveLength(1);
    expect(line.writer.bufferedBytes).toBe(line.sentBytes);
    line.drain();
    line.expectAll();
    expect(line.writer).toMatchObject({ bufferedBytes: 0, isCongested: false });
  });
});

describe('a congested transport', () => {
  test('is given nothing until it has drained, and then everything at once', () => {
    const line = new Line();
    line.transport.isStalled = true;
    for (let i = 0; i < 1000; i++) {
      line.send(`${i};`);
      line.writer.flush();
    }
    expect(line.transport.calls).toHaveLength(1);
    expect(line.writer).toMatchObject({ isCongested: true, bufferedBytes: line.sentBytes });
    line.drain();
    expect(line.transport.calls).toHaveLength(2);
    line.expectAll();
    expect(line.writer).toMatchObject({ isCongested: false, bufferedBytes: 0 });
  });

  test('shows that something moves, with what is gathered and queued still to come', () => {
    const line = new Line();
    line.transport.isStalled = true;
    line.send('pending');
    line.writer.flush();
    line.send('queued');
    line.writer.flush();
    line.writer.beginBatch();
    line.send('batch');
    expect(line.writer).toMatchObject({ bufferedBytes: 18, unsentBytes: 18 });
    line.transport.movedBytes = 4;
    expect(line.writer).toMatchObject({ bufferedBytes: 18, unsentBytes: 14 });
    line.writer.endBatch();
    line.drain();
    expect(line.writer).toMatchObject({ bufferedBytes: 0, unsentBytes: 0 });
  });

  test('that stalls again while it is given the queue loses nothing', () => {
    const line = new Line();
    line.transport.isStalled = true;
    for (let i = 0; i < 50; i++) {
      line.send(`${i};`);
      line.writer.flush();
      if (i % 10 === 9) {
        line.transport.takePending();
        line.writer.onDrain();
      }
    }
    line.drain();
    line.expectAll();
  });

  test('what was sent in the same callback as the drain comes behind the queue', async () => {
    const line = new Line();
    line.transport.isStalled = true;
    line.send('first ');
    line.writer.flush();
    line.send('queued ');
    line.writer.flush();
    line.transport.isStalled = false;
    line.transport.takePending();
    line.send('latest');
    line.writer.onDrain();
    await endOfCallback();
    expect(line.received).toBe('first queued latest');
  });

  test.each(['one by one', 'in one batch'])(
    '10 000 sends of 100 bytes are held in less than four times that: %s',
    (how) => {
      const line = new Line();
      line.transport.isStalled = true;
      const before = usedBytes();
      const bytes = Buffer.alloc(100, 0x61);
      if (how === 'in one batch') line.writer.beginBatch();
      for (let i = 0; i < 10_000; i++) {
        const at = line.writer.reserve(100);
        bytes.copy(line.writer.bytes, at);
        line.writer.commit(at + 100);
        if (how === 'one by one') line.writer.flush();
      }
      if (how === 'in one batch') line.writer.endBatch();
      expect(line.writer.bufferedBytes).toBe(1_000_000);
      expect(usedBytes() - before).toBeLessThan(4_000_000);
      line.transport.takePending();
      line.transport.isStalled = true;
      line.writer.onDrain();
      expect(line.transport.pinnedBytes).toBeLessThan(2_000_000);
      line.drain();
      expect(line.transport.received).toHaveLength(1_000_000);
    },
  );

  test('a thousand of them hold less than four times what was sent', () => {
    const all = Array.from({ length: 1000 }, () => new Line());
    for (const line of all) line.transport.isStalled = true;
    const bytes = Buffer.alloc(100, 0x61);
    const before = usedBytes();
    for (let round = 0; round < 20; round++) {
      for (const { writer } of all) {
        const at = writer.reserve(100);
        bytes.copy(writer.bytes, at);
        writer.commit(at + 100);
        writer.flush();
      }
    }
    expect(all.reduce((sum, { writer }) => sum + writer.bufferedBytes, 0)).toBe(2_000_000);
    expect(usedBytes() - before).toBeLessThan(8_000_000);
  });
});

describe('a transport that keeps what it was given', () => {
  test('gets bytes of its own, which never change', async () => {
    const tls = new Line({ releasesBuffers: false });
    const plain = new Line();
    for (let round = 0; round < 100; round++) {
      tls.send(`round ${round};`);
      if (round % 3 === 0) tls.writer.flush();
      if (round % 5 === 0) tls.sendLong(`long ${round}`, Buffer.alloc(20_000, round));
      if (round % 7 === 0) tls.transport.isStalled = !tls.transport.isStalled;
      if (round % 11 === 0) tls.drain();
      plain.send(Buffer.alloc(900, round));
      if (round % 10 === 0) await endOfCallback();
      tls.transport.checkGiven();
    }
    tls.writer.flush();
    tls.drain();
    await endOfCallback();
    tls.transport.checkGiven();
    tls.expectAll();
    plain.expectAll();
  });

  test('still gets a header and its payload in one call', () => {
    const line = new Line({ releasesBuffers: false });
    line.sendLong('header', Buffer.alloc(20_000, 7));
    expect(line.transport.calls).toHaveLength(1);
  });

  test('does not pin a slab for a few bytes', () => {
    const line = new Line({ releasesBuffers: false });
    line.transport.isStalled = true;
    line.send('few');
    line.writer.flush();
    expect(line.transport.pinnedBytes).toBeLessThan(100);
  });
});

describe('a transport that is no longer writable', () => {
  test('is given nothing more, and what was sent to it does not reach anybody else', async () => {
    const broken = new Line();
    const other = new Line();
    broken.send('arrives;');
    broken.writer.flush();
    broken.send('lost;');
    broken.transport.isWritable = false;
    other.send('other;');
    broken.send('lost as well;');
    broken.sendLong('header', Buffer.alloc(20_000));
    broken.writer.writeThrough(Buffer.alloc(20_000));
    await endOfCallback();
    other.send('more');
    await endOfCallback();
    expect(broken.received).toBe('arrives;');
    expect(other.received).toBe('other;more');
    expect(broken.writer.bufferedBytes).toBe(0);
  });

  test('is not given its queue either', () => {
    const line = new Line();
    line.transport.isStalled = true;
    line.send('pending;');
    line.writer.flush();
    line.send('queued;');
    line.writer.flush();
    line.transport.isWritable = false;
    line.drain();
    expect(line.received).toBe('pending;');
    line.send('after');
    line.writer.flush();
    expect(line.received).toBe('pending;');
  });
});

describe('ending', () => {
  test('comes behind what was sent', () => {
    const line = new Line();
    line.writer.beginBatch();
    line.send('last words');
    line.writer.end();
    expect(line.received).toBe('last words');
    expect(line.transport.hasEnded).toBe(true);
  });

  test('waits for the queue', () => {
    const line = new Line();
    line.transport.isStalled = true;
    line.send('pending;');
    line.writer.flush();
    line.send('queued;');
    line.writer.end();
    line.writer.end();
    expect(line.transport.hasEnded).toBe(false);
    line.drain();
    expect(line.received).toBe('pending;queued;');
    expect(line.transport.hasEnded).toBe(true);
  });

  test('does not wait when the transport itself has everything', () => {
    const line = new Line();
    line.transport.isStalled = true;
    line.send('pending');
    line.writer.flush();
    line.writer.end();
    expect(line.transport.hasEnded).toBe(true);
    line.drain();
    expect(line.received).toBe('pending');
  });

  test('what is sent after it goes nowhere', async () => {
    const line = new Line();
    line.writer.end();
    line.send('too late');
    line.writer.writeThrough(Buffer.alloc(20_000));
    await endOfCallback();
    expect(line.transport.calls).toEqual([]);
    expect(line.writer.bufferedBytes).toBe(0);
  });
});

describe('closing', () => {
  test('drops what was not written, and everything sent from then on', async () => {
    const line = new Line();
    const other = new Line();
    line.transport.isStalled = true;
    line.send('pending;');
    line.writer.flush();
    line.send('queued;');
    line.writer.flush();
    line.send('gathered;');
    line.writer.close();
    line.drain();
    line.send('after;');
    line.sendLong('h', Buffer.alloc(20_000));
    other.send('other');
    await endOfCallback();
    expect(line.received).toBe('pending;');
    expect(other.received).toBe('other');
    expect(line.writer.bufferedBytes).toBe(0);
  });

  test('does not leave what was gathered to the connection that sends next', () => {
    const line = new Line();
    const other = new Line();
    line.writer.beginBatch();
    line.send('secret');
    line.writer.close();
    other.send('other');
    other.writer.flush();
    expect([line.received, other.received]).toEqual(['', 'other']);
  });

  test('twice is the same as once', () => {
    const line = new Line();
    line.writer.close();
    line.writer.close();
    expect(line.transport.calls).toEqual([]);
  });
});

test('what was sent right before the process exits is written by its exit hook', async () => {
  vi.resetModules();
  const fresh = await import('../../src/transport/batch-writer.ts');
  const hooks = process.rawListeners('exit');
  const transport = new ScriptedTransport();
  const writer = new fresh.BatchWriter(transport);
  for (let i = 0; i < 3; i++) {
    const at = writer.reserve(3);
    writer.bytes.write('bye', at);
    writer.commit(at + 3);
  }
  const added = process.rawListeners('exit').filter((hook) => !hooks.includes(hook));
  expect(added, 'one hook for the process').toHaveLength(1);
  added[0]?.call(process, 0);
  expect(transport.received.toString()).toBe('byebyebye');
  process.removeListener('exit', added[0] as () => void);
});

test('frames written through it arrive as they were, masked or not', async () => {
  for (const masks of [undefined, new MaskSource(nodePorts.fillRandom)]) {
    const line = new Line();
    const frames = new FrameWriter(line.writer, masks);
    const payloads = [0, 5, 125, 126, 16_000, 16_380, 16_384, 17_000, 70_000, 3].map((n, i) => Buffer.alloc(n, 65 + i));
    for (const payload of payloads) frames.writeBytes(0x82, payload);
    for (const payload of payloads) frames.writeText(0x81, payload.toString(), payload.length);
    await endOfCallback();
    const read = readFrames(line.transport.received);
    expect(read.map(({ payload }) => payload.toString()).join()).toBe([...payloads, ...payloads].join());
  }
});

describe('any interleaving of several connections', () => {
  type Act = (line: Line) => void;
  let counter = 0;
  /** Bytes that tell what is missing or doubled. */
  const content = (length: number): Buffer => {
    const bytes = Buffer.alloc(length);
    for (let i = 0; i + 4 <= length; i += 4) bytes.writeUInt32BE(counter++, i);
    return bytes;
  };
  const act = (name: string, run: Act): { name: string; run: Act; toString(): string } => ({
    name,
    run,
    toString: () => name,
  });
  const anyAct = fc.oneof(
    {
      weight: 8,
      arbitrary: fc.integer({ min: 1, max: 300 }).map((n) => act(`send ${n}`, (line) => line.send(content(n)))),
    },
    {
      weight: 3,
      arbitrary: fc.integer({ min: 1, max: 16_384 }).map((n) => act(`send ${n}`, (line) => line.send(content(n)))),
    },
    {
      weight: 2,
      arbitrary: fc
        .integer({ min: 16_000, max: 40_000 })
        .map((n) => act(`long ${n}`, (line) => line.sendLong(content(10), content(n)))),
    },
    { weight: 1, arbitrary: fc.constant(act('begin', ({ writer }) => writer.beginBatch())) },
    { weight: 2, arbitrary: fc.constant(act('end batch', ({ writer }) => writer.endBatch())) },
    { weight: 2, arbitrary: fc.constant(act('flush', ({ writer }) => writer.flush())) },
    { weight: 2, arbitrary: fc.constant(act('stall', ({ transport }) => void (transport.isStalled = true))) },
    { weight: 2, arbitrary: fc.constant(act('drain', (line) => line.drain())) },
    {
      weight: 1,
      arbitrary: fc.constant(
        act('drain once', (line) => {
          if (line.transport.takePending()) line.writer.onDrain();
        }),
      ),
    },
  );
  const steps = fc.array(fc.record({ who: fc.nat({ max: 3 }), what: anyAct }), { maxLength: 60 });

  /** Two ordinary connections, and two that keep what they are given. */
  function createLines(): Line[] {
    return [new Line(), new Line({ releasesBuffers: false }), new Line(), new Line({ releasesBuffers: false })];
  }

  test('delivers every byte once and in order, and counts what is buffered', async () => {
    const anyTurn = fc.record({ steps, isWholeCallback: fc.boolean() });
    await fc.assert(
      fc.asyncProperty(fc.array(anyTurn, { maxLength: 4 }), async (turns) => {
        const all = createLines();
        for (const turn of turns) {
          for (const { who, what } of turn.steps) {
            const line = all[who];
            if (line === undefined) continue;
            what.run(line);
            expect(line.writer.bufferedBytes).toBe(line.sentBytes - line.transport.received.length);
          }
          if (turn.isWholeCallback) await endOfCallback();
        }
        for (const line of all) {
          line.writer.endBatch();
          line.drain();
          line.transport.checkGiven();
          line.expectAll();
          expect(line.writer).toMatchObject({ bufferedBytes: 0, isCongested: false });
        }
      }),
      { numRuns: 150 },
    );
  });

  test('of which some break, end or close delivers a beginning of what they sent, and all of the others', async () => {
    const anyEnd = fc.record({
      who: fc.nat({ max: 1 }),
      after: fc.nat({ max: 60 }),
      how: fc.constantFrom<'break' | 'end' | 'close'>('break', 'end', 'close'),
    });
    await fc.assert(
      fc.asyncProperty(steps, fc.array(anyEnd, { maxLength: 2 }), async (acts, ends) => {
        const all = createLines();
        const ended = new Map<Line, { how: string; sentBytes: number }>();
        for (const [i, { who, what }] of acts.entries()) {
          for (const { who, how } of ends.filter(({ after }) => after === i)) {
            const line = all[who];
            if (line === undefined || ended.has(line)) continue;
            ended.set(line, { how, sentBytes: line.sentBytes });
            if (how === 'break') line.transport.isWritable = false;
            else if (how === 'end') line.writer.end();
            else line.writer.close();
          }
          const line = all[who];
          if (line !== undefined) what.run(line);
        }
        await endOfCallback();
        for (const line of all) {
          line.writer.endBatch();
          line.drain();
          line.transport.checkGiven();
          const { received } = line.transport;
          const end = ended.get(line);
          if (end === undefined) expect(received.equals(line.expectedBytes)).toBe(true);
          else expect(received.equals(line.expectedBytes.subarray(0, received.length))).toBe(true);
          if (end?.how !== 'end') continue;
          expect(line.transport.hasEnded).toBe(true);
          expect(received.length).toBeGreaterThanOrEqual(end.sentBytes);
        }
      }),
      { numRuns: 150 },
    );
  });
});

describe('frames that many connections get', () => {
  const frames = Array.from({ length: 16 }, (_, i) => Buffer.from(`shared ${i};`));

  test('of one turn leave in one write for each connection', async () => {
    const all = Array.from({ length: 5 }, () => new Line());
    for (const frame of frames) for (const line of all) line.sendShared(frame);
    expect(all.map(({ transport }) => transport.calls.length)).toEqual([0, 0, 0, 0, 0]);
    expect(all[0]?.writer.bufferedBytes).toBe(Buffer.concat(frames).length);
    await endOfCallback();
    for (const line of all) {
      expect(line.transport.calls).toHaveLength(1);
      line.expectAll();
    }
  });

  test('keep their place between what is sent to one connection alone', async () => {
    const all = [new Line(), new Line(), new Line()];
    for (const [i, frame] of frames.entries()) {
      for (const line of all) line.sendShared(frame);
      all[i % 3]?.send(`own ${i};`);
      if (i === 9) for (const line of all) line.sendLong('header;', Buffer.alloc(20_000, i));
    }
    await endOfCallback();
    for (const line of all) line.expectAll();
  });

  test('that are long are written by each connection without being copied', async () => {
    const long = Buffer.alloc(100_000, 'l');
    const all = [new Line(), new Line()];
    for (const line of all) {
      line.sendShared(Buffer.from('short'));
      line.sendShared(long);
      line.sendShared(Buffer.from('short'));
    }
    await endOfCallback();
    for (const line of all) line.expectAll();
  });

  test('do not gather beyond what is worth waiting for', () => {
    const line = new Line();
    const frame = Buffer.alloc(1000, 'f');
    const longest = Array.from({ length: 100 }, () => {
      line.sendShared(frame);
      return line.writer.bufferedBytes;
    });
    expect(Math.max(...longest)).toBeLessThan(17_000);
    line.writer.flush();
    line.expectAll();
  });

  test('wait while the socket is congested, the short ones in chunks', async () => {
    const line = new Line();
    line.transport.isStalled = true;
    line.send('fills it');
    line.writer.flush();
    for (let i = 0; i < 1000; i++) line.sendShared(frames[i % 16] ?? Buffer.from('x'));
    line.sendShared(Buffer.alloc(50_000, 'l'));
    expect(line.writer.bufferedBytes).toBe(line.sentBytes);
    await endOfCallback();
    expect(line.transport.calls).toHaveLength(1);
    line.drain();
    line.expectAll();
    expect(line.transport.calls[1]?.length).toBeLessThan(10);
  });

  test('are forgotten with the connection', async () => {
    const line = new Line();
    line.writer.writeShared(Buffer.from('never'));
    line.writer.close();
    line.writer.writeShared(Buffer.from('late'));
    await endOfCallback();
    expect(line.transport.calls).toEqual([]);
    expect(line.writer.bufferedBytes).toBe(0);
    expect(line.writer.droppedBytes).toBe(4);
  });

  test('and whatever else is sent arrive in order, whatever is congested when', async () => {
    const step = fc.record({
      line: fc.nat(2),
      act: fc.constantFrom('share', 'shareAll', 'send', 'long', 'flush', 'stall', 'drain', 'turn'),
      size: fc.constantFrom(1, 50, 2000, 15_000, 17_000),
    });
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 80 }), fc.boolean(), async (steps, releasesBuffers) => {
        const all = [new Line({ releasesBuffers }), new Line({ releasesBuffers }), new Line()];
        for (const [i, { line: at, act, size }] of steps.entries()) {
          const line = all[at] as Line;
          const bytes = Buffer.alloc(size, i);
          if (act === 'share') line.sendShared(bytes);
          else if (act === 'shareAll') for (const each of all) each.sendShared(bytes);
          else if (act === 'send') line.send(bytes.subarray(0, 16_000));
          else if (act === 'long') line.sendLong('h', bytes);
          else if (act === 'flush') line.writer.flush();
          else if (act === 'stall') line.transport.isStalled = true;
          else if (act === 'drain') line.drain();
          else await endOfCallback();
          for (const each of all) {
            const waiting = each.sentBytes - each.transport.received.length;
            expect(each.writer.bufferedBytes).toBe(waiting);
          }
        }
        await endOfCallback();
        for (const line of all) {
          line.drain();
          line.expectAll();
          line.transport.checkGiven();
          line.writer.close();
        }
      }),
      { numRuns: 200 },
    );
  });
});

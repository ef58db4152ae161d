import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { BatchWriter } from '../../src/transport/batch-writer.ts';
import type { TransportHandler } from '../../src/transport/transport.ts';
import { createMemoryPair, type MemoryPairOptions, type MemoryTransport } from '../support/memory-transport.ts';

/** Keeps what one end of a pair is told. */
class Recorder implements TransportHandler {
  readonly log: string[] = [];
  onMessage: ((text: string) => void) | undefined;

  onBytes(buffer: Buffer, start: number, end: number): void {
    const text = buffer.toString('latin1', start, end);
    this.log.push(text);
    buffer.fill(0xff, start, end);
    this.onMessage?.(text);
  }

  onEnd(): void {
    this.log.push('(end)');
  }

  onDrain(): void {
    this.log.push('(drain)');
  }

  onClosed(error: Error | undefined): void {
    this.log.push(error === undefined ? '(closed)' : `(closed: ${error.message})`);
  }
}

/** A pair in which nothing happens until told to. */
class Pair {
  readonly near: MemoryTransport;
  readonly far: MemoryTransport;
  readonly atNear: Recorder = new Recorder();
  readonly atFar: Recorder = new Recorder();
  readonly #tasks: (() => void)[] = [];

  constructor(options: MemoryPairOptions = {}) {
    [this.near, this.far] = createMemoryPair({ schedule: (task) => void this.#tasks.push(task), ...options });
    this.near.start(this.atNear);
    this.far.start(this.atFar);
    this.settle();
  }

  /** Lets everything happen that is on its way. */
  settle(): void {
    for (let task = this.#tasks.shift(); task !== undefined; task = this.#tasks.shift()) task();
  }
}

describe('bytes', () => {
  test('arrive at the other end, in order, and never inside of a write', () => {
    const pair = new Pair();
    pair.near.write(Buffer.from('a'));
    pair.near.writeAll([Buffer.from('b'), Buffer.from('c')]);
    pair.far.write(Buffer.from('d'));
    expect([pair.atFar.log, pair.atNear.log]).toEqual([[], []]);
    pair.settle();
    expect([pair.atFar.log.join(''), pair.atNear.log.join('')]).toEqual(['abc', 'd']);
  });

  test('arrive without a scheduler in a microtask', async () => {
    const [near, far] = createMemoryPair();
    const atFar = new Recorder();
    far.start(atFar);
    near.write(Buffer.from('hello'));
    expect(atFar.log).toEqual([]);
    await Promise.resolve();
    expect(atFar.log).toEqual(['hello']);
  });

  test('may be changed by the writer as soon as they were written', () => {
    const pair = new Pair();
    const bytes = Buffer.from('hello');
    pair.near.write(bytes);
    bytes.fill(0x58);
    pair.settle();
    expect(pair.atFar.log).toEqual(['hello']);
  });

  test('wait for a reader that has not started yet', () => {
    const tasks: (() => void)[] = [];
    const [near, far] = createMemoryPair({ schedule: (task) => void tasks.push(task) });
    near.write(Buffer.from('early'));
    for (const task of tasks.splice(0)) task();
    const atFar = new Recorder();
    far.start(atFar);
    expect(atFar.log).toEqual([]);
    for (const task of tasks.splice(0)) task();
    expect(atFar.log).toEqual(['early']);
  });

  test('go to the handler that was started last', () => {
    const pair = new Pair();
    const second = new Recorder();
    pair.near.write(Buffer.from('a'));
    pair.settle();
    pair.far.start(second);
    pair.near.write(Buffer.from('b'));
    pair.settle();
    expect([pair.atFar.log, second.log]).toEqual([['a'], ['b']]);
  });

  test('written inside of a callback arrive', () => {
    const pair = new Pair();
    pair.atFar.onMessage = (text) => pair.far.write(Buffer.from(text.toUpperCase()));
    pair.near.write(Buffer.from('echo'));
    pair.settle();
    expect(pair.atNear.log).toEqual(['ECHO']);
  });

  test.each([1, 2, 3, 7])('are cut to reads of %i bytes where that was asked for', (maxReadBytes) => {
    const pair = new Pair({ maxReadBytes });
    pair.near.write(Buffer.from('hello, '));
    pair.near.write(Buffer.from('world'));
    pair.settle();
    expect(pair.atFar.log.join('')).toBe('hello, world');
    expect(Math.max(...pair.atFar.log.map((text) => text.length))).toBe(maxReadBytes);
  });
});

describe('a paused reader', () => {
  test('is told nothing, and what it does not read counts as pending at the writer', () => {
    const pair = new Pair();
    pair.far.pause();
    pair.near.write(Buffer.from('hello'));
    pair.near.end();
    pair.settle();
    expect(pair.atFar.log).toEqual([]);
    expect(pair.near.pendingBytes).toBe(5);
    pair.far.resume();
    expect(pair.atFar.log).toEqual([]);
    pair.settle();
    expect(pair.atFar.log).toEqual(['hello', '(end)']);
    expect(pair.near.pendingBytes).toBe(0);
  });

  test('lets the writer know when it has read everything', () => {
    const pair = new Pair();
    pair.far.pause();
    pair.near.write(Buffer.from('hello'));
    pair.settle();
    expect(pair.atNear.log).toEqual([]);
    pair.far.resume();
    pair.settle();
    expect(pair.atNear.log).toEqual(['(drain)']);
    pair.near.write(Buffer.from('again'));
    pair.settle();
    expect(pair.atNear.log).toEqual(['(drain)']);
  });

  test('can pause inside of a callback, between two reads', () => {
    const pair = new Pair({ maxReadBytes: 1 });
    pair.atFar.onMessage = () => pair.far.pause();
    pair.near.write(Buffer.from('abc'));
    pair.settle();
    expect(pair.atFar.log).toEqual(['a']);
    expect(pair.near.pendingBytes).toBe(2);
    for (const expected of ['ab', 'abc', 'abc']) {
      pair.far.resume();
      pair.settle();
      expect(pair.atFar.log.join('')).toBe(expected);
    }
  });

  // FAILS: a drain is only reported when a write, not a pause, made bytes pending.
  test('that paused after the write lets the writer know as well', () => {
    const pair = new Pair();
    pair.atFar.onMessage = () => pair.far.pause();
    pair.near.write(Buffer.from('a'));
    pair.near.write(Buffer.from('b'));
    pair.settle();
    expect(pair.near.pendingBytes).toBe(1);
    pair.atFar.onMessage = undefined;
    pair.far.resume();
    pair.settle();
    expect(pair.near.pendingBytes).toBe(0);
    expect(pair.atNear.log).toEqual(['(drain)']);
  });

  // FAILS for the same reason: the queue of the writer waits for a drain that is never reported.
  test('that paused in the middle of a stream gets all of it', () => {
    const pair = new Pair({ maxReadBytes: 2 });
    const writer = new BatchWriter(pair.near);
    pair.atNear.onDrain = () => writer.onDrain();
    const send = (text: string): void => {
      const at = writer.reserve(text.length);
      writer.bytes.write(text, at);
      writer.commit(at + text.length);
      writer.flush();
    };
    pair.atFar.onMessage = () => pair.far.pause();
    send('abcd');
    pair.settle();
    send('ef');
    pair.atFar.onMessage = undefined;
    pair.far.resume();
    pair.settle();
    writer.close();
    expect(pair.atFar.log.join('')).toBe('abcdef');
  });
});

describe('ending', () => {
  test('comes behind what was written, once, and leaves the other direction open', () => {
    const pair = new Pair();
    pair.near.write(Buffer.from('last'));
    pair.near.end();
    pair.near.end();
    expect(pair.near.isWritable).toBe(false);
    pair.near.write(Buffer.from('too late'));
    pair.settle();
    expect(pair.atFar.log).toEqual(['last', '(end)']);
    expect(pair.far.isWritable).toBe(true);
    pair.far.write(Buffer.from('reply'));
    pair.settle();
    expect(pair.atNear.log).toEqual(['reply']);
  });

  test('of both ends at once closes both', () => {
    const pair = new Pair();
    pair.near.end();
    pair.far.end();
    pair.settle();
    expect(pair.atNear.log).toEqual(['(end)', '(closed)']);
    expect(pair.atFar.log).toEqual(['(end)', '(closed)']);
  });

  test('inside of the callback that tells about the end closes both', () => {
    const pair = new Pair();
    pair.atFar.onEnd = () => {
      pair.atFar.log.push('(end)');
      pair.far.write(Buffer.from('bye'));
      pair.far.end();
    };
    pair.near.end();
    pair.settle();
    expect(pair.atNear.log).toEqual(['bye', '(end)', '(closed)']);
    expect(pair.atFar.log).toEqual(['(end)', '(closed)']);
  });

  // FAILS: the end that ends second, after its callback, is never closed.
  test('later than the other end closes both, too', () => {
    const pair = new Pair();
    pair.near.end();
    pair.settle();
    pair.far.write(Buffer.from('bye'));
    pair.far.end();
    pair.settle();
    expect(pair.atNear.log).toEqual(['bye', '(end)', '(closed)']);
    expect(pair.atFar.log).toEqual(['(end)', '(closed)']);
  });
});

describe('destroying', () => {
  test('closes at once, drops what was not read, and ends the other side behind what was written', () => {
    const pair = new Pair();
    pair.far.write(Buffer.from('unread'));
    pair.near.write(Buffer.from('written'));
    pair.near.destroy();
    expect(pair.near.isWritable).toBe(false);
    expect(pair.atNear.log, 'never inside of the call').toEqual([]);
    pair.settle();
    expect(pair.atNear.log).toEqual(['(closed)']);
    expect(pair.atFar.log).toEqual(['written', '(end)']);
  });

  test('reports its error once, to its own side', () => {
    const pair = new Pair();
    pair.near.destroy(new Error('of the test'));
    pair.near.destroy(new Error('another'));
    pair.settle();
    expect(pair.atNear.log).toEqual(['(closed: of the test)']);
    expect(pair.atFar.log).toEqual(['(end)']);
  });

  test('inside of a callback is the last thing that is reported', () => {
    const pair = new Pair({ maxReadBytes: 1 });
    pair.atFar.onMessage = () => pair.far.destroy();
    pair.near.write(Buffer.from('abc'));
    pair.near.end();
    pair.settle();
    expect(pair.atFar.log).toEqual(['a', '(closed)']);
  });

  test('makes writes of the other side vanish', () => {
    const pair = new Pair();
    pair.near.destroy();
    pair.far.write(Buffer.from('nobody'));
    pair.settle();
    expect(pair.far.pendingBytes).toBe(0);
    expect(pair.atNear.log).toEqual(['(closed)']);
  });

  test('while the other side is paused tells it once it reads on', () => {
    const pair = new Pair();
    pair.far.pause();
    pair.near.write(Buffer.from('written'));
    pair.near.destroy();
    pair.settle();
    expect(pair.atFar.log).toEqual([]);
    pair.far.resume();
    pair.settle();
    expect(pair.atFar.log).toEqual(['written', '(end)']);
  });
});

test('both ends look like a local connection that is not encrypted and may stay unreferenced', () => {
  const pair = new Pair();
  for (const end of [pair.near, pair.far]) {
    expect(end).toMatchObject({
      isEncrypted: false,
      releasesBuffers: true,
      remoteAddress: '127.0.0.1',
    });
    end.ref();
    end.unref();
  }
});

test('whatever is written, paused and resumed, every byte arrives once and in order', () => {
  const anyStep = fc.oneof(
    fc.string({ minLength: 1, maxLength: 10, unit: fc.constantFrom('a', 'b', 'c') }),
    fc.constantFrom('pause', 'resume', 'settle'),
  );
  fc.assert(
    fc.property(fc.array(anyStep, { maxLength: 30 }), fc.integer({ min: 1, max: 12 }), (steps, maxReadBytes) => {
      const pair = new Pair({ maxReadBytes });
      let written = '';
      for (const step of steps) {
        if (step === 'pause') pair.far.pause();
        else if (step === 'resume') pair.far.resume();
        else if (step === 'settle') pair.settle();
        else {
          pair.near.write(Buffer.from(step));
          written += step;
        }
        expect(written.startsWith(pair.atFar.log.join(''))).toBe(true);
      }
      pair.near.end();
      pair.far.resume();
      pair.settle();
      expect(pair.atFar.log.join('')).toBe(`${written}(end)`);
      expect(pair.near.pendingBytes).toBe(0);
    }),
  );
});

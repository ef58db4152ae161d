import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { AsyncQueue } from '../../src/util/async-queue.ts';

function createQueue(maxItems = 4, maxBytes = 100) {
  const signals: string[] = [];
  const queue = new AsyncQueue<string>({
    maxItems,
    maxBytes,
    onFull: () => signals.push('full'),
    onDrained: () => signals.push('drained'),
  });
  return { queue, signals };
}

setFlagsFromString('--expose-gc');
const collectGarbage = runInNewContext('gc') as () => void;

const done = { value: undefined, done: true };

describe('order and delivery', () => {
  test('items come out in the order they went in', async () => {
    const { queue } = createQueue();
    queue.push('a', 3);
    queue.push('b', 4);
    expect([queue.length, queue.sizeBytes]).toEqual([2, 7]);
    expect(await queue.take()).toEqual({ value: 'a', done: false });
    expect([queue.length, queue.sizeBytes]).toEqual([1, 4]);
    expect(await queue.take()).toEqual({ value: 'b', done: false });
    expect([queue.length, queue.sizeBytes]).toEqual([0, 0]);
  });

  test('takes that wait are served first come, first served, and nothing is queued meanwhile', async () => {
    const { queue, signals } = createQueue(1);
    const takes = [queue.take(), queue.take()];
    queue.push('a', 1000);
    queue.push('b');
    expect([queue.length, queue.sizeBytes]).toEqual([0, 0]);
    expect(signals).toEqual([]);
    expect(await Promise.all(takes)).toEqual([
      { value: 'a', done: false },
      { value: 'b', done: false },
    ]);
  });

  test('an item that is already there arrives in the next microtask', async () => {
    const { queue } = createQueue();
    queue.push('a');
    const order: string[] = [];
    void queue.take().then(() => order.push('taken'));
    void Promise.resolve().then(() => order.push('one turn later'));
    await Promise.resolve();
    await Promise.resolve();
    expect(order).toEqual(['taken', 'one turn later']);
  });

  test('undefined is an item like any other', async () => {
    const queue = new AsyncQueue<undefined>({ maxItems: 4, maxBytes: 4 });
    queue.push(undefined);
    queue.end();
    expect(await queue.take()).toEqual({ value: undefined, done: false });
    expect(await queue.take()).toEqual(done);
  });

  test('any mix of pushes and takes behaves like an array', async () => {
    const command = fc.oneof(
      fc.record({ kind: fc.constant('push' as const), sizeBytes: fc.nat({ max: 50 }) }),
      fc.record({ kind: fc.constant('take' as const), count: fc.nat({ max: 200 }) }),
      fc.record({ kind: fc.constant('burst' as const), count: fc.nat({ max: 200 }) }),
    );
    await fc.assert(
      fc.asyncProperty(fc.array(command, { maxLength: 60 }), async (commands) => {
        const queue = new AsyncQueue<number>({ maxItems: 64, maxBytes: 256 });
        const model: { item: number; sizeBytes: number }[] = [];
        let nextItem = 0;
        const push = (sizeBytes: number) => {
          model.push({ item: nextItem, sizeBytes });
          queue.push(nextItem++, sizeBytes);
        };
        for (const step of commands) {
          if (step.kind === 'push') push(step.sizeBytes);
          else if (step.kind === 'burst') for (let index = 0; index < step.count; index++) push(index % 3);
          else {
            for (const expected of model.splice(0, step.count)) {
              expect(await queue.take()).toEqual({ value: expected.item, done: false });
            }
          }
          const sizeBytes = model.reduce((sum, entry) => sum + entry.sizeBytes, 0);
          expect([queue.length, queue.sizeBytes]).toEqual([model.length, sizeBytes]);
          expect(queue.isFull).toBe(model.length >= 64 || sizeBytes >= 256);
        }
      }),
    );
  });

  test('a queue that never runs empty keeps no slots of what was taken', async () => {
    const queue = new AsyncQueue<{ payload: Uint8Array }>({ maxItems: 8, maxBytes: 8 });
    const references: WeakRef<object>[] = [];
    for (let index = 0; index < 1000; index++) {
      const item = { payload: new Uint8Array(1) };
      if (index < 990) references.push(new WeakRef(item));
      queue.push(item);
      if (index >= 10) await queue.take();
    }
    expect(queue.length).toBe(10);
    await new Promise((resolve) => setImmediate(resolve));
    collectGarbage();
    expect(references.filter((reference) => reference.deref() !== undefined)).toEqual([]);
  });
});

test('a queue that never runs empty does not grow with what passes through it', async () => {
  const queue = new AsyncQueue<number>({ maxItems: 8, maxBytes: 8 });
  const pass = async (count: number) => {
    for (let index = 0; index < count; index++) {
      queue.push(index);
      if (queue.length > 10) await queue.take();
    }
  };
  await pass(1000);
  collectGarbage();
  const before = process.memoryUsage().heapUsed;
  await pass(500_000);
  collectGarbage();
  // Slots never given back would be 8 MB.
  expect(process.memoryUsage().heapUsed - before).toBeLessThan(2_000_000);
});

describe('limits', () => {
  test('the producer hears once that the queue is full, and once that it is below half', async () => {
    const { queue, signals } = createQueue(4);
    for (const item of ['a', 'b', 'c']) queue.push(item);
    expect([queue.isFull, signals]).toEqual([false, []]);
    queue.push('d');
    expect([queue.isFull, signals]).toEqual([true, ['full']]);
    queue.push('e');
    expect(queue.length).toBe(5);
    expect(signals).toEqual(['full']);
    await queue.take();
    await queue.take();
    await queue.take();
    expect([queue.isFull, queue.length, signals]).toEqual([false, 2, ['full']]);
    await queue.take();
    expect(signals).toEqual(['full', 'drained']);
    await queue.take();
    expect(signals).toEqual(['full', 'drained']);
  });

  test('bytes fill it as items do, and both must be below half again', async () => {
    const { queue, signals } = createQueue(10, 100);
    queue.push('a', 10);
    queue.push('b', 50);
    queue.push('c', 40);
    expect([queue.isFull, signals]).toEqual([true, ['full']]);
    await queue.take();
    expect([queue.length, queue.sizeBytes]).toEqual([2, 90]);
    expect(signals).toEqual(['full']);
    await queue.take();
    expect(signals).toEqual(['full', 'drained']);
  });

  test('one item beyond the limit is kept, and fills the queue by itself', async () => {
    const { queue, signals } = createQueue(4, 100);
    queue.push('huge', 5000);
    expect([queue.isFull, queue.sizeBytes, signals]).toEqual([true, 5000, ['full']]);
    expect(await queue.take()).toEqual({ value: 'huge', done: false });
    expect([queue.isFull, signals]).toEqual([false, ['full', 'drained']]);
  });

  test('a limit of one item signals on every item', async () => {
    const { queue, signals } = createQueue(1);
    queue.push('a');
    await queue.take();
    queue.push('b');
    await queue.take();
    expect(signals).toEqual(['full', 'drained', 'full', 'drained']);
  });

  test('a producer may push from inside onDrained', async () => {
    const source = ['b', 'c'];
    const queue: AsyncQueue<string> = new AsyncQueue<string>({
      maxItems: 1,
      maxBytes: 10,
      onDrained: () => {
        const next = source.shift();
        if (next !== undefined) queue.push(next);
      },
    });
    queue.push('a');
    const taken = [await queue.take(), await queue.take(), await queue.take()];
    expect(taken.map((result) => result.value)).toEqual(['a', 'b', 'c']);
  });

  test('clear drops everything and lets the producer go on', async () => {
    const { queue, signals } = createQueue(2);
    queue.push('a', 1);
    queue.push('b', 1);
    queue.clear();
    expect([queue.length, queue.sizeBytes, queue.isFull]).toEqual([0, 0, false]);
    expect(signals).toEqual(['full', 'drained']);
    queue.push('c');
    expect(await queue.take()).toEqual({ value: 'c', done: false });
  });

  test.each([
    [0, 1],
    [1, 0],
    [Number.NaN, 1],
  ])('limits of %d items and %d bytes are refused', (maxItems, maxBytes) => {
    expect(() => new AsyncQueue({ maxItems, maxBytes })).toThrow('must be positive');
  });
});

describe('the end', () => {
  test('what is queued is delivered before the end', async () => {
    const { queue } = createQueue();
    queue.push('a');
    queue.end();
    expect(queue.isEnded).toBe(true);
    expect(await queue.take()).toEqual({ value: 'a', done: false });
    expect(await queue.take()).toEqual(done);
    expect(await queue.take()).toEqual(done);
  });

  test('every take that waits hears of the end', async () => {
    const { queue } = createQueue();
    const takes = [queue.take(), queue.take()];
    queue.end();
    expect(await Promise.all(takes)).toEqual([done, done]);
  });

  test('a failure comes after what arrived before it, is told once, and is then an end', async () => {
    const { queue } = createQueue();
    const error = new Error('reset');
    queue.push('a');
    queue.fail(error);
    expect(await queue.take()).toEqual({ value: 'a', done: false });
    await expect(queue.take()).rejects.toBe(error);
    expect(await queue.take()).toEqual(done);
  });

  test('of several takes that wait, the first gets the failure and the others the end', async () => {
    const { queue } = createQueue();
    const error = new Error('reset');
    const first = queue.take();
    const second = queue.take();
    queue.fail(error);
    await expect(first).rejects.toBe(error);
    expect(await second).toEqual(done);
    expect(await queue.take()).toEqual(done);
  });

  test('a failure without anybody waiting rejects nothing by itself', async () => {
    const { queue } = createQueue();
    queue.fail(undefined);
    await expect(queue.take()).rejects.toBeUndefined();
  });

  test('what comes after the end is ignored: items, failures and further ends', async () => {
    const { queue } = createQueue();
    queue.end();
    queue.push('late');
    queue.fail(new Error('late'));
    queue.end();
    expect(queue.length).toBe(0);
    expect(await queue.take()).toEqual(done);
  });
});

import { expect, test } from 'vitest';
import { TypedEmitter } from '../../src/util/emitter.ts';

interface Events {
  message: readonly [text: string, size: number];
  close: readonly [];
  error: readonly [Error];
}

function createEmitter() {
  const failures: [error: unknown, type: PropertyKey][] = [];
  const emitter = new TypedEmitter<Events>((error, type) => failures.push([error, type]));
  return { emitter, failures };
}

test('listeners get the arguments in the order they were added', () => {
  const { emitter } = createEmitter();
  const calls: string[] = [];
  emitter.on('message', (text, size) => calls.push(`a ${text} ${size}`));
  emitter.on('message', (text) => calls.push(`b ${text}`));
  emitter.on('close', () => calls.push('closed'));
  expect(emitter.emit('message', 'hi', 2)).toBe(true);
  expect(calls).toEqual(['a hi 2', 'b hi']);
});

test('emit tells whether anybody listened', () => {
  const { emitter } = createEmitter();
  expect(emitter.emit('close')).toBe(false);
  emitter.on('message', () => {});
  expect(emitter.emit('close')).toBe(false);
  emitter.on('close', () => {});
  expect(emitter.emit('close')).toBe(true);
});

test('an error event that nobody listens to does not throw', () => {
  const { emitter, failures } = createEmitter();
  expect(emitter.emit('error', new Error('unheard'))).toBe(false);
  expect(failures).toEqual([]);
});

test('the listeners after one that throws are still called, and the error is reported with its type', () => {
  const { emitter, failures } = createEmitter();
  const error = new Error('mine');
  let reached = 0;
  emitter.on('close', () => {
    throw error;
  });
  emitter.on('close', () => reached++);
  expect(emitter.emit('close')).toBe(true);
  expect(reached).toBe(1);
  expect(failures).toEqual([[error, 'close']]);
});

test('a listener that rejects is reported like one that throws, and is not waited for', async () => {
  const { emitter, failures } = createEmitter();
  const error = new Error('later');
  const calls: string[] = [];
  emitter.on('close', async () => {
    calls.push('first');
    await Promise.resolve();
    throw error;
  });
  emitter.on('close', () => calls.push('second'));
  emitter.emit('close');
  expect(calls).toEqual(['first', 'second']);
  await expect.poll(() => failures).toEqual([[error, 'close']]);
});

test('a returned object that throws when looked at is reported too', () => {
  const { emitter, failures } = createEmitter();
  const error = new Error('trap');
  const trap = new Proxy(
    {},
    {
      has() {
        throw error;
      },
    },
  );
  emitter.on('close', () => trap);
  emitter.emit('close');
  expect(failures).toEqual([[error, 'close']]);
});

test('a once listener runs once, even when its event is emitted from inside an earlier listener', () => {
  const { emitter } = createEmitter();
  let isNested = false;
  let runs = 0;
  emitter.on('close', () => {
    if (isNested) return;
    isNested = true;
    emitter.emit('close');
  });
  emitter.once('close', () => runs++);
  emitter.emit('close');
  emitter.emit('close');
  expect(runs).toBe(1);
  expect(emitter.listenerCount('close')).toBe(1);
});

test('a once listener is gone when it runs, also when it throws', () => {
  const { emitter } = createEmitter();
  let countInside = -1;
  emitter.once('close', () => {
    countInside = emitter.listenerCount('close');
    throw new Error('mine');
  });
  emitter.emit('close');
  expect(countInside).toBe(0);
  expect(emitter.hasListeners).toBe(false);
});

test('off removes a once listener by its function', () => {
  const { emitter } = createEmitter();
  let runs = 0;
  const listener = () => runs++;
  emitter.once('close', listener).off('close', listener);
  expect(emitter.emit('close')).toBe(false);
  expect(runs).toBe(0);
});

test('a listener added twice is called twice, and off takes away the later one', () => {
  const { emitter } = createEmitter();
  const calls: string[] = [];
  const twice = () => calls.push('twice');
  emitter.on('close', twice);
  emitter.on('close', () => calls.push('between'));
  emitter.on('close', twice);
  emitter.emit('close');
  expect(calls.splice(0)).toEqual(['twice', 'between', 'twice']);
  emitter.off('close', twice);
  emitter.emit('close');
  expect(calls).toEqual(['twice', 'between']);
});

test('off of something that never listened changes nothing', () => {
  const { emitter } = createEmitter();
  emitter.off('close', () => {});
  emitter.on('close', () => {});
  emitter.off('close', () => {}).off('message', () => {});
  expect(emitter.listenerCount('close')).toBe(1);
});

test('an emit under way calls those who were there when it began: not the added, still the removed', () => {
  const { emitter } = createEmitter();
  const calls: string[] = [];
  const removed = () => calls.push('removed');
  emitter.on('close', () => {
    calls.push('first');
    emitter.on('close', () => calls.push('added'));
    emitter.off('close', removed);
  });
  emitter.on('close', removed);
  emitter.emit('close');
  expect(calls).toEqual(['first', 'removed']);
});

test('counts follow what is added and removed', () => {
  const { emitter } = createEmitter();
  const listener = () => {};
  expect([emitter.hasListeners, emitter.listenerCount('close')]).toEqual([false, 0]);
  emitter.on('close', listener).once('close', listener).on('message', listener);
  expect([emitter.hasListeners, emitter.listenerCount('close'), emitter.listenerCount('message')]).toEqual([
    true,
    2,
    1,
  ]);
  emitter.off('close', listener).off('close', listener).off('message', listener);
  expect([emitter.hasListeners, emitter.listenerCount('close')]).toEqual([false, 0]);
});

test.each(['__proto__', 'constructor', 'toString', 'hasOwnProperty'])('%s is an event type like any other', (type) => {
  const emitter = new TypedEmitter<Record<string, readonly []>>((error) => {
    throw error;
  });
  expect(emitter.emit(type)).toBe(false);
  expect(emitter.listenerCount(type)).toBe(0);
  let runs = 0;
  emitter.on(type, () => runs++);
  expect(emitter.emit(type)).toBe(true);
  expect(runs).toBe(1);
});

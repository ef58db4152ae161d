import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { nodeClock } from '../../src/platform/node-clock.ts';

/** Stands for Node's timers: remembers what was asked, and calls when the test says so. */
const node = vi.hoisted(() => {
  const state = { nowMs: 0, handles: [] as FakeHandle[] };
  class FakeHandle {
    isRef = true;
    isCleared = false;
    readonly fn: () => void;
    readonly delayMs: number;
    constructor(fn: () => void, delayMs: number) {
      this.fn = fn;
      this.delayMs = delayMs;
    }
    ref() {
      this.isRef = true;
    }
    unref() {
      this.isRef = false;
    }
  }
  return {
    state,
    setTimeout(fn: () => void, delayMs: number) {
      const handle = new FakeHandle(fn, delayMs);
      state.handles.push(handle);
      return handle;
    },
    clearTimeout(handle: FakeHandle | undefined) {
      if (handle !== undefined) handle.isCleared = true;
    },
  };
});

vi.mock('node:timers', () => ({ setTimeout: node.setTimeout, clearTimeout: node.clearTimeout }));

beforeEach(() => {
  node.state.nowMs = 5000;
  node.state.handles = [];
  vi.spyOn(performance, 'now').mockImplementation(() => node.state.nowMs);
});

afterEach(() => {
  vi.restoreAllMocks();
});

function lastHandle() {
  const handle = node.state.handles.at(-1);
  if (handle === undefined) throw new Error('no timer was set');
  return handle;
}

/** Time passes, and Node calls the timer set last. */
function pass(ms: number) {
  node.state.nowMs += ms;
  lastHandle().fn();
}

test('now is the monotonic clock', () => {
  expect(nodeClock.now()).toBe(5000);
  node.state.nowMs = 5000.25;
  expect(nodeClock.now()).toBe(5000.25);
});

test('a timer is one timer of Node, and runs once', () => {
  const fn = vi.fn();
  nodeClock.setTimer(250, fn);
  expect(lastHandle().delayMs).toBe(250);
  expect(fn).not.toHaveBeenCalled();
  pass(250);
  expect(fn).toHaveBeenCalledTimes(1);
  expect(node.state.handles).toHaveLength(1);
});

test('a fraction of a millisecond is rounded up, and a past deadline to none', () => {
  nodeClock.setTimer(0.2, () => {});
  expect(lastHandle().delayMs).toBe(1);
  nodeClock.setTimer(-50, () => {});
  expect(lastHandle().delayMs).toBe(0);
});

test('when Node calls a little early, the rest is waited for', () => {
  const fn = vi.fn();
  nodeClock.setTimer(100, fn);
  pass(99.3);
  expect(fn).not.toHaveBeenCalled();
  expect(lastHandle().delayMs).toBe(1);
  pass(1);
  expect(fn).toHaveBeenCalledTimes(1);
});

test('a delay beyond 31 bits, which Node turns into 1 ms, is waited for in parts', () => {
  const fn = vi.fn();
  const longest = 2 ** 31 - 1;
  nodeClock.setTimer(2 * longest + 10, fn);
  expect(lastHandle().delayMs).toBe(longest);
  pass(longest);
  expect(lastHandle().delayMs).toBe(longest);
  pass(longest);
  expect(lastHandle().delayMs).toBe(10);
  expect(fn).not.toHaveBeenCalled();
  pass(10);
  expect(fn).toHaveBeenCalledTimes(1);
  expect(node.state.handles).toHaveLength(3);
});

test('an infinite delay never ends', () => {
  const fn = vi.fn();
  nodeClock.setTimer(Infinity, fn);
  pass(2 ** 31);
  expect(fn).not.toHaveBeenCalled();
  expect(lastHandle().delayMs).toBe(2 ** 31 - 1);
});

test('unref and ref reach the timer of Node, also the later parts of a long delay', () => {
  const timer = nodeClock.setTimer(2 ** 40, () => {});
  expect(lastHandle().isRef).toBe(true);
  timer.unref();
  expect(lastHandle().isRef).toBe(false);
  pass(2 ** 31 - 1);
  expect(lastHandle().isRef).toBe(false);
  timer.ref();
  expect(lastHandle().isRef).toBe(true);
  pass(2 ** 31 - 1);
  expect(lastHandle().isRef).toBe(true);
});

test('cancelling clears the part that is pending', () => {
  const timer = nodeClock.setTimer(2 ** 40, () => {});
  pass(2 ** 31 - 1);
  timer.cancel();
  expect(lastHandle().isCleared).toBe(true);
  timer.cancel();
  timer.ref();
  timer.unref();
});

test('a delay that is not a number is a defect of the caller', () => {
  expect(() => nodeClock.setTimer(Number.NaN, () => {})).toThrow('a delay must be a number');
});

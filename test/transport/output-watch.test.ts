import { describe, expect, test } from 'vitest';
import { type OutputPatience, OutputWatch } from '../../src/transport/output-watch.ts';
import { TimerWheel } from '../../src/util/timer-wheel.ts';
import { FakeClock } from '../support/fake-clock.ts';

function begin(bytes: number, patience: Omit<OutputPatience, 'timeoutMs'> = {}) {
  const clock = new FakeClock();
  const output = { unsentBytes: bytes, inFlightBytes: bytes };
  const ends: number[] = [];
  const wheel = new TimerWheel(clock, 100);
  const watch = new OutputWatch(wheel, output, { timeoutMs: 1000, ...patience }, () => void ends.push(clock.now()));
  watch.start();
  const take = (taken: number): void => {
    output.unsentBytes -= taken;
    output.inFlightBytes -= taken;
  };
  return { clock, output, ends, watch, take };
}

describe('output that waits', () => {
  test('is given up after a timeout without progress, and a tick in which sockets are read', () => {
    const { clock, ends } = begin(1000);
    clock.advance(5000);
    expect(ends).toEqual([1100]);
  });

  test('has as long again from each progress', () => {
    const { clock, ends, take } = begin(1000);
    for (let i = 0; i < 3; i++) {
      clock.advance(900);
      take(100);
      clock.advance(100);
    }
    expect(ends).toEqual([]);
    clock.advance(2000);
    expect(ends).toEqual([4100]);
  });

  test('makes no progress by growing', () => {
    const { clock, ends, output } = begin(1000);
    for (let i = 0; i < 20; i++) {
      output.unsentBytes += 10;
      clock.advance(100);
    }
    expect(ends).toEqual([1100]);
  });

  test('is watched no longer once everything has left, until there is more', () => {
    const { clock, ends, take, watch, output } = begin(1000);
    take(1000);
    watch.onDrain();
    clock.advance(5000);
    expect(clock.pendingTimers).toBe(0);
    output.unsentBytes = 10;
    watch.start();
    clock.advance(5000);
    expect(ends).toEqual([6100]);
  });

  test('is not watched after stop()', () => {
    const { clock, ends, watch } = begin(1000);
    watch.stop();
    clock.advance(5000);
    expect(ends).toEqual([]);
    expect(clock.pendingTimers).toBe(0);
  });

  test('may have a limit whatever the progress', () => {
    const { clock, ends, take } = begin(1_000_000, { maxMs: 12_000 });
    for (let i = 0; i < 200; i++) {
      clock.advance(100);
      take(1);
    }
    expect(ends).toEqual([12_000]);
  });
});

test('a process that was held up for longer than the timeout looks at its sockets first', () => {
  const { clock, ends, take } = begin(1000);
  clock.advance(1000);
  // Only now the event loop comes to its sockets.
  take(500);
  clock.advance(900);
  expect(ends).toEqual([]);
  clock.advance(1000);
  expect(ends).toEqual([2200]);
});

describe('an answer that is wanted', () => {
  test('is waited for once everything has left, from that moment on', () => {
    const { clock, ends, take, watch } = begin(1000, { isAnswerWanted: true });
    clock.advance(500);
    take(1000);
    watch.onDrain();
    clock.advance(5000);
    expect(ends).toEqual([1600]);
  });

  test('is waited for once, however often that is asked for', () => {
    const { clock, ends, watch } = begin(0, { isAnswerWanted: true });
    clock.advance(500);
    watch.start();
    clock.advance(5000);
    expect(ends).toEqual([1100]);
  });
});

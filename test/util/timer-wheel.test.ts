import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { createWheelEntry, TimerWheel, type TimerWheelOptions, type WheelEntry } from '../../src/util/timer-wheel.ts';
import { FakeClock } from '../support/fake-clock.ts';

function setup(options?: TimerWheelOptions & { startMs?: number; tickMs?: number }) {
  const clock = new FakeClock(options?.startMs);
  const wheel = new TimerWheel(clock, options?.tickMs, options);
  const fired: [name: string, atMs: number][] = [];
  const entry = (name: string, then?: () => void): WheelEntry =>
    createWheelEntry((nowMs) => {
      fired.push([name, nowMs]);
      then?.();
    });
  return { clock, wheel, fired, entry };
}

describe('when entries fire', () => {
  test.each([
    [1, 100],
    [99, 100],
    [100, 100],
    [101, 200],
    [1000, 1000],
    [51_199, 51_200],
    [51_200, 51_200],
    [51_201, 51_300],
    [3_600_000, 3_600_000],
    [3_600_001, 3_600_100],
  ])('a delay of %d ms ends at %d ms', (delayMs, expectedMs) => {
    const { clock, wheel, fired, entry } = setup();
    wheel.schedule(entry('a'), delayMs);
    clock.advance(expectedMs - 0.001);
    expect(fired).toEqual([]);
    clock.advance(0.001);
    expect(fired).toEqual([['a', expectedMs]]);
  });

  test.each([0, -1, -1e9])('a delay of %d ms ends at the next tick, not during the call', (delayMs) => {
    const { clock, wheel, fired, entry } = setup();
    wheel.schedule(entry('a'), delayMs);
    expect(fired).toEqual([]);
    clock.advance(100);
    expect(fired).toEqual([['a', 100]]);
  });

  test('a negative delay is none, so a wheel that was idle keeps to its ticks', () => {
    const { clock, wheel, fired, entry } = setup();
    clock.advance(250);
    wheel.schedule(entry('a'), -1000);
    clock.advance(100);
    expect(fired).toEqual([['a', 300]]);
  });

  test('ticks count from the making of the wheel, also when it was idle for long', () => {
    const { clock, wheel, fired, entry } = setup({ startMs: 1234.5 });
    clock.advance(10_000_000);
    wheel.schedule(entry('a'), 250);
    clock.advance(299.9);
    expect(fired).toEqual([]);
    clock.advance(0.1);
    expect(fired).toEqual([['a', 1234.5 + 10_000_300]]);
  });

  test('another tick length is honoured', () => {
    const { clock, wheel, fired, entry } = setup({ tickMs: 7 });
    expect(wheel.granularityMs).toBe(7);
    wheel.schedule(entry('a'), 8);
    clock.advance(1000);
    expect(fired).toEqual([['a', 14]]);
  });

  test('entries fire by deadline, and in the order of scheduling within one tick', () => {
    const { clock, wheel, fired, entry } = setup();
    wheel.schedule(entry('late'), 900);
    wheel.schedule(entry('early'), 200);
    wheel.schedule(entry('early too'), 150);
    clock.advance(1000);
    expect(fired.map(([name]) => name)).toEqual(['early', 'early too', 'late']);
  });

  test('entries a whole turn apart share a slot and still fire each at its time', () => {
    const { clock, wheel, fired, entry } = setup();
    wheel.schedule(entry('third'), 500 + 2 * 51_200);
    wheel.schedule(entry('second'), 500 + 51_200);
    wheel.schedule(entry('first'), 500);
    clock.advance(200_000);
    expect(fired).toEqual([
      ['first', 500],
      ['second', 51_700],
      ['third', 102_900],
    ]);
  });

  test('scheduling again replaces the deadline, later or earlier', () => {
    const { clock, wheel, fired, entry } = setup();
    const a = entry('a');
    wheel.schedule(a, 500);
    clock.advance(400);
    wheel.schedule(a, 500);
    expect(wheel.size).toBe(1);
    clock.advance(499);
    expect(fired).toEqual([]);
    clock.advance(1);
    expect(fired).toEqual([['a', 900]]);
    wheel.schedule(a, 60_000);
    wheel.schedule(a, 100);
    clock.advance(100_000);
    expect(fired).toEqual([
      ['a', 900],
      ['a', 1000],
    ]);
  });

  test.each([Number.NaN, Infinity])('a delay of %d is a defect of the caller', (delayMs) => {
    const { wheel, entry } = setup();
    expect(() => wheel.schedule(entry('a'), delayMs)).toThrow('a delay must be a finite number');
    expect(wheel.size).toBe(0);
  });

  test.each([0, -1, Number.NaN, Infinity])('a tick of %d ms is a defect of the caller', (tickMs) => {
    expect(() => new TimerWheel(new FakeClock(), tickMs)).toThrow('must be positive');
  });
});

describe('cancelling', () => {
  test('a cancelled entry does not fire, and cancelling twice is harmless', () => {
    const { clock, wheel, fired, entry } = setup();
    const a = entry('a');
    wheel.schedule(a, 100);
    expect(wheel.isScheduled(a)).toBe(true);
    wheel.cancel(a);
    wheel.cancel(a);
    wheel.cancel(entry('never scheduled'));
    expect([wheel.size, wheel.isScheduled(a)]).toEqual([0, false]);
    clock.advance(1000);
    expect(fired).toEqual([]);
  });

  test('another wheel cannot cancel or take over an entry', () => {
    const one = setup();
    const other = setup();
    const a = one.entry('a');
    one.wheel.schedule(a, 100);
    other.wheel.cancel(a);
    expect(() => other.wheel.schedule(a, 100)).toThrow('an entry cannot be on two wheels');
    expect([one.wheel.size, other.wheel.size]).toEqual([1, 0]);
    one.clock.advance(100);
    other.wheel.schedule(a, 100);
    expect(other.wheel.size).toBe(1);
  });
});

describe('callbacks', () => {
  test('an entry may schedule itself again, and is not called twice in one tick', () => {
    const { clock, wheel, fired, entry } = setup();
    const a: WheelEntry = entry('a', () => wheel.schedule(a, 0));
    wheel.schedule(a, 100);
    clock.advance(300);
    expect(fired).toEqual([
      ['a', 100],
      ['a', 200],
      ['a', 300],
    ]);
  });

  test('an entry is off the wheel while it is called', () => {
    const { clock, wheel, entry } = setup();
    const seen: unknown[] = [];
    const a: WheelEntry = entry('a', () => seen.push(wheel.size, wheel.isScheduled(a)));
    wheel.schedule(a, 100);
    clock.advance(100);
    expect(seen).toEqual([0, false]);
  });

  test('an entry due in the same tick can be cancelled, or put off, by one before it', () => {
    const { clock, wheel, fired, entry } = setup();
    const cancelled = entry('cancelled');
    const putOff = entry('put off');
    const first = entry('first', () => {
      wheel.cancel(cancelled);
      wheel.schedule(putOff, 200);
      wheel.cancel(first);
    });
    for (const each of [first, cancelled, putOff, entry('last')]) wheel.schedule(each, 100);
    clock.advance(100);
    expect(fired.map(([name]) => name)).toEqual(['first', 'last']);
    expect(wheel.size).toBe(1);
    clock.advance(200);
    expect(fired.at(-1)).toEqual(['put off', 300]);
  });

  test('when the last callback cancels everything, no timer is left', () => {
    const { clock, wheel, entry } = setup();
    const far = entry('far');
    wheel.schedule(far, 60_000);
    wheel.schedule(
      entry('near', () => wheel.cancel(far)),
      100,
    );
    clock.advance(100);
    expect([wheel.size, clock.pendingTimers]).toEqual([0, 0]);
  });

  test('when one callback schedules what the next one cancels, no timer is left', () => {
    const { clock, wheel, entry } = setup();
    const other = entry('other');
    wheel.schedule(
      entry('first', () => wheel.schedule(other, 5000)),
      100,
    );
    wheel.schedule(
      entry('second', () => wheel.cancel(other)),
      100,
    );
    wheel.schedule(entry('last'), 100);
    clock.advance(100);
    expect([wheel.size, clock.pendingTimers]).toEqual([0, 0]);
  });

  test('what callbacks throw goes to onError after the others have run, and the wheel turns on', () => {
    const events: unknown[] = [];
    const { clock, wheel, entry } = setup({ onError: (error) => events.push((error as Error).message) });
    const failing = (name: string) =>
      entry(name, () => {
        throw new Error(name);
      });
    wheel.schedule(failing('one'), 100);
    wheel.schedule(failing('two'), 100);
    wheel.schedule(
      entry('good', () => events.push('good')),
      100,
    );
    wheel.schedule(
      entry('later', () => events.push('later')),
      200,
    );
    clock.advance(200);
    expect(events).toEqual(['good', 'one', 'two', 'later']);
  });

  test('without onError one error is thrown by the timer as it is, several as an AggregateError', () => {
    const { clock, wheel, fired, entry } = setup();
    const error = new Error('mine');
    const failing = () =>
      entry('failing', () => {
        throw error;
      });
    wheel.schedule(failing(), 100);
    wheel.schedule(entry('good'), 100);
    wheel.schedule(failing(), 200);
    wheel.schedule(failing(), 200);
    expect(() => clock.advance(100)).toThrow(error);
    expect(fired.map(([name]) => name)).toEqual(['failing', 'good']);
    expect(() => clock.advance(100)).toThrow(AggregateError);
    expect(wheel.size).toBe(0);
  });
});

describe('the one timer', () => {
  test('it exists only while something is scheduled, and never keeps the process alive', () => {
    const { clock, wheel, entry } = setup();
    expect(clock.pendingTimers).toBe(0);
    const entries = Array.from({ length: 10_000 }, (_, index) => entry(`${index}`));
    for (const [index, each] of entries.entries()) wheel.schedule(each, index * 7);
    expect([wheel.size, clock.pendingTimers, clock.keepsProcessAlive]).toEqual([10_000, 1, false]);
    clock.advance(35_000);
    expect([clock.pendingTimers, clock.keepsProcessAlive]).toEqual([1, false]);
    clock.advance(70_000);
    expect([wheel.size, clock.pendingTimers]).toEqual([0, 0]);
    wheel.schedule(entry('again'), 100);
    expect(clock.pendingTimers).toBe(1);
  });

  test('rescheduling sets no new timer, and a wheel with only far deadlines sleeps', () => {
    const clock = new FakeClock();
    let timersSet = 0;
    const counting = {
      now: () => clock.now(),
      setTimer: (delayMs: number, fn: () => void) => {
        timersSet++;
        return clock.setTimer(delayMs, fn);
      },
    };
    const wheel = new TimerWheel(counting);
    const entry = createWheelEntry(() => {});
    for (let round = 0; round < 1000; round++) wheel.schedule(entry, 30_000 + round);
    expect(timersSet).toBe(1);
    clock.advance(29_000);
    expect(timersSet).toBe(1);
    clock.advance(10_000);
    expect(wheel.size).toBe(0);
    expect(timersSet).toBeLessThanOrEqual(2);
  });

  test('a clock that calls too early fires nothing too early', () => {
    let nowMs = 0;
    const pending: (() => void)[] = [];
    const noTimer = { cancel: () => {}, ref: () => {}, unref: () => {} };
    const hasty = {
      now: () => nowMs,
      setTimer: (_delayMs: number, fn: () => void) => {
        pending.push(fn);
        return noTimer;
      },
    };
    const wheel = new TimerWheel(hasty);
    const fired: number[] = [];
    wheel.schedule(
      createWheelEntry((atMs) => fired.push(atMs)),
      100,
    );
    nowMs = 99.4;
    pending.shift()?.();
    expect([fired, pending.length]).toEqual([[], 1]);
    nowMs = 100.2;
    pending.shift()?.();
    expect([fired, pending.length]).toEqual([[100.2], 0]);
  });
});

describe('a blocked event loop', () => {
  test('everything overdue fires once, in order, and callbacks learn the real time', () => {
    const { clock, wheel, fired, entry } = setup();
    for (const delayMs of [5000, 100, 2000]) wheel.schedule(entry(`${delayMs}`), delayMs);
    wheel.schedule(entry('not yet'), 20_000);
    clock.block(10_050);
    expect(fired).toEqual([
      ['100', 10_050],
      ['2000', 10_050],
      ['5000', 10_050],
    ]);
    clock.advance(10_000);
    expect(fired.at(-1)).toEqual(['not yet', 20_000]);
  });

  test('a stall of many turns misses nobody', () => {
    const { clock, wheel, fired, entry } = setup();
    for (let delayMs = 100; delayMs <= 200_000; delayMs += 100) wheel.schedule(entry(`${delayMs}`), delayMs);
    wheel.schedule(entry('next year'), 3e10);
    clock.block(1e9);
    expect(fired).toHaveLength(2000);
    expect(new Set(fired.map(([name]) => name)).size).toBe(2000);
    expect(wheel.size).toBe(1);
  });
});

test('a moment that division rounds up to a tick is still before that tick', () => {
  const startMs = 51.53631914665291;
  const momentMs = 113.9363191466529;
  const tickAtMs = startMs + 624 * 0.1;
  expect([(momentMs - startMs) / 0.1, tickAtMs > momentMs]).toEqual([624, true]);
  const { clock, wheel, fired, entry } = setup({ startMs, tickMs: 0.1 });
  wheel.schedule(entry('overdue'), 1);
  wheel.schedule(entry('not yet'), tickAtMs - startMs);
  clock.block(momentMs - startMs);
  expect(clock.now()).toBe(momentMs);
  expect(fired).toEqual([['overdue', momentMs]]);
});

test('no rounding of fractions makes an entry fire early, or more than one tick late', () => {
  const tenths = fc.nat({ max: 100_000 }).map((tenth) => tenth / 10);
  const anyFraction = fc.oneof(tenths, fc.double({ min: 0, max: 10_000, noNaN: true }));
  const anyTick = fc.oneof(fc.constantFrom(0.1, 0.3, 0.7, 1.1), fc.double({ min: 0.1, max: 10, noNaN: true }));
  fc.assert(
    fc.property(anyFraction, anyFraction, anyFraction, anyTick, (startMs, idleMs, delayMs, tickMs) => {
      const { clock, wheel, fired, entry } = setup({ startMs, tickMs });
      clock.advance(idleMs);
      const dueMs = clock.now() + delayMs;
      wheel.schedule(entry('a'), delayMs);
      clock.advance(delayMs + 2 * tickMs);
      const atMs = fired[0]?.[1] ?? Number.NaN;
      expect(atMs).toBeGreaterThanOrEqual(dueMs);
      expect(atMs).toBeLessThanOrEqual(dueMs + tickMs + 1e-6);
    }),
    { numRuns: 3000 },
  );
});

/** Actions of a test from outside, and of callbacks from inside. */
type Step = Change | { readonly kind: 'advance' | 'block'; readonly ms: number };
type Change =
  | { readonly kind: 'schedule'; readonly target: number; readonly delayMs: number }
  | { readonly kind: 'cancel'; readonly target: number };

const targets = 12;
const anyTarget = fc.nat({ max: targets - 1 });
const anyMs = fc.oneof(fc.nat({ max: 3000 }), fc.nat({ max: 200_000 }), fc.double({ min: 0, max: 900, noNaN: true }));
const schedule = fc.record({ kind: fc.constant('schedule' as const), target: anyTarget, delayMs: anyMs });
const cancel = fc.record({ kind: fc.constant('cancel' as const), target: anyTarget });
const pass = fc.record({ kind: fc.constantFrom('advance' as const, 'block' as const), ms: anyMs });

test('whatever is done, inside callbacks too, the wheel agrees with a list of deadlines', () => {
  fc.assert(
    fc.property(
      fc.double({ min: 0, max: 1e7, noNaN: true }),
      fc.array(fc.oneof({ weight: 3, arbitrary: schedule }, cancel, { weight: 2, arbitrary: pass }), { maxLength: 60 }),
      fc.array(fc.option(fc.oneof(schedule, cancel)), { maxLength: 40 }),
      (startMs, steps: Step[], reactions: (Change | null)[]) => {
        const clock = new FakeClock(startMs);
        const wheel = new TimerWheel(clock);
        const deadlines = new Map<number, number>();
        const entries = Array.from({ length: targets }, (_, target) =>
          createWheelEntry((nowMs) => {
            const dueMs = deadlines.get(target);
            expect(dueMs, 'only what is scheduled fires').toBeDefined();
            expect(nowMs, 'never early').toBeGreaterThanOrEqual(dueMs ?? Infinity);
            expect(nowMs).toBe(clock.now());
            deadlines.delete(target);
            const reaction = reactions.shift();
            if (reaction) perform(reaction);
          }),
        );
        const perform = (step: Step): void => {
          switch (step.kind) {
            case 'advance':
              return clock.advance(step.ms);
            case 'block':
              return clock.block(step.ms);
            case 'schedule':
              deadlines.set(step.target, clock.now() + step.delayMs);
              return wheel.schedule(entries[step.target] as WheelEntry, step.delayMs);
            case 'cancel':
              deadlines.delete(step.target);
              return wheel.cancel(entries[step.target] as WheelEntry);
          }
        };
        for (const step of steps) {
          perform(step);
          expect(wheel.size).toBe(deadlines.size);
          expect(clock.pendingTimers).toBe(deadlines.size > 0 ? 1 : 0);
          for (const [target, dueMs] of deadlines) {
            expect(wheel.isScheduled(entries[target] as WheelEntry)).toBe(true);
            expect(clock.now(), 'at most one tick late').toBeLessThan(dueMs + wheel.granularityMs + 1e-6);
          }
        }
      },
    ),
    { numRuns: 500 },
  );
});

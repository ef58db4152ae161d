import { expect, test } from 'vitest';
import { FakeClock } from '../support/fake-clock.ts';

test('timers run at their own time, those set meanwhile included, ties in the order they were set', () => {
  const clock = new FakeClock(1000);
  const calls: [string, number][] = [];
  const log = (name: string) => () => calls.push([name, clock.now()]);
  clock.setTimer(30, log('c'));
  clock.setTimer(10, () => {
    log('a')();
    clock.setTimer(5, log('b'));
  });
  clock.setTimer(30, log('d'));
  clock.setTimer(31, log('not yet'));
  clock.advance(30);
  expect(calls).toEqual([
    ['a', 1010],
    ['b', 1015],
    ['c', 1030],
    ['d', 1030],
  ]);
  expect([clock.now(), clock.pendingTimers]).toEqual([1030, 1]);
});

test('after a blocked event loop everything overdue runs at the end', () => {
  const clock = new FakeClock();
  const calls: number[] = [];
  clock.setTimer(20, () => calls.push(clock.now()));
  clock.setTimer(10, () => calls.push(clock.now()));
  clock.block(50);
  expect(calls).toEqual([50, 50]);
});

test('timers that set each other without a delay fail the test instead of hanging it', () => {
  const clock = new FakeClock();
  const again = () => void clock.setTimer(0, again);
  again();
  expect(() => clock.advance(1)).toThrow('without any time passing');
});

test('a cancelled timer never runs, and references are counted', () => {
  const clock = new FakeClock();
  const timer = clock.setTimer(10, () => expect.fail('it ran'));
  expect(clock.keepsProcessAlive).toBe(true);
  timer.unref();
  expect(clock.keepsProcessAlive).toBe(false);
  timer.ref();
  expect(clock.keepsProcessAlive).toBe(true);
  timer.cancel();
  clock.advance(100);
  expect(clock.pendingTimers).toBe(0);
});

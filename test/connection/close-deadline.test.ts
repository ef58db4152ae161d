import { expect, test } from 'vitest';
import { CloseDeadline } from '../../src/connection/session/close-deadline.ts';
import type { BatchWriter } from '../../src/transport/batch-writer.ts';
import { TimerWheel } from '../../src/util/timer-wheel.ts';
import { FakeClock } from '../support/fake-clock.ts';

function begin(unsentBytes: number) {
  const clock = new FakeClock();
  const writer = { unsentBytes };
  const ends: number[] = [];
  const wheel = new TimerWheel(clock, 100);
  const deadline = new CloseDeadline(wheel, writer as BatchWriter, 1000, () => void ends.push(clock.now()));
  deadline.start();
  return { clock, writer, ends, deadline };
}

test('a closing handshake without progress is given up after its timeout', () => {
  const { clock, ends } = begin(1000);
  clock.advance(5000);
  expect(ends).toEqual([1000]);
});

test('progress extends it, as long as there is some', () => {
  const { clock, writer, ends } = begin(1000);
  for (let i = 0; i < 3; i++) {
    clock.advance(900);
    writer.unsentBytes -= 100;
    clock.advance(100);
  }
  expect(ends).toEqual([]);
  clock.advance(2000);
  expect(ends).toEqual([4000]);
});

test('so does everything having left', () => {
  const { clock, ends, deadline } = begin(0);
  clock.advance(500);
  deadline.onDrain();
  clock.advance(5000);
  expect(ends).toEqual([2000]);
});

test('a peer that reads a little now and then gets twelve times as long, and no more', () => {
  const { clock, writer, ends } = begin(1_000_000);
  for (let i = 0; i < 200; i++) {
    clock.advance(100);
    writer.unsentBytes--;
  }
  expect(ends).toEqual([12_000]);
});

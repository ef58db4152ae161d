import { beforeEach, describe, expect, test } from 'vitest';
import { Heartbeat, type HeartbeatHost } from '../../src/connection/pings/heartbeat.ts';
import { TimerWheel } from '../../src/util/timer-wheel.ts';
import { turns } from '../support/eventually.ts';
import { FakeClock } from '../support/fake-clock.ts';

class FakeConnection implements HeartbeatHost {
  isOpen = true;
  isReading = true;
  hasReceived = false;
  drains = 0;
  readonly writer = { unsentBytes: 0 };
  expired = 0;

  expire(): void {
    this.isOpen = false;
    this.expired++;
  }
}

let clock: FakeClock;
let wheel: TimerWheel;
let host: FakeConnection;
let beats: number[];

beforeEach(() => {
  clock = new FakeClock();
  wheel = new TimerWheel(clock, 100);
  host = new FakeConnection();
  beats = [];
});

function start(intervalMs: number, timeoutMs = intervalMs, maxPauseMs = 3_600_000): Heartbeat {
  const rules = { intervalMs, timeoutMs, maxPauseMs, beat: () => beats.push(clock.now()) };
  const heartbeat = new Heartbeat(host, rules, clock, wheel);
  heartbeat.start();
  return heartbeat;
}

function receiveEvery(ms: number, untilMs: number): void {
  for (let at = ms; at <= untilMs; at += ms) {
    clock.advance(ms);
    host.hasReceived = true;
  }
}

describe('a connection on which nothing arrives', () => {
  test('sends a ping after the interval, and is dead when nothing has come for as long again', async () => {
    start(10_000);
    clock.advance(9_999);
    expect(beats).toEqual([]);
    clock.advance(201);
    expect(beats).toHaveLength(1);
    clock.advance(9_700);
    await turns(2);
    expect(host.expired).toBe(0);
    clock.advance(500);
    await turns(2);
    expect(host.expired).toBe(1);
    expect(beats).toHaveLength(1);
    expect(clock.pendingTimers).toBe(0);
  });

  test('waits for the timeout that was given', async () => {
    start(1000, 5000);
    clock.advance(5900);
    await turns(2);
    expect(host.expired).toBe(0);
    clock.advance(400);
    await turns(2);
    expect(host.expired).toBe(1);
  });

  test('only beats, when silence means nothing', async () => {
    start(1000, 0);
    clock.advance(10_900);
    await turns(2);
    expect(beats.length).toBeGreaterThanOrEqual(8);
    expect(host.expired).toBe(0);
  });
});

describe('a connection on which something arrives', () => {
  test('sends no ping while data comes', () => {
    start(10_000);
    receiveEvery(900, 60_000);
    expect(beats).toEqual([]);
  });

  test('sends the next ping an interval after that, at most an eighth late', () => {
    start(8000);
    clock.advance(3000);
    host.hasReceived = true;
    clock.advance(7999);
    expect(beats).toEqual([]);
    clock.advance(1201);
    expect(beats).toHaveLength(1);
  });

  test('lives on by data alone, without a single pong', async () => {
    start(1000);
    clock.advance(1300);
    expect(beats).toHaveLength(1);
    host.hasReceived = true;
    clock.advance(1000);
    await turns(2);
    expect(host.expired).toBe(0);
  });

  test('beats again and again while it is answered', async () => {
    start(1000);
    for (let i = 0; i < 100; i++) {
      clock.advance(100);
      if (beats.at(-1) === clock.now()) host.hasReceived = true;
    }
    await turns(2);
    expect(beats.length).toBeGreaterThanOrEqual(7);
    expect(host.expired).toBe(0);
  });
});

describe('what is no evidence of death', () => {
  test('an event loop that was blocked: the peer is asked again, and has its time', async () => {
    start(1000);
    clock.advance(1200);
    expect(beats).toHaveLength(1);
    clock.block(60_000);
    await turns(2);
    expect(host.expired).toBe(0);
    expect(beats).toHaveLength(2);
    host.hasReceived = true;
    clock.advance(1500);
    await turns(2);
    expect(host.expired).toBe(0);
  });

  test('a machine that slept: a peer that went away meanwhile is noticed after one more timeout', async () => {
    start(1000);
    clock.advance(1200);
    clock.block(3_600_000);
    clock.advance(1500);
    await turns(2);
    expect(host.expired).toBe(1);
  });

  test('but a loop that is blocked for ever and ever keeps nobody alive', async () => {
    start(1000);
    for (let i = 0; i < 10; i++) {
      clock.block(2000);
      await turns(2);
    }
    expect(host.expired).toBe(1);
  });

  test('what is in the socket already, and is read right after the timers', async () => {
    start(1000);
    clock.advance(2400);
    expect(host.expired).toBe(0);
    host.hasReceived = true;
    await turns(2);
    expect(host.expired).toBe(0);
    clock.advance(500);
    await turns(2);
    expect(host.expired).toBe(0);
  });

  test('silence while nothing is read, unless nothing leaves either', async () => {
    start(1000);
    host.isReading = false;
    clock.advance(10_000);
    await turns(2);
    expect(host.expired).toBe(0);
    expect(beats.length).toBeGreaterThan(3);

    for (let left = 20; left > 0; left--) {
      host.writer.unsentBytes = left;
      clock.advance(300);
      await turns(2);
    }
    expect(host.expired).toBe(0);
    clock.advance(5000);
    await turns(2);
    expect(host.expired).toBe(1);
  });

  test('a pause that ends right before the time is over', async () => {
    start(1000);
    clock.advance(1200);
    host.isReading = false;
    clock.advance(600);
    host.isReading = true;
    clock.advance(600);
    await turns(2);
    expect(host.expired).toBe(0);
    clock.advance(1500);
    await turns(2);
    expect(host.expired).toBe(1);
  });

  test('a ping that still waits behind data that leaves', async () => {
    start(1000);
    for (let left = 20; left > 0; left--) {
      host.writer.unsentBytes = left;
      clock.advance(300);
      await turns(2);
    }
    expect(beats).toHaveLength(1);
    expect(host.expired).toBe(0);
    clock.advance(4000);
    await turns(2);
    expect(host.expired).toBe(1);
  });
});

describe('a heartbeat that is stopped', () => {
  test('leaves no timer and does nothing any more', async () => {
    const heartbeat = start(1000);
    clock.advance(1200);
    heartbeat.stop();
    expect(clock.pendingTimers).toBe(0);
    clock.advance(10_000);
    await turns(2);
    expect(beats).toHaveLength(1);
    expect(host.expired).toBe(0);
  });

  test('between the deadline and the last look does not end the connection', async () => {
    const heartbeat = start(1000);
    clock.advance(2500);
    heartbeat.stop();
    await turns(2);
    expect(host.expired).toBe(0);
  });

  test('by the end of the connection leaves no timer', () => {
    start(1000);
    host.isOpen = false;
    clock.advance(1000);
    expect(clock.pendingTimers).toBe(0);
  });
});

describe('a pause without a break', () => {
  test('ends the connection after its longest time, although the peer may be well', () => {
    start(1000, 1000, 60_000);
    clock.advance(500);
    host.isReading = false;
    clock.advance(60_000);
    expect(host.expired).toBe(0);
    clock.advance(1_000);
    expect(host.expired).toBe(1);
  });

  test('begins anew whenever something was read in between', () => {
    start(1000, 1000, 60_000);
    for (let i = 0; i < 5; i++) {
      host.isReading = false;
      clock.advance(50_000);
      host.isReading = true;
      host.hasReceived = true;
      clock.advance(500);
      host.hasReceived = true;
    }
    expect(host.expired).toBe(0);
  });
});

import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { UsageError } from '../../src/index.ts';
import {
  planShutdown,
  resolveShutdownOptions,
  Shutdown,
  type ShutdownOptions,
} from '../../src/server/life/shutdown.ts';
import { TimerWheel } from '../../src/util/timer-wheel.ts';
import { FakeClock } from '../support/fake-clock.ts';

describe('the plan of a shutdown', () => {
  test('gives each client a part of the time, and a random moment in it', () => {
    expect(planShutdown(4, { deadlineMs: 10_000, staggerMs: 1000 }, () => 0)).toEqual([0, 250, 500, 750]);
    expect(planShutdown(4, { deadlineMs: 10_000, staggerMs: 1000 }, () => 0.5)).toEqual([125, 375, 625, 875]);
    expect(planShutdown(3, { deadlineMs: 10_000, staggerMs: 0 }, () => 0.9)).toEqual([0, 0, 0]);
    expect(planShutdown(0, { deadlineMs: 10_000 }, () => 0.9)).toEqual([]);
  });

  test('takes 10 ms for each client, and half of the deadline at most', () => {
    expect(planShutdown(2, { deadlineMs: 10_000 }, () => 0.999).at(-1)).toBeCloseTo(20, 0);
    expect(planShutdown(10_000, { deadlineMs: 10_000 }, () => 0.999).at(-1)).toBeCloseTo(5000, 0);
  });

  test('is ascending and within its time, whatever chance does', () => {
    const chances = fc.array(fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }), { minLength: 1 });
    fc.assert(
      fc.property(fc.nat(200), fc.integer({ min: 0, max: 60_000 }), chances, (count, deadlineMs, list) => {
        let at = 0;
        const delays = planShutdown(count, { deadlineMs }, () => list[at++ % list.length] as number);
        expect(delays).toHaveLength(count);
        expect(delays).toEqual(delays.toSorted((a, b) => a - b));
        expect(Math.max(0, ...delays)).toBeLessThanOrEqual(deadlineMs / 2);
      }),
    );
  });
});

describe('its options', () => {
  test('have defaults', () => {
    const { signal, ...rest } = resolveShutdownOptions({});
    expect(signal).toBeUndefined();
    expect(rest).toEqual({
      deadlineMs: 10_000,
      plainDeadlineMs: 10_000,
      code: 1012,
      reason: 'Service restart',
      staggerMs: undefined,
    });
  });

  test.each([
    ['deadlineMs', { deadlineMs: -1 }],
    ['deadlineMs', { deadlineMs: 2 ** 31 }],
    ['code', { code: 1005 }],
    ['reason', { reason: 'x'.repeat(124) }],
    ['staggerMs', { staggerMs: 20_000 }],
    ['signal', { signal: {} }],
    ['deadline', { deadline: 5 }],
  ])('are refused, naming %s', (name, options) => {
    expect(() => resolveShutdownOptions(options as ShutdownOptions)).toThrow(UsageError);
    expect(() => resolveShutdownOptions(options as ShutdownOptions)).toThrow(name);
  });
});

describe('a shutdown under way', () => {
  function begin(options: ShutdownOptions, delaysMs: readonly number[]) {
    const clock = new FakeClock();
    const events: string[] = [];
    const host = {
      clock,
      wheel: new TimerWheel(clock, 100),
      cutPlain: () => void events.push(`cut plain at ${clock.now()}`),
      cut: () => void events.push(`cut at ${clock.now()}`),
    };
    const shutdown = new Shutdown(host, resolveShutdownOptions(options));
    const clients = delaysMs.map((_, i) => ({
      close: (code: number, reason: string) => void events.push(`${i}: ${code} ${reason} at ${clock.now()}`),
    }));
    shutdown.start(clients, delaysMs);
    return { clock, events, shutdown, host };
  }

  test('tells each client at its time, and cuts off at the deadline', () => {
    const { clock, events } = begin({ deadlineMs: 2000 }, [0, 250, 1000]);
    expect(events).toEqual(['0: 1012 Service restart at 0']);
    clock.advance(5000);
    expect(events.slice(1)).toEqual([
      '1: 1012 Service restart at 300',
      '2: 1012 Service restart at 1000',
      'cut plain at 2000',
      'cut at 2000',
    ]);
    expect(clock.pendingTimers).toBe(0);
  });

  test('leaves no timer behind when everything is gone early', () => {
    const { clock, events, shutdown, host } = begin({ deadlineMs: 2000 }, [0]);
    shutdown.onClientClosed({ code: 1012, reason: '', remote: false, layer: 'websocket' }, 0);
    expect(shutdown.end()).toEqual({ closed: 1, terminated: 0, unsentBytes: 0 });
    clock.advance(5000);
    expect(events).toHaveLength(1);
    expect(host.wheel.size).toBe(0);
  });

  test('is brought forward', () => {
    const { clock, events, shutdown } = begin({ deadlineMs: 2000, staggerMs: 1000 }, [500, 900]);
    clock.advance(100);
    shutdown.hurry();
    expect(events).toEqual(['0: 1012 Service restart at 100', '1: 1012 Service restart at 100']);
    clock.advance(5000);
    expect(events.at(-1)).toBe('cut at 2000');
  });

  test('is cut short by its signal, and listens to it no longer at the end', () => {
    const ender = new AbortController();
    const { events, shutdown } = begin({ signal: ender.signal }, [500]);
    ender.abort();
    expect(events).toEqual(['cut plain at 0', 'cut at 0']);
    shutdown.end();
    const aborted = begin({ signal: AbortSignal.abort() }, [500]);
    expect(aborted.events).toEqual(['cut plain at 0', 'cut at 0']);
  });

  test('counts what ended in order, what did not, and what was not sent', () => {
    const { shutdown, clock } = begin({ deadlineMs: 1000 }, []);
    const end = { code: 1012, reason: '', remote: false } as const;
    shutdown.onClientClosed({ ...end, layer: 'websocket' }, 0);
    shutdown.onPlainClosed();
    shutdown.onClientClosed({ ...end, layer: 'transport' }, 70);
    clock.advance(1000);
    shutdown.onPlainClosed();
    expect(shutdown.end()).toEqual({ closed: 2, terminated: 2, unsentBytes: 70 });
  });
});

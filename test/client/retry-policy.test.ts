import { describe, expect, test } from 'vitest';
import {
  type Departure,
  type EndedAttempt,
  planRetry,
  type RetryRules,
} from '../../src/client/reconnection/retry-policy.ts';

const seed: RetryRules = {
  minWaitMs: 1,
  maxWaitMs: 10_000,
  jitter: 0,
  minUptimeMs: 5000,
  spreadMs: 1000,
  maxRetries: Infinity,
};
const failed: EndedAttempt = { kind: 'failed', isHopeless: false, retryAfterMs: undefined };
const closedAfter = (uptimeMs: number, departure: Departure = 'single'): EndedAttempt => ({
  kind: 'closed',
  uptimeMs,
  departure,
});
const unused = (): number => {
  throw new Error('chance was not asked for');
};
const half = (): number => 0.5;

function waits(count: number, rules: RetryRules, random: () => number): number[] {
  const result: number[] = [];
  for (let retries = 0; retries < count; retries++) {
    const plan = planRetry(failed, retries, rules, random);
    if (plan.kind !== 'retry') throw new Error(`${plan.kind} after ${retries}`);
    expect(plan.retries).toBe(retries + 1);
    result.push(plan.waitMs);
  }
  return result;
}

describe('by default', () => {
  test('waits are those of IXWebSocket, whatever chance says', () => {
    expect(waits(10, seed, half)).toEqual([100, 200, 400, 800, 1600, 3200, 6400, 10_000, 10_000, 10_000]);
    expect(waits(100, seed, half).at(-1)).toBe(10_000);
  });

  test('a connection that lasted is made again at once, and counting begins anew', () => {
    expect(planRetry(closedAfter(5000), 7, seed, half)).toEqual({ kind: 'retry', retries: 0, waitMs: 0 });
  });

  test('one whose server went away is made again at some moment of the next second', () => {
    expect(planRetry(closedAfter(5000, 'gone'), 7, seed, half)).toEqual({ kind: 'retry', retries: 0, waitMs: 500 });
    expect(planRetry(closedAfter(5000, 'gone'), 7, seed, () => 0)).toMatchObject({ waitMs: 0 });
    expect(planRetry(closedAfter(5000, 'gone'), 7, { ...seed, spreadMs: 0 }, half)).toMatchObject({ waitMs: 0 });
    expect(planRetry(closedAfter(5000, 'gone'), 7, { ...seed, maxWaitMs: 300 }, half)).toMatchObject({ waitMs: 300 });
  });

  test('one whose server was busy waits in any case', () => {
    expect(planRetry(closedAfter(5000, 'busy'), 7, seed, half)).toEqual({ kind: 'retry', retries: 0, waitMs: 600 });
    expect(planRetry(closedAfter(5000, 'busy'), 7, seed, () => 0)).toMatchObject({ waitMs: 100 });
  });

  test('one that did not last counts as a failed attempt, whoever ended it', () => {
    for (const departure of ['single', 'gone', 'busy'] as const) {
      expect(planRetry(closedAfter(4999, departure), 3, seed, half)).toEqual({
        kind: 'retry',
        retries: 4,
        waitMs: 800,
      });
    }
  });

  test('what cannot heal is not tried again', () => {
    expect(planRetry({ ...failed, isHopeless: true }, 0, seed, unused)).toEqual({ kind: 'stop' });
  });
});

describe('with jitter', () => {
  const full: RetryRules = { ...seed, jitter: 1 };

  test('a full one leaves everything from the minimum to the wait to chance', () => {
    expect(waits(3, full, () => 0)).toEqual([100, 200, 400]);
    expect(waits(3, full, half)).toEqual([50, 100, 200]);
    expect(waits(3, { ...full, minWaitMs: 30 }, () => 0.999_999)).toEqual([30, 30, 30]);
  });

  test('a partial one only a part', () => {
    expect(waits(3, { ...seed, jitter: 0.2 }, half)).toEqual([90, 180, 360]);
  });

  test('1000 clients that lose their server together come back spread', () => {
    let state = 1;
    const random = (): number => {
      state = (state * 48_271) % 2_147_483_647;
      return state / 2_147_483_647;
    };
    for (const [ended, retries, lengthMs] of [
      [closedAfter(60_000), 0, 100],
      [failed, 5, 3200],
    ] as const) {
      const tenths = Array.from({ length: 10 }, () => 0);
      for (let i = 0; i < 1000; i++) {
        const plan = planRetry(ended, retries, full, random);
        if (plan.kind !== 'retry') throw new Error('no retry');
        const tenth = Math.min(9, Math.floor((plan.waitMs / lengthMs) * 10));
        tenths[tenth] = (tenths[tenth] ?? 0) + 1;
      }
      for (const count of tenths) expect(count).toBeGreaterThan(50);
    }
  });
});

describe('a connection shorter than minUptimeMs', () => {
  const rules: RetryRules = { ...seed, minUptimeMs: 5000 };

  test('counts as a failed attempt', () => {
    expect(planRetry(closedAfter(4999), 3, rules, half)).toEqual({ kind: 'retry', retries: 4, waitMs: 800 });
    expect(planRetry(closedAfter(10), 3, { ...rules, maxRetries: 3 }, half)).toEqual({ kind: 'giveUp', retries: 4 });
  });

  test('and one as long does not', () => {
    expect(planRetry(closedAfter(5000), 3, rules, half)).toEqual({ kind: 'retry', retries: 0, waitMs: 0 });
  });
});

test('maxRetries failures are followed by another attempt, and the next one is not', () => {
  expect(planRetry(failed, 0, { ...seed, maxRetries: 0 }, half)).toEqual({ kind: 'giveUp', retries: 1 });
  expect(planRetry(failed, 1, { ...seed, maxRetries: 2 }, half)).toMatchObject({ kind: 'retry', retries: 2 });
  expect(planRetry(failed, 2, { ...seed, maxRetries: 2 }, half)).toEqual({ kind: 'giveUp', retries: 3 });
});

test('Retry-After lengthens a wait, never shortens it, and five minutes are the end', () => {
  const after = (retryAfterMs: number, retries: number): unknown =>
    planRetry({ ...failed, retryAfterMs }, retries, seed, half);
  expect(after(3000, 0)).toEqual({ kind: 'retry', retries: 1, waitMs: 3000 });
  expect(after(3000, 6)).toEqual({ kind: 'retry', retries: 7, waitMs: 6400 });
  expect(after(60_000, 0)).toMatchObject({ waitMs: 60_000 });
  expect(after(3_600_000, 0)).toMatchObject({ waitMs: 300_000 });
  expect(after(0, 0)).toMatchObject({ waitMs: 100 });
});

test('the maximum wins against a minimum above it', () => {
  expect(waits(2, { ...seed, minWaitMs: 500, maxWaitMs: 20, jitter: 1 }, half)).toEqual([20, 20]);
});

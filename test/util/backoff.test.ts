import fc from 'fast-check';
import { expect, test } from 'vitest';
import { calculateRetryWaitMilliseconds } from '../../src/util/backoff.ts';

test.each([
  [0, 100],
  [1, 200],
  [2, 400],
  [3, 800],
  [4, 1600],
  [5, 3200],
  [6, 6400],
  [7, 10_000],
  [20, 10_000],
  [25, 10_000],
  [26, 10_000],
  [27, 10_000],
  [1_000_000, 10_000],
])('retry %i waits %i ms between 100 ms and 10 s', (retryCount, expectedMs) => {
  expect(calculateRetryWaitMilliseconds(retryCount, 10_000, 100)).toBe(expectedMs);
});

test.each([
  [0, 10_000, 1, 100, 'the default minimum of 1 ms changes nothing'],
  [0, 10_000, 300, 300, 'the first wait is raised to the minimum'],
  [1, 10_000, 300, 300, 'and so is the second'],
  [2, 10_000, 300, 400, 'but not those above it'],
  [0, 50, 1, 50, 'a maximum below the first wait holds'],
  [0, 50, 500, 50, 'a maximum below the minimum wins'],
  [25, 2 ** 40, 1, 2 ** 25 * 100, 'the last doubling is not cut to 32 bits'],
  [26, 2 ** 40, 1, 2 ** 40, 'from 26 on the maximum is used whatever it is'],
])('retry %i, maximum %i, minimum %i: %i ms, as %s', (retryCount, maxWaitMs, minWaitMs, expectedMs) => {
  expect(calculateRetryWaitMilliseconds(retryCount, maxWaitMs, minWaitMs)).toBe(expectedMs);
});

test('waits never shrink from one retry to the next, and stay within the limits', () => {
  const anyMs = fc.nat({ max: 10_000_000 });
  fc.assert(
    fc.property(fc.nat({ max: 60 }), anyMs, anyMs, (retryCount, one, other) => {
      const minWaitMs = Math.min(one, other);
      const maxWaitMs = Math.max(one, other);
      const waitMs = calculateRetryWaitMilliseconds(retryCount, maxWaitMs, minWaitMs);
      expect(waitMs).toBeGreaterThanOrEqual(minWaitMs);
      expect(waitMs).toBeLessThanOrEqual(maxWaitMs);
      expect(calculateRetryWaitMilliseconds(retryCount + 1, maxWaitMs, minWaitMs)).toBeGreaterThanOrEqual(waitMs);
    }),
  );
});

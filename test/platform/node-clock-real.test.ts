import { expect, test } from 'vitest';
import { nodeClock } from '../../src/platform/node-clock.ts';

test.each([0, 0.1, 1, 5])('a real timer of %d ms is not early, and not part of the call', async (delayMs) => {
  const startMs = nodeClock.now();
  let hasReturned = false;
  await new Promise<void>((resolve) => {
    nodeClock.setTimer(delayMs, () => {
      expect(hasReturned).toBe(true);
      resolve();
    });
    hasReturned = true;
  });
  expect(nodeClock.now() - startMs).toBeGreaterThanOrEqual(delayMs);
});

test('a real timer that is cancelled does not run before one set later', async () => {
  const calls: string[] = [];
  const cancelled = nodeClock.setTimer(1, () => calls.push('cancelled'));
  cancelled.cancel();
  await new Promise<void>((resolve) => {
    nodeClock.setTimer(3, () => {
      calls.push('kept');
      resolve();
    });
  });
  expect(calls).toEqual(['kept']);
});

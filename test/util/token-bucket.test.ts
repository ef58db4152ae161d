import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { TokenBucket } from '../../src/util/token-bucket.ts';

function takeAll(bucket: TokenBucket, nowMs: number): number {
  let count = 0;
  while (bucket.take(nowMs)) count++;
  return count;
}

describe('a token bucket', () => {
  test('allows the burst at once, and nothing more at the same moment', () => {
    const bucket = new TokenBucket(100, 200, 5000);
    expect(takeAll(bucket, 5000)).toBe(200);
    expect(bucket.take(5000)).toBe(false);
  });

  test('fills up with time, at its rate', () => {
    const bucket = new TokenBucket(100, 200, 0);
    takeAll(bucket, 0);
    expect(bucket.take(9)).toBe(false);
    expect(bucket.take(10)).toBe(true);
    expect(bucket.take(10)).toBe(false);
    expect(takeAll(bucket, 510)).toBe(50);
    expect(takeAll(bucket, 1510)).toBe(100);
  });

  test('never holds more than the burst', () => {
    const bucket = new TokenBucket(100, 200, 0);
    expect(takeAll(bucket, 3_600_000)).toBe(200);
    expect(takeAll(bucket, 7_200_000)).toBe(200);
  });

  test('is full whatever the clock says at the beginning', () => {
    for (const nowMs of [0, 0.5, -1000, 1_800_000_000_000]) {
      expect(takeAll(new TokenBucket(1, 3, nowMs), nowMs)).toBe(3);
    }
  });

  test('refusals cost nothing: asking all the time lets as much through as asking rarely', () => {
    const bucket = new TokenBucket(10, 1, 0);
    let taken = 0;
    for (let nowMs = 0; nowMs <= 10_000; nowMs++) if (bucket.take(nowMs)) taken++;
    expect(taken).toBeGreaterThanOrEqual(99);
    expect(taken).toBeLessThanOrEqual(101);
  });

  test('lets a steady stream below its rate through for ever', () => {
    const bucket = new TokenBucket(100, 200, 0);
    for (let i = 0; i < 10_000; i++) expect(bucket.take(i * 10.5)).toBe(true);
  });

  test('lets through at most burst plus rate times time, and refuses nothing while it has some', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 1000 }),
        fc.integer({ min: 1, max: 300 }),
        fc.array(fc.record({ wait: fc.nat({ max: 2000 }), asks: fc.nat({ max: 50 }) }), { maxLength: 30 }),
        (perSecond, burst, steps) => {
          const bucket = new TokenBucket(perSecond, burst, 0);
          let nowMs = 0;
          let level = burst;
          for (const { wait, asks } of steps) {
            nowMs += wait;
            level = Math.min(burst, level + (wait * perSecond) / 1000);
            let taken = 0;
            for (let i = 0; i < asks; i++) if (bucket.take(nowMs)) taken++;
            expect(taken).toBeLessThanOrEqual(Math.min(asks, Math.floor(level + 1e-6)));
            expect(taken).toBeGreaterThanOrEqual(Math.min(asks, Math.floor(level - 1e-6)));
            level -= taken;
          }
        },
      ),
    );
  });
});

const unitMs = 100;
/** From here on the wait is far beyond any sensible maximum; IXWebSocket's table stops doubling here too. */
const saturatedRetryCount = 26;

/**
 * The wait before attempt number `retryCount` (0 is the first retry): 100 ms, doubled each time,
 * raised to `minWaitMs`, then capped to `maxWaitMs`. The cap wins when the two contradict each other.
 */
export function calculateRetryWaitMilliseconds(retryCount: number, maxWaitMs: number, minWaitMs: number): number {
  if (retryCount >= saturatedRetryCount) return maxWaitMs;
  const waitMs = 2 ** retryCount * unitMs;
  return Math.min(Math.max(waitMs, minWaitMs), maxWaitMs);
}

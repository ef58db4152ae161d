/**
 * The value of `Retry-After` in milliseconds from now: seconds, or a date (RFC 9110 section 10.2.3). A date in the past
 * is 0, and a number too large to hold the largest that is; anything else is `undefined`. There is no other upper limit
 * here.
 *
 * @param nowMs the time of day, as `Date.now()` gives it
 */
export function parseRetryAfter(value: string, nowMs: number): number | undefined {
  if (/^\d+$/.test(value)) return Math.min(Number(value) * 1000, Number.MAX_SAFE_INTEGER);
  // The date parser's reading of less than a date would be a guess; all three forms of a date name a day of the week.
  if (!/^(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun)[a-z]*,? /.test(value)) return undefined;
  // The third form (RFC 9110 section 5.6.7) leaves out that it is GMT.
  const atMs = Date.parse(value.endsWith('GMT') ? value : `${value} GMT`);
  return Number.isNaN(atMs) ? undefined : Math.max(0, atMs - nowMs);
}

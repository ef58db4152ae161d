import { calculateRetryWaitMilliseconds } from '../../util/backoff.ts';

/** A server cannot make a client wait longer than this. */
const MAX_RETRY_AFTER_MS = 300_000;

/** The options that decide when a client connects again. */
export interface RetryRules {
  readonly minWaitMs: number;
  readonly maxWaitMs: number;
  /** The part of a wait that is left to chance, 0 to 1. */
  readonly jitter: number;
  /** Time that a connection must have lasted not to count as a failed attempt. */
  readonly minUptimeMs: number;
  /** Time over which the clients of a server that went away come back, each at a moment of its own. */
  readonly spreadMs: number;
  /** Failures in a row that are followed by another attempt. */
  readonly maxRetries: number;
}

/** The end of an attempt: it failed, or it led to a connection that is over. */
export type EndedAttempt =
  | { readonly kind: 'failed'; readonly isHopeless: boolean; readonly retryAfterMs: number | undefined }
  | { readonly kind: 'closed'; readonly uptimeMs: number; readonly departure: Departure };

/**
 * The way in which a server ended a connection: `gone` takes all of its clients along (1001, 1012, or no close frame),
 * `busy` asks to be left alone (1013), and `single` is about this client.
 */
export type Departure = 'single' | 'gone' | 'busy';

/** The next step. `retries` counts the failures in a row, this one included. */
export type RetryPlan =
  | { readonly kind: 'retry'; readonly retries: number; readonly waitMs: number }
  | { readonly kind: 'giveUp'; readonly retries: number }
  | { readonly kind: 'stop' };

/**
 * Decides on the next attempt.
 *
 * @param retries failures in a row before this one
 * @param random from 0 up to 1, as `Math.random` is
 */
export function planRetry(ended: EndedAttempt, retries: number, rules: RetryRules, random: () => number): RetryPlan {
  const { minWaitMs, maxWaitMs, jitter, minUptimeMs, maxRetries } = rules;
  if (ended.kind === 'closed' && ended.uptimeMs >= minUptimeMs) {
    const firstMs = calculateRetryWaitMilliseconds(0, maxWaitMs, minWaitMs);
    // At once, unless chance is asked for, or others lose their connections as well: they must not come together.
    const spreadMs = ended.departure === 'single' ? firstMs * jitter : Math.max(rules.spreadMs, firstMs * jitter);
    const leastMs = ended.departure === 'busy' ? firstMs : 0;
    const waitMs = Math.min(leastMs + spreadMs * random(), maxWaitMs);
    return { kind: 'retry', retries: 0, waitMs: Math.round(waitMs) };
  }
  if (ended.kind === 'failed' && ended.isHopeless) return { kind: 'stop' };
  if (retries >= maxRetries) return { kind: 'giveUp', retries: retries + 1 };
  const fullMs = calculateRetryWaitMilliseconds(retries, maxWaitMs, minWaitMs);
  const byChanceMs = Math.round(fullMs * (1 - jitter * random()));
  const ownMs = Math.max(byChanceMs, Math.min(minWaitMs, maxWaitMs));
  const askedMs = ended.kind === 'failed' ? Math.min(ended.retryAfterMs ?? 0, MAX_RETRY_AFTER_MS) : 0;
  return { kind: 'retry', retries: retries + 1, waitMs: Math.max(ownMs, askedMs) };
}

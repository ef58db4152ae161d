import { calculateRetryWaitMilliseconds } from '../../util/backoff.ts';

/** Limit L30: a server cannot make a client wait longer than this. */
const MAX_RETRY_AFTER_MS = 300_000;

/** What reconnection goes by. */
export interface RetryRules {
  readonly minWaitMs: number;
  readonly maxWaitMs: number;
  /** Which part of a wait is left to chance, 0 to 1. */
  readonly jitter: number;
  /** How long a connection must have lasted not to count as a failed attempt. */
  readonly minUptimeMs: number;
  /** Failures in a row that are followed by another attempt. */
  readonly maxRetries: number;
}

/** How an attempt ended: it failed, or it led to a connection that is over. */
export type EndedAttempt =
  | { readonly kind: 'failed'; readonly isHopeless: boolean; readonly retryAfterMs: number | undefined }
  | { readonly kind: 'closed'; readonly uptimeMs: number };

/** What comes next. `retries` counts the failures in a row, this one included. */
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
    // At once, unless chance is asked for: then all clients of a server that went down must not come together.
    const spreadMs = calculateRetryWaitMilliseconds(0, maxWaitMs, minWaitMs) * jitter;
    return { kind: 'retry', retries: 0, waitMs: Math.round(spreadMs * random()) };
  }
  if (ended.kind === 'failed' && ended.isHopeless) return { kind: 'stop' };
  if (retries >= maxRetries) return { kind: 'giveUp', retries: retries + 1 };
  const fullMs = calculateRetryWaitMilliseconds(retries, maxWaitMs, minWaitMs);
  const byChanceMs = Math.round(fullMs * (1 - jitter * random()));
  const ownMs = Math.max(byChanceMs, Math.min(minWaitMs, maxWaitMs));
  const askedMs = ended.kind === 'failed' ? Math.min(ended.retryAfterMs ?? 0, MAX_RETRY_AFTER_MS) : 0;
  return { kind: 'retry', retries: retries + 1, waitMs: Math.max(ownMs, askedMs) };
}

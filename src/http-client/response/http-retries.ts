import { calculateRetryWaitMilliseconds } from '../../util/backoff.ts';
import type { HttpFailure } from '../http-failure.ts';

/** RFC 9110 section 9.2.2: made twice, they do what they do when made once. */
const IDEMPOTENT: ReadonlySet<string> = new Set(['GET', 'HEAD', 'OPTIONS', 'TRACE', 'PUT', 'DELETE']);

function isIdempotent(method: string): boolean {
  return IDEMPOTENT.has(method);
}

/** A server, or a gateway in front of it, that may do better later. */
const TEMPORARY: ReadonlySet<number> = new Set([429, 502, 503, 504]);

export interface RetryRules {
  readonly retries: number;
  readonly minRetryWaitMs?: number;
  readonly maxRetryWaitMs: number;
  /** Retries that were made already. */
  readonly made: number;
  readonly method: string;
  /** True when there is no body, or it can be sent once more. */
  readonly isReplayable: boolean;
}

/**
 * Tells whether a request may be made again at once, because the connection was given up as it was used and nobody seems to
 * have seen it (RFC 9112 section 9.3.1).
 *
 * @param isUnsent nothing of its body has been sent, so that it cannot have been carried out
 */
export function mayRepeatUnseen({ method, isReplayable }: RetryRules, isUnsent: boolean): boolean {
  return isReplayable && (isIdempotent(method) || isUnsent);
}

const MAX_BACKOFF_MS = 10_000;
/** No timer waits longer (24.8 days, less what the clock adds): who asks for more is not asked again. */
const MAX_TIMER_MS = 2_147_000_000;

/** Milliseconds to wait before a request that has failed is made again; `undefined` when it is not. */
export function waitAfterFailure(failure: HttpFailure, rules: RetryRules): number | undefined {
  if (!failure.isTransient || rules.made >= rules.retries || !rules.isReplayable) return undefined;
  // Nothing has been sent when there was no connection.
  if (!isIdempotent(rules.method) && failure.errorCode !== 'CannotConnect') return undefined;
  return backoff(rules);
}

/** Milliseconds to wait before a request is made again because of its answer; `undefined` when it is not. */
export function waitAfterStatus(
  status: number,
  retryAfterMs: number | undefined,
  rules: RetryRules,
): number | undefined {
  if (!TEMPORARY.has(status) || rules.made >= rules.retries || !rules.isReplayable) return undefined;
  if (!isIdempotent(rules.method)) return undefined;
  const waitMs = Math.max(retryAfterMs ?? 0, backoff(rules));
  return waitMs > Math.min(rules.maxRetryWaitMs, MAX_TIMER_MS) ? undefined : waitMs;
}

function backoff({ made, minRetryWaitMs = 0, maxRetryWaitMs }: RetryRules): number {
  const waitMs = Math.max(calculateRetryWaitMilliseconds(made, MAX_BACKOFF_MS, 0), minRetryWaitMs);
  return Math.min(waitMs, maxRetryWaitMs);
}

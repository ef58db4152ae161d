import type { WebSocketCloseInfo, WebSocketErrorInfo } from '../connection/messages/messages.ts';
import { UsageError } from '../errors.ts';
import { callback, flag, fraction, milliseconds, option } from '../util/option-kinds.ts';
import type { OptionLines, Resolved } from '../util/option-table.ts';
import { checkInteger } from '../util/options.ts';
import type { RetryRules } from './reconnection/retry-policy.ts';

/** The case for {@link ReconnectionOptions.shouldReconnect}: an attempt that failed, or a connection that is over. */
export type ReconnectionContext =
  | { readonly type: 'error'; readonly errorInfo: WebSocketErrorInfo }
  | {
      readonly type: 'close';
      readonly closeInfo: WebSocketCloseInfo;
      /** Milliseconds that the connection was open. */
      readonly uptimeMs: number;
      /** Failures in a row; more than 0 when the connection was shorter than `minUptimeMs`. */
      readonly retries: number;
      /** Milliseconds until the next attempt. */
      readonly waitTime: number;
    };

/** When and how often a client connects again. */
export interface ReconnectionOptions {
  /**
   * Makes a lost connection again, and repeats a failed attempt.
   * @default true
   */
  automaticReconnection?: boolean | undefined;
  /**
   * Milliseconds that are waited at the most between two attempts.
   * @default 10000
   */
  maxWaitBetweenReconnectionRetries?: number | undefined;
  /**
   * Milliseconds that are waited at the least between two attempts.
   * @default 1
   */
  minWaitBetweenReconnectionRetries?: number | undefined;
  /**
   * The part of each wait that is left to chance, from 0 to 1. With 1 it is anything from the minimum to the full wait,
   * and the attempt right after a loss waits up to the first wait, too. For many clients of one server.
   * @default 0
   */
  reconnectJitter?: number | undefined;
  /**
   * Milliseconds that a connection must have lasted for its loss not to count as a failed attempt: a server that accepts
   * and hangs up is not called without a pause. After one that lasted, the first attempt is immediate, or spread.
   * @default 5000
   */
  minUptimeMs?: number | undefined;
  /**
   * Milliseconds over which the first attempt is spread by chance after a connection that lasted and whose server went
   * away: with 1001, 1012 or 1013, or without a close frame. So its clients do not come back all at once. 0 for none.
   * @default 1000
   */
  reconnectSpreadMs?: number | undefined;
  /**
   * Failures in a row that are followed by another attempt. One more, and a last `error` has the code `gaveUp`;
   * `start()` begins anew.
   * @default Infinity
   */
  maxRetries?: number | undefined;
  /**
   * Is asked before each further attempt; `false` ends them. What it throws or rejects with goes to `onCallbackError`,
   * and does not keep the client from connecting. It has as long as an attempt may take.
   * @default every loss and every failure that may heal is followed by another attempt
   *
   * @example
   * new WebSocket({ url, shouldReconnect: (context) => context.type === 'error' || context.closeInfo.code !== 4001 });
   */
  shouldReconnect?: ((context: ReconnectionContext) => boolean | PromiseLike<boolean>) | undefined;
}

/** Checked {@link ReconnectionOptions} with all defaults filled in. */
export type ResolvedReconnectionOptions = Resolved<ReconnectionOptions, 'shouldReconnect'>;

export const reconnectionLines: OptionLines<ResolvedReconnectionOptions> = {
  automaticReconnection: flag(true),
  maxWaitBetweenReconnectionRetries: milliseconds(10_000),
  minWaitBetweenReconnectionRetries: milliseconds(1),
  reconnectJitter: fraction(0, { min: 0, max: 1 }),
  minUptimeMs: milliseconds(5000),
  reconnectSpreadMs: milliseconds(1000),
  maxRetries: option(Number.POSITIVE_INFINITY, checkCount),
  shouldReconnect: callback(),
};

/** The part of the options that the retry policy needs. */
export function retryRulesOf(options: ResolvedReconnectionOptions): RetryRules {
  return {
    minWaitMs: options.minWaitBetweenReconnectionRetries,
    maxWaitMs: options.maxWaitBetweenReconnectionRetries,
    jitter: options.reconnectJitter,
    minUptimeMs: options.minUptimeMs,
    spreadMs: options.reconnectSpreadMs,
    maxRetries: options.maxRetries,
  };
}

function checkCount(name: string, value: unknown): number {
  if (value === Number.POSITIVE_INFINITY) return value;
  if (typeof value === 'number' && !Number.isInteger(value))
    throw new UsageError(name, 'must be an integer or Infinity');
  return checkInteger(name, value, { min: 0 });
}

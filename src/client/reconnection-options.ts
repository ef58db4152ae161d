import type { WebSocketCloseInfo, WebSocketErrorInfo } from '../connection/messages/messages.ts';
import { UsageError } from '../errors.ts';
import { checkBoolean, checkFunction, checkInteger, checkNumber } from '../util/options.ts';
import type { RetryRules } from './reconnection/retry-policy.ts';

/** What {@link ReconnectionOptions.shouldReconnect} decides on: an attempt that failed, or a connection that is over. */
export type ReconnectionContext =
  | { readonly type: 'error'; readonly errorInfo: WebSocketErrorInfo }
  | {
      readonly type: 'close';
      readonly closeInfo: WebSocketCloseInfo;
      /** How long the connection was open. */
      readonly uptimeMs: number;
      /** Failures in a row; more than 0 when the connection was shorter than `minUptimeMs`. */
      readonly retries: number;
      /** Milliseconds until the next attempt. */
      readonly waitTime: number;
    };

/** When and how often a client connects again. */
export interface ReconnectionOptions {
  /**
   * Whether a lost connection is made again, and a failed attempt repeated.
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
   * Which part of each wait is left to chance, from 0 to 1. With 1 it is anything from the minimum to the full wait,
   * and the attempt right after a loss waits up to the first wait, too. For many clients of one server.
   * @default 0
   */
  reconnectJitter?: number | undefined;
  /**
   * Milliseconds that a connection must have lasted for its loss not to count as a failed attempt. 5000 keeps a server
   * that accepts and hangs up from being called without a pause.
   * @default 0
   */
  minUptimeMs?: number | undefined;
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
export interface ResolvedReconnectionOptions {
  automaticReconnection: boolean;
  maxWaitBetweenReconnectionRetries: number;
  minWaitBetweenReconnectionRetries: number;
  reconnectJitter: number;
  minUptimeMs: number;
  maxRetries: number;
  shouldReconnect: ((context: ReconnectionContext) => boolean | PromiseLike<boolean>) | undefined;
}

const defaults = Object.freeze({
  automaticReconnection: true,
  maxWaitBetweenReconnectionRetries: 10_000,
  minWaitBetweenReconnectionRetries: 1,
  reconnectJitter: 0,
  minUptimeMs: 0,
  maxRetries: Number.POSITIVE_INFINITY,
});

/** The names of all {@link ReconnectionOptions}. */
export const reconnectionOptionNames: readonly string[] = [...Object.keys(defaults), 'shouldReconnect'];

const MAX_TIMER_MS = 2 ** 31 - 1;

/** Checks the options; throws {@link UsageError} naming the first that is wrong. */
export function resolveReconnectionOptions(options: ReconnectionOptions): ResolvedReconnectionOptions {
  const given = <K extends keyof typeof defaults>(key: K): unknown => options[key] ?? defaults[key];
  const wait = (key: 'maxWaitBetweenReconnectionRetries' | 'minWaitBetweenReconnectionRetries'): number =>
    checkWait(key, given(key));
  const { shouldReconnect } = options;
  return {
    automaticReconnection: checkBoolean('automaticReconnection', given('automaticReconnection')),
    maxWaitBetweenReconnectionRetries: wait('maxWaitBetweenReconnectionRetries'),
    minWaitBetweenReconnectionRetries: wait('minWaitBetweenReconnectionRetries'),
    reconnectJitter: checkNumber('reconnectJitter', given('reconnectJitter'), { min: 0, max: 1 }),
    minUptimeMs: checkWait('minUptimeMs', given('minUptimeMs')),
    maxRetries: checkCount('maxRetries', given('maxRetries')),
    shouldReconnect: shouldReconnect && checkFunction('shouldReconnect', shouldReconnect),
  };
}

export function checkWait(name: string, value: unknown): number {
  return checkInteger(name, value, { min: 0, max: MAX_TIMER_MS });
}

/** What the retry policy needs of the options. */
export function retryRulesOf(options: ResolvedReconnectionOptions): RetryRules {
  return {
    minWaitMs: options.minWaitBetweenReconnectionRetries,
    maxWaitMs: options.maxWaitBetweenReconnectionRetries,
    jitter: options.reconnectJitter,
    minUptimeMs: options.minUptimeMs,
    maxRetries: options.maxRetries,
  };
}

function checkCount(name: string, value: unknown): number {
  if (value === Number.POSITIVE_INFINITY) return value;
  if (typeof value === 'number' && !Number.isInteger(value))
    throw new UsageError(name, 'must be an integer or Infinity');
  return checkInteger(name, value, { min: 0 });
}

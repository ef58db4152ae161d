import { UsageError } from '../errors.ts';
import {
  type PerMessageDeflateSettings,
  resolvePerMessageDeflate,
  type WebSocketPerMessageDeflateOptions,
} from '../protocol/websocket/deflate/per-message-deflate-options.ts';
import { checkBoolean, checkFunction, checkInteger, checkNumber, checkOneOf } from '../util/options.ts';
import {
  type ConnectionLimits,
  defaultLimits,
  MAX_MESSAGE_SIZE,
  type OnCancel,
  type SlowConsumerPolicy,
  slowConsumerPolicies,
} from './connection-limits.ts';
import type { OnCallbackError } from './messages/message-hub.ts';

/** The options that every connection has, on a client and on a server. */
export interface ConnectionOptions {
  /**
   * Seconds without progress after which a closing handshake is given up; with progress, after twelve times as long.
   * @default 5
   */
  closeTimeoutSecs?: number | undefined;
  /**
   * Whether pings are answered.
   * @default true
   */
  enablePong?: boolean | undefined;
  /**
   * Seconds without anything received after which a ping is sent; -1 for never. A connection that stays silent after
   * it for {@link pingTimeoutSecs} is closed with 1011 "Ping timeout". 25 suits most proxies and load balancers.
   * @default -1
   */
  pingIntervalSecs?: number | undefined;
  /**
   * Seconds that nothing at all may arrive after a ping until the peer counts as dead.
   * @default the same as pingIntervalSecs
   */
  pingTimeoutSecs?: number | undefined;
  /**
   * Seconds that reading may be paused without a break, by `pause()` or a loop that is behind, when there is a
   * heartbeat: as long as nothing is read, nobody knows whether the peer lives. Beyond it the connection is closed with
   * 1011 "Ping timeout".
   * @default 300
   */
  maxReadPauseSecs?: number | undefined;
  /**
   * Longest message accepted, in bytes; a longer one closes the connection with 1009.
   * @default 16777216 (16 MiB)
   */
  maxMessageSize?: number | undefined;
  /**
   * Most frames of one message, empty ones included; more close the connection with 1008.
   * @default 131072
   */
  maxFragments?: number | undefined;
  /**
   * Messages that may arrive on one connection in a second, and twice as many in a burst; more close it with 1008.
   * @default no limit
   */
  maxMessagesPerSec?: number | undefined;
  /**
   * Bytes that may wait to be sent on one connection; a send that would pass it fails with `bufferFull`. A message
   * that is larger by itself is accepted when nothing waits.
   * @default 16777216 (16 MiB)
   */
  maxBufferedBytes?: number | undefined;
  /**
   * What becomes of a message when {@link maxBufferedBytes} would be passed. See {@link SlowConsumerPolicy}.
   * @default 'fail'
   */
  slowConsumer?: SlowConsumerPolicy | undefined;
  /**
   * Seconds that nothing of what waits to be sent may leave until the connection is given up: it ends with 1006
   * "Send timeout". -1 for never.
   * @default -1
   */
  sendTimeoutSecs?: number | undefined;
  /**
   * Bytes waiting to be sent from which `canSendMore` is false.
   * @default 1048576 (1 MiB)
   */
  highWaterMark?: number | undefined;
  /**
   * Bytes waiting to be sent down to which they must have shrunk for `canSendMore` to be true again.
   * @default 262144 (256 KiB)
   */
  lowWaterMark?: number | undefined;
  /**
   * Bytes of a frame at the most: a longer message leaves in several frames, for peers that take no long ones.
   * @default a message is one frame; one that is sent with progress has frames of 32 KiB
   */
  fragmentSize?: number | undefined;
  /**
   * What a send does that is cancelled after its first fragment has left: `'close'` closes the connection with 1011
   * "Send cancelled", so that the peer never takes a part for the whole; `'truncate'` ends the message where it is.
   * @default 'close'
   */
  onCancel?: OnCancel | undefined;
  /**
   * Whether and how messages are compressed (permessage-deflate, RFC 7692); `false` switches it off.
   * @default on; on a server without context takeover, so that idle connections cost no memory
   */
  perMessageDeflate?: boolean | WebSocketPerMessageDeflateOptions | undefined;
  /**
   * Gets what callbacks and listeners throw or reject with.
   * @default it is thrown again as an uncaught exception
   */
  onCallbackError?: OnCallbackError | undefined;
}

/** Checked {@link ConnectionOptions} with all defaults filled in. */
export interface ResolvedConnectionOptions {
  closeTimeoutSecs: number;
  enablePong: boolean;
  pingIntervalSecs: number;
  pingTimeoutSecs: number | undefined;
  maxReadPauseSecs: number;
  maxMessageSize: number;
  maxFragments: number;
  maxMessagesPerSec: number | undefined;
  maxBufferedBytes: number;
  highWaterMark: number;
  lowWaterMark: number;
  slowConsumer: SlowConsumerPolicy;
  sendTimeoutSecs: number;
  fragmentSize: number | undefined;
  onCancel: OnCancel;
  perMessageDeflate: PerMessageDeflateSettings;
  onCallbackError: OnCallbackError | undefined;
}

const defaults = Object.freeze({
  maxReadPauseSecs: 300,
  closeTimeoutSecs: defaultLimits.closeTimeoutMs / 1000,
  enablePong: true,
  pingIntervalSecs: -1,
  maxMessageSize: defaultLimits.maxMessageSize,
  maxFragments: defaultLimits.maxFragments,
  maxBufferedBytes: defaultLimits.maxBufferedBytes,
  highWaterMark: defaultLimits.highWaterMark,
  lowWaterMark: defaultLimits.lowWaterMark,
  onCancel: defaultLimits.onCancel,
  slowConsumer: defaultLimits.slowConsumer,
  sendTimeoutSecs: -1,
});

/** The names of all {@link ConnectionOptions}. */
export const connectionOptionNames: readonly string[] = [
  ...Object.keys(defaults),
  'fragmentSize',
  'maxMessagesPerSec',
  'pingTimeoutSecs',
  'perMessageDeflate',
  'onCallbackError',
];

const MAX_TIMER_SECS = (2 ** 31 - 1) / 1000;

/** Checks the options of a connection; throws {@link UsageError} naming the first that is wrong. */
export function resolveConnectionOptions(
  role: 'client' | 'server',
  options: ConnectionOptions,
): ResolvedConnectionOptions {
  const given = <K extends keyof typeof defaults>(key: K): unknown => options[key] ?? defaults[key];
  const positive = (key: keyof typeof defaults, max = Number.MAX_SAFE_INTEGER): number =>
    checkInteger(key, given(key), { min: 1, max });
  const { fragmentSize, maxMessagesPerSec, onCallbackError, pingTimeoutSecs } = options;
  const highWaterMark = positive('highWaterMark');
  const lowWaterMark = checkInteger(
    'lowWaterMark',
    options.lowWaterMark ?? Math.min(defaults.lowWaterMark, highWaterMark),
    {
      min: 0,
    },
  );
  if (lowWaterMark > highWaterMark) throw new UsageError('lowWaterMark', 'must not be above highWaterMark');
  return {
    closeTimeoutSecs: checkSeconds('closeTimeoutSecs', given('closeTimeoutSecs')),
    enablePong: checkBoolean('enablePong', given('enablePong')),
    pingIntervalSecs: checkSecondsOrNever('pingIntervalSecs', given('pingIntervalSecs')),
    maxReadPauseSecs: checkSeconds('maxReadPauseSecs', given('maxReadPauseSecs')),
    pingTimeoutSecs: pingTimeoutSecs === undefined ? undefined : checkSeconds('pingTimeoutSecs', pingTimeoutSecs),
    maxMessageSize: positive('maxMessageSize', MAX_MESSAGE_SIZE),
    maxFragments: positive('maxFragments'),
    maxMessagesPerSec:
      maxMessagesPerSec === undefined
        ? undefined
        : checkNumber('maxMessagesPerSec', maxMessagesPerSec, { min: 0.001, max: 1_000_000 }),
    maxBufferedBytes: positive('maxBufferedBytes'),
    highWaterMark,
    lowWaterMark,
    slowConsumer: checkOneOf('slowConsumer', given('slowConsumer'), slowConsumerPolicies),
    sendTimeoutSecs: checkSecondsOrNever('sendTimeoutSecs', given('sendTimeoutSecs')),
    perMessageDeflate: resolvePerMessageDeflate(role, options.perMessageDeflate),
    fragmentSize: fragmentSize === undefined ? undefined : checkInteger('fragmentSize', fragmentSize, { min: 1 }),
    onCancel: checkOneOf('onCancel', given('onCancel'), ['close', 'truncate'] as const),
    onCallbackError: onCallbackError && checkFunction('onCallbackError', onCallbackError),
  };
}

/** The limits in resolved options. */
export function limitsOf(options: ResolvedConnectionOptions): ConnectionLimits {
  const { maxMessageSize, maxFragments, maxBufferedBytes, highWaterMark, lowWaterMark, fragmentSize } = options;
  const { slowConsumer, onCancel, maxMessagesPerSec } = options;
  const buffers = { maxBufferedBytes, highWaterMark, lowWaterMark, slowConsumer };
  const closeTimeoutMs = options.closeTimeoutSecs * 1000;
  const sendTimeoutMs = Math.max(0, options.sendTimeoutSecs * 1000);
  const arrivals = { maxMessageSize, maxFragments, maxMessagesPerSec };
  return { ...arrivals, ...buffers, closeTimeoutMs, sendTimeoutMs, fragmentSize, onCancel };
}

/** The part of resolved options that the heartbeat needs. */
export type PingOptions = Pick<ResolvedConnectionOptions, 'pingIntervalSecs' | 'pingTimeoutSecs' | 'maxReadPauseSecs'>;

/** Checks a time in seconds that a timer can wait, or -1. */
export function checkSecondsOrNever(name: string, value: unknown): number {
  return value === -1 ? -1 : checkSeconds(name, value);
}

/** Checks a time in seconds that a timer can wait. */
export function checkSeconds(name: string, value: unknown): number {
  return checkNumber(name, value, { min: 0.001, max: MAX_TIMER_SECS });
}

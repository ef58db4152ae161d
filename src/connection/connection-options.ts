import { UsageError } from '../errors.ts';
import { type CallbackErrors, checkCallbackErrors } from '../platform/callback-errors.ts';
import {
  type PerMessageDeflateSettings,
  resolvePerMessageDeflate,
  type WebSocketPerMessageDeflateOptions,
} from '../protocol/websocket/deflate/per-message-deflate-options.ts';
import { bytes, choice, count, flag, fraction, option, seconds, secondsOrNever } from '../util/option-kinds.ts';
import type { OptionLines, Resolved } from '../util/option-table.ts';
import { MAX_MESSAGE_SIZE, type OnCancel, type SlowConsumerPolicy } from './connection-limits.ts';

/** The options that every connection has, on a client and on a server. */
export interface ConnectionOptions {
  /**
   * Seconds without progress after which a closing handshake is given up; with progress, after twelve times as long.
   * @default 5
   */
  closeTimeoutSecs?: number | undefined;
  /**
   * Answers pings.
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
   * The fate of a message when {@link maxBufferedBytes} would be passed. See {@link SlowConsumerPolicy}.
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
   * The end of a send that is cancelled after its first fragment has left: `'close'` closes the connection with 1011
   * "Send cancelled", so that the peer never takes a part for the whole; `'truncate'` ends the message where it is.
   * @default 'close'
   */
  onCancel?: OnCancel | undefined;
  /**
   * Compression of messages (permessage-deflate, RFC 7692); `false` switches it off.
   * @default on; on a server without context takeover, so that idle connections cost no memory
   */
  perMessageDeflate?: boolean | WebSocketPerMessageDeflateOptions | undefined;
  /**
   * Gets what callbacks and listeners throw or reject with; `'throw'` throws it again, as an uncaught exception. On a
   * server it also closes the connection with 1011, but with `'throw'`; on a client the connection goes on.
   * @default it is written to the standard error stream, or on a server to `logCallback`, and the process goes on
   */
  onCallbackError?: CallbackErrors;
}

/** Checked {@link ConnectionOptions} with all defaults filled in. */
export type ResolvedConnectionOptions = Resolved<
  ConnectionOptions,
  'pingTimeoutSecs' | 'maxMessagesPerSec' | 'fragmentSize' | 'onCallbackError',
  { perMessageDeflate: PerMessageDeflateSettings }
>;

/** The options of an open connection, as they were when it was made. */
export type ConnectionLimits = Readonly<Omit<ResolvedConnectionOptions, 'perMessageDeflate' | 'onCallbackError'>>;

const MIB = 1024 * 1024;

/** The options that have a setter on both sides. */
export const settableLines: OptionLines<
  Pick<ResolvedConnectionOptions, 'pingIntervalSecs' | 'slowConsumer' | 'maxBufferedBytes'>
> = {
  pingIntervalSecs: secondsOrNever(-1),
  slowConsumer: choice('fail', ['fail', 'close', 'drop-oldest', 'drop-newest', 'conflate', 'block']),
  maxBufferedBytes: bytes(16 * MIB),
};

export function connectionLines(role: 'client' | 'server'): OptionLines<ResolvedConnectionOptions> {
  return {
    closeTimeoutSecs: seconds(5),
    enablePong: flag(true),
    ...settableLines,
    pingTimeoutSecs: seconds(undefined),
    maxReadPauseSecs: seconds(300),
    maxMessageSize: bytes(16 * MIB, { min: 1, max: MAX_MESSAGE_SIZE }),
    maxFragments: count(131_072),
    maxMessagesPerSec: fraction(undefined, { min: 0.001, max: 1_000_000 }),
    sendTimeoutSecs: secondsOrNever(-1),
    highWaterMark: bytes(MIB),
    lowWaterMark: bytes(MIB / 4, { min: 0 }),
    fragmentSize: bytes(undefined),
    onCancel: choice('close', ['close', 'truncate']),
    perMessageDeflate: option(resolvePerMessageDeflate(role, true), (_, value) =>
      resolvePerMessageDeflate(role, value),
    ),
    onCallbackError: option<CallbackErrors>(undefined, checkCallbackErrors),
  };
}

/** Checks what options of a connection have to do with each other. */
export function checkConnectionOptions({ lowWaterMark }: ConnectionOptions, resolved: ResolvedConnectionOptions): void {
  if (lowWaterMark !== undefined && lowWaterMark > resolved.highWaterMark) {
    throw new UsageError('lowWaterMark', 'must not be above highWaterMark');
  }
}

/** The part of resolved options that the heartbeat needs. */
export type PingOptions = Pick<ResolvedConnectionOptions, 'pingIntervalSecs' | 'pingTimeoutSecs' | 'maxReadPauseSecs'>;

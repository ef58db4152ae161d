/** What a cancelled send does to its connection; see the option `onCancel`. */
export type OnCancel = 'close' | 'truncate';

/**
 * What becomes of a message when the peer does not read fast enough and `maxBufferedBytes` would be passed:
 *
 * - `'fail'`: it is not sent, and its send says `bufferFull`.
 * - `'close'`: the connection is closed with 1013 "Slow consumer".
 * - `'drop-oldest'`: the messages that have waited longest make room for it.
 * - `'drop-newest'`: it is not sent, and counted as dropped.
 * - `'conflate'`: as `'drop-oldest'`; and at any time, a message with a key takes the place of one with the same key
 *   that still waits.
 * - `'block'`: as `'fail'`, and those who wait before they send, wait for this connection.
 */
export type SlowConsumerPolicy = 'fail' | 'close' | 'drop-oldest' | 'drop-newest' | 'conflate' | 'block';

export const slowConsumerPolicies = ['fail', 'close', 'drop-oldest', 'drop-newest', 'conflate', 'block'] as const;

/** The limits of one connection, and what happens when they are passed. */
export interface ConnectionLimits {
  /** Longest message accepted, in bytes after inflating: 1009 beyond it. */
  readonly maxMessageSize: number;
  /** Most frames of one message, empty ones included: 1008 beyond it. */
  readonly maxFragments: number;
  /** Most messages in a second, twice as many in a burst: 1008 beyond it. */
  readonly maxMessagesPerSec: number | undefined;
  /** Most bytes waiting to leave: a send that would pass it fails with `bufferFull`. */
  readonly maxBufferedBytes: number;
  /** Milliseconds without progress until a closing handshake is given up. */
  readonly closeTimeoutMs: number;
  /** Bytes waiting to leave from which a connection says that it cannot send more, until they are below the low mark. */
  readonly highWaterMark: number;
  readonly lowWaterMark: number;
  /** Wire payload of a frame at the most; without it, a message is one frame, or 32 KiB each when sent with progress. */
  readonly fragmentSize: number | undefined;
  /** What a send that is cancelled in the middle does. */
  readonly onCancel: OnCancel;
  /** What happens when {@link maxBufferedBytes} would be passed. */
  readonly slowConsumer: SlowConsumerPolicy;
  /** Milliseconds without progress until what waits to leave is given up with the connection; 0 for never. */
  readonly sendTimeoutMs: number;
}

/** No buffer can be longer on 64-bit systems with Node 20. */
export const MAX_MESSAGE_SIZE: number = 2 ** 32 - 1;

/** Progress extends a closing handshake to this many times its timeout: a peer that reads a little now and then. */
export const MOST_CLOSE_TIMEOUTS: number = 12;

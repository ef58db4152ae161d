/** The effect of a cancelled send on its connection; see the option `onCancel`. */
export type OnCancel = 'close' | 'truncate';

/**
 * The fate of a message when the peer does not read fast enough and `maxBufferedBytes` would be passed:
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

/** No buffer can be longer on 64-bit systems with Node 20. */
export const MAX_MESSAGE_SIZE: number = 2 ** 32 - 1;

/** Progress extends a closing handshake to this many times its timeout: a peer that reads a little now and then. */
export const MOST_CLOSE_TIMEOUTS: number = 12;

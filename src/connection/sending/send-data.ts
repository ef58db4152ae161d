import { UsageError } from '../../errors.ts';
import { NOT_COMPRESSED } from '../../protocol/websocket/endpoint.ts';
import { bytesIn } from '../../util/bytes.ts';
import { describe } from '../../util/options.ts';
import { isTrafficTracked, trackTraffic } from '../traffic-tracker.ts';

/** Data that can be sent. Typed arrays and views are sent as the bytes they show. */
export type SendData = string | ArrayBuffer | SharedArrayBuffer | ArrayBufferView;

/** The outcome of a send. */
export type WebSocketSendInfo = WebSocketSendSuccess | WebSocketSendFailure;

/** The message was accepted: it is on its way, or batched with others of this turn. */
export interface WebSocketSendSuccess {
  readonly success: true;
  readonly compressionError: false;
  /** Bytes of the message before compression. */
  readonly payloadSize: number;
  /** Bytes on the wire, frame headers included. */
  readonly wireSize: number;
}

/** Nothing was sent. */
export interface WebSocketSendFailure {
  readonly success: false;
  readonly compressionError: boolean;
  /** Bytes of the message, 0 where it has no encoding. */
  readonly payloadSize: number;
  readonly wireSize: number;
  /**
   * - `closed`: the connection is not open.
   * - `bufferFull`: the peer does not read fast enough and `maxBufferedBytes` would be passed.
   * - `invalidUtf8`: the text has a lone surrogate, or the bytes sent as text are not UTF-8.
   * - `tooBig`: a ping or pong of more than 125 bytes.
   * - `cancelled`: the progress callback returned false.
   * - `compressionError`: the message could not be compressed.
   */
  readonly code: 'closed' | 'bufferFull' | 'invalidUtf8' | 'tooBig' | 'cancelled' | 'compressionError';
}

/** A message or ping is on its way. */
export function sent(payloadSize: number, wireSize: number): WebSocketSendInfo {
  if (isTrafficTracked) trackTraffic(wireSize, false);
  return accepted(payloadSize, wireSize);
}

export function accepted(payloadSize: number, wireSize: number): WebSocketSendInfo {
  return { success: true, compressionError: false, payloadSize, wireSize };
}

export function notSent(code: WebSocketSendFailure['code'], payloadSize: number): WebSocketSendInfo {
  return { success: false, compressionError: code === 'compressionError', payloadSize, wireSize: 0, code };
}

/** `wireSize` as an endpoint returns it. */
export function outcomeOf(payloadSize: number, wireSize: number): WebSocketSendInfo {
  return wireSize === NOT_COMPRESSED ? notSent('compressionError', payloadSize) : sent(payloadSize, wireSize);
}

/**
 * The bytes of anything but a string, shared and not copied.
 *
 * @throws UsageError (`invalidOption`) for what has none
 */
export function bytesOf(data: Exclude<SendData, string>, option: string = 'data'): Buffer {
  const bytes = bytesIn(data, option);
  if (bytes !== undefined) return bytes;
  const hint = (data as unknown) instanceof Blob ? '; await its arrayBuffer()' : '';
  const got = describe(data);
  throw new UsageError(
    option,
    `must be a string, an ArrayBuffer, a SharedArrayBuffer or a view of one, got ${got}${hint}`,
  );
}

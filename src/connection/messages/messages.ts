import type { ConnectPhase, IxError } from '../../errors.ts';
import type { HttpHeaders } from '../../protocol/http1/headers.ts';
import type { ConnectAttempt } from './connect-attempt.ts';

/** The kinds of {@link WebSocketMessage}. */
export const WebSocketMessageType = {
  Message: 'message',
  Open: 'open',
  Close: 'close',
  Error: 'error',
  Ping: 'ping',
  Pong: 'pong',
  Fragment: 'fragment',
  Dropped: 'dropped',
} as const;
export type WebSocketMessageType = (typeof WebSocketMessageType)[keyof typeof WebSocketMessageType];

/** The agreement of the opening handshake. */
export interface WebSocketOpenInfo {
  /** Path and query of the request. */
  readonly uri: string;
  /** The request's headers on a server, the response's on a client. */
  readonly headers: HttpHeaders;
  /** The subprotocol both sides agreed on; empty without one. */
  readonly protocol: string;
  /** On a client, the record of the attempt: the request, the answer, redirects, times, address, certificate. */
  readonly attempt?: ConnectAttempt | undefined;
}

/** The end of a connection: who closed, with which code, and at which layer. */
export interface WebSocketCloseInfo {
  /**
   * The close code (RFC 6455 section 7.4): of the close frame that was received, unless that only answers ours; 1005 when
   * the peer gave none, 1006 when there was no close frame that counts.
   */
  readonly code: number;
  /**
   * The reason in that close frame. With the layer `'transport'` one of `Terminated`, `Close timeout`, `Send timeout`,
   * `Ended without an answer to the close frame`, `Reset before an answer to the close frame`, what broke the protocol
   * before such an answer, and otherwise `Abnormal closure`.
   */
  readonly reason: string;
  /** True when the peer closed: it began, or it had a reason of its own while this side was closing. */
  readonly remote: boolean;
  /**
   * The layer that decided the end: `'websocket'` is a close frame, sent or received; `'transport'` means that the stream below
   * ended, or was ended, without one that counts.
   */
  readonly layer: 'websocket' | 'transport';
  /** The error of the transport that broke, such as `ECONNRESET`; only with the layer `'transport'`. */
  readonly cause?: Error | undefined;
}

/** Why a connection could not be made, or was lost. */
export interface WebSocketErrorInfo {
  /** The number of attempts that have failed in a row; 0 when automatic reconnection is off. */
  readonly retries: number;
  /** Milliseconds until the next attempt; 0 when automatic reconnection is off. */
  readonly waitTime: number;
  /** The status of the response, 0 when there was none. */
  readonly httpStatus: number;
  /** The reason, for people. Never empty, without secrets. */
  readonly reason: string;
  /** Always false here: data that cannot be inflated closes the connection with 1007. */
  readonly decompressionError: boolean;
  /** The reason, for programs: the `code` of {@link cause}. */
  readonly code: string;
  readonly cause: IxError;
  /** The phase that it got to. */
  readonly phase: ConnectPhase;
  /** True when the same attempt may succeed later. What is wrong with the options stays wrong. */
  readonly retryable: boolean;
  /** The record of the attempt, for finding out more: times, address, certificate, request and answer. */
  readonly attempt: ConnectAttempt | undefined;
}

interface Common {
  /** Bytes on the wire, frame headers included; 0 where no frame is behind it. */
  readonly wireSize: number;
}

export interface WebSocketTextMessage extends Common {
  readonly type: 'message';
  readonly binary: false;
  readonly data: string;
  /** {@link data} in UTF-8, encoded anew each time. */
  readonly bytes: Buffer;
}

export interface WebSocketBinaryMessage extends Common {
  readonly type: 'message';
  readonly binary: true;
  readonly data: Buffer;
  readonly bytes: Buffer;
}

export interface WebSocketOpenMessage extends Common {
  readonly type: 'open';
  readonly openInfo: WebSocketOpenInfo;
  readonly headers: HttpHeaders;
}

export interface WebSocketCloseMessage extends Common {
  readonly type: 'close';
  readonly closeInfo: WebSocketCloseInfo;
}

export interface WebSocketErrorMessage extends Common {
  readonly type: 'error';
  readonly errorInfo: WebSocketErrorInfo;
}

export interface WebSocketPingMessage extends Common {
  readonly type: 'ping';
  /** The payload read as UTF-8, which it need not be: {@link bytes} has it exactly. */
  readonly data: string;
  readonly bytes: Buffer;
}

export interface WebSocketPongMessage extends Common {
  readonly type: 'pong';
  /** The payload read as UTF-8, which it need not be: {@link bytes} has it exactly. */
  readonly data: string;
  readonly bytes: Buffer;
}

/** Progress of a large message that is still arriving. */
export interface WebSocketFragmentMessage extends Common {
  readonly type: 'fragment';
  readonly binary: boolean;
  /** Payload bytes so far. */
  readonly receivedBytes: number;
}

/** Messages of this side were dropped, as the option `slowConsumer` says; told once for each turn of the event loop. */
export interface WebSocketDroppedMessage extends Common {
  readonly type: 'dropped';
  /** The number of messages. */
  readonly messages: number;
  /** Their payload bytes. */
  readonly bytes: number;
}

/** Everything that happens on a connection, told apart by `type`, and a text from a binary message by `binary`. */
export type WebSocketMessage =
  | WebSocketTextMessage
  | WebSocketBinaryMessage
  | WebSocketOpenMessage
  | WebSocketCloseMessage
  | WebSocketErrorMessage
  | WebSocketPingMessage
  | WebSocketPongMessage
  | WebSocketFragmentMessage
  | WebSocketDroppedMessage;

/** A text or binary message. */
export type WebSocketDataMessage = WebSocketTextMessage | WebSocketBinaryMessage;

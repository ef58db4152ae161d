// The types of messages and of what a connection can do, as programs see them. This file is compiled and never run.
import type { Duplex } from 'node:stream';
import {
  type ConnectAttempt,
  type OnProgress,
  ReadyState,
  type SendData,
  ServerWebSocket,
  type WebSocket,
  type WebSocketBinaryMessage,
  type WebSocketConnection,
  type WebSocketErrorInfo,
  type WebSocketHttpHeaders,
  type WebSocketMessage,
  WebSocketMessageType,
  type WebSocketSendInfo,
  type WebSocketTextMessage,
} from 'ixwebsocket';
import { fits, same, typeOf } from './prove.ts';

type MayCancel = boolean | void | Promise<boolean | void>;

same<SendData, string | ArrayBuffer | SharedArrayBuffer | ArrayBufferView>();
same<OnProgress, (current: number, total: number) => MayCancel>();
same<ReadyState, 'connecting' | 'open' | 'closing' | 'closed'>();
typeOf(ReadyState.Open).is<'open'>();
typeOf(WebSocketMessageType.Open).is<'open'>();
fits<WebSocketMessage['type']>(WebSocketMessageType.Fragment);

export function onMessage(msg: WebSocketMessage): void {
  typeOf(msg.wireSize).is<number>();
  if (msg.type === 'message') {
    typeOf(msg).is<WebSocketTextMessage | WebSocketBinaryMessage>();
    typeOf(msg.bytes).is<Buffer>();
    if (msg.binary) typeOf(msg.data).is<Buffer>();
    else typeOf(msg.data).is<string>();
  } else if (msg.type === WebSocketMessageType.Open) {
    typeOf(msg.openInfo.uri).is<string>();
    typeOf(msg.openInfo.protocol).is<string>();
    typeOf(msg.openInfo.attempt).is<ConnectAttempt | undefined>();
    typeOf(msg.openInfo.headers).is<WebSocketHttpHeaders>();
    for (const field of msg.headers) typeOf(field).is<[string, string]>();
    typeOf(msg.headers.get('Sec-WebSocket-Accept')).is<string | undefined>();
  } else if (msg.type === 'close') {
    typeOf(msg.closeInfo.code).is<number>();
    typeOf(msg.closeInfo.reason).is<string>();
    typeOf(msg.closeInfo.remote).is<boolean>();
  } else if (msg.type === 'error') {
    onError(msg.errorInfo);
  } else if (msg.type === 'ping' || msg.type === 'pong') {
    typeOf(msg.data).is<string>();
    typeOf(msg.bytes).is<Buffer>();
  } else if (msg.type === 'fragment') {
    typeOf(msg.binary).is<boolean>();
    typeOf(msg.receivedBytes).is<number>();
  } else {
    typeOf(msg.type).is<'dropped'>();
  }
}

function onError(errorInfo: WebSocketErrorInfo): void {
  typeOf(errorInfo.retries).is<number>();
  typeOf(errorInfo.waitTime).is<number>();
  typeOf(errorInfo.httpStatus).is<number>();
  typeOf(errorInfo.reason).is<string>();
  typeOf(errorInfo.decompressionError).is<boolean>();
  typeOf(errorInfo.code).is<string>();
  typeOf(errorInfo.retryable).is<boolean>();
  fits<string>(errorInfo.phase);
  fits<Error>(errorInfo.cause);
  // @ts-expect-error what happened is not changed
  errorInfo.retries = 5;
}

export function onSent(info: WebSocketSendInfo): void {
  typeOf(info.payloadSize).is<number>();
  typeOf(info.wireSize).is<number>();
  typeOf(info.compressionError).is<boolean>();
  if (info.success) typeOf(info.compressionError).is<false>();
  else typeOf(info.code).is<'closed' | 'bufferFull' | 'invalidUtf8' | 'tooBig' | 'cancelled' | 'compressionError'>();
  // @ts-expect-error only a send that failed has a code
  fits<string>(info.code);
}

export function sends(webSocket: WebSocketConnection, data: SendData): void {
  typeOf(webSocket.send(data)).is<WebSocketSendInfo>();
  typeOf(webSocket.send(data, true)).is<WebSocketSendInfo>();
  typeOf(webSocket.send(data, (current, total) => current < total)).is<Promise<WebSocketSendInfo>>();
  typeOf(webSocket.send(data, false, async () => false)).is<Promise<WebSocketSendInfo>>();
  typeOf(webSocket.send(data, () => undefined)).is<Promise<WebSocketSendInfo>>();
  for (const method of ['sendText', 'sendUtf8Text', 'sendBinary'] as const) {
    typeOf(webSocket[method](data)).is<WebSocketSendInfo>();
    typeOf(webSocket[method](data, () => true)).is<Promise<WebSocketSendInfo>>();
  }
  webSocket.send(Buffer.alloc(1));
  webSocket.send(new Float64Array(1));
  webSocket.send(new DataView(new ArrayBuffer(1)));
  typeOf(webSocket.ping()).is<WebSocketSendInfo>();
  webSocket.ping('data');
  webSocket.ping(new Uint8Array(1));
  typeOf(webSocket.pong()).is<WebSocketSendInfo>();
  webSocket.pong('data');
  webSocket.pong(new Uint8Array(1));
  // @ts-expect-error a number has no bytes
  void webSocket.send(5);
  // @ts-expect-error nor is it the length of a ping
  webSocket.ping(5);
  // @ts-expect-error an array is not a typed array
  void webSocket.sendBinary([1, 2]);
}

export async function uses(webSocket: WebSocketConnection): Promise<void> {
  webSocket.setOnMessageCallback(onMessage);
  webSocket.setOnMessageCallback(async () => undefined);
  webSocket.setOnMessageCallback(undefined);
  typeOf(webSocket.on('error', (msg) => onError(msg.errorInfo))).is<WebSocketConnection>();
  webSocket.on(WebSocketMessageType.Message, (msg) => typeOf(msg.data).is<string | Buffer>());
  webSocket.off('open', () => undefined);
  // @ts-expect-error there is no such message
  webSocket.on('mesage', () => undefined);

  for await (const msg of webSocket) typeOf(msg).is<WebSocketTextMessage | WebSocketBinaryMessage>();

  typeOf(webSocket.getReadyState()).is<ReadyState>();
  typeOf(webSocket.bufferedAmount()).is<number>();
  typeOf(webSocket.unconsumedMessages).is<number>();
  typeOf(webSocket.drain({ signal: AbortSignal.timeout(1) })).is<Promise<void>>();
  typeOf(webSocket.toDuplex()).is<Duplex>();
  webSocket.onFrame((frame) => typeOf(frame.incoming).is<boolean>());
  webSocket.pause();
  webSocket.resume();
  webSocket.ref();
  webSocket.unref();
  webSocket.flush();
  webSocket.close();
  webSocket.close(4000, 'reason');
  webSocket.terminate();
}

/** The inside is neither seen nor reached: no name but the documented ones. */
export function hides(webSocket: WebSocket, served: ServerWebSocket): void {
  // @ts-expect-error the session reports to an object of its own
  webSocket.onText = () => undefined;
  // @ts-expect-error nor is there such a name
  served.onText = () => undefined;
  // @ts-expect-error nor is there such a name
  fits<unknown>(webSocket.session);
  // @ts-expect-error nor is there such a name
  fits<unknown>(served.session);
  // @ts-expect-error a server makes them
  fits<ServerWebSocket>(new ServerWebSocket());
  type Shared =
    | 'send'
    | 'sendText'
    | 'sendUtf8Text'
    | 'sendBinary'
    | 'sendPrepared'
    | 'sendWhenReady'
    | 'canSendMore'
    | 'setSlowConsumer'
    | 'droppedMessages'
    | 'droppedBytes'
    | 'drain'
    | 'bufferedAmount'
    | 'flush'
    | 'ping'
    | 'pong'
    | 'setPingInterval'
    | 'getPingInterval'
    | 'setPingMessage'
    | 'getPingMessage'
    | 'roundTripTimeMs'
    | 'close'
    | 'terminate'
    | 'getReadyState'
    | 'pause'
    | 'resume'
    | 'ref'
    | 'unref'
    | 'setOnMessageCallback'
    | 'isOnMessageCallbackRegistered'
    | 'on'
    | 'off'
    | 'onFrame'
    | 'toDuplex'
    | 'unconsumedMessages'
    | typeof Symbol.asyncIterator;
  type Topics = 'state' | 'data' | 'subscribe' | 'unsubscribe' | 'isSubscribed' | 'getSubscriptions' | 'publish';
  same<keyof WebSocketConnection, Shared>();
  same<keyof ServerWebSocket, Shared | Topics>();
}

import { inspection, oneLine, showBy, withoutSecrets } from '../../util/inspection.ts';
import type {
  WebSocketBinaryMessage,
  WebSocketCloseInfo,
  WebSocketErrorInfo,
  WebSocketMessage,
  WebSocketOpenInfo,
  WebSocketOpenMessage,
  WebSocketPingMessage,
  WebSocketPongMessage,
  WebSocketTextMessage,
} from './messages.ts';

export class TextMessage implements WebSocketTextMessage {
  readonly type = 'message';
  readonly binary = false;
  readonly data: string;
  readonly wireSize: number;

  static {
    showBy(
      TextMessage.prototype,
      inspection(({ type, binary, data, wireSize }) => ({ type, binary, data: oneLine(data), wireSize })),
    );
  }

  constructor(data: string, wireSize: number) {
    this.data = data;
    this.wireSize = wireSize;
  }

  get bytes(): Buffer {
    return Buffer.from(this.data, 'utf8');
  }
}

export class BinaryMessage implements WebSocketBinaryMessage {
  readonly type = 'message';
  readonly binary = true;
  readonly data: Buffer;
  readonly wireSize: number;

  constructor(data: Buffer, wireSize: number) {
    this.data = data;
    this.wireSize = wireSize;
  }

  get bytes(): Buffer {
    return this.data;
  }
}

const openInfoInspection = inspection<WebSocketOpenInfo>(({ uri, protocol, headers, attempt }) => {
  const shown = { uri: oneLine(withoutSecrets(uri)), protocol, headers };
  return attempt === undefined ? shown : { ...shown, attempt };
});
const openInspection = inspection<WebSocketOpenMessage>(({ type, openInfo, wireSize }) => ({
  type,
  openInfo,
  wireSize,
}));
const closeInfoInspection = inspection<WebSocketCloseInfo>(({ reason, cause, ...info }) => {
  const shown = { ...info, reason: oneLine(reason) };
  return cause === undefined ? shown : { ...shown, cause: oneLine(String(cause)) };
});
const errorInfoInspection = inspection<WebSocketErrorInfo>((info) => {
  const { reason, code, phase, retryable, httpStatus, retries, waitTime, attempt } = info;
  const shown = { reason: oneLine(reason, 500), code, phase, retryable, httpStatus, retries, waitTime };
  return attempt === undefined ? shown : { ...shown, attempt };
});
const pingInspection = inspection<WebSocketPingMessage | WebSocketPongMessage>(({ type, data, wireSize }) => ({
  type,
  data: oneLine(data),
  wireSize,
}));

/** The message that a connection is open, on which `info` was agreed. */
export function openMessage(info: WebSocketOpenInfo): WebSocketMessage {
  const openInfo = showBy(info, openInfoInspection);
  return showBy<WebSocketOpenMessage>({ type: 'open', openInfo, headers: info.headers, wireSize: 0 }, openInspection);
}

/** The message that a connection is over. */
export function closeMessage(info: WebSocketCloseInfo, wireSize: number): WebSocketMessage {
  return { type: 'close', closeInfo: showBy(info, closeInfoInspection), wireSize };
}

/** The message that an attempt has failed. */
export function errorMessage(info: WebSocketErrorInfo): WebSocketMessage {
  return { type: 'error', errorInfo: shownErrorInfo(info), wireSize: 0 };
}

export function shownErrorInfo(info: WebSocketErrorInfo): WebSocketErrorInfo {
  return showBy(info, errorInfoInspection);
}

/** The message that a ping or pong with these bytes has arrived. */
export function controlMessage(type: 'ping' | 'pong', bytes: Buffer, wireSize: number): WebSocketMessage {
  return showBy<WebSocketPingMessage | WebSocketPongMessage>(
    { type, data: bytes.toString('utf8'), bytes, wireSize },
    pingInspection,
  );
}

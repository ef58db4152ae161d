import { UsageError } from '../../errors.ts';
import { nodePorts } from '../../platform/node-ports.ts';
import { PreparedMessage } from '../../protocol/websocket/frames/prepared-message.ts';
import { textBytes, utf8Length } from '../../protocol/websocket/text/text.ts';
import { bytesOf, type SendData } from './send-data.ts';

/**
 * Encodes a message once, so that it can be sent many times: with `broadcast()` or `publish()` of a server, or with
 * `sendPrepared()` of a connection. `data` is copied.
 *
 * Text that is not valid makes a message that is never sent: its sends say `invalidUtf8`.
 *
 * @param binary whether it is binary, not text; true by default for everything but strings
 * @throws UsageError (`invalidOption`) when `data` is not something that can be sent
 *
 * @example
 * const hello = prepareMessage('hello');
 * server.setOnConnectionCallback((webSocket) => {
 *   webSocket.on('open', () => webSocket.sendPrepared(hello));
 * });
 */
export function prepareMessage(data: SendData, binary: boolean = typeof data !== 'string'): PreparedMessage {
  if (typeof data === 'string') {
    const length = utf8Length(data);
    return new PreparedMessage(length < 0 ? undefined : textBytes(data, length), binary);
  }
  const bytes = Buffer.from(bytesOf(data));
  return new PreparedMessage(binary || nodePorts.isUtf8(bytes) ? bytes : undefined, binary);
}

/** Throws for what was not made by {@link prepareMessage}. */
export function checkPrepared(message: PreparedMessage): PreparedMessage {
  if (!(message instanceof PreparedMessage)) throw new UsageError('message', 'must come from prepareMessage()');
  return message;
}

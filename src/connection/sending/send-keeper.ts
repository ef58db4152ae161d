import type { SendData, WebSocketSendInfo } from './send-data.ts';

/** The kind of message that a send makes of its data; `utf8Text` is text that need not be checked. */
export type SendKind = 'text' | 'utf8Text' | 'binary';

/** Takes sends while there is no connection. */
export interface SendKeeper {
  /** Returns the outcome for the message; `undefined` when it is to be sent, or fail, in the ordinary way. */
  keep(data: SendData, kind: SendKind): WebSocketSendInfo | undefined;
}

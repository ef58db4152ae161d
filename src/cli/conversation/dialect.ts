import { isUtf8 } from 'node:buffer';
import { gunzipSync } from 'node:zlib';
import type { WebSocketDataMessage } from '../../index.ts';
import { reasonOf } from '../terminal/output.ts';
import type { ShownMessage } from './events.ts';
import type { Line, Outgoing } from './outbox.ts';

/** Translates lines to messages, and messages to text for people. */
export interface Dialect {
  outgoing(line: Line): Outgoing;
  /** `onProblem` is told what is wrong with a message that is shown as it is. */
  incoming(message: WebSocketDataMessage, onProblem: (text: string) => void): ShownMessage;
  /** Sent on the first connection, before anything else. */
  readonly greeting?: Outgoing;
  /** Sent before the end. */
  readonly farewell?: Outgoing;
}

/** Lines are messages, and messages are shown. */
export class PlainDialect implements Dialect {
  /** True when lines are sent as binary messages. */
  isBinary: boolean;
  private readonly gunzips: boolean;
  private readonly maxMessageSize: number;

  constructor(options: { readonly isBinary: boolean; readonly gunzips: boolean; readonly maxMessageSize: number }) {
    this.isBinary = options.isBinary;
    this.gunzips = options.gunzips;
    this.maxMessageSize = options.maxMessageSize;
  }

  outgoing(line: Line): Outgoing {
    return { data: line, isBinary: this.isBinary };
  }

  incoming(message: WebSocketDataMessage, onProblem: (text: string) => void): ShownMessage {
    if (!this.gunzips) return { payload: message.data };
    try {
      const bytes = gunzipSync(message.bytes, { maxOutputLength: this.maxMessageSize });
      return { payload: isUtf8(bytes) ? bytes.toString('utf8') : bytes };
    } catch (error) {
      onProblem(`Error decompressing: ${reasonOf(error)}`);
      return { payload: message.data };
    }
  }
}

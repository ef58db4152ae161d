import { UsageError } from '../../errors.ts';
import { MAX_CONTROL_PAYLOAD_BYTES } from '../../protocol/websocket/frames/opcodes.ts';
import { utf8Length } from '../../protocol/websocket/text/text.ts';
import { checkOneOf } from '../../util/options.ts';
import { bytesOf, type SendData } from '../sending/send-data.ts';

/** The kind of what a heartbeat sends: a ping, or a message for gateways that do not count pings as traffic. */
export type PingMessageKind = 'ping' | 'text' | 'binary';

/** The text of the next heartbeat of a connection. It counts on when a client reconnects. */
export class PingMessage {
  kind: PingMessageKind = 'ping';
  private custom: string | Buffer | undefined;
  private count = 0;

  /** Replaces the numbered default. Throws {@link UsageError} for what cannot be sent. */
  set(message: SendData, kind: PingMessageKind): void {
    const checked = checkOneOf('kind', kind, ['ping', 'text', 'binary'] as const);
    const custom = typeof message === 'string' ? checkText(message) : Buffer.from(bytesOf(message, 'message'));
    if (checked === 'ping' && Buffer.byteLength(custom) > MAX_CONTROL_PAYLOAD_BYTES) {
      throw new UsageError('message', `of a ping must be at most ${MAX_CONTROL_PAYLOAD_BYTES} bytes long`);
    }
    if (checked === 'text' && typeof custom !== 'string') throw new UsageError('message', 'of text must be a string');
    this.custom = custom;
    this.kind = checked;
  }

  /** Tells what the next heartbeat carries. */
  peek(intervalSecs: number): string | Buffer {
    return this.custom ?? `ixwebsocket::heartbeat::${intervalSecs}s::${this.count}`;
  }

  take(intervalSecs: number): string | Buffer {
    const message = this.peek(intervalSecs);
    this.count++;
    return message;
  }
}

function checkText(message: string): string {
  if (utf8Length(message) < 0) throw new UsageError('message', 'must not have a lone surrogate');
  return message;
}

import { accepted, bytesOf, notSent, type SendData, type WebSocketSendInfo } from '../connection/sending/send-data.ts';
import type { SendKeeper, SendKind } from '../connection/sending/send-keeper.ts';
import type { Session } from '../connection/session/session.ts';
import { nodePorts } from '../platform/node-ports.ts';
import { afterThisTurn } from '../platform/turn.ts';
import { utf8Length } from '../protocol/websocket/text/text.ts';
import { bytes, callback, choice } from '../util/option-kinds.ts';
import { type OptionTable, optionTable, type Resolved, resolveOptions, under } from '../util/option-table.ts';

/** A message that was kept, and will not be sent. */
export interface LostMessage {
  readonly data: string | Buffer;
  readonly binary: boolean;
  /**
   * - `dropped`: the outbox was full, and its policy chose this message.
   * - `ended`: the client was stopped, or gave up.
   * - `notSent`: the open connection did not take it, such as when it could not be compressed.
   */
  readonly cause: 'dropped' | 'ended' | 'notSent';
}

/** The place of messages that wait while a started client is not connected. */
export interface OutboxOptions {
  /**
   * Bytes of all messages that wait; there are at most 10000 of them. One that is larger by itself is never kept.
   * @default 1048576 (1 MiB)
   */
  maxBytes?: number | undefined;
  /**
   * The fate of a message for which there is no room: `'reject'` makes its send fail with `bufferFull`;
   * `'drop-oldest'` makes room by losing the messages that waited longest; `'drop-newest'` loses the message itself:
   * its send fails with `bufferFull`, and it is counted.
   * @default 'reject'
   */
  policy?: 'reject' | 'drop-oldest' | 'drop-newest' | undefined;
  /**
   * Gets each message that is lost. `lostMessages` of the client counts them.
   * @default they are only counted
   */
  onLost?: ((message: LostMessage) => unknown) | undefined;
}

/** Checked {@link OutboxOptions} with all defaults filled in. */
export type ResolvedOutboxOptions = Readonly<Resolved<OutboxOptions, 'onLost'>>;

export const outboxTable: OptionTable<ResolvedOutboxOptions> = optionTable(
  'outbox',
  {
    maxBytes: bytes(1024 * 1024),
    policy: choice('reject', ['reject', 'drop-oldest', 'drop-newest']),
    onLost: callback(),
  },
  { example: '{ maxBytes: … }' },
);

export function resolveOutboxOptions(name: string, options: unknown): ResolvedOutboxOptions {
  return resolveOptions(under(name, outboxTable), options);
}

/** The client of an {@link Outbox}. */
export interface OutboxOwner {
  /** True while a connection is there or will be, as long as nobody stops the client. */
  readonly isRunning: boolean;
  /** True while messages can be sent. */
  readonly isOpen: boolean;
  onLost(message: LostMessage): void;
}

/** So that a flood of empty messages is bounded as well. */
const MAX_MESSAGES = 10_000;

interface Kept {
  readonly data: string | Buffer;
  readonly binary: boolean;
  readonly bytes: number;
}

/** Keeps messages in order while there is no connection, within a number of bytes. */
export class Outbox implements SendKeeper {
  bytes = 0;
  private readonly owner: OutboxOwner;
  private readonly options: ResolvedOutboxOptions;
  private readonly kept: Kept[] = [];
  /** The session that messages are sent on now, in as many parts as it takes. */
  private flushing: Session | undefined;

  constructor(options: ResolvedOutboxOptions, owner: OutboxOwner) {
    this.options = options;
    this.owner = owner;
  }

  /** Keeps a message unless it can be sent, ahead of nothing that waits. Bytes are copied. */
  keep(data: SendData, kind: SendKind): WebSocketSendInfo | undefined {
    const { owner } = this;
    const mayPass = owner.isOpen && this.flushing === undefined;
    if (mayPass || !owner.isRunning) return undefined;
    const message = toKept(data, kind);
    if (message === undefined) return notSent('invalidUtf8', typeof data === 'string' ? 0 : bytesOf(data).length);
    if (!this.makeRoom(message)) return notSent('bufferFull', message.bytes);
    this.kept.push(message);
    this.bytes += message.bytes;
    return accepted(message.bytes, 0);
  }

  /** Sends what waits. */
  flush(session: Session): void {
    this.flushing = undefined;
    for (let message = this.kept[0]; message !== undefined; message = this.kept[0]) {
      const { sender } = session;
      const { data, binary } = message;
      // The policy for slow consumers is not for these: they can wait here.
      if (session.isOpen && !sender.hasRoomFor(message.bytes)) {
        this.flushing = session;
        void sender.whenDrained().then(() => afterThisTurn(() => this.flushFurther(session)));
        return;
      }
      const info = typeof data === 'string' ? sender.sendText(data) : sender.sendBytes(data, binary, true);
      if (!info.success && info.code === 'closed') return;
      this.takeFirst();
      if (!info.success) this.lose(message, 'notSent');
    }
  }

  /** The client is over: what waits is lost. Returns how many bytes that were. */
  end(): number {
    const { bytes } = this;
    this.flushing = undefined;
    for (let message = this.takeFirst(); message !== undefined; message = this.takeFirst()) this.lose(message, 'ended');
    return bytes;
  }

  private flushFurther(session: Session): void {
    if (this.flushing === session) this.flush(session);
  }

  private makeRoom(message: Kept): boolean {
    const { maxBytes, policy } = this.options;
    if (message.bytes > maxBytes) return false;
    while (this.bytes + message.bytes > maxBytes || this.kept.length >= MAX_MESSAGES) {
      if (policy !== 'drop-oldest') {
        if (policy === 'drop-newest') this.lose(message, 'dropped');
        return false;
      }
      const oldest = this.takeFirst();
      if (oldest !== undefined) this.lose(oldest, 'dropped');
    }
    return true;
  }

  private takeFirst(): Kept | undefined {
    const first = this.kept.shift();
    if (first !== undefined) this.bytes -= first.bytes;
    return first;
  }

  private lose({ data, binary }: Kept, cause: LostMessage['cause']): void {
    this.owner.onLost({ data, binary, cause });
  }
}

/** A message as it can wait; `undefined` for text that is none. */
function toKept(data: SendData, kind: SendKind): Kept | undefined {
  const binary = kind === 'binary';
  if (typeof data !== 'string') {
    const bytes = Buffer.from(bytesOf(data));
    if (kind === 'text' && !nodePorts.isUtf8(bytes)) return undefined;
    return { data: bytes, binary, bytes: bytes.length };
  }
  const length = utf8Length(data);
  if (length < 0) return undefined;
  return { data: binary ? Buffer.from(data, 'utf8') : data, binary, bytes: length };
}

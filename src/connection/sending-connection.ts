import { UsageError } from '../errors.ts';
import type { PreparedMessage } from '../protocol/websocket/frames/prepared-message.ts';
import { utf8Length } from '../protocol/websocket/text/text.ts';
import { checkInteger, checkOneOf, checkSignal } from '../util/options.ts';
import { raceAbort } from '../util/race-abort.ts';
import { type SlowConsumerPolicy, slowConsumerPolicies } from './connection-limits.ts';
import { DropCounter } from './sending/drop-counter.ts';
import { checkPrepared } from './sending/prepare-message.ts';
import type { OnProgress } from './sending/progress-sender.ts';
import { bytesOf, notSent, type SendData, type WebSocketSendInfo } from './sending/send-data.ts';
import type { SendKeeper, SendKind } from './sending/send-keeper.ts';
import { checkSendOptions, type SendOptions } from './sending/send-options.ts';
import type { Session } from './session/session.ts';

/** The sending half of what a connection can do. */
export abstract class SendingConnection {
  protected session: Session | undefined;
  /** Takes messages while there is no connection. */
  protected keeper: SendKeeper | undefined;
  private drops: DropCounter | undefined;

  /**
   * Sends a message: a string as text, anything else as binary, unless `binary` says otherwise.
   *
   * Sends of one turn of the event loop leave together. A long buffer is referenced until it has left, so do not
   * change it before; short ones are copied.
   *
   * @param data what to send
   * @param binary false sends bytes as text, true a string as the bytes of its UTF-8
   * @returns what became of it; `success` is false when nothing was sent, and `code` says why
   * @throws UsageError (`invalidOption`) when `data` is not something that can be sent
   *
   * @example
   * const { success } = webSocket.send('hello');
   */
  send(data: SendData, binary?: boolean): WebSocketSendInfo;
  /**
   * The same, with options.
   *
   * @example
   * webSocket.send(JSON.stringify(price), { key: price.symbol });
   */
  send(data: SendData, options: SendOptions): WebSocketSendInfo;
  /**
   * Sends a message in fragments of 32 KiB and calls `onProgress` for each that the operating system has taken. It may
   * return false to cancel, or a promise to delay the next fragment. Messages sent meanwhile wait behind this one.
   *
   * A send that is cancelled on the way ends as the option `onCancel` says; its code is `cancelled`.
   *
   * @returns resolves when the message has left, or when it is known that it will not; rejects with what `onProgress`
   * throws, and the send is cancelled then
   *
   * @example
   * await webSocket.send(file, (current, total) => console.log(`${current + 1} of ${total}`));
   */
  send(data: SendData, onProgress: OnProgress): Promise<WebSocketSendInfo>;
  send(data: SendData, binary: boolean, onProgress: OnProgress): Promise<WebSocketSendInfo>;
  send(
    data: SendData,
    how: boolean | OnProgress | SendOptions = typeof data !== 'string',
    onProgress?: OnProgress,
  ): WebSocketSendInfo | Promise<WebSocketSendInfo> {
    if (typeof how === 'boolean') return this.sendAs(data, how ? 'binary' : 'text', onProgress);
    if (typeof how === 'function') return this.sendAs(data, typeof data === 'string' ? 'text' : 'binary', how);
    const { kind, key } = checkSendOptions('send()', data, how);
    return this.sendAs(data, kind, undefined, key);
  }

  /** Sends a text message; bytes must be valid UTF-8, or nothing is sent and the code is `invalidUtf8`. */
  sendText(data: SendData): WebSocketSendInfo;
  sendText(data: SendData, onProgress: OnProgress): Promise<WebSocketSendInfo>;
  sendText(data: SendData, onProgress?: OnProgress): WebSocketSendInfo | Promise<WebSocketSendInfo> {
    return this.sendAs(data, 'text', onProgress);
  }

  /** Like {@link sendText}, for bytes known to be UTF-8: they are not checked. Strings always are. */
  sendUtf8Text(data: SendData): WebSocketSendInfo;
  sendUtf8Text(data: SendData, onProgress: OnProgress): Promise<WebSocketSendInfo>;
  sendUtf8Text(data: SendData, onProgress?: OnProgress): WebSocketSendInfo | Promise<WebSocketSendInfo> {
    return this.sendAs(data, 'utf8Text', onProgress);
  }

  /** Sends a binary message; a string goes as the bytes of its UTF-8. */
  sendBinary(data: SendData): WebSocketSendInfo;
  sendBinary(data: SendData, onProgress: OnProgress): Promise<WebSocketSendInfo>;
  sendBinary(data: SendData, onProgress?: OnProgress): WebSocketSendInfo | Promise<WebSocketSendInfo> {
    return this.sendAs(data, 'binary', onProgress);
  }

  /**
   * Whether more should be sent now: false from `highWaterMark` bytes waiting on, until they have shrunk to
   * `lowWaterMark`. Sending is possible all the same, up to `maxBufferedBytes`.
   *
   * @example
   * for (const item of items) {
   *   webSocket.send(item);
   *   if (!webSocket.canSendMore) await webSocket.drain();
   * }
   */
  get canSendMore(): boolean {
    return this.session?.sender.canSendMore ?? false;
  }

  /**
   * Waits until there is room, which is when {@link canSendMore} becomes true, and sends then: first come, first served.
   * So a sender goes at the pace of the peer, whatever its policy for slow consumers.
   *
   * @param options.signal gives up waiting: the promise rejects with its reason, and nothing is sent
   * @returns resolves with what became of the send; its code is `closed` when the connection ended meanwhile
   *
   * @example
   * for await (const row of rows) await webSocket.sendWhenReady(JSON.stringify(row));
   */
  async sendWhenReady(
    data: SendData,
    options: SendOptions & { readonly signal?: AbortSignal | undefined } = {},
  ): Promise<WebSocketSendInfo> {
    const { kind, key } = checkSendOptions('sendWhenReady()', data, options);
    const signal = options.signal && checkSignal('signal', options.signal);
    signal?.throwIfAborted();
    const send = (): WebSocketSendInfo => this.sendAs(data, kind, undefined, key);
    const { session } = this;
    return session === undefined ? send() : session.sender.whenReady(send, signal);
  }

  /**
   * Sends a message that was prepared with `prepareMessage()`. On a server nothing is encoded or compressed anew.
   *
   * @throws UsageError (`invalidOption`) for anything else
   */
  sendPrepared(message: PreparedMessage, options: Pick<SendOptions, 'key'> = {}): WebSocketSendInfo {
    const { payload, isBinary } = checkPrepared(message);
    const { session } = this;
    if (this.keeper !== undefined && payload !== undefined) {
      const kept = this.keeper.keep(payload, isBinary ? 'binary' : 'utf8Text');
      if (kept !== undefined) return kept;
    }
    if (session === undefined) return notSent(payload === undefined ? 'invalidUtf8' : 'closed', message.length);
    return session.sender.sendPrepared(message, options.key, false);
  }

  /**
   * Sets what becomes of messages when the peer does not read fast enough, for the connection that is open.
   *
   * @param policy see {@link SlowConsumerPolicy}
   * @param maxBufferedBytes bytes that may wait; the option of that name by default
   * @throws UsageError (`invalidOption`) for anything else
   */
  setSlowConsumer(policy: SlowConsumerPolicy, maxBufferedBytes?: number): void {
    checkOneOf('policy', policy, slowConsumerPolicies);
    if (maxBufferedBytes !== undefined) checkInteger('maxBufferedBytes', maxBufferedBytes, { min: 1 });
    const { session } = this;
    session?.sender.setPolicy(policy, maxBufferedBytes ?? session.context.limits.maxBufferedBytes);
  }

  /** Messages that were dropped because the peer does not read fast enough, since the beginning. */
  get droppedMessages(): number {
    return this.drops?.messages ?? 0;
  }

  /** The payload bytes of {@link droppedMessages}. */
  get droppedBytes(): number {
    return this.drops?.bytes ?? 0;
  }

  /**
   * Resolves when everything that was sent has been taken by the operating system, or the connection is over. From
   * then on buffers that were sent may be changed.
   *
   * @param options.signal gives up waiting: the promise rejects with its reason
   */
  async drain(options: { readonly signal?: AbortSignal | undefined } = {}): Promise<void> {
    const signal = options.signal && checkSignal('signal', options.signal);
    signal?.throwIfAborted();
    const drained = this.session?.sender.whenDrained();
    if (drained === undefined) return;
    await (signal === undefined ? drained : raceAbort(drained, signal));
  }

  /** Bytes that were accepted for sending and that the operating system has not taken, batched ones included. */
  bufferedAmount(): number {
    return this.session?.sender.bufferedBytes ?? 0;
  }

  /** Writes at once what this turn has batched. For code that sends and then computes for long. */
  flush(): void {
    this.session?.flush();
  }

  /** Messages were dropped in this turn of the event loop. */
  protected abstract onDroppedInTurn(messages: number, bytes: number): void;

  /** Tells of what was dropped before the turn is over. */
  protected tellOfDrops(): void {
    this.drops?.tellNow();
  }

  /** @internal Called by the session. */
  onDropped(payloadSize: number): void {
    this.drops ??= new DropCounter((messages, bytes) => this.onDroppedInTurn(messages, bytes));
    this.drops.add(payloadSize);
  }

  private sendAs(data: SendData, kind: SendKind, onProgress: undefined, key?: string): WebSocketSendInfo;
  private sendAs(
    data: SendData,
    kind: SendKind,
    onProgress: OnProgress | undefined,
    key?: string,
  ): WebSocketSendInfo | Promise<WebSocketSendInfo>;
  private sendAs(
    data: SendData,
    kind: SendKind,
    onProgress: OnProgress | undefined,
    key?: string,
  ): WebSocketSendInfo | Promise<WebSocketSendInfo> {
    const { session } = this;
    if (this.keeper !== undefined && onProgress === undefined) {
      const kept = this.keeper.keep(data, kind);
      if (kept !== undefined) return kept;
    }
    const isBinary = kind === 'binary';
    const isText = typeof data === 'string';
    if (onProgress === undefined && isText && !isBinary && session !== undefined)
      return session.sender.sendText(data, key);
    if (isText && utf8Length(data) < 0) return settled(notSent('invalidUtf8', 0), onProgress);
    const bytes = isText ? Buffer.from(data, 'utf8') : bytesOf(data);
    if (session === undefined) return settled(notSent('closed', bytes.length), onProgress);
    const isChecked = isText || kind === 'utf8Text';
    if (onProgress === undefined) return session.sender.sendBytes(bytes, isBinary, isChecked, key);
    if (typeof onProgress !== 'function') throw new UsageError('onProgress', 'must be a function');
    return session.sender.sendWithProgress(bytes, isBinary, isChecked, onProgress);
  }
}

function settled(
  info: WebSocketSendInfo,
  onProgress: OnProgress | undefined,
): WebSocketSendInfo | Promise<WebSocketSendInfo> {
  return onProgress === undefined ? info : Promise.resolve(info);
}

import type { Duplex } from 'node:stream';
import { UsageError } from '../errors.ts';
import type { OnFrame } from '../protocol/websocket/frames/frame-tap.ts';
import type { PreparedMessage } from '../protocol/websocket/frames/prepared-message.ts';
import { utf8Length } from '../protocol/websocket/text/text.ts';
import { resolveOptions } from '../util/option-table.ts';
import { checkFunction, checkOneOf } from '../util/options.ts';
import { raceAbort } from '../util/race-abort.ts';
import { checkClose } from './close-arguments.ts';
import { type ConnectionCore, PausedBy } from './connection-core.ts';
import type { SlowConsumerPolicy } from './connection-limits.ts';
import { settableLines } from './connection-options.ts';
import { type DuplexOptions, toDuplex } from './duplex.ts';
import type { MessageOf, OnMessageCallback } from './messages/message-hub.ts';
import { type WebSocketDataMessage, WebSocketMessageType } from './messages/messages.ts';
import type { PingMessageKind } from './pings/ping-message.ts';
import type { ReadyState } from './ready-state.ts';
import { checkPrepared } from './sending/prepare-message.ts';
import type { OnProgress } from './sending/progress-sender.ts';
import { bytesOf, notSent, type SendData, type WebSocketSendInfo } from './sending/send-data.ts';
import {
  drainTable,
  resolveSendOptions,
  resolveSendWhenReadyOptions,
  type SendOptions,
} from './sending/send-options.ts';

const messageTypes = Object.values(WebSocketMessageType);

/**
 * The part of a WebSocket that a client and a connection of a server share.
 *
 * Messages reach three faces of one mechanism: the callback, listeners by type, and `for await`. The first two see
 * everything when it arrives; what they return is not awaited. The loop takes one message at a time and slows the
 * peer down to its pace. Any call on a closed connection is safe.
 */
export abstract class WebSocketConnection implements AsyncIterable<WebSocketDataMessage> {
  readonly #core: ConnectionCore;

  /** @internal */
  constructor(core: ConnectionCore) {
    this.#core = core;
  }

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
    if (typeof how === 'boolean') return this.#core.send(data, how ? 'binary' : 'text', onProgress);
    if (typeof how === 'function') return this.#core.send(data, typeof data === 'string' ? 'text' : 'binary', how);
    const { kind, key } = resolveSendOptions(data, how);
    return this.#core.send(data, kind, undefined, key);
  }

  /** Sends a text message; bytes must be valid UTF-8, or nothing is sent and the code is `invalidUtf8`. */
  sendText(data: SendData): WebSocketSendInfo;
  sendText(data: SendData, onProgress: OnProgress): Promise<WebSocketSendInfo>;
  sendText(data: SendData, onProgress?: OnProgress): WebSocketSendInfo | Promise<WebSocketSendInfo> {
    return this.#core.send(data, 'text', onProgress);
  }

  /** Like {@link sendText}, for bytes known to be UTF-8: they are not checked. Strings always are. */
  sendUtf8Text(data: SendData): WebSocketSendInfo;
  sendUtf8Text(data: SendData, onProgress: OnProgress): Promise<WebSocketSendInfo>;
  sendUtf8Text(data: SendData, onProgress?: OnProgress): WebSocketSendInfo | Promise<WebSocketSendInfo> {
    return this.#core.send(data, 'utf8Text', onProgress);
  }

  /** Sends a binary message; a string goes as the bytes of its UTF-8. */
  sendBinary(data: SendData): WebSocketSendInfo;
  sendBinary(data: SendData, onProgress: OnProgress): Promise<WebSocketSendInfo>;
  sendBinary(data: SendData, onProgress?: OnProgress): WebSocketSendInfo | Promise<WebSocketSendInfo> {
    return this.#core.send(data, 'binary', onProgress);
  }

  /**
   * Tells if more should be sent now: false from `highWaterMark` bytes waiting on, until they have shrunk to
   * `lowWaterMark`. Sending is possible all the same, up to `maxBufferedBytes`.
   *
   * @example
   * for (const item of items) {
   *   webSocket.send(item);
   *   if (!webSocket.canSendMore) await webSocket.drain();
   * }
   */
  get canSendMore(): boolean {
    return this.#core.session?.sender.canSendMore ?? false;
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
    const { kind, key, signal } = resolveSendWhenReadyOptions(data, options);
    signal?.throwIfAborted();
    const send = (): WebSocketSendInfo => this.#core.send(data, kind, undefined, key);
    const { session } = this.#core;
    return session === undefined ? send() : session.sender.whenReady(send, signal);
  }

  /**
   * Sends a message that was prepared with `prepareMessage()`. On a server nothing is encoded or compressed anew.
   *
   * @throws UsageError (`invalidOption`) for anything else
   */
  sendPrepared(message: PreparedMessage, options: Pick<SendOptions, 'key'> = {}): WebSocketSendInfo {
    return this.#core.sendPrepared(checkPrepared(message), options.key);
  }

  /**
   * Sets what becomes of messages when the peer does not read fast enough, for the connection that is open.
   *
   * @param policy see {@link SlowConsumerPolicy}
   * @param maxBufferedBytes bytes that may wait; the option of that name by default
   * @throws UsageError (`invalidOption`) for anything else
   */
  setSlowConsumer(policy: SlowConsumerPolicy, maxBufferedBytes?: number): void {
    settableLines.slowConsumer.check('policy', policy);
    if (maxBufferedBytes !== undefined) settableLines.maxBufferedBytes.check('maxBufferedBytes', maxBufferedBytes);
    const { session } = this.#core;
    session?.sender.setPolicy(policy, maxBufferedBytes ?? session.context.limits.maxBufferedBytes);
  }

  /** Messages that were dropped because the peer does not read fast enough, since the beginning. */
  get droppedMessages(): number {
    return this.#core.drops?.messages ?? 0;
  }

  /** The payload bytes of {@link droppedMessages}. */
  get droppedBytes(): number {
    return this.#core.drops?.bytes ?? 0;
  }

  /**
   * Resolves when everything that was sent has been taken by the operating system, or the connection is over. From
   * then on buffers that were sent may be changed.
   *
   * @param options.signal gives up waiting: the promise rejects with its reason
   */
  async drain(options: { readonly signal?: AbortSignal | undefined } = {}): Promise<void> {
    const { signal } = resolveOptions(drainTable, options);
    signal?.throwIfAborted();
    const drained = this.#core.session?.sender.whenDrained();
    if (drained === undefined) return;
    await (signal === undefined ? drained : raceAbort(drained, signal));
  }

  /** Bytes that were accepted for sending and that the operating system has not taken, batched ones included. */
  bufferedAmount(): number {
    return this.#core.session?.sender.bufferedBytes ?? 0;
  }

  /** Writes at once what this turn has batched. For code that sends and then computes for long. */
  flush(): void {
    this.#core.session?.flush();
  }

  /**
   * Sends a ping (RFC 6455 section 5.5.2). The peer's answer arrives as a `pong` message.
   *
   * @param data up to 125 bytes; more is refused with the code `tooBig`
   */
  ping(data: SendData = ''): WebSocketSendInfo {
    const payload = controlPayload(data);
    if (payload === undefined) return notSent('invalidUtf8', 0);
    return this.#core.ping(payload);
  }

  /**
   * Sends a pong (RFC 6455 section 5.5.3), which the peer does not answer. Pings are answered without it; it is for
   * where `enablePong` is false, because the answer comes from elsewhere or later, and for a heartbeat in one direction.
   *
   * @param data up to 125 bytes, those of the ping when it is an answer; more is refused with the code `tooBig`
   */
  pong(data: SendData = ''): WebSocketSendInfo {
    const payload = controlPayload(data);
    if (payload === undefined) return notSent('invalidUtf8', 0);
    return this.#core.pong(payload);
  }

  /**
   * Sets after how many seconds without anything received a ping is sent, -1 for never. It takes effect at once.
   *
   * @throws UsageError (`invalidOption`) for anything else
   */
  setPingInterval(pingIntervalSecs: number): void {
    this.#core.pingIntervalSecs = settableLines.pingIntervalSecs.check('pingIntervalSecs', pingIntervalSecs);
  }

  /** Seconds without anything received after which a ping is sent; -1 for never. */
  getPingInterval(): number {
    return this.#core.pingIntervalSecs;
  }

  /**
   * Sets what the heartbeat sends, in place of numbered pings: a ping with this payload, or a message for gateways
   * that do not count pings as traffic. A peer need not answer a message, so behind those silence means death only
   * when `pingTimeoutSecs` was given.
   *
   * @throws UsageError (`invalidOption`) for what cannot be sent: a ping of more than 125 bytes, text as bytes
   */
  setPingMessage(message: SendData, kind: PingMessageKind = 'ping'): void {
    this.#core.startedPings().message.set(message, kind);
  }

  /** Returns what the next heartbeat carries; `ixwebsocket::heartbeat::<seconds>s::<number>` unless it was set. */
  getPingMessage(): string | Buffer {
    return this.#core.startedPings().message.peek(this.getPingInterval());
  }

  /**
   * Milliseconds that the latest ping took to come back, the heartbeat's or one of {@link ping}; `undefined` until one
   * has on this connection.
   */
  get roundTripTimeMs(): number | undefined {
    return this.#core.pings?.roundTrip.latestMs;
  }

  /**
   * Closes the connection, behind everything that was sent (RFC 6455 section 7.1.2). It is over when `close` arrives.
   *
   * @param code 1000 to 1003, 1007 to 1014, or 3000 to 4999
   * @param reason at most 123 bytes of UTF-8
   * @throws UsageError (`invalidOption`) for any other code or reason
   */
  close(code: number = 1000, reason: string = code === 1000 ? 'Normal closure' : ''): void {
    checkClose(code, reason);
    this.#core.session?.close(code, reason);
  }

  /** Ends the connection at once: no closing handshake, and what has not left is dropped. The code is 1006. */
  terminate(): void {
    this.#core.session?.terminate();
  }

  getReadyState(): ReadyState {
    return this.#core.readyState;
  }

  /** Stops reading, so that the peer is slowed down. Close frames and pings wait as well. */
  pause(): void {
    this.#core.setPaused(PausedBy.User, true);
  }

  /** Takes {@link pause} back. */
  resume(): void {
    this.#core.setPaused(PausedBy.User, false);
  }

  /** Lets an open connection keep the process alive, as it does from the start. It holds for later ones as well. */
  ref(): void {
    this.#core.setReferenced(true);
  }

  /** Lets the process end although a connection is open. It holds for later ones as well. */
  unref(): void {
    this.#core.setReferenced(false);
  }

  /** Sets the function that sees everything that happens, in place of the one before; `undefined` removes it. */
  setOnMessageCallback(callback: OnMessageCallback | undefined): void {
    if (callback !== undefined && typeof callback !== 'function') {
      throw new UsageError('callback', 'must be a function');
    }
    this.#core.hub.setCallback(callback);
  }

  isOnMessageCallbackRegistered(): boolean {
    return this.#core.hub.hasCallback;
  }

  /**
   * Adds a listener for one type of message. An `error` that nobody listens to is not thrown.
   *
   * @throws UsageError (`invalidOption`) for a type that does not exist
   */
  on<T extends WebSocketMessageType>(type: T, listener: (message: MessageOf<T>) => unknown): this {
    checkOneOf('type', type, messageTypes);
    if (typeof listener !== 'function') throw new UsageError('listener', 'must be a function');
    this.#core.hub.on(type, listener);
    return this;
  }

  /** Removes a listener. */
  off<T extends WebSocketMessageType>(type: T, listener: (message: MessageOf<T>) => unknown): this {
    this.#core.hub.off(type, listener);
    return this;
  }

  /**
   * Shows every frame that is sent and received, for debugging tools; `undefined` ends that. It costs nothing while it
   * is not set. What is received is shown from the next frame on, before anybody else sees it, and what is sent when
   * it is accepted. Nothing should be sent from in there.
   *
   * @example
   * webSocket.onFrame(({ incoming, opcode, payload }) => {
   *   console.log(incoming ? '<' : '>', opcode, payload.length);
   * });
   */
  onFrame(callback: OnFrame | undefined): void {
    if (callback !== undefined) checkFunction('callback', callback);
    this.#core.setOnFrame(callback);
  }

  /**
   * This connection as a stream of Node's, with backpressure both ways: each chunk that is written is a message, and
   * each message that arrives is a chunk. Call it once the connection is open. Ending the stream closes the connection
   * with 1000; WebSocket cannot end one direction alone, so that what the peer sends after that is lost. A connection
   * that ends without a close frame, or with another code than 1000, 1001 and 1005, destroys the stream with an error
   * whose code is `connectionClosed`.
   *
   * @example
   * await pipeline(createReadStream('data.bin'), webSocket.toDuplex());
   */
  toDuplex(options: DuplexOptions = {}): Duplex {
    return toDuplex(this, options);
  }

  /** Messages that arrived while nobody wanted them, and were dropped. */
  get unconsumedMessages(): number {
    return this.#core.hub.unconsumedMessages;
  }

  /**
   * The messages from now on, and nothing else, one at a time. Reading stops while the loop is behind. Leaving the
   * loop does not close the connection. There is one loop at a time.
   *
   * @throws UsageError (`invalidOption`) when there is another loop
   */
  [Symbol.asyncIterator](): AsyncIterableIterator<WebSocketDataMessage> {
    return this.#core.hub.iterate();
  }
}

/** @internal The part of what `console.log` shows that both kinds have in common. */
export function summary(webSocket: WebSocketConnection): object {
  return { readyState: webSocket.getReadyState(), bufferedAmount: webSocket.bufferedAmount() };
}

/** The bytes of a ping or pong; `undefined` for text that is not valid. */
function controlPayload(data: SendData): Buffer | undefined {
  if (typeof data !== 'string') return bytesOf(data);
  return utf8Length(data) < 0 ? undefined : Buffer.from(data, 'utf8');
}

import { UsageError } from '../errors.ts';
import { utf8Length } from '../protocol/websocket/text.ts';
import { raceAbort } from '../util/race-abort.ts';
import { checkClose } from './close-arguments.ts';
import { checkPingInterval, type PingOptions } from './connection-options.ts';
import { MessageHub, type MessageOf, type OnCallbackError, type OnMessageCallback } from './message-hub.ts';
import {
  BinaryMessage,
  TextMessage,
  type WebSocketCloseInfo,
  type WebSocketDataMessage,
  type WebSocketMessage,
  type WebSocketMessageType,
} from './messages.ts';
import type { PingMessageKind } from './ping-message.ts';
import { Pings } from './pings.ts';
import type { OnProgress } from './progress-sender.ts';
import { ReadyState } from './ready-state.ts';
import { bytesOf, notSent, type SendData, type WebSocketSendInfo } from './send-data.ts';
import type { SendKeeper, SendKind } from './send-keeper.ts';
import type { Session } from './session.ts';
import { isTrafficTracked, trackTraffic } from './traffic-tracker.ts';

/** Who wants reading to stop; each has a bit, and reading goes on when none is set. */
const PausedBy = { User: 1, Consumer: 2 } as const;

/**
 * What a connection can do, on a client and on a server.
 *
 * Messages reach three faces of one mechanism: the callback, listeners by type, and `for await`. The first two see
 * everything when it arrives; what they return is not awaited. The loop takes one message at a time and slows the
 * peer down to its pace. Any call on a closed connection is safe.
 */
export abstract class WebSocketConnection implements AsyncIterable<WebSocketDataMessage> {
  protected readonly hub: MessageHub;
  protected session: Session | undefined;
  /** Takes messages while there is no connection. */
  protected keeper: SendKeeper | undefined;
  private pausedBy = 0;
  private isUnreferenced = false;
  private readonly pingOptions: PingOptions;
  private pings: Pings | undefined;

  protected constructor(onCallbackError: OnCallbackError | undefined, pingOptions: PingOptions) {
    this.hub = new MessageHub(this, onCallbackError);
    this.pingOptions = pingOptions;
    if (pingOptions.pingIntervalSecs > 0) this.pings = new Pings(pingOptions);
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
    binaryOrProgress: boolean | OnProgress = typeof data !== 'string',
    onProgress?: OnProgress,
  ): WebSocketSendInfo | Promise<WebSocketSendInfo> {
    if (typeof binaryOrProgress === 'function') {
      return this.sendAs(data, typeof data === 'string' ? 'text' : 'binary', binaryOrProgress);
    }
    return this.sendAs(data, binaryOrProgress ? 'binary' : 'text', onProgress);
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
    return this.session?.canSendMore ?? false;
  }

  /**
   * Resolves when everything that was sent has been taken by the operating system, or the connection is over. From
   * then on buffers that were sent may be changed.
   *
   * @param options.signal gives up waiting: the promise rejects with its reason
   */
  async drain(options: { readonly signal?: AbortSignal | undefined } = {}): Promise<void> {
    const { signal } = options;
    signal?.throwIfAborted();
    const drained = this.session?.whenDrained();
    if (drained === undefined) return;
    await (signal === undefined ? drained : raceAbort(drained, signal));
  }

  /**
   * Sends a ping (RFC 6455 section 5.5.2). The peer's answer arrives as a `pong` message.
   *
   * @param data up to 125 bytes; more is refused with the code `tooBig`
   */
  ping(data: string | ArrayBufferView = ''): WebSocketSendInfo {
    let payload: Buffer;
    if (typeof data === 'string') {
      if (utf8Length(data) < 0) return notSent('invalidUtf8', 0);
      payload = Buffer.from(data, 'utf8');
    } else if (ArrayBuffer.isView(data)) payload = bytesOf(data);
    else throw new UsageError('data', 'must be a string or a view of an ArrayBuffer');
    const { session } = this;
    if (session === undefined) return notSent(payload.length > 125 ? 'tooBig' : 'closed', payload.length);
    const info = session.ping(payload);
    if (info.success) this.startedPings().onPing(session, payload);
    return info;
  }

  /**
   * Sets after how many seconds without anything received a ping is sent, -1 for never. It takes effect at once.
   *
   * @throws UsageError (`invalidOption`) for anything else
   */
  setPingInterval(pingIntervalSecs: number): void {
    checkPingInterval(pingIntervalSecs);
    if (pingIntervalSecs > 0 || this.pings !== undefined)
      this.startedPings().setInterval(pingIntervalSecs, this.session);
  }

  /** Seconds without anything received after which a ping is sent; -1 for never. */
  getPingInterval(): number {
    return this.pings?.intervalSecs ?? this.pingOptions.pingIntervalSecs;
  }

  /**
   * Sets what the heartbeat sends, in place of numbered pings: a ping with this payload, or a message for gateways
   * that do not count pings as traffic. A peer need not answer a message, so behind those silence means death only
   * when `pingTimeoutSecs` was given.
   *
   * @throws UsageError (`invalidOption`) for what cannot be sent: a ping of more than 125 bytes, text as bytes
   */
  setPingMessage(message: string | ArrayBufferView, kind: PingMessageKind = 'ping'): void {
    this.startedPings().message.set(message, kind);
  }

  /** What the next heartbeat carries; `ixwebsocket::heartbeat::<seconds>s::<number>` unless it was set. */
  getPingMessage(): string | Buffer {
    return this.startedPings().message.peek(this.getPingInterval());
  }

  /**
   * Milliseconds that the latest ping took to come back, the heartbeat's or one of {@link ping}; `undefined` until one
   * has on this connection.
   */
  get roundTripTimeMs(): number | undefined {
    return this.pings?.roundTrip.latestMs;
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
    this.session?.close(code, reason);
  }

  /** Ends the connection at once: no closing handshake, and what has not left is dropped. The code is 1006. */
  terminate(): void {
    this.session?.terminate();
  }

  getReadyState(): ReadyState {
    const { session } = this;
    if (session === undefined) return ReadyState.Closed;
    return session.isOpen ? ReadyState.Open : ReadyState.Closing;
  }

  /** Bytes that were accepted for sending and that the operating system has not taken, batched ones included. */
  bufferedAmount(): number {
    return this.session?.bufferedBytes ?? 0;
  }

  /** Writes at once what this turn has batched. For code that sends and then computes for long. */
  flush(): void {
    this.session?.flush();
  }

  /** Stops reading, so that the peer is slowed down. Close frames and pings wait as well. */
  pause(): void {
    this.setPaused(PausedBy.User, true);
  }

  /** Takes {@link pause} back. */
  resume(): void {
    this.setPaused(PausedBy.User, false);
  }

  /** Lets an open connection keep the process alive, as it does from the start. It holds for later ones as well. */
  ref(): void {
    this.isUnreferenced = false;
    this.session?.ref();
  }

  /** Lets the process end although a connection is open. It holds for later ones as well. */
  unref(): void {
    this.isUnreferenced = true;
    this.session?.unref();
  }

  /** Sets the function that sees everything that happens, in place of the one before; `undefined` removes it. */
  setOnMessageCallback(callback: OnMessageCallback | undefined): void {
    if (callback !== undefined && typeof callback !== 'function') {
      throw new UsageError('callback', 'must be a function');
    }
    this.hub.setCallback(callback);
  }

  isOnMessageCallbackRegistered(): boolean {
    return this.hub.hasCallback;
  }

  /** Adds a listener for one type of message. An `error` that nobody listens to is not thrown. */
  on<T extends WebSocketMessageType>(type: T, listener: (message: MessageOf<T>) => unknown): this {
    if (typeof listener !== 'function') throw new UsageError('listener', 'must be a function');
    this.hub.on(type, listener);
    return this;
  }

  /** Removes a listener. */
  off<T extends WebSocketMessageType>(type: T, listener: (message: MessageOf<T>) => unknown): this {
    this.hub.off(type, listener);
    return this;
  }

  /** Messages that arrived while nobody wanted them, and were dropped. */
  get unconsumedMessages(): number {
    return this.hub.unconsumedMessages;
  }

  /**
   * The messages from now on, and nothing else, one at a time. Reading stops while the loop is behind. Leaving the
   * loop does not close the connection. There is one loop at a time.
   *
   * @throws UsageError (`invalidOption`) when there is another loop
   */
  [Symbol.asyncIterator](): AsyncIterableIterator<WebSocketDataMessage> {
    return this.hub.iterate();
  }

  /** Begins to use an open connection. Only one at a time. */
  protected attach(session: Session): void {
    this.session = session;
    if (this.isUnreferenced) session.unref();
    if (this.pausedBy !== 0) session.setReading(false);
    this.pings?.begin(session);
  }

  /** The connection is over; {@link session} is still there, and gone when this returns. */
  protected abstract onClosed(closeInfo: WebSocketCloseInfo, wireSize: number, unsentBytes: number): void;

  /** Gives a message to those who want it. */
  protected deliver(message: WebSocketMessage): void {
    this.hub.deliver(message);
  }

  /** @internal Called by the hub. */
  onReadingWanted(isWanted: boolean): void {
    this.setPaused(PausedBy.Consumer, !isWanted);
  }

  /** @internal Called by the hub. */
  get hasServerCallback(): boolean {
    return false;
  }

  /** @internal Called by the hub. */
  callServer(_message: WebSocketMessage): unknown {
    return undefined;
  }

  /** @internal Called by the session. */
  onText(text: string, wireSize: number): void {
    if (isTrafficTracked) trackTraffic(wireSize, true);
    this.deliver(new TextMessage(text, wireSize));
  }

  /** @internal Called by the session. */
  onBinary(data: Buffer, wireSize: number): void {
    if (isTrafficTracked) trackTraffic(wireSize, true);
    this.deliver(new BinaryMessage(data, wireSize));
  }

  /** @internal Called by the session. */
  onFragment(binary: boolean, receivedBytes: number): void {
    if (this.hub.wants('fragment')) this.deliver({ type: 'fragment', binary, receivedBytes, wireSize: 0 });
  }

  /** @internal Called by the session. */
  onPing(bytes: Buffer, wireSize: number): void {
    if (isTrafficTracked) trackTraffic(wireSize, true);
    if (this.hub.wants('ping')) this.deliver({ type: 'ping', data: bytes.toString('utf8'), bytes, wireSize });
  }

  /** @internal Called by the session. */
  onPong(bytes: Buffer, wireSize: number): void {
    if (isTrafficTracked) trackTraffic(wireSize, true);
    this.pings?.onPong(bytes);
    if (this.hub.wants('pong')) this.deliver({ type: 'pong', data: bytes.toString('utf8'), bytes, wireSize });
  }

  /** @internal Called by the session. */
  onSessionClosed(closeInfo: WebSocketCloseInfo, wireSize: number, unsentBytes: number): void {
    this.session = undefined;
    this.pings?.end();
    this.onClosed(closeInfo, wireSize, unsentBytes);
  }

  private sendAs(
    data: SendData,
    kind: SendKind,
    onProgress: OnProgress | undefined,
  ): WebSocketSendInfo | Promise<WebSocketSendInfo> {
    const { session } = this;
    if (this.keeper !== undefined && onProgress === undefined) {
      const kept = this.keeper.keep(data, kind);
      if (kept !== undefined) return kept;
    }
    const isBinary = kind === 'binary';
    const isText = typeof data === 'string';
    if (onProgress === undefined && isText && !isBinary && session !== undefined) return session.sendText(data);
    if (isText && utf8Length(data) < 0) return settled(notSent('invalidUtf8', 0), onProgress);
    const bytes = isText ? Buffer.from(data, 'utf8') : bytesOf(data);
    if (session === undefined) return settled(notSent('closed', bytes.length), onProgress);
    const isChecked = isText || kind === 'utf8Text';
    if (onProgress === undefined) return session.sendBytes(bytes, isBinary, isChecked);
    if (typeof onProgress !== 'function') throw new UsageError('onProgress', 'must be a function');
    return session.sendWithProgress(bytes, isBinary, isChecked, onProgress);
  }

  private startedPings(): Pings {
    this.pings ??= new Pings(this.pingOptions);
    return this.pings;
  }

  private setPaused(reason: number, isPaused: boolean): void {
    this.pausedBy = isPaused ? this.pausedBy | reason : this.pausedBy & ~reason;
    this.session?.setReading(this.pausedBy === 0);
  }
}

function settled(
  info: WebSocketSendInfo,
  onProgress: OnProgress | undefined,
): WebSocketSendInfo | Promise<WebSocketSendInfo> {
  return onProgress === undefined ? info : Promise.resolve(info);
}

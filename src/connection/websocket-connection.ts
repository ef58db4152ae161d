import type { Duplex } from 'node:stream';
import { UsageError } from '../errors.ts';
import type { OnFrame } from '../protocol/websocket/frames/frame-tap.ts';
import { MAX_CONTROL_PAYLOAD_BYTES } from '../protocol/websocket/frames/opcodes.ts';
import { utf8Length } from '../protocol/websocket/text/text.ts';
import { callSafely } from '../util/call-safely.ts';
import { checkFunction, checkOneOf } from '../util/options.ts';
import { checkClose } from './close-arguments.ts';
import { checkPingInterval, type PingOptions } from './connection-options.ts';
import { type DuplexOptions, toDuplex } from './duplex.ts';
import { MessageHub, type MessageOf, type OnCallbackError, type OnMessageCallback } from './messages/message-hub.ts';
import {
  BinaryMessage,
  TextMessage,
  type WebSocketCloseInfo,
  type WebSocketDataMessage,
  type WebSocketMessage,
  WebSocketMessageType,
} from './messages/messages.ts';
import type { PingMessageKind } from './pings/ping-message.ts';
import { Pings } from './pings/pings.ts';
import { ReadyState } from './ready-state.ts';
import { bytesOf, notSent, type WebSocketSendInfo } from './sending/send-data.ts';
import { SendingConnection } from './sending-connection.ts';
import type { Session } from './session/session.ts';
import { isTrafficTracked, trackTraffic } from './traffic-tracker.ts';

const messageTypes = Object.values(WebSocketMessageType);

/** Who wants reading to stop; each has a bit, and reading goes on when none is set. */
const PausedBy = { User: 1, Consumer: 2 } as const;

/**
 * What a connection can do, on a client and on a server.
 *
 * Messages reach three faces of one mechanism: the callback, listeners by type, and `for await`. The first two see
 * everything when it arrives; what they return is not awaited. The loop takes one message at a time and slows the
 * peer down to its pace. Any call on a closed connection is safe.
 */
export abstract class WebSocketConnection extends SendingConnection implements AsyncIterable<WebSocketDataMessage> {
  protected readonly hub: MessageHub;
  private pausedBy = 0;
  private isUnreferenced = false;
  private readonly pingOptions: PingOptions;
  private pings: Pings | undefined;
  private frameCallback: OnFrame | undefined;

  protected constructor(onCallbackError: OnCallbackError | undefined, pingOptions: PingOptions) {
    super();
    this.hub = new MessageHub(this, onCallbackError);
    this.pingOptions = pingOptions;
    if (pingOptions.pingIntervalSecs > 0) this.pings = new Pings(pingOptions);
  }

  /**
   * Sends a ping (RFC 6455 section 5.5.2). The peer's answer arrives as a `pong` message.
   *
   * @param data up to 125 bytes; more is refused with the code `tooBig`
   */
  ping(data: string | ArrayBufferView = ''): WebSocketSendInfo {
    const payload = controlPayload(data);
    if (payload === undefined) return notSent('invalidUtf8', 0);
    const { session } = this;
    if (session === undefined) return notConnected(payload);
    const info = session.sender.ping(payload);
    if (info.success) this.startedPings().onPing(session, payload);
    return info;
  }

  /**
   * Sends a pong (RFC 6455 section 5.5.3), which the peer does not answer. Pings are answered without it; it is for
   * where `enablePong` is false, because the answer comes from elsewhere or later, and for a heartbeat in one direction.
   *
   * @param data up to 125 bytes, those of the ping when it is an answer; more is refused with the code `tooBig`
   */
  pong(data: string | ArrayBufferView = ''): WebSocketSendInfo {
    const payload = controlPayload(data);
    if (payload === undefined) return notSent('invalidUtf8', 0);
    return this.session?.sender.pong(payload) ?? notConnected(payload);
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

  /**
   * Adds a listener for one type of message. An `error` that nobody listens to is not thrown.
   *
   * @throws UsageError (`invalidOption`) for a type that does not exist
   */
  on<T extends WebSocketMessageType>(type: T, listener: (message: MessageOf<T>) => unknown): this {
    checkOneOf('type', type, messageTypes);
    if (typeof listener !== 'function') throw new UsageError('listener', 'must be a function');
    this.hub.on(type, listener);
    return this;
  }

  /** Removes a listener. */
  off<T extends WebSocketMessageType>(type: T, listener: (message: MessageOf<T>) => unknown): this {
    this.hub.off(type, listener);
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
    this.frameCallback = callback && this.guarded(callback);
    this.session?.setOnFrame(this.frameCallback);
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
    if (this.frameCallback !== undefined) session.setOnFrame(this.frameCallback);
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

  protected override onDroppedInTurn(messages: number, bytes: number): void {
    if (this.hub.wants('dropped')) this.deliver({ type: 'dropped', messages, bytes, wireSize: 0 });
  }

  /** @internal Called by the session. */
  onSessionClosed(closeInfo: WebSocketCloseInfo, wireSize: number, unsentBytes: number): void {
    this.session = undefined;
    this.pings?.end();
    this.tellOfDrops();
    this.onClosed(closeInfo, wireSize, unsentBytes);
  }

  private startedPings(): Pings {
    this.pings ??= new Pings(this.pingOptions);
    return this.pings;
  }

  private guarded(callback: OnFrame): OnFrame {
    return (frame) => {
      callSafely(
        () => callback(frame),
        (error) => this.hub.onError(error),
      );
    };
  }

  private setPaused(reason: number, isPaused: boolean): void {
    this.pausedBy = isPaused ? this.pausedBy | reason : this.pausedBy & ~reason;
    this.session?.setReading(this.pausedBy === 0);
  }
}

/** The bytes of a ping or pong; `undefined` for text that is not valid. */
function controlPayload(data: string | ArrayBufferView): Buffer | undefined {
  if (typeof data === 'string') return utf8Length(data) < 0 ? undefined : Buffer.from(data, 'utf8');
  if (ArrayBuffer.isView(data)) return bytesOf(data);
  throw new UsageError('data', 'must be a string or a view of an ArrayBuffer');
}

function notConnected({ length }: Buffer): WebSocketSendInfo {
  return notSent(length > MAX_CONTROL_PAYLOAD_BYTES ? 'tooBig' : 'closed', length);
}

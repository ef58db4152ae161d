import { UsageError } from '../errors.ts';
import type { OnFrame } from '../protocol/websocket/frames/frame-tap.ts';
import { MAX_CONTROL_PAYLOAD_BYTES } from '../protocol/websocket/frames/opcodes.ts';
import type { PreparedMessage } from '../protocol/websocket/frames/prepared-message.ts';
import { utf8Length } from '../protocol/websocket/text/text.ts';
import { callSafely } from '../util/call-safely.ts';
import type { PingOptions } from './connection-options.ts';
import { MessageHub } from './messages/message-hub.ts';
import { BinaryMessage, controlMessage, TextMessage } from './messages/message-objects.ts';
import type { WebSocketMessage } from './messages/messages.ts';
import { Pings } from './pings/pings.ts';
import { ReadyState } from './ready-state.ts';
import { DropCounter } from './sending/drop-counter.ts';
import type { OnProgress } from './sending/progress-sender.ts';
import { bytesOf, notSent, type SendData, type WebSocketSendInfo } from './sending/send-data.ts';
import type { SendKeeper, SendKind } from './sending/send-keeper.ts';
import type { Session } from './session/session.ts';
import type { SessionOutcome, SessionOwner } from './session/session-context.ts';
import { isTrafficTracked, trackTraffic } from './traffic-tracker.ts';

/** The client or the server's side that a {@link ConnectionCore} is a part of. */
export interface ConnectionOwner {
  /** A callback has thrown or rejected. */
  onCallbackError(error: unknown): void;
  readonly pingOptions: PingOptions;
  /** True when the server has a callback for all of its connections. It comes before the connection's own. */
  readonly hasServerCallback: boolean;
  callServer(message: WebSocketMessage): unknown;
  /** A message was dropped, because the peer does not read fast enough. */
  onDropped(payloadSize: number): void;
  /** The session is over, and gone. */
  onClosed(outcome: SessionOutcome): void;
}

/** The reasons for which reading stops, a bit each; it goes on when none is set. */
export const PausedBy = { User: 1, Consumer: 2 } as const;

/**
 * The inside of a public connection: the session that it has at the moment, what its messages pass through, and what
 * outlives the session. A client has many sessions in a row, a connection of a server one.
 */
export class ConnectionCore implements SessionOwner {
  session: Session | undefined;
  /** Takes messages while there is no connection. */
  keeper: SendKeeper | undefined;
  readonly hub: MessageHub;
  drops: DropCounter | undefined;
  pings: Pings | undefined;
  private readonly owner: ConnectionOwner;
  private pausedBy = 0;
  private isReferenced = true;
  private onFrame: OnFrame | undefined;

  constructor(owner: ConnectionOwner) {
    this.owner = owner;
    this.hub = new MessageHub(this);
    const { pingOptions } = owner;
    if (pingOptions.pingIntervalSecs > 0) this.pings = new Pings(pingOptions);
  }

  /** Begins to use an open connection. Only one at a time. */
  attach(session: Session): void {
    this.session = session;
    if (this.onFrame !== undefined) session.setOnFrame(this.onFrame);
    if (!this.isReferenced) session.unref();
    if (this.pausedBy !== 0) session.setReading(false);
    this.pings?.begin(session);
  }

  get isOpen(): boolean {
    return this.session?.isOpen ?? false;
  }

  get readyState(): ReadyState {
    if (this.session === undefined) return ReadyState.Closed;
    return this.session.isOpen ? ReadyState.Open : ReadyState.Closing;
  }

  send(data: SendData, kind: SendKind, onProgress: undefined, key?: string): WebSocketSendInfo;
  send(
    data: SendData,
    kind: SendKind,
    onProgress: OnProgress | undefined,
    key?: string,
  ): WebSocketSendInfo | Promise<WebSocketSendInfo>;
  send(
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

  sendPrepared(message: PreparedMessage, key: string | undefined): WebSocketSendInfo {
    const { session, keeper } = this;
    const { payload, isBinary, length } = message;
    if (keeper !== undefined && payload !== undefined) {
      const kept = keeper.keep(payload, isBinary ? 'binary' : 'utf8Text');
      if (kept !== undefined) return kept;
    }
    if (session === undefined) return notSent(payload === undefined ? 'invalidUtf8' : 'closed', length);
    return session.sender.sendPrepared(message, key, false);
  }

  ping(payload: Buffer): WebSocketSendInfo {
    const { session } = this;
    if (session === undefined) return notConnected(payload);
    const info = session.sender.ping(payload);
    if (info.success) this.startedPings().onPing(session, payload);
    return info;
  }

  pong(payload: Buffer): WebSocketSendInfo {
    return this.session?.sender.pong(payload) ?? notConnected(payload);
  }

  get pingIntervalSecs(): number {
    return this.pings?.intervalSecs ?? this.owner.pingOptions.pingIntervalSecs;
  }

  set pingIntervalSecs(seconds: number) {
    if (seconds > 0 || this.pings !== undefined) this.startedPings().setInterval(seconds, this.session);
  }

  startedPings(): Pings {
    this.pings ??= new Pings(this.owner.pingOptions);
    return this.pings;
  }

  setReferenced(isReferenced: boolean): void {
    this.isReferenced = isReferenced;
    if (isReferenced) this.session?.ref();
    else this.session?.unref();
  }

  setPaused(reason: number, isPaused: boolean): void {
    this.pausedBy = isPaused ? this.pausedBy | reason : this.pausedBy & ~reason;
    this.session?.setReading(this.pausedBy === 0);
  }

  setOnFrame(callback: OnFrame | undefined): void {
    const onError = (error: unknown): void => this.hub.onError(error);
    this.onFrame = callback && ((frame) => callSafely(() => callback(frame), onError));
    this.session?.setOnFrame(this.onFrame);
  }

  /** Part of {@link MessageHubOwner}. */
  onCallbackError(error: unknown): void {
    this.owner.onCallbackError(error);
  }

  /** Part of {@link MessageHubOwner}. */
  onReadingWanted(isWanted: boolean): void {
    this.setPaused(PausedBy.Consumer, !isWanted);
  }

  /** Part of {@link MessageHubOwner}. */
  get hasServerCallback(): boolean {
    return this.owner.hasServerCallback;
  }

  /** Part of {@link MessageHubOwner}. */
  callServer(message: WebSocketMessage): unknown {
    return this.owner.callServer(message);
  }

  /** Part of {@link SessionOwner}. */
  onText(text: string, wireSize: number): void {
    if (isTrafficTracked) trackTraffic(wireSize, true);
    this.hub.deliver(new TextMessage(text, wireSize));
  }

  /** Part of {@link SessionOwner}. */
  onBinary(data: Buffer, wireSize: number): void {
    if (isTrafficTracked) trackTraffic(wireSize, true);
    this.hub.deliver(new BinaryMessage(data, wireSize));
  }

  /** Part of {@link SessionOwner}. */
  onFragment(binary: boolean, receivedBytes: number): void {
    if (this.hub.wants('fragment')) this.hub.deliver({ type: 'fragment', binary, receivedBytes, wireSize: 0 });
  }

  /** Part of {@link SessionOwner}. */
  onPing(bytes: Buffer, wireSize: number): void {
    if (isTrafficTracked) trackTraffic(wireSize, true);
    if (this.hub.wants('ping')) this.hub.deliver(controlMessage('ping', bytes, wireSize));
  }

  /** Part of {@link SessionOwner}. */
  onPong(bytes: Buffer, wireSize: number): void {
    if (isTrafficTracked) trackTraffic(wireSize, true);
    this.pings?.onPong(bytes);
    if (this.hub.wants('pong')) this.hub.deliver(controlMessage('pong', bytes, wireSize));
  }

  /** Part of {@link SessionOwner}. */
  onDropped(payloadSize: number): void {
    this.drops ??= new DropCounter((messages, bytes) => {
      if (this.hub.wants('dropped')) this.hub.deliver({ type: 'dropped', messages, bytes, wireSize: 0 });
    });
    this.drops.add(payloadSize);
    this.owner.onDropped(payloadSize);
  }

  /** Part of {@link SessionOwner}. */
  onSessionClosed(outcome: SessionOutcome): void {
    this.session = undefined;
    this.pings?.end();
    this.drops?.tellNow();
    this.owner.onClosed(outcome);
  }
}

function settled(
  info: WebSocketSendInfo,
  onProgress: OnProgress | undefined,
): WebSocketSendInfo | Promise<WebSocketSendInfo> {
  return onProgress === undefined ? info : Promise.resolve(info);
}

function notConnected({ length }: Buffer): WebSocketSendInfo {
  return notSent(length > MAX_CONTROL_PAYLOAD_BYTES ? 'tooBig' : 'closed', length);
}

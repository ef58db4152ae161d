import type { PingOptions } from '../connection/connection-options.ts';
import type { OnCallbackError } from '../connection/messages/message-hub.ts';
import type { WebSocketCloseInfo, WebSocketMessage, WebSocketOpenInfo } from '../connection/messages/messages.ts';
import type { SendData } from '../connection/sending/send-data.ts';
import { Session } from '../connection/session/session.ts';
import type { SessionContext } from '../connection/session/session-context.ts';
import { WebSocketConnection } from '../connection/websocket-connection.ts';
import type { PerMessageDeflate } from '../protocol/websocket/deflate/per-message-deflate.ts';
import type { PreparedMessage } from '../protocol/websocket/frames/prepared-message.ts';
import type { Transport } from '../transport/transport.ts';
import { checkString } from '../util/options.ts';
import type { BroadcastInfo, BroadcastOptions, Recipient } from './audience/broadcast.ts';
import { notSubscribed, type SubscribeInfo, type Topics } from './audience/topics.ts';
import type { ConnectionState } from './connection-state.ts';

/** The server's callback for every message of every connection. */
export type OnClientMessageCallback<S extends ConnectionState, D = unknown> = (
  connectionState: S,
  webSocket: ServerWebSocket<S, D>,
  message: WebSocketMessage,
) => unknown;

/** @internal What a server gives to each of its connections. */
export interface ServerWebSocketOwner<S extends ConnectionState, D> {
  readonly sessionContext: SessionContext;
  readonly clientMessageCallback: OnClientMessageCallback<S, D> | undefined;
  readonly callbackErrorHandler: OnCallbackError;
  readonly pingOptions: PingOptions;
  readonly topics: Topics<ServerWebSocket<S, D>>;
  publish(
    topic: string,
    data: SendData | PreparedMessage,
    options?: BroadcastOptions<ServerWebSocket<S, D>>,
  ): BroadcastInfo;
  /** A message to a connection was dropped. */
  onClientDropped(payloadSize: number): void;
  onClientClosed(webSocket: ServerWebSocket<S, D>, closeInfo: WebSocketCloseInfo, unsentBytes: number): void;
}

/** A client's connection, on the server. */
export class ServerWebSocket<S extends ConnectionState = ConnectionState, D = unknown>
  extends WebSocketConnection
  implements Recipient
{
  /** What the server keeps for this connection. */
  readonly state: S;
  /** What the option `onUpgrade` gave for this connection. */
  readonly data: D;
  private readonly server: ServerWebSocketOwner<S, D>;
  private readonly callback: OnClientMessageCallback<S, D> | undefined;

  /** @internal Made by the server. */
  constructor(server: ServerWebSocketOwner<S, D>, state: S, data: D) {
    super(server.callbackErrorHandler, server.pingOptions);
    this.state = state;
    this.data = data;
    this.server = server;
    this.callback = server.clientMessageCallback;
  }

  /**
   * Subscribes to a topic: from now on what is published there is sent to this connection, until {@link unsubscribe}
   * or the end of the connection. Names are compared as they are, without wildcards.
   *
   * Names may come from the peer: one that cannot be is refused in the result.
   *
   * @throws UsageError (`invalidOption`) when `topic` is not a string
   */
  subscribe(topic: string): SubscribeInfo {
    checkString('topic', topic);
    return this.isRecipient ? this.server.topics.subscribe(this, topic) : notSubscribed('closed');
  }

  /** Takes {@link subscribe} back. Whether there was such a subscription. */
  unsubscribe(topic: string): boolean {
    return this.server.topics.unsubscribe(this, checkString('topic', topic));
  }

  isSubscribed(topic: string): boolean {
    return this.server.topics.isSubscribed(this, checkString('topic', topic));
  }

  /** The topics that were subscribed to, in that order. */
  getSubscriptions(): string[] {
    return this.server.topics.topicsOf(this);
  }

  /**
   * Sends a message to the other connections that have subscribed to a topic. This one need not have.
   *
   * @example
   * webSocket.publish('room 1', `${name} is typing`);
   */
  publish(
    topic: string,
    data: SendData | PreparedMessage,
    options: Pick<BroadcastOptions<ServerWebSocket<S, D>>, 'binary' | 'key' | 'filter'> = {},
  ): BroadcastInfo {
    return this.server.publish(topic, data, { ...options, except: this });
  }

  /** @internal Recipient */
  get isRecipient(): boolean {
    return this.session?.isOpen ?? false;
  }

  /** @internal Recipient */
  get isBlocking(): boolean {
    const { session } = this;
    return session !== undefined && session.sender.policy === 'block' && session.isOpen && !this.canSendMore;
  }

  /** @internal Recipient */
  offer(message: PreparedMessage, key: string | undefined): boolean {
    return this.session?.sender.sendPrepared(message, key, true).success ?? false;
  }

  /** @internal Recipient */
  async whenReady(signal: AbortSignal | undefined): Promise<void> {
    await this.session?.sender.whenReady(() => undefined, signal);
  }

  /** @internal Called by the session. */
  override onDropped(payloadSize: number): void {
    super.onDropped(payloadSize);
    this.server.onClientDropped(payloadSize);
  }

  /** @internal Called by the hub. */
  override get hasServerCallback(): boolean {
    return this.callback !== undefined;
  }

  /** @internal Called by the hub. */
  override callServer(message: WebSocketMessage): unknown {
    return this.callback?.(this.state, this, message);
  }

  /**
   * @internal Completes the opening handshake with `response` and begins. `prepare` runs before `open` is delivered,
   * and `head` is what the client sent behind its request.
   */
  begin(
    transport: Transport,
    response: string,
    openInfo: WebSocketOpenInfo,
    head: Buffer,
    isPongEnabled: boolean,
    deflate: PerMessageDeflate | undefined,
    prepare: () => void,
  ): void {
    const session = new Session(this.server.sessionContext, transport, this, isPongEnabled, deflate);
    this.attach(session);
    session.openWith(response, () => {
      prepare();
      this.deliver({ type: 'open', openInfo, headers: openInfo.headers, wireSize: 0 });
    });
    session.start(head);
  }

  protected override onClosed(closeInfo: WebSocketCloseInfo, wireSize: number, unsentBytes: number): void {
    this.server.topics.forget(this);
    this.server.onClientClosed(this, closeInfo, unsentBytes);
    this.deliver({ type: 'close', closeInfo, wireSize });
    this.hub.end(true);
  }
}

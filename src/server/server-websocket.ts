import { ConnectionCore, type ConnectionOwner } from '../connection/connection-core.ts';
import type { PingOptions } from '../connection/connection-options.ts';
import { closeMessage, openMessage } from '../connection/messages/message-objects.ts';
import type { WebSocketCloseInfo, WebSocketMessage, WebSocketOpenInfo } from '../connection/messages/messages.ts';
import type { SendData } from '../connection/sending/send-data.ts';
import { Session } from '../connection/session/session.ts';
import type { SessionContext, SessionOutcome } from '../connection/session/session-context.ts';
import { summary, WebSocketConnection } from '../connection/websocket-connection.ts';
import { CloseCode } from '../protocol/websocket/closing/close-codes.ts';
import type { PerMessageDeflate } from '../protocol/websocket/deflate/per-message-deflate.ts';
import type { PreparedMessage } from '../protocol/websocket/frames/prepared-message.ts';
import type { Transport } from '../transport/transport.ts';
import { inspection, showBy } from '../util/inspection.ts';
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

/** @internal The server, as each of its connections sees it. */
export interface ServerWebSocketOwner<S extends ConnectionState, D> {
  readonly sessionContext: SessionContext;
  readonly clientMessageCallback: OnClientMessageCallback<S, D> | undefined;
  /** False where errors of callbacks are thrown again. */
  readonly closesOnError: boolean;
  reportError(error: unknown): void;
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

/** @internal What is known when a client is let in. */
export interface Admission {
  readonly transport: Transport;
  /** The response that completes the opening handshake. */
  readonly response: string;
  readonly openInfo: WebSocketOpenInfo;
  /** The bytes that the client sent behind its request. */
  readonly head: Buffer;
  readonly isPongEnabled: boolean;
  readonly deflate: PerMessageDeflate | undefined;
}

/** @internal The inside of a {@link ServerWebSocket}, for the server alone. */
export class ServerConnection<S extends ConnectionState = ConnectionState, D = unknown>
  implements ConnectionOwner, Recipient
{
  readonly server: ServerWebSocketOwner<S, D>;
  readonly core: ConnectionCore;
  /** The part that users see. */
  readonly webSocket: ServerWebSocket<S, D>;
  private readonly callback: OnClientMessageCallback<S, D> | undefined;

  constructor(server: ServerWebSocketOwner<S, D>, state: S, data: D) {
    this.server = server;
    this.core = new ConnectionCore(this);
    this.webSocket = createServerWebSocket(this, state, data);
    this.callback = server.clientMessageCallback;
  }

  /** Completes the opening handshake and begins. `prepare` runs before `open` is delivered. */
  begin({ transport, response, openInfo, head, isPongEnabled, deflate }: Admission, prepare: () => void): void {
    const { core } = this;
    const session = new Session(this.server.sessionContext, transport, core, isPongEnabled, deflate);
    core.attach(session);
    session.openWith(response, () => {
      prepare();
      core.hub.deliver(openMessage(openInfo));
    });
    session.start(head);
  }

  /** Part of {@link Recipient}. */
  get isRecipient(): boolean {
    return this.core.isOpen;
  }

  /** Part of {@link Recipient}. */
  get isBlocking(): boolean {
    const { session } = this.core;
    return session !== undefined && session.sender.policy === 'block' && session.isOpen && !session.sender.canSendMore;
  }

  /** Part of {@link Recipient}. */
  offer(message: PreparedMessage, key: string | undefined): boolean {
    return this.core.session?.sender.sendPrepared(message, key, true).success ?? false;
  }

  /** Part of {@link Recipient}. */
  async whenReady(signal: AbortSignal | undefined): Promise<void> {
    await this.core.session?.sender.whenReady(() => undefined, signal);
  }

  /** Part of {@link ConnectionOwner}. */
  onCallbackError(error: unknown): void {
    this.server.reportError(error);
    if (this.server.closesOnError) this.core.session?.close(CloseCode.InternalError, 'Internal error');
  }

  /** Part of {@link ConnectionOwner}. */
  get pingOptions(): PingOptions {
    return this.server.pingOptions;
  }

  /** Part of {@link ConnectionOwner}. */
  onDropped(payloadSize: number): void {
    this.server.onClientDropped(payloadSize);
  }

  /** Part of {@link ConnectionOwner}. */
  get hasServerCallback(): boolean {
    return this.callback !== undefined;
  }

  /** Part of {@link ConnectionOwner}. */
  callServer(message: WebSocketMessage): unknown {
    const { webSocket } = this;
    return this.callback?.(webSocket.state, webSocket, message);
  }

  /** Part of {@link ConnectionOwner}. */
  onClosed({ closeInfo, wireSize, unsentBytes }: SessionOutcome): void {
    const { server, core, webSocket } = this;
    server.topics.forget(webSocket);
    server.onClientClosed(webSocket, closeInfo, unsentBytes);
    core.hub.deliver(closeMessage(closeInfo, wireSize));
    core.hub.end(true);
  }
}

let createServerWebSocket: <S extends ConnectionState, D>(
  connection: ServerConnection<S, D>,
  state: S,
  data: D,
) => ServerWebSocket<S, D>;

/** @internal The inside of a connection that users gave back. */
export let connectionOf: <S extends ConnectionState, D>(webSocket: ServerWebSocket<S, D>) => ServerConnection<S, D>;

/** A client's connection, on the server. */
export class ServerWebSocket<S extends ConnectionState = ConnectionState, D = unknown> extends WebSocketConnection {
  readonly #connection: ServerConnection<S, D>;
  /** The object that the server keeps for this connection. */
  readonly state: S;
  /** The `data` that the option `onUpgrade` gave for this connection. */
  readonly data: D;

  static {
    showBy(
      ServerWebSocket.prototype,
      inspection((webSocket: ServerWebSocket) => {
        const { id, remoteIp, remotePort } = webSocket.state;
        const topics = webSocket.getSubscriptions().length;
        return { ...summary(webSocket), id, remoteIp, remotePort, topics };
      }),
    );
    createServerWebSocket = (connection, state, data) => new ServerWebSocket(connection, state, data);
    connectionOf = (webSocket) => webSocket.#connection;
  }

  private constructor(connection: ServerConnection<S, D>, state: S, data: D) {
    super(connection.core);
    this.#connection = connection;
    this.state = state;
    this.data = data;
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
    return this.#connection.core.isOpen
      ? this.#connection.server.topics.subscribe(this, topic)
      : notSubscribed('closed');
  }

  /** Takes {@link subscribe} back. Returns whether there was such a subscription. */
  unsubscribe(topic: string): boolean {
    return this.#connection.server.topics.unsubscribe(this, checkString('topic', topic));
  }

  isSubscribed(topic: string): boolean {
    return this.#connection.server.topics.isSubscribed(this, checkString('topic', topic));
  }

  /** The topics that were subscribed to, in that order. */
  getSubscriptions(): string[] {
    return this.#connection.server.topics.topicsOf(this);
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
    return this.#connection.server.publish(topic, data, { ...options, except: this });
  }
}

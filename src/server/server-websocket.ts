import type { PingOptions } from '../connection/connection-options.ts';
import type { OnCallbackError } from '../connection/message-hub.ts';
import type { WebSocketCloseInfo, WebSocketMessage, WebSocketOpenInfo } from '../connection/messages.ts';
import { Session } from '../connection/session.ts';
import type { SessionContext } from '../connection/session-context.ts';
import { WebSocketConnection } from '../connection/websocket-connection.ts';
import type { PerMessageDeflate } from '../protocol/websocket/per-message-deflate.ts';
import type { Transport } from '../transport/transport.ts';
import type { ConnectionState } from './connection-state.ts';

/** The server's callback for every message of every connection. */
export type OnClientMessageCallback<S extends ConnectionState> = (
  connectionState: S,
  webSocket: ServerWebSocket<S>,
  message: WebSocketMessage,
) => unknown;

/** @internal What a server gives to each of its connections. */
export interface ServerWebSocketOwner<S extends ConnectionState> {
  readonly sessionContext: SessionContext;
  readonly clientMessageCallback: OnClientMessageCallback<S> | undefined;
  readonly callbackErrorHandler: OnCallbackError | undefined;
  readonly pingOptions: PingOptions;
  onClientClosed(webSocket: ServerWebSocket<S>): void;
}

/** A client's connection, on the server. */
export class ServerWebSocket<S extends ConnectionState = ConnectionState> extends WebSocketConnection {
  /** What the server keeps for this connection. */
  readonly state: S;
  private readonly server: ServerWebSocketOwner<S>;
  private readonly callback: OnClientMessageCallback<S> | undefined;

  /** @internal Made by the server. */
  constructor(server: ServerWebSocketOwner<S>, state: S) {
    super(server.callbackErrorHandler, server.pingOptions);
    this.state = state;
    this.server = server;
    this.callback = server.clientMessageCallback;
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

  protected override onClosed(closeInfo: WebSocketCloseInfo, wireSize: number): void {
    this.server.onClientClosed(this);
    this.deliver({ type: 'close', closeInfo, wireSize });
    this.hub.end(true);
  }
}

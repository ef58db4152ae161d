import { UsageError } from '../errors.ts';
import type { ConnectionState } from './connection-state.ts';
import type { SocketServerOptions } from './server-options.ts';
import type { ServerWebSocket } from './server-websocket.ts';
import { SocketServer } from './socket-server.ts';

/** Sees every connection before its `open`; the seed's first form. */
export type OnConnectionCallback<S extends ConnectionState> = (
  webSocket: ServerWebSocket<S>,
  connectionState: S,
) => unknown;

/**
 * A WebSocket server (RFC 6455). It listens on loopback unless told otherwise, and has limits on everything.
 *
 * @example
 * const server = new WebSocketServer({ port: 8008 });
 * server.setOnClientMessageCallback((connectionState, webSocket, msg) => {
 *   if (msg.type === 'message') webSocket.send(msg.data, msg.binary);
 * });
 * const res = await server.listen();
 * if (!res.ok) throw res.error;
 * server.start();
 * await server.wait();
 */
export class WebSocketServer<S extends ConnectionState = ConnectionState> extends SocketServer<S> {
  private connectionCallback: OnConnectionCallback<S> | undefined;

  /** @throws UsageError (`invalidOption`) naming the option that is wrong */
  constructor(options: SocketServerOptions<S> = {}) {
    super(options);
  }

  /**
   * Sets the function that is given each connection before its `open` is delivered, to attach callbacks to it.
   * It applies to connections made from then on.
   */
  setOnConnectionCallback(callback: OnConnectionCallback<S>): void {
    if (typeof callback !== 'function') throw new UsageError('callback', 'must be a function');
    this.connectionCallback = callback;
  }

  protected override onConnection(webSocket: ServerWebSocket<S>, state: S): unknown {
    return this.connectionCallback?.(webSocket, state);
  }
}

import type { IncomingMessage } from 'node:http';
import { UsageError } from '../errors.ts';
import { isWebSocketRequest } from '../protocol/websocket/handshake/handshake-server.ts';
import { adoptSocket } from '../transport/adopt-socket.ts';
import { option } from '../util/option-kinds.ts';
import { type OptionTable, optionTable, resolveOptions } from '../util/option-table.ts';
import { checkPath } from './admission/admission-options.ts';
import { HeadIntake } from './admission/head-intake.ts';
import {
  type AttachableServer,
  attachTo,
  type UpgradeHandler,
  type UpgradeSocket,
} from './admission/http-attachments.ts';
import { headOfRequest } from './admission/http-request-head.ts';
import { notWebSocket } from './admission/server-refusals.ts';
import type { ConnectionState } from './connection-state.ts';
import { ServerCore } from './core/server-core.ts';
import { resolveServerOptions, type SocketServerOptions } from './server-options.ts';
import type { ServerWebSocket } from './server-websocket.ts';
import { SocketServer } from './socket-server.ts';

/** Sees every connection before its `open`, as in IXWebSocket's first API. */
export type OnConnectionCallback<S extends ConnectionState, D = unknown> = (
  webSocket: ServerWebSocket<S, D>,
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
export class WebSocketServer<S extends ConnectionState = ConnectionState, D = unknown> extends SocketServer<S, D> {
  readonly #core: ServerCore<S, D>;
  readonly #detachers = new Set<() => void>();
  #connectionCallback: OnConnectionCallback<S, D> | undefined;

  /** @throws UsageError (`invalidOption`) naming the option that is wrong */
  constructor(options: SocketServerOptions<S, D> = {}) {
    const core = new ServerCore<S, D>(resolveServerOptions(options));
    super(core);
    this.#core = core;
    core.serveAs(this, {
      accept: (transport) => new HeadIntake(core, transport),
      onOpen: (webSocket, state) => this.#connectionCallback?.(webSocket, state),
      onStopping: () => {
        for (const detach of this.#detachers) detach();
      },
    });
  }

  /**
   * Sets the function that is given each connection before its `open` is delivered, to attach callbacks to it.
   * It applies to connections made from then on.
   */
  setOnConnectionCallback(callback: OnConnectionCallback<S, D>): void {
    if (typeof callback !== 'function') throw new UsageError('callback', 'must be a function');
    this.#connectionCallback = callback;
  }

  /**
   * Serves the WebSocket handshakes that come to an HTTP server of `node:http` or `node:https`, or of a framework that
   * has one. All options apply that do not say where to listen. Several servers can share one HTTP server by their
   * paths; what none of them takes is left to other listeners, and gets 404 when there are none. {@link stop} detaches
   * it, and leaves the HTTP server as it is.
   *
   * @param options.path serves this path only. @default the option `path` of the server, or what no other one takes
   * @returns a function that detaches it from this HTTP server, and leaves its connections open
   * @throws UsageError (`invalidOption`) when the path is taken
   *
   * @example
   * const httpServer = http.createServer(app);
   * const server = new WebSocketServer();
   * server.attach(httpServer, { path: '/chat' });
   * httpServer.listen(8080);
   */
  attach(httpServer: AttachableServer, options: { readonly path?: string | undefined } = {}): () => void {
    const own = this.#core.options.path;
    const { path = own } = resolveOptions(attachTable, options);
    if (own !== undefined && path !== own) throw new UsageError('path', `this server serves ${own} only`);
    const { serverHeader } = this.#core.options;
    const handler: UpgradeHandler = (request, socket, head) => this.handleUpgrade(request, socket, head);
    const leave = attachTo(httpServer, { path, handler, serverHeader });
    this.#core.life.isOver = false;
    const detach = (): void => {
      leave();
      this.#detachers.delete(detach);
    };
    this.#detachers.add(detach);
    return detach;
  }

  /**
   * Completes or refuses the opening handshake of a request that an HTTP server of Node's gave to a listener of its
   * `upgrade` event. The socket belongs to this server from then on.
   *
   * @param head what came behind the request
   * @throws UsageError (`invalidOption`) for arguments that are not those of such a listener
   */
  handleUpgrade(request: IncomingMessage, socket: UpgradeSocket, head: Buffer): void {
    checkUpgradeArguments(request, head);
    if ((socket as UpgradeSocket | undefined)?.destroyed === true) return;
    const core = this.#core;
    const transport = adoptSocket(socket);
    const read = headOfRequest(request, this.#core.options);
    if ('reason' in read) core.refuse(transport, read);
    else if (!isWebSocketRequest(read)) core.refuse(transport, notWebSocket);
    else core.apply(transport, read, head, false);
  }
}

const attachTable: OptionTable<{ readonly path: string | undefined }> = optionTable(
  'attach()',
  { path: option<string | undefined>(undefined, checkPath) },
  { example: '{ path: … }' },
);

function checkUpgradeArguments(request: unknown, head: unknown): void {
  const isRequest =
    typeof request === 'object' && request !== null && Array.isArray(Reflect.get(request, 'rawHeaders'));
  if (!isRequest) throw new UsageError('request', 'must be the request of an upgrade event');
  if (!Buffer.isBuffer(head)) throw new UsageError('head', 'must be the Buffer of an upgrade event');
}

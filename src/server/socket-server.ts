import { checkClose } from '../connection/close-arguments.ts';
import { limitsOf, type PingOptions } from '../connection/connection-options.ts';
import type { OnCallbackError } from '../connection/message-hub.ts';
import type { SessionContext } from '../connection/session-context.ts';
import { ListenError, UsageError } from '../errors.ts';
import { deflateEngines } from '../platform/deflate-engines.ts';
import { nodeClock } from '../platform/node-clock.ts';
import { nodePorts } from '../platform/node-ports.ts';
import { sharedWheel } from '../platform/shared-wheel.ts';
import { throwOnFreshStack } from '../platform/turn.ts';
import type { Refusal } from '../protocol/http1/refusal.ts';
import type { RequestHead } from '../protocol/http1/request-head.ts';
import { isWebSocketRequest, upgradeRequired } from '../protocol/websocket/handshake-server.ts';
import {
  resolvePerMessageDeflate,
  type WebSocketPerMessageDeflateOptions,
} from '../protocol/websocket/per-message-deflate-options.ts';
import { PerMessageDeflateSource } from '../protocol/websocket/per-message-deflate-source.ts';
import { checkTLSOptions, type SocketTLSOptions } from '../transport/tls-options.ts';
import type { Transport } from '../transport/transport.ts';
import { callSafely } from '../util/call-safely.ts';
import { Deferred } from '../util/deferred.ts';
import type { TimerWheel } from '../util/timer-wheel.ts';
import { type ConnectionInfo, type ConnectionState, createState } from './connection-state.ts';
import { IncomingConnection, type IncomingConnectionOwner } from './incoming-connection.ts';
import { MemoryAccount } from './memory-account.ts';
import { PendingConnections } from './pending-connections.ts';
import type { PlainConnection } from './plain-connection.ts';
import { at, type ListenResult, ServerListener, type ServerListenerOwner } from './server-listener.ts';
import type { LogCallback, LogLevel } from './server-log.ts';
import {
  createDefaultState,
  type ResolvedServerOptions,
  resolveServerOptions,
  type SocketServerOptions,
} from './server-options.ts';
import { internalError, serverFull } from './server-refusals.ts';
import { judgeUpgrade, type Upgrade } from './server-upgrade.ts';
import { type OnClientMessageCallback, ServerWebSocket, type ServerWebSocketOwner } from './server-websocket.ts';

/**
 * A server that listens, accepts within limits, and keeps its connections: what WebSocket and HTTP servers share.
 *
 * `listen()`, then `start()`; connections that come in between are served from `start()` on. After `stop()` it can
 * listen again.
 */
export abstract class SocketServer<S extends ConnectionState = ConnectionState>
  implements IncomingConnectionOwner, ServerWebSocketOwner<S>, ServerListenerOwner
{
  /** @internal */
  readonly wheel: TimerWheel = sharedWheel;
  /** @internal */
  readonly sessionContext: SessionContext;
  /** @internal */
  readonly pingOptions: PingOptions;
  /** @internal */
  clientMessageCallback: OnClientMessageCallback<S> | undefined;
  protected readonly options: ResolvedServerOptions<S>;
  private readonly clients = new Set<ServerWebSocket<S>>();
  private readonly pending = new PendingConnections();
  /** Connections that serve ordinary requests. */
  private readonly plain = new Set<PlainConnection>();
  /** Accepted before `start()`. */
  private waiting: Transport[] = [];
  private listener: ServerListener | undefined;
  private binding: Promise<ListenResult> | undefined;
  private tlsOptions: SocketTLSOptions | undefined;
  private logCallback: LogCallback | undefined;
  private isListening = false;
  private isStarted = false;
  private stopping: Promise<void> | undefined;
  private stopped = new Deferred<void>();
  private emptied: Deferred<void> | undefined;
  private stateFactory: (info: ConnectionInfo) => S;
  private perMessageDeflate: PerMessageDeflateSource;

  protected constructor(options: SocketServerOptions<S>) {
    this.options = resolveServerOptions(options);
    this.tlsOptions = this.options.tlsOptions;
    this.logCallback = this.options.logCallback;
    // Without a factory S is what it is by default, which the type parameter cannot say.
    this.stateFactory = this.options.connectionStateFactory ?? (createDefaultState as (info: ConnectionInfo) => S);
    const budget = new MemoryAccount(this.options.maxUnfinishedBytes);
    this.perMessageDeflate = new PerMessageDeflateSource(
      'server',
      this.options.perMessageDeflate,
      deflateEngines,
      budget,
    );
    this.pingOptions = this.options;
    this.sessionContext = {
      role: 'server',
      ports: nodePorts,
      clock: nodeClock,
      wheel: this.wheel,
      limits: limitsOf(this.options),
      budget,
    };
  }

  /**
   * Binds the address and begins to accept. What can go wrong is in the result: nothing is thrown.
   *
   * @returns `ok`, or the `error`, whose code is `addressInUse`, `addressNotAvailable`, `invalidHost`,
   * `invalidSocketPath`, `permissionDenied`, `alreadyListening`, `stopped`, `listenFailed`, or one that begins with `tlsOptions`
   */
  listen(): Promise<ListenResult> {
    const listening = this.bind();
    this.binding = listening;
    return listening;
  }

  private async bind(): Promise<ListenResult> {
    const { options } = this;
    if (this.isListening) {
      const where = options.socketPath ?? `${options.host}:${this.getPort()}`;
      const message = `the server is listening on ${where} already`;
      return { ok: false, error: new ListenError('alreadyListening', message, at(options)) };
    }
    this.isListening = true;
    try {
      const listener = await ServerListener.open(options, this.tlsOptions, this);
      if (this.stopping !== undefined) {
        await listener.close();
        throw new ListenError('stopped', 'stop() was called before the server was listening', at(options));
      }
      this.listener = listener;
    } catch (error) {
      this.isListening = false;
      if (error instanceof ListenError) return { ok: false, error };
      throw error;
    }
    if (this.stopped.settled) this.stopped = new Deferred();
    return { ok: true };
  }

  /** Begins to serve. Call it after {@link listen}. */
  start(): void {
    if (this.listener === undefined) throw new UsageError('start', 'call listen() first, and look at its result');
    this.isStarted = true;
    const { waiting } = this;
    this.waiting = [];
    for (const transport of waiting) this.accept(transport);
  }

  /** {@link listen}, and {@link start} if that went well. */
  async listenAndStart(): Promise<ListenResult> {
    const result = await this.listen();
    if (result.ok) this.start();
    return result;
  }

  /** Resolves when {@link stop} has settled. */
  wait(): Promise<void> {
    return this.stopped.promise;
  }

  /**
   * Stops listening and closes every connection. It settles when they are gone, at the latest when their close
   * deadline has passed, and may be called from inside a callback.
   *
   * @throws UsageError (`invalidOption`) for a code or reason that cannot be sent
   */
  stop(code: number = 1000, reason: string = 'Normal closure'): Promise<void> {
    checkClose(code, reason);
    this.stopping ??= this.shutDown(code, reason).finally(() => {
      this.stopping = undefined;
      this.stopped.resolve();
    });
    return this.stopping;
  }

  /** The connections that are open, as they come and go. */
  getClients(): ReadonlySet<ServerWebSocket<S>> {
    return this.clients;
  }

  /** The port that is listened on; before that, the one of the options. 0 for a unix socket. */
  getPort(): number {
    return this.options.socketPath === undefined ? (this.listener?.port ?? this.options.port) : 0;
  }

  /** The unix socket to listen on. */
  getSocketPath(): string | undefined {
    return this.options.socketPath;
  }

  getHost(): string {
    return this.options.host;
  }

  getBacklog(): number {
    return this.options.backlog;
  }

  getMaxConnections(): number {
    return this.options.maxConnections;
  }

  getHandshakeTimeoutSecs(): number {
    return this.options.handshakeTimeoutSecs;
  }

  getAddressFamily(): 4 | 6 | 'dual' {
    return this.options.addressFamily;
  }

  /**
   * Sets how connections are secured. While the server listens, handshakes use the new certificates from then on, if
   * they are in order: if not, the result and the log say why, and the old ones stay in use.
   *
   * @throws UsageError (`invalidOption`) naming the option that is wrong
   */
  setTLSOptions(tlsOptions: SocketTLSOptions): ListenResult {
    const checked = checkTLSOptions(tlsOptions);
    try {
      this.listener?.replaceTls(checked);
    } catch (error) {
      if (!(error instanceof ListenError)) throw error;
      this.log('error', `SocketServer::setTLSOptions() ${error.message}`);
      return { ok: false, error };
    }
    this.tlsOptions = checked;
    return { ok: true };
  }

  /** Sets how messages are compressed, on connections made from then on. */
  setPerMessageDeflateOptions(options: WebSocketPerMessageDeflateOptions): void {
    const settings = resolvePerMessageDeflate('server', options);
    const { budget } = this.sessionContext;
    this.perMessageDeflate = new PerMessageDeflateSource('server', settings, deflateEngines, budget);
  }

  /** Accepts no compression, on connections made from then on. */
  disablePerMessageDeflate(): void {
    this.setPerMessageDeflateOptions({ enabled: false });
  }

  /** Sets the function that gets a line for each connection that failed before any other callback heard of it. */
  setLogCallback(callback: LogCallback): void {
    if (typeof callback !== 'function') throw new UsageError('callback', 'must be a function');
    this.logCallback = callback;
  }

  /** Sets the function that sees every message of every connection. It applies to connections made from then on. */
  setOnClientMessageCallback(callback: OnClientMessageCallback<S>): void {
    if (typeof callback !== 'function') throw new UsageError('callback', 'must be a function');
    this.clientMessageCallback = callback;
  }

  /** Sets the function that makes the state of each connection. It applies to connections made from then on. */
  setConnectionStateFactory(factory: () => S): void {
    if (typeof factory !== 'function') throw new UsageError('factory', 'must be a function');
    this.stateFactory = factory;
  }

  /** @internal */
  get callbackErrorHandler(): OnCallbackError | undefined {
    return this.options.onCallbackError;
  }

  /** @internal */
  onIncomingTalks(connection: IncomingConnection): void {
    this.pending.talks(connection);
  }

  /** @internal */
  onIncomingRequest(connection: IncomingConnection, head: RequestHead, rest: Buffer): void {
    if (isWebSocketRequest(head)) this.upgrade(connection, head, rest);
    else this.onPlainRequest(connection, head, rest);
  }

  /** @internal */
  onIncomingRefused(_connection: IncomingConnection, _refusal: Refusal): void {}

  /** @internal */
  onIncomingClosed(connection: IncomingConnection): void {
    this.pending.remove(connection);
    this.checkEmptied();
  }

  /** @internal */
  onClientClosed(webSocket: ServerWebSocket<S>): void {
    this.clients.delete(webSocket);
    this.checkEmptied();
  }

  /**
   * An ordinary request: a WebSocket server has nothing to serve, and says so. Who serves it releases the connection
   * and keeps what becomes of it with {@link addPlain}. `rest` came behind the head in the same read.
   */
  protected onPlainRequest(connection: IncomingConnection, head: RequestHead, _rest: Buffer): void {
    connection.refuse(upgradeRequired, head.method === 'HEAD');
  }

  /** Takes a connection that serves ordinary requests into account, until {@link removePlain}. */
  protected addPlain(connection: PlainConnection): void {
    this.plain.add(connection);
  }

  protected removePlain(connection: PlainConnection): void {
    this.plain.delete(connection);
    this.checkEmptied();
  }

  /** Treats a WebSocket handshake that came on a connection that had served ordinary requests before. */
  protected upgradeTransport(transport: Transport, head: RequestHead, rest: Buffer): void {
    const connection = new IncomingConnection(transport, this);
    this.pending.add(connection);
    connection.adopt(this.options.handshakeTimeoutSecs * 1000);
    this.onIncomingTalks(connection);
    this.upgrade(connection, head, rest);
  }

  /** A connection was made; `open` is delivered when this returns. */
  protected abstract onConnection(webSocket: ServerWebSocket<S>, state: S): unknown;

  /** Errors that belong to nobody's call: of user code, and of the listening socket. */
  protected reportError(error: unknown): void {
    const { onCallbackError } = this.options;
    if (onCallbackError === undefined) throwOnFreshStack(error);
    else onCallbackError(error);
  }

  /** @internal ServerListenerOwner */
  onListenerError(error: Error): void {
    this.reportError(error);
  }

  /** @internal ServerListenerOwner */
  log(level: LogLevel, message: string): void {
    const { logCallback } = this;
    if (logCallback === undefined) return;
    callSafely(
      () => logCallback(level, message),
      (error) => this.reportError(error),
    );
  }

  /** @internal ServerListenerOwner: it counts as pending, like a connection without a request. */
  onHandshake(): void {
    this.makeRoom();
  }

  /** @internal ServerListenerOwner */
  onTransport(transport: Transport): void {
    if (this.stopping !== undefined) transport.destroy();
    else if (this.isStarted) this.accept(transport);
    else if (this.waiting.length < this.options.maxPendingConnections) this.waiting.push(transport);
    else transport.destroy();
  }

  private accept(transport: Transport): void {
    this.makeRoom();
    const connection = new IncomingConnection(transport, this);
    this.pending.add(connection);
    connection.start(this.options.handshakeTimeoutSecs * 1000);
  }

  private makeRoom(): void {
    const { pending, waiting, listener } = this;
    const count = pending.size + waiting.length + (listener?.pendingHandshakes ?? 0);
    if (count >= this.options.maxPendingConnections && listener?.dropOldestHandshake() !== true) pending.dropOldest();
  }

  /** Connections that count against `maxConnections`. */
  protected get connectionCount(): number {
    return this.clients.size + this.plain.size;
  }

  private upgrade(connection: IncomingConnection, head: RequestHead, rest: Buffer): void {
    if (this.connectionCount >= this.options.maxConnections) {
      connection.refuse(serverFull);
      return;
    }
    const { remoteAddress: remoteIp, remotePort, tls } = connection.transport;
    let result: ReturnType<typeof judgeUpgrade>;
    let state: S;
    try {
      result = judgeUpgrade(head, this.options, this.perMessageDeflate);
      if ('refusal' in result) {
        connection.refuse(result.refusal);
        return;
      }
      state = createState(this.stateFactory, { remoteIp, remotePort, tls });
    } catch (error) {
      connection.refuse(internalError);
      this.reportError(error);
      return;
    }
    this.open(connection, head, result, state, rest);
  }

  private open(connection: IncomingConnection, head: RequestHead, upgrade: Upgrade, state: S, rest: Buffer): void {
    const transport = connection.release();
    this.pending.remove(connection);
    const webSocket = new ServerWebSocket<S>(this, state);
    this.clients.add(webSocket);
    const { response, protocol, deflate } = upgrade;
    const openInfo = { uri: head.target, headers: head.headers, protocol };
    webSocket.begin(transport, response, openInfo, rest, this.options.enablePong, deflate, () => {
      callSafely(
        () => this.onConnection(webSocket, state),
        (error) => this.reportError(error),
      );
    });
  }

  private async shutDown(code: number, reason: string): Promise<void> {
    await this.binding;
    const { listener } = this;
    this.listener = undefined;
    this.isStarted = false;
    for (const transport of this.waiting) transport.destroy();
    this.waiting = [];
    await listener?.close();
    this.pending.destroyAll();
    for (const client of this.clients) client.close(code, reason);
    for (const connection of this.plain) connection.finish();
    this.emptied = new Deferred();
    this.checkEmptied();
    await this.emptied.promise;
    this.emptied = undefined;
    this.isListening = false;
  }

  private checkEmptied(): void {
    if (this.clients.size + this.pending.size + this.plain.size === 0) this.emptied?.resolve();
  }
}

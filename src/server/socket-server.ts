import type { OnCallbackError } from '../connection/message-hub.ts';
import { type SessionContext } from '../connection/session.ts';
import { checkClose } from '../connection/websocket-connection.ts';
import { ListenError, UsageError } from '../errors.ts';
import { nodeClock } from '../platform/node-clock.ts';
import { nodePorts } from '../platform/node-ports.ts';
import { sharedWheel } from '../platform/shared-wheel.ts';
import { throwOnFreshStack } from '../platform/turn.ts';
import { userAgent } from '../platform/user-agent.ts';
import { HttpHeaders } from '../protocol/http1/headers.ts';
import type { Refusal } from '../protocol/http1/refusal.ts';
import type { RequestHead } from '../protocol/http1/request-head.ts';
import {
  type AcceptedUpgrade,
  evaluateUpgrade,
  isWebSocketRequest,
  type UpgradeResult,
  upgradeRequired,
  writeSwitchingProtocols,
} from '../protocol/websocket/handshake-server.ts';
import { isOriginAllowed, originRefusal } from '../protocol/websocket/origin-policy.ts';
import { type Listener, listenTcp } from '../transport/tcp-listen.ts';
import type { Transport } from '../transport/transport.ts';
import { callSafely } from '../util/call-safely.ts';
import { Deferred } from '../util/deferred.ts';
import type { TimerWheel } from '../util/timer-wheel.ts';
import { type ConnectionInfo, ConnectionState } from './connection-state.ts';
import { IncomingConnection, type IncomingConnectionOwner } from './incoming-connection.ts';
import { MemoryAccount } from './memory-account.ts';
import {
  createDefaultState,
  type ResolvedServerOptions,
  resolveServerOptions,
  type SocketServerOptions,
  toListenError,
} from './server-options.ts';
import { type OnClientMessageCallback, ServerWebSocket, type ServerWebSocketOwner } from './server-websocket.ts';

/** What became of `listen()`. */
export type ListenResult = { readonly ok: true } | { readonly ok: false; readonly error: ListenError };

const serverFull: Refusal = Object.freeze({
  status: 503,
  code: 'serverFull',
  reason: 'Too many connections',
  headers: [['Retry-After', '5']] as const,
});

const internalError: Refusal = Object.freeze({
  status: 500,
  code: 'internalError',
  reason: 'The server failed to set up the connection',
});

/**
 * A server that listens, accepts within limits, and keeps its connections: what WebSocket and HTTP servers share.
 *
 * `listen()`, then `start()`; connections that come in between are served from `start()` on. After `stop()` it can
 * listen again.
 */
export abstract class SocketServer<S extends ConnectionState = ConnectionState>
  implements IncomingConnectionOwner, ServerWebSocketOwner<S>
{
  /** @internal */
  readonly wheel: TimerWheel = sharedWheel;
  /** @internal */
  readonly sessionContext: SessionContext;
  /** @internal */
  clientMessageCallback: OnClientMessageCallback<S> | undefined;
  protected readonly options: ResolvedServerOptions<S>;
  private readonly clients = new Set<ServerWebSocket<S>>();
  /** Accepted, and has not sent a byte; the oldest comes first. */
  private readonly silent = new Set<IncomingConnection>();
  /** Accepted, and its request is on the way, or its refusal. */
  private readonly talking = new Set<IncomingConnection>();
  /** Accepted before `start()`. */
  private waiting: Transport[] = [];
  private listener: Listener | undefined;
  private isListening = false;
  private isStarted = false;
  private stopping: Promise<void> | undefined;
  private stopped = new Deferred<void>();
  private emptied: Deferred<void> | undefined;
  private stateFactory: (info: ConnectionInfo) => S;
  private readonly extraHeaders = HttpHeaders.from({ Server: userAgent });

  protected constructor(options: SocketServerOptions<S>) {
    this.options = resolveServerOptions(options);
    const { maxMessageSize, maxFragments, maxBufferedBytes, closeTimeoutSecs, maxUnfinishedBytes } = this.options;
    // Without a factory S is what it is by default, which the type parameter cannot say.
    this.stateFactory = this.options.connectionStateFactory ?? (createDefaultState as (info: ConnectionInfo) => S);
    this.sessionContext = {
      role: 'server',
      ports: nodePorts,
      clock: nodeClock,
      wheel: this.wheel,
      limits: { maxMessageSize, maxFragments, maxBufferedBytes, closeTimeoutMs: closeTimeoutSecs * 1000 },
      budget: new MemoryAccount(maxUnfinishedBytes),
    };
  }

  /**
   * Binds the address and begins to accept. What can go wrong is in the result: nothing is thrown.
   *
   * @returns `ok`, or the `error`, whose code is `addressInUse`, `addressNotAvailable`, `invalidHost`,
   * `permissionDenied`, `alreadyListening` or `listenFailed`
   */
  async listen(): Promise<ListenResult> {
    const { host, port, backlog, addressFamily } = this.options;
    if (this.isListening) {
      const message = `the server is listening on ${host}:${this.getPort()} already`;
      return { ok: false, error: new ListenError('alreadyListening', message, { host, port }) };
    }
    this.isListening = true;
    try {
      this.listener = await listenTcp({
        host,
        port,
        backlog,
        ipv6Only: addressFamily === 6,
        onConnection: (transport) => this.onTransport(transport),
        onError: (error) => this.reportError(error),
      });
    } catch (error) {
      this.isListening = false;
      return { ok: false, error: toListenError(error, { host, port }) };
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

  /** The port that is listened on; before that, the one of the options. */
  getPort(): number {
    return this.listener?.port ?? this.options.port;
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
    this.silent.delete(connection);
    this.talking.add(connection);
  }

  /** @internal */
  onIncomingRequest(connection: IncomingConnection, head: RequestHead, rest: Buffer): void {
    if (isWebSocketRequest(head)) this.upgrade(connection, head, rest);
    else this.onPlainRequest(connection, head);
  }

  /** @internal */
  onIncomingRefused(_connection: IncomingConnection, _refusal: Refusal): void {}

  /** @internal */
  onIncomingClosed(connection: IncomingConnection): void {
    this.silent.delete(connection);
    this.talking.delete(connection);
    this.checkEmptied();
  }

  /** @internal */
  onClientClosed(webSocket: ServerWebSocket<S>): void {
    this.clients.delete(webSocket);
    this.checkEmptied();
  }

  /** An ordinary request: a WebSocket server has nothing to serve, and says so. */
  protected onPlainRequest(connection: IncomingConnection, head: RequestHead): void {
    connection.refuse(upgradeRequired, head.method === 'HEAD');
  }

  /** A connection was made; `open` is delivered when this returns. */
  protected abstract onConnection(webSocket: ServerWebSocket<S>, state: S): unknown;

  /** Errors that belong to nobody's call: of user code, and of the listening socket. */
  protected reportError(error: unknown): void {
    const { onCallbackError } = this.options;
    if (onCallbackError === undefined) throwOnFreshStack(error);
    else onCallbackError(error);
  }

  private onTransport(transport: Transport): void {
    if (this.stopping !== undefined) transport.destroy();
    else if (this.isStarted) this.accept(transport);
    else if (this.waiting.length < this.options.maxPendingConnections) this.waiting.push(transport);
    else transport.destroy();
  }

  private accept(transport: Transport): void {
    if (this.silent.size + this.talking.size >= this.options.maxPendingConnections) this.dropOldest();
    const connection = new IncomingConnection(transport, this);
    this.silent.add(connection);
    connection.start(this.options.handshakeTimeoutSecs * 1000);
  }

  /** One that has sent nothing is the least loss: a real client speaks first. */
  private dropOldest(): void {
    const oldest = this.silent.values().next().value ?? this.talking.values().next().value;
    if (oldest === undefined) return;
    this.silent.delete(oldest);
    this.talking.delete(oldest);
    oldest.destroy();
  }

  private upgrade(connection: IncomingConnection, head: RequestHead, rest: Buffer): void {
    const { allowedOrigins, maxConnections, subprotocols } = this.options;
    if (this.clients.size >= maxConnections) {
      connection.refuse(serverFull);
      return;
    }
    const origin = head.headers.get('Origin');
    const host = head.headers.get('Host');
    let result: UpgradeResult;
    let state: S;
    let response: string;
    const { transport } = connection;
    try {
      result = evaluateUpgrade(head, { subprotocols, sha1Base64: nodePorts.sha1Base64 });
      if (result.ok && !isOriginAllowed(origin, host, allowedOrigins, head)) {
        result = { ok: false, refusal: originRefusal(origin, host) };
      }
      if (!result.ok) {
        connection.refuse(result.refusal);
        return;
      }
      response = writeSwitchingProtocols(result, this.extraHeaders);
      state = this.createState({ remoteIp: transport.remoteAddress, remotePort: transport.remotePort });
    } catch (error) {
      connection.refuse(internalError);
      this.reportError(error);
      return;
    }
    this.open(connection, head, result, response, state, rest);
  }

  private open(
    connection: IncomingConnection,
    head: RequestHead,
    upgrade: AcceptedUpgrade,
    response: string,
    state: S,
    rest: Buffer,
  ): void {
    const transport = connection.release();
    this.talking.delete(connection);
    const webSocket = new ServerWebSocket<S>(this, state);
    this.clients.add(webSocket);
    const openInfo = { uri: head.target, headers: head.headers, protocol: upgrade.protocol };
    webSocket.begin(transport, response, openInfo, rest, this.options.enablePong, () => {
      callSafely(
        () => this.onConnection(webSocket, state),
        (error) => this.reportError(error),
      );
    });
  }

  private createState(info: ConnectionInfo): S {
    const state = this.stateFactory(info);
    if (!(state instanceof ConnectionState)) {
      throw new UsageError('connectionStateFactory', 'must return a ConnectionState');
    }
    // The factory of the seed's setter is not told who connects.
    state.remoteIp = info.remoteIp;
    state.remotePort = info.remotePort;
    return state;
  }

  private async shutDown(code: number, reason: string): Promise<void> {
    const { listener } = this;
    this.listener = undefined;
    this.isStarted = false;
    for (const transport of this.waiting) transport.destroy();
    this.waiting = [];
    await listener?.close();
    for (const connection of [...this.silent, ...this.talking]) connection.destroy();
    for (const client of this.clients) client.close(code, reason);
    this.emptied = new Deferred();
    this.checkEmptied();
    await this.emptied.promise;
    this.emptied = undefined;
    this.isListening = false;
  }

  private checkEmptied(): void {
    if (this.clients.size + this.silent.size + this.talking.size === 0) this.emptied?.resolve();
  }
}

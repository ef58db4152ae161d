import type { WebSocketCloseInfo } from '../connection/messages/messages.ts';
import type { Refusal } from '../protocol/http1/head/refusal.ts';
import type { RequestHead } from '../protocol/http1/head/request-head.ts';
import { isWebSocketRequest, upgradeRequired } from '../protocol/websocket/handshake/handshake-server.ts';
import type { Transport } from '../transport/transport.ts';
import { callSafely } from '../util/call-safely.ts';
import { checkFunction } from '../util/options.ts';
import { identifyClient } from './admission/client-identity.ts';
import { IncomingConnection, type IncomingConnectionOwner } from './admission/incoming-connection.ts';
import { serverStopping } from './admission/server-refusals.ts';
import { type Admitted, UpgradeGate, type UpgradeGateOwner } from './admission/upgrade-gate.ts';
import type { UpgradeCallback } from './admission/upgrade-request.ts';
import { BroadcastingServer } from './broadcasting-server.ts';
import { type ConnectionState, createState } from './connection-state.ts';
import { type ServerMetrics, snapshot } from './core/server-metrics.ts';
import { ConnectionAge } from './life/connection-age.ts';
import type { PlainConnection } from './life/plain-connection.ts';
import { ServerConnections } from './life/server-connections.ts';
import type { Shutdown } from './life/shutdown.ts';
import type { SocketServerOptions } from './server-options.ts';
import { ServerConnection, type ServerWebSocket, type ServerWebSocketOwner } from './server-websocket.ts';

/** What a server does with a connection from its first byte on: it lets it in, or refuses it, and counts both. */
export abstract class AdmittingServer<S extends ConnectionState, D>
  extends BroadcastingServer<S, D>
  implements IncomingConnectionOwner, ServerWebSocketOwner<S, D>, UpgradeGateOwner<D>
{
  protected readonly connections: ServerConnections<S, D> = new ServerConnections<S, D>();
  protected shutdownUnderWay: Shutdown | undefined;
  private readonly gate: UpgradeGate<D>;

  protected constructor(options: SocketServerOptions<S, D>) {
    super(options);
    this.gate = new UpgradeGate<D>(this, this.options, this.sessionContext.clock);
  }

  protected abstract readonly isStopping: boolean;

  /** Connections that are not here yet: before `start()`, and in the handshakes below HTTP. */
  protected abstract readonly pendingBelow: number;

  /** Drops one of those; false when there is none. */
  protected abstract dropBelow(): boolean;

  /** The connections that are open, as they come and go. */
  getClients(): ReadonlySet<ServerWebSocket<S, D>> {
    return this.connections.clients;
  }

  /**
   * What the server has done since it was made, and what it holds: a snapshot that does not change any more. Counting
   * costs next to nothing; the snapshot looks at every open connection once.
   */
  metrics(): ServerMetrics {
    const { connections, events, memory } = this;
    const counts = {
      open: connections.clients.size,
      plain: connections.plain.size,
      accepted: events.accepted,
      refused: events.refused,
      pending: this.pendingCount,
      bufferedBytes: connections.bufferedBytes,
      unfinishedBytes: memory.usedBytes,
    };
    return snapshot(counts, this.traffic);
  }

  /**
   * Sets the function that decides about opening handshakes, as the option `onUpgrade` does. It applies to those that
   * come from then on.
   */
  setOnUpgradeCallback(callback: UpgradeCallback<D>): void {
    this.gate.callback = checkFunction('callback', callback);
  }

  /** @internal */
  onIncomingTalks(connection: IncomingConnection): void {
    this.connections.pending.talks(connection);
  }

  /** @internal */
  onIncomingRequest(connection: IncomingConnection, head: RequestHead, rest: Buffer): void {
    if (this.isUpgrade(head)) this.gate.judge(connection, head, rest);
    else this.onPlainRequest(connection, head, rest);
  }

  /** @internal */
  onIncomingRefused(connection: IncomingConnection, { code, status }: Refusal): void {
    this.events.onRefusal(code, status, connection.remoteIp);
  }

  /** @internal ServerListenerOwner */
  onConnectionRefused(code: string, remoteIp: string): void {
    this.events.onRefusal(code, 0, remoteIp);
  }

  /** @internal */
  onIncomingClosed(connection: IncomingConnection): void {
    this.connections.pending.remove(connection);
    this.connections.checkEmptied();
  }

  /** @internal */
  onClientClosed(webSocket: ServerWebSocket<S, D>, closeInfo: WebSocketCloseInfo, unsentBytes: number): void {
    this.shutdownUnderWay?.onClientClosed(closeInfo, unsentBytes);
    this.connections.remove(webSocket);
    this.events.onClose(webSocket, closeInfo);
    this.connections.checkEmptied();
  }

  /**
   * An ordinary request: a WebSocket server has nothing to serve, and says so. Who serves it releases the connection
   * and keeps what becomes of it with {@link addPlain}. `rest` came behind the head in the same read.
   */
  protected onPlainRequest(connection: IncomingConnection, head: RequestHead, _rest: Buffer): void {
    connection.refuse(upgradeRequired, head.method === 'HEAD');
  }

  /** Whether a request asks for WebSocket, be it well or badly. */
  protected isUpgrade(head: RequestHead): boolean {
    return isWebSocketRequest(head);
  }

  /**
   * Makes the state of a connection that serves ordinary requests; `head` is the first of them, in which trusted proxies
   * may say whose it is. Throws what the user's factory throws.
   */
  protected makeState(transport: Transport, head?: RequestHead): S {
    const { remoteAddress, remotePort, tls } = transport;
    const client =
      head === undefined
        ? { remoteIp: remoteAddress, remotePort }
        : identifyClient(transport, head.headers, this.options.trustedProxies);
    const info = { remoteIp: client.remoteIp, remotePort: client.remotePort, tls, data: undefined as D };
    return createState(this.stateFactory, info);
  }

  /**
   * Takes a connection that serves ordinary requests into account, until {@link removePlain}. `from` is the released
   * connection that its first request came on.
   */
  protected addPlain(connection: PlainConnection, from: IncomingConnection): void {
    this.connections.pending.remove(from);
    this.connections.plain.add(connection);
  }

  protected removePlain(connection: PlainConnection): void {
    if (this.connections.plain.delete(connection)) this.shutdownUnderWay?.onPlainClosed();
    this.connections.checkEmptied();
  }

  /** Treats a WebSocket handshake that was read elsewhere. `rest` is what came behind its head. */
  protected upgradeTransport(transport: Transport, head: RequestHead, rest: Buffer): void {
    const connection = this.takeOver(transport);
    if (!this.isStopping) this.gate.judge(connection, head, rest);
    else connection.refuse(serverStopping);
  }

  /** Refuses what was read elsewhere, as one of our own is refused. */
  protected refuseTransport(transport: Transport, refusal: Refusal): void {
    this.takeOver(transport).refuse(refusal);
  }

  private takeOver(transport: Transport): IncomingConnection {
    this.makeRoom();
    const connection = new IncomingConnection(transport, this);
    this.connections.pending.add(connection);
    connection.adopt(this.options.handshakeTimeoutSecs * 1000);
    this.onIncomingTalks(connection);
    return connection;
  }

  /** A connection was made; `open` is delivered when this returns. */
  protected abstract onConnection(webSocket: ServerWebSocket<S, D>, state: S): unknown;

  protected accept(transport: Transport): void {
    this.makeRoom();
    const connection = new IncomingConnection(transport, this);
    this.connections.pending.add(connection);
    connection.start(this.options.handshakeTimeoutSecs * 1000);
  }

  /** Connections whose opening handshake is not complete, in whatever stage. */
  private get pendingCount(): number {
    return this.connections.pending.size + this.pendingBelow;
  }

  protected makeRoom(): void {
    if (this.pendingCount < this.options.maxPendingConnections || this.dropBelow()) return;
    const dropped = this.connections.pending.dropOldest();
    if (dropped !== undefined) this.events.onRefusal('tooManyPending', 0, dropped.remoteIp);
  }

  /** Connections that count against `maxConnections`. */
  protected get connectionCount(): number {
    return this.connections.count;
  }

  /** @internal UpgradeGateOwner */
  isFull(asking: number): boolean {
    return this.connectionCount + asking >= this.options.maxConnections;
  }

  /** @internal UpgradeGateOwner */
  onAdmitted({ connection, head, client, upgrade, data, rest }: Admitted<D>): void {
    const { remoteIp, remotePort } = client;
    const state = createState(this.stateFactory, { remoteIp, remotePort, tls: connection.transport.tls, data });
    const transport = connection.release();
    this.connections.pending.remove(connection);
    const opened = new ServerConnection<S, D>(this, state, data);
    const { webSocket } = opened;
    const { maxConnectionAgeSecs } = this.options;
    const age =
      maxConnectionAgeSecs === undefined
        ? undefined
        : new ConnectionAge(webSocket, maxConnectionAgeSecs * 1000, this.wheel);
    this.connections.add(webSocket, connection.place, age);
    const { response, protocol, deflate } = upgrade;
    const openInfo = { uri: head.target, headers: head.headers, protocol };
    opened.begin(transport, response, openInfo, rest, this.isPongEnabled(), deflate, () => {
      this.events.onOpen(webSocket);
      callSafely(
        () => this.onConnection(webSocket, state),
        (error) => this.reportError(error),
      );
    });
  }
}

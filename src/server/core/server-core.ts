import type { PingOptions } from '../../connection/connection-options.ts';
import type { WebSocketCloseInfo } from '../../connection/messages/messages.ts';
import type { SendData } from '../../connection/sending/send-data.ts';
import type { SessionContext } from '../../connection/session/session-context.ts';
import { deflateEngines } from '../../platform/deflate-engines.ts';
import { nodeClock } from '../../platform/node-clock.ts';
import { nodePorts } from '../../platform/node-ports.ts';
import { sharedWheel } from '../../platform/shared-wheel.ts';
import type { Refusal } from '../../protocol/http1/head/refusal.ts';
import type { RequestHead } from '../../protocol/http1/head/request-head.ts';
import type { PerMessageDeflateSettings } from '../../protocol/websocket/deflate/per-message-deflate-options.ts';
import { PerMessageDeflateSource } from '../../protocol/websocket/deflate/per-message-deflate-source.ts';
import type { PreparedMessage } from '../../protocol/websocket/frames/prepared-message.ts';
import { isWebSocketRequest, upgradeRequired } from '../../protocol/websocket/handshake/handshake-server.ts';
import { createTraffic, type Traffic } from '../../protocol/websocket/traffic.ts';
import type { Transport } from '../../transport/transport.ts';
import { callSafely } from '../../util/call-safely.ts';
import type { Clock } from '../../util/clock.ts';
import type { TimerWheel } from '../../util/timer-wheel.ts';
import { Applicant, type ApplicantOwner } from '../admission/applicant.ts';
import { identifyClient } from '../admission/client-identity.ts';
import type { HeadIntake, HeadIntakeOwner } from '../admission/head-intake.ts';
import { HostRule } from '../admission/host-rule.ts';
import type { PendingConnection } from '../admission/pending-connections.ts';
import { RefusedConnection } from '../admission/refused-connection.ts';
import { internalError, serverFull, serverStopping } from '../admission/server-refusals.ts';
import type { Upgrade } from '../admission/server-upgrade.ts';
import { UpgradeGate, type UpgradeGateOwner } from '../admission/upgrade-gate.ts';
import { Audience } from '../audience/audience.ts';
import type { BroadcastInfo, BroadcastOptions } from '../audience/broadcast.ts';
import type { Topics } from '../audience/topics.ts';
import { type ConnectionInfo, ConnectionState, createState } from '../connection-state.ts';
import { ConnectionAge } from '../life/connection-age.ts';
import type { PlainConnection } from '../life/plain-connection.ts';
import { ServerConnections } from '../life/server-connections.ts';
import { ServerLife, type ServerLifeOwner } from '../life/server-life.ts';
import type { LogLevel, ResolvedServerOptions } from '../server-options.ts';
import {
  type OnClientMessageCallback,
  ServerConnection,
  type ServerWebSocket,
  type ServerWebSocketOwner,
} from '../server-websocket.ts';
import { MemoryAccount } from './memory-account.ts';
import { ServerSendAccount } from './send-account.ts';
import { ServerEvents } from './server-events.ts';
import { ServerLog } from './server-log.ts';
import { type ServerMetrics, snapshot } from './server-metrics.ts';
import type { ServerService } from './server-service.ts';

/** The outcome of joining: the state of the connection, or the reason for which it cannot be served. */
export type JoinResult<S> = { readonly state: S } | { readonly refusal: Refusal };

/**
 * The inside of a server: it joins the parts, and alone owns its listener, its gate and its connections. What to do
 * with a connection that was accepted, its {@link ServerService} knows.
 */
export class ServerCore<S extends ConnectionState, D>
  implements HeadIntakeOwner, ApplicantOwner, UpgradeGateOwner<D>, ServerWebSocketOwner<S, D>, ServerLifeOwner
{
  readonly options: ResolvedServerOptions<S, D>;
  readonly clock: Clock = nodeClock;
  readonly wheel: TimerWheel = sharedWheel;
  readonly sessionContext: SessionContext;
  readonly connections: ServerConnections<S, D> = new ServerConnections<S, D>();
  readonly audience: Audience<S, D>;
  readonly hosts: HostRule | undefined;
  readonly gate: UpgradeGate<D>;
  readonly life: ServerLife;
  readonly events: ServerEvents = new ServerEvents();
  readonly reports: ServerLog;
  readonly memory: MemoryAccount;
  private readonly sendAccount: ServerSendAccount;
  clientMessageCallback: OnClientMessageCallback<S, D> | undefined = undefined;
  stateFactory: (info: ConnectionInfo<D>) => S;
  answersPings: boolean;
  isDeflateEnabled = false;
  perMessageDeflate: PerMessageDeflateSource;
  private service: ServerService<S, D> | undefined = undefined;
  private readonly traffic: Traffic = createTraffic();

  constructor(resolved: ResolvedServerOptions<S, D>) {
    this.options = resolved;
    this.reports = new ServerLog(resolved.logCallback, resolved.onCallbackError, this.events);
    // Without a factory S is what it is by default, which the type parameter cannot say.
    this.stateFactory = resolved.connectionStateFactory ?? (createDefaultState as (info: ConnectionInfo<D>) => S);
    this.answersPings = resolved.enablePong;
    this.memory = new MemoryAccount(resolved.maxUnfinishedBytes);
    this.sendAccount = new ServerSendAccount(resolved.maxTotalBufferedBytes, this.connections);
    this.perMessageDeflate = this.setPerMessageDeflate(resolved.perMessageDeflate);
    this.sessionContext = {
      role: 'server',
      ports: nodePorts,
      clock: this.clock,
      wheel: this.wheel,
      limits: resolved,
      budget: this.memory,
      sendAccount: this.sendAccount,
      traffic: this.traffic,
    };
    this.audience = new Audience(this.connections.clients, resolved);
    this.hosts = HostRule.of(resolved);
    this.gate = new UpgradeGate<D>(this, resolved, this.clock);
    this.life = new ServerLife(this);
  }

  /** Begins to serve for the public object `server`. */
  serveAs(server: object, service: ServerService<S, D>): void {
    this.events.server = server;
    this.service = service;
  }

  setPerMessageDeflate(settings: PerMessageDeflateSettings): PerMessageDeflateSource {
    this.isDeflateEnabled = settings.enabled;
    this.perMessageDeflate = new PerMessageDeflateSource('server', settings, deflateEngines, this.memory);
    return this.perMessageDeflate;
  }

  get metrics(): ServerMetrics {
    const { connections, events, memory } = this;
    const counts = {
      open: connections.clients.size,
      plain: connections.plain.size,
      accepted: events.accepted,
      overflows: this.sendAccount.overflows,
      refused: events.refused,
      pending: this.pendingCount,
      bufferedBytes: connections.bufferedBytes,
      unfinishedBytes: memory.usedBytes,
    };
    return snapshot(counts, this.traffic);
  }

  log(level: LogLevel, message: string): void {
    this.reports.write(level, message);
  }

  reportError(error: unknown): void {
    this.reports.reportError(error);
  }

  // The way of a connection, in its order.

  /** A connection was accepted: it is pending until it has a request. */
  accept(transport: Transport): void {
    const connection = this.service?.accept(transport);
    if (connection === undefined) return;
    this.makeRoom();
    this.connections.pending.addSilent(connection);
    connection.start(this.options.handshakeTimeoutSecs * 1000);
  }

  countRefusal({ code, status }: Refusal, remoteIp: string): void {
    this.events.onRefusal(code, status, remoteIp);
  }

  onTalks(connection: PendingConnection): void {
    this.connections.pending.talks(connection);
  }

  /** Part of {@link HeadIntakeOwner}, on a server that speaks nothing but WebSocket. */
  onHead(intake: HeadIntake, head: RequestHead, rest: Buffer): void {
    const { transport, remoteIp } = intake;
    this.connections.pending.remove(intake);
    if (isWebSocketRequest(head)) this.apply(transport, head, rest);
    else this.refuse(transport, upgradeRequired, remoteIp, head.method === 'HEAD');
  }

  onNoHead(intake: HeadIntake, refusal: Refusal): void {
    this.connections.pending.remove(intake);
    this.refuse(intake.transport, refusal);
  }

  /**
   * Treats an opening handshake, wherever its head was read. `rest` is what came behind it, and `isOurs` says that the
   * connection was accepted here.
   */
  apply(transport: Transport, head: RequestHead, rest: Buffer, isOurs = true): void {
    const client = identifyClient(transport, head.headers, this.options.trustedProxies);
    const applicant = new Applicant(this, { transport, head, client, rest, isOurs });
    if (this.life.takesClients) this.gate.judge(applicant);
    else applicant.refuse(serverStopping);
  }

  /** Answers a connection with an error, gives it the time to read it, and counts it. */
  refuse(transport: Transport, refusal: Refusal, remoteIp: string = transport.remoteAddress, isHead = false): void {
    this.countRefusal(refusal, remoteIp);
    const refused = new RefusedConnection(this, transport, remoteIp);
    this.addTalking(refused);
    refused.answer(refusal, isHead);
  }

  /** Tells if a request asks for WebSocket. RFC 9110 7.8 lets a server ignore that: one that nobody listens to does. */
  isUpgrade(head: RequestHead): boolean {
    return this.clientMessageCallback !== undefined && isWebSocketRequest(head);
  }

  /** Tells if an ordinary request is for a name that this server goes by. */
  allowsHost(transport: Transport, { headers }: RequestHead): boolean {
    const { hosts } = this;
    if (hosts === undefined) return true;
    const { trustedProxies } = this.options;
    if (trustedProxies !== undefined) return hosts.allows(identifyClient(transport, headers, trustedProxies), true);
    return hosts.allows({ host: headers.get('Host') ?? '', isProxied: false }, true);
  }

  /** Takes a connection that serves ordinary requests into account, by the head of the first one. */
  join(connection: PlainConnection, transport: Transport, head: RequestHead): JoinResult<S> {
    if (this.isFull(0)) return { refusal: serverFull };
    const { remoteIp, remotePort } = identifyClient(transport, head.headers, this.options.trustedProxies);
    let state: S;
    try {
      state = createState(this.stateFactory, { remoteIp, remotePort, tls: transport.tls, data: undefined as D });
    } catch (error) {
      this.reportError(error);
      return { refusal: internalError };
    }
    this.connections.pending.remove(connection);
    this.connections.plain.add(connection);
    return { state };
  }

  /** A connection that serves ordinary requests, or was to, is over. */
  leave(connection: PlainConnection): void {
    this.forget(connection);
    this.connections.checkEmptied();
  }

  /** A connection that serves ordinary requests is given up for a WebSocket. */
  upgrade(connection: PlainConnection, transport: Transport, head: RequestHead, rest: Buffer): void {
    this.forget(connection);
    this.apply(transport, head, rest);
    this.connections.checkEmptied();
  }

  onHeld(applicant: Applicant): void {
    this.addTalking(applicant);
  }

  onReleased(applicant: Applicant): void {
    this.connections.pending.remove(applicant);
  }

  onRefused(applicant: Applicant, refusal: Refusal): void {
    const { transport, remoteIp, head } = applicant;
    this.connections.pending.remove(applicant);
    this.refuse(transport, refusal, remoteIp, head.method === 'HEAD');
  }

  onPendingClosed(connection: PendingConnection): void {
    this.connections.pending.remove(connection);
    this.connections.checkEmptied();
  }

  /** Part of {@link UpgradeGateOwner}: true when there is no room for one more beside `asking`. */
  isFull(asking: number): boolean {
    return this.connections.count + asking >= this.options.maxConnections;
  }

  onAdmitted(applicant: Applicant, { response, protocol, deflate }: Upgrade, data: D): void {
    const { head, client, place } = applicant;
    const { remoteIp, remotePort } = client;
    const state = createState(this.stateFactory, { remoteIp, remotePort, tls: applicant.transport.tls, data });
    const transport = applicant.release();
    const connection = new ServerConnection<S, D>(this, state, data);
    const { webSocket } = connection;
    const { maxConnectionAgeSecs } = this.options;
    const age =
      maxConnectionAgeSecs === undefined
        ? undefined
        : new ConnectionAge(webSocket, maxConnectionAgeSecs * 1000, this.wheel);
    this.connections.add(webSocket, place, age);
    const openInfo = { uri: head.target, headers: head.headers, protocol };
    const isPongEnabled = this.answersPings;
    connection.begin({ transport, response, openInfo, head: applicant.takeHeld(), isPongEnabled, deflate }, () => {
      this.events.onOpen(webSocket);
      callSafely(
        () => this.service?.onOpen?.(webSocket, state),
        (error) => connection.onCallbackError(error),
      );
    });
  }

  onClientClosed(webSocket: ServerWebSocket<S, D>, closeInfo: WebSocketCloseInfo, unsentBytes: number): void {
    this.life.shutdown?.onClientClosed(closeInfo, unsentBytes);
    this.connections.remove(webSocket);
    this.events.onClose(webSocket, closeInfo);
    this.connections.checkEmptied();
  }

  // What its connections ask for.

  get pingOptions(): PingOptions {
    return this.options;
  }

  get closesOnError(): boolean {
    return this.options.onCallbackError !== 'throw';
  }

  get topics(): Topics<ServerWebSocket<S, D>> {
    return this.audience.topics;
  }

  publish(
    topic: string,
    data: SendData | PreparedMessage,
    options: BroadcastOptions<ServerWebSocket<S, D>> = {},
  ): BroadcastInfo {
    return this.audience.publish(topic, data, options);
  }

  onClientDropped(payloadSize: number): void {
    this.audience.onDropped(payloadSize);
  }

  // What its life and its listener report.

  onStopping(): void {
    this.service?.onStopping?.();
  }

  logUnheard(message: string): void {
    this.reports.logUnheard(message);
  }

  onListenerError(error: Error): void {
    this.reports.reportError(error);
  }

  /** Part of {@link ServerListenerOwner}: a handshake below HTTP counts as pending, like a connection without a request. */
  onHandshake(): void {
    this.makeRoom();
  }

  onConnectionRefused(code: string, remoteIp: string): void {
    this.events.onRefusal(code, 0, remoteIp);
  }

  private forget(connection: PlainConnection): void {
    this.connections.pending.remove(connection);
    if (this.connections.plain.delete(connection)) this.life.shutdown?.onPlainClosed();
  }

  private addTalking(connection: PendingConnection): void {
    this.makeRoom();
    this.connections.pending.addTalking(connection);
  }

  /** Connections that are not open, in whatever stage. */
  private get pendingCount(): number {
    return this.connections.pending.size + this.life.pendingCount;
  }

  private makeRoom(): void {
    if (this.pendingCount < this.options.maxPendingConnections || this.life.dropPending()) return;
    const dropped = this.connections.pending.dropOldest();
    if (dropped !== undefined) this.events.onRefusal('tooManyPending', 0, dropped.remoteIp);
  }
}

function createDefaultState(info: ConnectionInfo): ConnectionState {
  return new ConnectionState(info);
}

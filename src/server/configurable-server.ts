import { limitsOf, type PingOptions } from '../connection/connection-options.ts';
import type { OnCallbackError } from '../connection/messages/message-hub.ts';
import type { SessionContext } from '../connection/session/session-context.ts';
import { UsageError } from '../errors.ts';
import { deflateEngines } from '../platform/deflate-engines.ts';
import { nodeClock } from '../platform/node-clock.ts';
import { nodePorts } from '../platform/node-ports.ts';
import { sharedWheel } from '../platform/shared-wheel.ts';
import { throwOnFreshStack } from '../platform/turn.ts';
import {
  resolvePerMessageDeflate,
  type WebSocketPerMessageDeflateOptions,
} from '../protocol/websocket/deflate/per-message-deflate-options.ts';
import { PerMessageDeflateSource } from '../protocol/websocket/deflate/per-message-deflate-source.ts';
import { createTraffic, type Traffic } from '../protocol/websocket/traffic.ts';
import { callSafely } from '../util/call-safely.ts';
import { checkFunction } from '../util/options.ts';
import type { TimerWheel } from '../util/timer-wheel.ts';
import type { ConnectionInfo, ConnectionState } from './connection-state.ts';
import { MemoryAccount } from './core/memory-account.ts';
import { ServerEvents } from './core/server-events.ts';
import type { LogCallback, LogLevel } from './core/server-log.ts';
import {
  createDefaultState,
  type ResolvedServerOptions,
  resolveServerOptions,
  type SocketServerOptions,
} from './server-options.ts';
import type { OnClientMessageCallback } from './server-websocket.ts';

/** What a server was told: its options, what setters changed of them, and getters for it. */
export abstract class ConfigurableServer<S extends ConnectionState, D> {
  /** @internal */
  readonly wheel: TimerWheel = sharedWheel;
  /** @internal */
  readonly sessionContext: SessionContext;
  /** @internal */
  readonly pingOptions: PingOptions;
  /** @internal */
  clientMessageCallback: OnClientMessageCallback<S, D> | undefined;
  /** @internal */
  stateFactory: (info: ConnectionInfo<D>) => S;
  /** @internal */
  perMessageDeflate: PerMessageDeflateSource;
  protected readonly options: ResolvedServerOptions<S, D>;
  protected readonly events: ServerEvents = new ServerEvents(this);
  protected readonly traffic: Traffic = createTraffic();
  protected readonly memory: MemoryAccount;
  private logCallback: LogCallback | undefined;
  private answersPings: boolean;
  private isDeflateEnabled: boolean;

  protected constructor(options: SocketServerOptions<S, D>) {
    this.options = resolveServerOptions(options);
    this.logCallback = this.options.logCallback;
    this.answersPings = this.options.enablePong;
    this.isDeflateEnabled = this.options.perMessageDeflate.enabled;
    // Without a factory S is what it is by default, which the type parameter cannot say.
    this.stateFactory = this.options.connectionStateFactory ?? (createDefaultState as (info: ConnectionInfo<D>) => S);
    this.memory = new MemoryAccount(this.options.maxUnfinishedBytes);
    const { perMessageDeflate } = this.options;
    this.perMessageDeflate = new PerMessageDeflateSource('server', perMessageDeflate, deflateEngines, this.memory);
    this.pingOptions = this.options;
    this.sessionContext = {
      role: 'server',
      ports: nodePorts,
      clock: nodeClock,
      wheel: this.wheel,
      limits: limitsOf(this.options),
      budget: this.memory,
      traffic: this.traffic,
    };
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

  /** Seconds without anything received after which each connection is sent a ping; -1 for never. */
  getPingInterval(): number {
    return this.options.pingIntervalSecs;
  }

  /** Seconds that `onUpgrade` has to answer. */
  getUpgradeTimeoutSecs(): number {
    return this.options.upgradeTimeoutSecs;
  }

  /** Answers pings, on connections made from then on. */
  enablePong(): void {
    this.answersPings = true;
  }

  /** Answers no pings, on connections made from then on. */
  disablePong(): void {
    this.answersPings = false;
  }

  isPongEnabled(): boolean {
    return this.answersPings;
  }

  /** Whether compression is accepted. */
  isPerMessageDeflateEnabled(): boolean {
    return this.isDeflateEnabled;
  }

  /** Sets how messages are compressed, on connections made from then on. */
  setPerMessageDeflateOptions(options: WebSocketPerMessageDeflateOptions): void {
    const settings = resolvePerMessageDeflate('server', options);
    this.isDeflateEnabled = settings.enabled;
    this.perMessageDeflate = new PerMessageDeflateSource('server', settings, deflateEngines, this.memory);
  }

  /** Accepts no compression, on connections made from then on. */
  disablePerMessageDeflate(): void {
    this.setPerMessageDeflateOptions({ enabled: false });
  }

  /** Sets the function that gets a line for each connection that failed before any other callback heard of it. */
  setLogCallback(callback: LogCallback): void {
    this.logCallback = checkFunction('callback', callback);
  }

  /** Sets the function that sees every message of every connection. It applies to connections made from then on. */
  setOnClientMessageCallback(callback: OnClientMessageCallback<S, D>): void {
    this.clientMessageCallback = checkFunction('callback', callback);
  }

  /** Sets the function that makes the state of each connection. It applies to connections made from then on. */
  setConnectionStateFactory(factory: () => S): void {
    if (typeof factory !== 'function') throw new UsageError('factory', 'must be a function');
    this.stateFactory = factory;
  }

  /** @internal Made once, for all connections. */
  readonly callbackErrorHandler: OnCallbackError = (error) => this.reportError(error);

  /** @internal */
  log(level: LogLevel, message: string): void {
    const { logCallback } = this;
    if (logCallback === undefined) return;
    callSafely(
      () => logCallback(level, message),
      (error) => this.reportError(error),
    );
  }

  /** @internal Errors that belong to nobody's call: of user code, and of the listening socket. */
  reportError(error: unknown): void {
    this.events.onError(error);
    const { onCallbackError } = this.options;
    if (onCallbackError === undefined) {
      throwOnFreshStack(error);
      return;
    }
    try {
      onCallbackError(error);
    } catch (second) {
      throwOnFreshStack(second);
    }
  }
}

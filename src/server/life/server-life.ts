import { MOST_CLOSE_TIMEOUTS } from '../../connection/connection-limits.ts';
import { ListenError, UsageError } from '../../errors.ts';
import { afterThisTurn } from '../../platform/turn.ts';
import { checkTLSOptions, type SocketTLSOptions } from '../../transport/tls/tls-options.ts';
import type { Transport } from '../../transport/transport.ts';
import type { Clock } from '../../util/clock.ts';
import { Deferred } from '../../util/deferred.ts';
import type { ResolvedServerOptions } from '../server-options.ts';
import {
  at,
  type ListenOptions,
  type ListenResult,
  ServerListener,
  type ServerListenerOwner,
} from './server-listener.ts';
import { planShutdown, Shutdown, type ShutdownReport, type ShutdownSettings } from './shutdown.ts';

interface Closing {
  close(code: number, reason: string): void;
}

/** The connections of a server, as their end sees them. */
export interface EndingConnections {
  readonly clients: ReadonlySet<Closing>;
  readonly pending: { destroyAll(): void };
  readonly plain: ReadonlySet<{ finish(): void }>;
  destroyPlain(): void;
  terminateAll(): void;
  whenEmpty(): Promise<void>;
}

type LifeOptions = ListenOptions &
  Pick<ResolvedServerOptions<never>, 'tlsOptions' | 'closeTimeoutSecs' | 'maxPendingConnections'>;

/** The server, as its {@link ServerLife} sees it. */
export interface ServerLifeOwner extends ServerListenerOwner {
  readonly options: LifeOptions;
  readonly clock: Clock;
  readonly connections: EndingConnections;
  /** Begins to serve a connection. */
  accept(transport: Transport): void;
  /** `stop()` or `shutdown()` begins. */
  onStopping(): void;
  /** Says what nobody has looked at. */
  logUnheard(message: string): void;
}

/** The life of a server: it listens, is started, and ends, and may begin again. */
export class ServerLife {
  /** After `stop()`, until it listens again or is attached. */
  isOver = false;
  /** Begun to listen, or listening, and not ended. */
  isListening = false;
  /** The end that is under way. */
  shutdown: Shutdown | undefined;
  private readonly owner: ServerLifeOwner;
  private tlsOptions: SocketTLSOptions | undefined;
  /** Connections that were accepted before `start()`. */
  private waiting: Transport[] = [];
  private listener: ServerListener | undefined;
  private binding: Promise<ListenError | undefined> | undefined;
  private isBinding = false;
  /** The reason for which the latest `listen()` failed. */
  private failure: ListenError | undefined;
  /** Somebody will be told of a failure, or was, in another way than by the result. */
  private isHeard = false;
  private isStarted = false;
  private stopping: Promise<ShutdownReport> | undefined;
  private stopped = unheardOf(new Deferred<void>());

  constructor(owner: ServerLifeOwner) {
    this.owner = owner;
    this.tlsOptions = owner.options.tlsOptions;
  }

  /** True while clients may come in. */
  get takesClients(): boolean {
    return this.stopping === undefined && !this.isOver;
  }

  /** The port that is listened on; before that, the one of the options. 0 for a unix socket. */
  get port(): number {
    const { socketPath, port } = this.owner.options;
    return socketPath === undefined ? (this.listener?.port ?? port) : 0;
  }

  /** Connections that nobody above has seen: before `start()`, and in the handshakes below HTTP. */
  get pendingCount(): number {
    return this.waiting.length + (this.listener?.pendingHandshakes ?? 0);
  }

  /** Drops the oldest of the handshakes below HTTP; false when there is none. */
  dropPending(): boolean {
    return this.listener?.dropOldestHandshake() === true;
  }

  async listen(): Promise<ListenResult> {
    const error = await this.beginListening();
    return error === undefined ? { ok: true } : this.failedResult(error);
  }

  start(): void {
    if (this.listener === undefined) throw this.whyNotStarted();
    this.isStarted = true;
    const { waiting } = this;
    this.waiting = [];
    for (const transport of waiting) this.owner.accept(transport);
  }

  async listenAndStart(): Promise<ListenResult> {
    const error = await this.beginListening();
    if (error !== undefined) return this.failedResult(error);
    this.start();
    return { ok: true };
  }

  /** Resolves when it has ended; rejects when it cannot begin. */
  wait(): Promise<void> {
    this.isHeard = true;
    return this.stopped.promise;
  }

  stop(code: number, reason: string): Promise<void> {
    this.shutdown?.hurry();
    const closeTimeoutMs = this.owner.options.closeTimeoutSecs * 1000;
    const deadlineMs = closeTimeoutMs * MOST_CLOSE_TIMEOUTS;
    const settings = { deadlineMs, plainDeadlineMs: closeTimeoutMs, code, reason, staggerMs: 0, signal: undefined };
    return this.end(settings).then(() => undefined);
  }

  /** Ends the server, or waits for the end that is under way. */
  end(settings: ShutdownSettings): Promise<ShutdownReport> {
    this.isOver = true;
    this.owner.onStopping();
    this.stopping ??= this.shutDown(settings).finally(() => {
      this.stopping = undefined;
      this.stopped.resolve();
    });
    return this.stopping;
  }

  setTLSOptions(tlsOptions: SocketTLSOptions): ListenResult {
    const checked = checkTLSOptions(tlsOptions);
    try {
      this.listener?.replaceTls(checked);
    } catch (error) {
      if (!(error instanceof ListenError)) throw error;
      this.owner.log('error', `the new TLS options are not used: ${error.message}`);
      return { ok: false, error };
    }
    this.tlsOptions = checked;
    return { ok: true };
  }

  private async beginListening(): Promise<ListenError | undefined> {
    const { owner } = this;
    const { options } = owner;
    if (this.isListening) {
      const where = options.socketPath ?? `${options.host}:${this.port}`;
      return new ListenError('alreadyListening', `the server is listening on ${where} already`, at(options));
    }
    this.isListening = true;
    this.isBinding = true;
    this.failure = undefined;
    if (this.stopped.settled) {
      this.stopped = unheardOf(new Deferred());
      this.isHeard = false;
    }
    this.binding = this.bind();
    try {
      return await this.binding;
    } finally {
      this.isBinding = false;
      if (this.listener === undefined) this.isListening = false;
    }
  }

  private async bind(): Promise<ListenError | undefined> {
    const { owner } = this;
    try {
      const onTransport = (transport: Transport): void => this.onTransport(transport);
      const listener = await ServerListener.open(owner.options, this.tlsOptions, owner, onTransport);
      if (this.stopping !== undefined) {
        await listener.close();
        throw new ListenError('stopped', 'stop() was called before the server was listening', at(owner.options));
      }
      this.listener = listener;
      this.isOver = false;
      return undefined;
    } catch (error) {
      if (!(error instanceof ListenError)) throw error;
      // Not listening is what stop() was to bring about.
      if (error.code !== 'stopped') this.fail(error);
      return error;
    }
  }

  private fail(error: ListenError): void {
    this.failure = error;
    this.stopped.reject(error);
  }

  /** A result that is logged when it is looked at by nobody: a server that does not listen is never silent about it. */
  private failedResult(error: ListenError): ListenResult {
    let isSeen = false;
    afterThisTurn(() => {
      if (!isSeen && !this.isHeard && error === this.failure) this.owner.logUnheard(error.message);
    });
    return {
      get ok() {
        isSeen = true;
        return false as const;
      },
      get error() {
        isSeen = true;
        return error;
      },
    };
  }

  private whyNotStarted(): Error {
    if (this.isBinding) return new UsageError('start', 'listen() has not finished: await it, and look at its result');
    const { failure } = this;
    this.isHeard = true;
    if (failure === undefined) return new UsageError('start', 'call listen() first, and look at its result');
    return failure;
  }

  private onTransport(transport: Transport): void {
    if (this.stopping !== undefined) transport.destroy();
    else if (this.isStarted) this.owner.accept(transport);
    else if (this.waiting.length < this.owner.options.maxPendingConnections) this.waiting.push(transport);
    else transport.destroy();
  }

  private async shutDown(settings: ShutdownSettings): Promise<ShutdownReport> {
    const { clock, wheel, connections } = this.owner;
    const shutdown = new Shutdown(
      { clock, wheel, cutPlain: () => connections.destroyPlain(), cut: () => connections.terminateAll() },
      settings,
    );
    this.shutdown = shutdown;
    await this.binding;
    const { listener } = this;
    this.listener = undefined;
    this.isStarted = false;
    for (const transport of this.waiting) transport.destroy();
    this.waiting = [];
    await listener?.close();
    connections.pending.destroyAll();
    shutdown.start([...connections.clients], planShutdown(connections.clients.size, settings, Math.random));
    for (const connection of connections.plain) connection.finish();
    await connections.whenEmpty();
    this.shutdown = undefined;
    this.isListening = false;
    return shutdown.end();
  }
}

/** Nobody has to wait: a failure is in the result of `listen()` as well. */
function unheardOf(deferred: Deferred<void>): Deferred<void> {
  deferred.promise.catch(() => undefined);
  return deferred;
}

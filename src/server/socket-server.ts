import { checkClose } from '../connection/close-arguments.ts';
import { MOST_CLOSE_TIMEOUTS } from '../connection/connection-limits.ts';
import { ListenError, UsageError } from '../errors.ts';
import { checkTLSOptions, type SocketTLSOptions } from '../transport/tls/tls-options.ts';
import type { Transport } from '../transport/transport.ts';
import { Deferred } from '../util/deferred.ts';
import { AdmittingServer } from './admitting-server.ts';
import type { ConnectionState } from './connection-state.ts';
import { at, type ListenResult, ServerListener, type ServerListenerOwner } from './life/server-listener.ts';
import {
  planShutdown,
  resolveShutdownOptions,
  Shutdown,
  type ShutdownOptions,
  type ShutdownReport,
  type ShutdownSettings,
} from './life/shutdown.ts';
import type { SocketServerOptions } from './server-options.ts';

/**
 * A server that listens, accepts within limits, and keeps its connections: what WebSocket and HTTP servers share.
 *
 * `listen()`, then `start()`; connections that come in between are served from `start()` on. After `stop()` it can
 * listen again.
 */
export abstract class SocketServer<S extends ConnectionState = ConnectionState, D = unknown>
  extends AdmittingServer<S, D>
  implements ServerListenerOwner
{
  /** Accepted before `start()`. */
  private waiting: Transport[] = [];
  private listener: ServerListener | undefined;
  private binding: Promise<ListenResult> | undefined;
  private tlsOptions: SocketTLSOptions | undefined;
  private isListening = false;
  private isStarted = false;
  private stopping: Promise<ShutdownReport> | undefined;
  private stopped = new Deferred<void>();

  protected constructor(options: SocketServerOptions<S, D>) {
    super(options);
    this.tlsOptions = this.options.tlsOptions;
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
   * Stops listening and closes every connection. It settles when they are gone: at the latest when nothing has left one
   * for `closeTimeoutSecs`, or after twelve times as long whatever clients do. It may be called from inside a callback.
   * A {@link shutdown} under way is brought forward.
   *
   * @throws UsageError (`invalidOption`) for a code or reason that cannot be sent
   */
  stop(code: number = 1000, reason: string = 'Normal closure'): Promise<void> {
    checkClose(code, reason);
    this.shutdownUnderWay?.hurry();
    const closeTimeoutMs = this.options.closeTimeoutSecs * 1000;
    const deadlineMs = closeTimeoutMs * MOST_CLOSE_TIMEOUTS;
    const settings = { deadlineMs, plainDeadlineMs: closeTimeoutMs, code, reason, staggerMs: 0, signal: undefined };
    return this.end(settings).then(() => undefined);
  }

  /**
   * Stops listening at once, and sends clients away over some time, so that they do not all come back in the same
   * moment; what is left at the deadline is cut off. Ordinary requests that were begun are answered.
   *
   * @returns resolves with what it came to, at the latest soon after the deadline. One that is under way goes on, or a
   * {@link stop}, whose report it is then.
   * @throws UsageError (`invalidOption`) naming the option that is wrong
   *
   * @example
   * const { closed, terminated } = await server.shutdown({ deadlineMs: 25_000 });
   */
  shutdown(options: ShutdownOptions = {}): Promise<ShutdownReport> {
    return this.end(resolveShutdownOptions(options));
  }

  /** The port that is listened on; before that, the one of the options. 0 for a unix socket. */
  getPort(): number {
    return this.options.socketPath === undefined ? (this.listener?.port ?? this.options.port) : 0;
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
      this.log('error', `the new TLS options are not used: ${error.message}`);
      return { ok: false, error };
    }
    this.tlsOptions = checked;
    return { ok: true };
  }

  /** @internal ServerListenerOwner */
  onListenerError(error: Error): void {
    this.reportError(error);
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

  protected get isStopping(): boolean {
    return this.stopping !== undefined;
  }

  protected get pendingBelow(): number {
    return this.waiting.length + (this.listener?.pendingHandshakes ?? 0);
  }

  protected dropBelow(): boolean {
    return this.listener?.dropOldestHandshake() === true;
  }

  /** Called when `stop()` or `shutdown()` begins. */
  protected onStopping(): void {}

  private end(settings: ShutdownSettings): Promise<ShutdownReport> {
    this.onStopping();
    this.stopping ??= this.shutDown(settings).finally(() => {
      this.stopping = undefined;
      this.stopped.resolve();
    });
    return this.stopping;
  }

  private async shutDown(settings: ShutdownSettings): Promise<ShutdownReport> {
    const { connections } = this;
    const shutdown = new Shutdown(
      {
        clock: this.sessionContext.clock,
        wheel: this.wheel,
        cutPlain: () => connections.destroyPlain(),
        cut: () => connections.terminateAll(),
      },
      settings,
    );
    this.shutdownUnderWay = shutdown;
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
    this.shutdownUnderWay = undefined;
    this.isListening = false;
    return shutdown.end();
  }
}

import { checkClose } from '../connection/close-arguments.ts';
import type { SendData } from '../connection/sending/send-data.ts';
import { UsageError } from '../errors.ts';
import {
  resolvePerMessageDeflate,
  type WebSocketPerMessageDeflateOptions,
} from '../protocol/websocket/deflate/per-message-deflate-options.ts';
import type { PreparedMessage } from '../protocol/websocket/frames/prepared-message.ts';
import type { SocketTLSOptions } from '../transport/tls/tls-options.ts';
import { inspection, showBy } from '../util/inspection.ts';
import { checkFunction } from '../util/options.ts';
import type { UpgradeCallback } from './admission/upgrade-request.ts';
import type { BroadcastInfo, BroadcastOptions, BroadcastWhenReadyOptions } from './audience/broadcast.ts';
import type { ConnectionState } from './connection-state.ts';
import type { ServerCore } from './core/server-core.ts';
import type { ServerMetrics } from './core/server-metrics.ts';
import type { ListenResult } from './life/server-listener.ts';
import { resolveShutdownOptions, type ShutdownOptions, type ShutdownReport } from './life/shutdown.ts';
import type { LogCallback } from './server-options.ts';
import type { OnClientMessageCallback, ServerWebSocket } from './server-websocket.ts';

/**
 * A server that listens, accepts within limits, and keeps its connections: what WebSocket and HTTP servers share.
 *
 * `listen()`, then `start()`; connections that come in between are served from `start()` on. After `stop()` it can
 * listen again.
 */
export abstract class SocketServer<S extends ConnectionState = ConnectionState, D = unknown> {
  readonly #core: ServerCore<S, D>;

  static {
    showBy(
      SocketServer.prototype,
      inspection((server: SocketServer) => {
        const { connections, handshakes } = server.metrics();
        const where = server.getSocketPath() ?? `${server.getHost()}:${server.getPort()}`;
        return { where, isListening: server.#core.life.isListening, connections, handshakes };
      }),
    );
  }

  /** @internal */
  constructor(core: ServerCore<S, D>) {
    this.#core = core;
  }

  /**
   * Binds the address and begins to accept. What can go wrong is in the result: nothing is thrown. A failure that nobody
   * looks at is logged, to `logCallback` or else the standard error stream.
   *
   * @returns `ok`, or the `error`, whose code is `addressInUse`, `addressNotAvailable`, `invalidHost`,
   * `invalidSocketPath`, `permissionDenied`, `alreadyListening`, `stopped`, `listenFailed`, or one that begins with `tlsOptions`
   */
  listen(): Promise<ListenResult> {
    return this.#core.life.listen();
  }

  /**
   * Begins to serve. Call it after {@link listen}.
   *
   * @throws ListenError when {@link listen} has failed, for that reason
   * @throws UsageError (`invalidOption`) when it was not called, or has not finished
   */
  start(): void {
    this.#core.life.start();
  }

  /** {@link listen}, and {@link start} if that went well. */
  listenAndStart(): Promise<ListenResult> {
    return this.#core.life.listenAndStart();
  }

  /** Resolves when {@link stop} has settled. Rejects with the `ListenError` of a {@link listen} that has failed. */
  wait(): Promise<void> {
    return this.#core.life.wait();
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
    return this.#core.life.stop(code, reason);
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
    return this.#core.life.end(resolveShutdownOptions(options));
  }

  /** The port that is listened on; before that, the one of the options. 0 for a unix socket. */
  getPort(): number {
    return this.#core.life.port;
  }

  /** The unix socket to listen on. */
  getSocketPath(): string | undefined {
    return this.#core.options.socketPath;
  }

  getHost(): string {
    return this.#core.options.host;
  }

  getBacklog(): number {
    return this.#core.options.backlog;
  }

  getMaxConnections(): number {
    return this.#core.options.maxConnections;
  }

  getHandshakeTimeoutSecs(): number {
    return this.#core.options.handshakeTimeoutSecs;
  }

  getAddressFamily(): 4 | 6 | 'dual' {
    return this.#core.options.addressFamily;
  }

  /** Seconds without anything received after which each connection is sent a ping; -1 for never. */
  getPingInterval(): number {
    return this.#core.options.pingIntervalSecs;
  }

  /** Seconds that `onUpgrade` has to answer. */
  getUpgradeTimeoutSecs(): number {
    return this.#core.options.upgradeTimeoutSecs;
  }

  /**
   * Sets how connections are secured. While the server listens, handshakes use the new certificates from then on, if
   * they are in order: if not, the result and the log say why, and the old ones stay in use.
   *
   * @throws UsageError (`invalidOption`) naming the option that is wrong
   */
  setTLSOptions(tlsOptions: SocketTLSOptions): ListenResult {
    return this.#core.life.setTLSOptions(tlsOptions);
  }

  /** Answers pings, on connections made from then on. */
  enablePong(): void {
    this.#core.answersPings = true;
  }

  /** Answers no pings, on connections made from then on. */
  disablePong(): void {
    this.#core.answersPings = false;
  }

  isPongEnabled(): boolean {
    return this.#core.answersPings;
  }

  /** True while compression is accepted. */
  isPerMessageDeflateEnabled(): boolean {
    return this.#core.isDeflateEnabled;
  }

  /** Sets how messages are compressed, on connections made from then on. */
  setPerMessageDeflateOptions(options: WebSocketPerMessageDeflateOptions): void {
    this.#core.setPerMessageDeflate(resolvePerMessageDeflate('server', options));
  }

  /** Accepts no compression, on connections made from then on. */
  disablePerMessageDeflate(): void {
    this.setPerMessageDeflateOptions({ enabled: false });
  }

  /** Sets the function that gets a line for each connection that failed before any other callback heard of it. */
  setLogCallback(callback: LogCallback): void {
    this.#core.reports.callback = checkFunction('callback', callback);
  }

  /** Sets the function that sees every message of every connection. It applies to connections made from then on. */
  setOnClientMessageCallback(callback: OnClientMessageCallback<S, D>): void {
    this.#core.clientMessageCallback = checkFunction('callback', callback);
  }

  /** Sets the function that makes the state of each connection. It applies to connections made from then on. */
  setConnectionStateFactory(factory: () => S): void {
    if (typeof factory !== 'function') throw new UsageError('factory', 'must be a function');
    this.#core.stateFactory = factory;
  }

  /**
   * Sets the function that decides about opening handshakes, as the option `onUpgrade` does. It applies to those that
   * come from then on.
   */
  setOnUpgradeCallback(callback: UpgradeCallback<D>): void {
    this.#core.gate.callback = checkFunction('callback', callback);
  }

  /** The connections that are open, as they come and go. */
  getClients(): ReadonlySet<ServerWebSocket<S, D>> {
    return this.#core.connections.clients;
  }

  /**
   * The deeds and holdings of the server since it was made: a snapshot that does not change any more. Counting
   * costs next to nothing; the snapshot looks at every open connection once.
   */
  metrics(): ServerMetrics {
    return this.#core.metrics;
  }

  /** Messages that were dropped because clients do not read fast enough, of all connections since the beginning. */
  get droppedMessages(): number {
    return this.#core.audience.droppedMessages;
  }

  /** The payload bytes of {@link droppedMessages}. */
  get droppedBytes(): number {
    return this.#core.audience.droppedBytes;
  }

  /**
   * Sends a message to all open connections. It is encoded once, and compressed once for each window size that clients
   * asked for; where messages are compressed with context takeover, once for each connection. Broadcasts of one turn of
   * the event loop leave together.
   *
   * A connection that does not read fast enough is treated as its policy `slowConsumer` says, and the others are not
   * held up; what is dropped is counted.
   *
   * @param data what to send, or what `prepareMessage()` made of it
   * @throws UsageError (`invalidOption`) when `data` is not something that can be sent, or an option is wrong
   *
   * @example
   * server.broadcast('hello, everybody else', { except: webSocket });
   */
  broadcast(data: SendData | PreparedMessage, options: BroadcastOptions<ServerWebSocket<S, D>> = {}): BroadcastInfo {
    return this.#core.audience.broadcast(data, options);
  }

  /**
   * The same, once those connections have room whose policy for slow consumers is `'block'`. Set `sendTimeoutSecs`, or
   * give a signal, so that one that never reads does not hold this up for ever.
   */
  broadcastWhenReady(
    data: SendData | PreparedMessage,
    options: BroadcastWhenReadyOptions<ServerWebSocket<S, D>> = {},
  ): Promise<BroadcastInfo> {
    return this.#core.audience.broadcastWhenReady(data, options);
  }

  /**
   * Sends a message to the connections that have subscribed to a topic, as {@link broadcast} does to all.
   *
   * @example
   * server.publish('news', 'it rains');
   */
  publish(
    topic: string,
    data: SendData | PreparedMessage,
    options: BroadcastOptions<ServerWebSocket<S, D>> = {},
  ): BroadcastInfo {
    return this.#core.audience.publish(topic, data, options);
  }

  /** {@link publish}, once those subscribers have room whose policy for slow consumers is `'block'`. */
  publishWhenReady(
    topic: string,
    data: SendData | PreparedMessage,
    options: BroadcastWhenReadyOptions<ServerWebSocket<S, D>> = {},
  ): Promise<BroadcastInfo> {
    return this.#core.audience.publishWhenReady(topic, data, options);
  }

  /** The number of connections that have subscribed to a topic. */
  getSubscriberCount(topic: string): number {
    return this.#core.topics.subscribersOf(topic)?.size ?? 0;
  }

  /**
   * Makes this a server that sends every message it gets to all other connections, in place of what
   * `setOnClientMessageCallback()` had set.
   */
  makeBroadcastServer(): void {
    this.setOnClientMessageCallback((_connectionState, webSocket, msg) => {
      if (msg.type === 'message') this.broadcast(msg.data, { binary: msg.binary, except: webSocket });
    });
  }
}

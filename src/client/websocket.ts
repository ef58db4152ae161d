import { checkClose } from '../connection/close-arguments.ts';
import type { WebSocketCloseInfo } from '../connection/messages/messages.ts';
import { ReadyState } from '../connection/ready-state.ts';
import { type OnTrafficTrackerCallback, setTrafficTracker } from '../connection/traffic-tracker.ts';
import { summary, WebSocketConnection } from '../connection/websocket-connection.ts';
import { UsageError } from '../errors.ts';
import type { HttpHeadersInit } from '../protocol/http1/headers.ts';
import type {
  PerMessageDeflateSettings,
  WebSocketPerMessageDeflateOptions,
} from '../protocol/websocket/deflate/per-message-deflate-options.ts';
import type { SocketTLSOptions } from '../transport/tls/tls-options.ts';
import { inspection, oneLine, showBy, withoutSecrets } from '../util/inspection.ts';
import { seconds, signal } from '../util/option-kinds.ts';
import { checkOption, type OptionTable, optionTable, resolveOptions } from '../util/option-table.ts';
import {
  checkClientOptions,
  checkOfferedSubprotocols,
  clientOptions,
  resolveClientOptions,
  type WebSocketOptions,
} from './client-options.ts';
import type { Provider } from './provider.ts';
import { type ConnectResult, ReconnectingClient, type WebSocketStopInfo } from './reconnecting-client.ts';

/** The ways in which an attempt that {@link WebSocket.connect} makes may end early. */
export interface ConnectOptions {
  /**
   * Seconds the attempt may take.
   * @default `handshakeTimeoutSecs`
   */
  timeoutSecs?: number | undefined;
  /** Ends the attempt, with the code `cancelled`, or closes the connection that it has made. */
  signal?: AbortSignal | undefined;
}

/**
 * A WebSocket client (RFC 6455) that connects in the background and, unless told otherwise, connects again whenever
 * the connection is lost.
 *
 * @example
 * const webSocket = new WebSocket({ url: 'ws://localhost:8008/' });
 * webSocket.setOnMessageCallback((msg) => {
 *   if (msg.type === 'open') webSocket.send('hello');
 *   if (msg.type === 'message') console.log(msg.data);
 * });
 * webSocket.start();
 * // … finally …
 * await webSocket.stop();
 */
export class WebSocket extends WebSocketConnection {
  readonly #client: ReconnectingClient;

  static {
    showBy(
      WebSocket.prototype,
      inspection((webSocket) => ({ url: oneLine(withoutSecrets(webSocket.getUrl())), ...summary(webSocket) })),
    );
  }

  /** @throws UsageError (`invalidOption`) naming the option that is wrong */
  constructor(options: WebSocketOptions = {}) {
    const client = new ReconnectingClient(resolveClientOptions(options));
    super(client.core);
    this.#client = client;
  }

  /**
   * Connects in the background, and again whenever the connection is lost. Does nothing while it runs already; behind
   * a `stop()` that has not settled it begins when that has.
   */
  start(): void {
    this.#client.start();
  }

  /**
   * Makes one attempt to connect, without reconnection. Nothing is thrown or rejected for what a network may do.
   *
   * @param options seconds the attempt may take (the handshake timeout by default), or also a signal that ends it
   * @throws UsageError (`invalidOption`) while the client runs already
   */
  async connect(options: number | ConnectOptions = {}): Promise<ConnectResult> {
    const given = resolveOptions(connectTable, typeof options === 'number' ? { timeoutSecs: options } : options);
    return this.#client.connect(given.timeoutSecs ?? this.#client.options.handshakeTimeoutSecs, given.signal);
  }

  /** Resolves when the connection that {@link connect} made is over; at once when there is none. */
  run(): Promise<WebSocketCloseInfo> {
    return this.#client.run();
  }

  /**
   * Closes the connection behind everything that was sent, ends what is under way, and does not reconnect. Settles
   * when all is over, at the latest when the close deadline has passed.
   *
   * @throws UsageError (`invalidOption`) for a code or reason that cannot be sent
   */
  stop(code: number = 1000, reason: string = 'Normal closure'): Promise<WebSocketStopInfo> {
    checkClose(code, reason);
    return this.#client.stop(code, reason);
  }

  /** Closes the connection, and ends an attempt or a wait that is under way; there is no reconnection after it. */
  override close(code: number = 1000, reason: string = code === 1000 ? 'Normal closure' : ''): void {
    checkClose(code, reason);
    this.#client.close(code, reason);
  }

  override getReadyState(): ReadyState {
    return this.#client.readyState;
  }

  /** Bytes that were accepted for sending and have not left, those in the outbox included. */
  override bufferedAmount(): number {
    return super.bufferedAmount() + this.#client.outboxBytes;
  }

  /** Messages that were accepted by the outbox and lost, or refused by its policy `'drop-newest'`, since the beginning. */
  get lostMessages(): number {
    return this.#client.lostMessages;
  }

  /** Sets the url, or several options at once. They take effect at the next attempt. */
  configure(urlOrOptions: string | WebSocketOptions): void {
    if (typeof urlOrOptions === 'string') this.setUrl(urlOrOptions);
    else {
      this.#client.configure(checkClientOptions(urlOrOptions));
    }
  }

  /** Sets the url for the next attempt. The attempt finds out if it can be connected to. */
  setUrl(url: string | Provider<string>): void {
    this.#client.options.url = checkOption(clientOptions, 'url', url);
  }

  /** The url; where a function was given, what that returned for the latest attempt. */
  getUrl(): string {
    const { url } = this.#client.options;
    return typeof url === 'function' ? (this.#client.attempted?.url ?? '') : url;
  }

  /** Sets the headers that the next opening handshake carries in addition. */
  setExtraHeaders(headers: HttpHeadersInit | Provider<HttpHeadersInit>): void {
    this.#client.options.extraHeaders = checkOption(clientOptions, 'extraHeaders', headers);
  }

  /**
   * Offers one more subprotocol, behind those there are.
   *
   * @throws UsageError (`invalidOption`) when a function was given for them
   */
  addSubprotocol(subprotocol: string): void {
    const { subprotocols } = this.#client.options;
    if (typeof subprotocols === 'function')
      throw new UsageError('subprotocol', 'cannot be added to those of a function');
    this.#client.options.subprotocols = checkOfferedSubprotocols('subprotocols', [...subprotocols, subprotocol]);
  }

  /** The subprotocols to offer; where a function was given, what that returned for the latest attempt. */
  getSubprotocols(): readonly string[] {
    const { subprotocols } = this.#client.options;
    return typeof subprotocols === 'function' ? (this.#client.attempted?.subprotocols ?? []) : subprotocols;
  }

  /** Sets the seconds that an attempt to connect may take. */
  setHandshakeTimeout(handshakeTimeoutSecs: number): void {
    this.#client.options.handshakeTimeoutSecs = checkOption(
      clientOptions,
      'handshakeTimeoutSecs',
      handshakeTimeoutSecs,
    );
  }

  /** Sets how connections to `wss://` are secured. It applies to the next attempt. */
  setTLSOptions(tlsOptions: SocketTLSOptions): void {
    this.#client.options.tlsOptions = checkOption(clientOptions, 'tlsOptions', tlsOptions);
  }

  /** Sets how messages are compressed from the next connection on; what is not given is as it is by default. */
  setPerMessageDeflateOptions(options: WebSocketPerMessageDeflateOptions): void {
    this.#client.options.perMessageDeflate = checkOption(clientOptions, 'perMessageDeflate', options);
  }

  getPerMessageDeflateOptions(): PerMessageDeflateSettings {
    return this.#client.options.perMessageDeflate;
  }

  /** Offers compression from the next connection on, as it is by default. */
  enablePerMessageDeflate(): void {
    this.#client.options.perMessageDeflate = { ...this.#client.options.perMessageDeflate, enabled: true };
  }

  /** Offers no compression from the next connection on. */
  disablePerMessageDeflate(): void {
    this.#client.options.perMessageDeflate = { ...this.#client.options.perMessageDeflate, enabled: false };
  }

  enablePong(): void {
    this.#client.setPong(true);
  }

  disablePong(): void {
    this.#client.setPong(false);
  }

  enableAutomaticReconnection(): void {
    this.#client.options.automaticReconnection = true;
  }

  disableAutomaticReconnection(): void {
    this.#client.options.automaticReconnection = false;
  }

  isAutomaticReconnectionEnabled(): boolean {
    return this.#client.options.automaticReconnection;
  }

  setMaxWaitBetweenReconnectionRetries(maxWaitMs: number): void {
    this.#client.options.maxWaitBetweenReconnectionRetries = checkOption(
      clientOptions,
      'maxWaitBetweenReconnectionRetries',
      maxWaitMs,
    );
  }

  getMaxWaitBetweenReconnectionRetries(): number {
    return this.#client.options.maxWaitBetweenReconnectionRetries;
  }

  setMinWaitBetweenReconnectionRetries(minWaitMs: number): void {
    this.#client.options.minWaitBetweenReconnectionRetries = checkOption(
      clientOptions,
      'minWaitBetweenReconnectionRetries',
      minWaitMs,
    );
  }

  getMinWaitBetweenReconnectionRetries(): number {
    return this.#client.options.minWaitBetweenReconnectionRetries;
  }

  /** The name of a state in the words of IXWebSocket, such as `OPEN`. */
  static readyStateToString(readyState: ReadyState): string {
    return Object.values(ReadyState).includes(readyState) ? readyState.toUpperCase() : 'UNKNOWN';
  }

  /**
   * Sets a function that is told the bytes on the wire of each message, ping and pong, sent or received, on all
   * connections of the process, those of servers included. It costs nothing while it is not set.
   *
   * @example
   * let received = 0;
   * WebSocket.setTrafficTrackerCallback((size, incoming) => {
   *   if (incoming) received += size;
   * });
   */
  static setTrafficTrackerCallback(callback: OnTrafficTrackerCallback): void {
    setTrafficTracker(callback);
  }

  /** Takes {@link setTrafficTrackerCallback} back. */
  static resetTrafficTrackerCallback(): void {
    setTrafficTracker(undefined);
  }
}

const connectTable: OptionTable<ConnectOptions> = optionTable(
  'connect()',
  {
    timeoutSecs: seconds(undefined),
    signal: signal(),
  },
  { example: '{ timeoutSecs: … }' },
);

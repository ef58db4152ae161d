import { checkClose } from '../connection/close-arguments.ts';
import { checkSeconds, limitsOf } from '../connection/connection-options.ts';
import type { WebSocketCloseInfo, WebSocketErrorInfo, WebSocketOpenInfo } from '../connection/messages.ts';
import { ReadyState } from '../connection/ready-state.ts';
import { Session } from '../connection/session.ts';
import type { SessionContext } from '../connection/session-context.ts';
import { WebSocketConnection } from '../connection/websocket-connection.ts';
import { ConnectError, UsageError } from '../errors.ts';
import { nodeClock } from '../platform/node-clock.ts';
import { nodePorts } from '../platform/node-ports.ts';
import { sharedWheel } from '../platform/shared-wheel.ts';
import type { HttpHeadersInit } from '../protocol/http1/headers.ts';
import { CloseCode, CloseReason } from '../protocol/websocket/close-codes.ts';
import { MaskSource } from '../protocol/websocket/masking.ts';
import {
  type PerMessageDeflateSettings,
  resolvePerMessageDeflate,
  type WebSocketPerMessageDeflateOptions,
} from '../protocol/websocket/per-message-deflate-options.ts';
import { checkTLSOptions, type SocketTLSOptions } from '../transport/tls-options.ts';
import { calculateRetryWaitMilliseconds } from '../util/backoff.ts';
import { Deferred } from '../util/deferred.ts';
import { checkString } from '../util/options.ts';
import { sleep } from '../util/sleep.ts';
import { attemptConnection, type OpenedConnection } from './attempt.ts';
import {
  checkExtraHeaders,
  checkOfferedSubprotocols,
  checkWait,
  type ResolvedClientOptions,
  resolveClientOptions,
  type WebSocketOptions,
} from './client-options.ts';
import { isHopeless, toErrorInfo } from './error-info.ts';

/** What became of `connect()`. */
export type ConnectResult =
  | { readonly success: true; readonly openInfo: WebSocketOpenInfo }
  | { readonly success: false; readonly errorInfo: WebSocketErrorInfo };

/** What `stop()` reports. */
export interface WebSocketStopInfo {
  /** Bytes that were accepted for sending and did not leave before the connection ended. */
  readonly unsentBytes: number;
}

/** From `start()` or `connect()` to the end of the last connection it made. There is one at a time. */
interface Run {
  readonly reconnects: boolean;
  /** Ends the attempt or the wait that is under way, and keeps the next from beginning. */
  readonly ender: AbortController;
  /** Resolved when the open connection is over. */
  closed: Deferred<WebSocketCloseInfo>;
  /** Resolved when all is over. */
  readonly done: Deferred<void>;
  unsentBytes: number;
}

/** All connections of the process draw their masking keys from one block of random numbers. */
const masks = new MaskSource(nodePorts.fillRandom);

const NOT_CONNECTED: WebSocketCloseInfo = Object.freeze({
  code: CloseCode.Abnormal,
  reason: CloseReason.Abnormal,
  remote: false,
});

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
  private readonly options: ResolvedClientOptions;
  private current: Run | undefined;
  private isConnecting = false;
  /** Whether to start when the run that is ending is over. */
  private startsAgain = false;
  private lastClose: WebSocketCloseInfo = NOT_CONNECTED;

  /** @throws UsageError (`invalidOption`) naming the option that is wrong */
  constructor(options: WebSocketOptions = {}) {
    const resolved = resolveClientOptions(options);
    super(resolved.onCallbackError, resolved);
    this.options = resolved;
  }

  /** Sets the url, or several options at once. They take effect at the next attempt. */
  configure(urlOrOptions: string | WebSocketOptions): void {
    if (typeof urlOrOptions === 'string') this.setUrl(urlOrOptions);
    else Object.assign(this.options, pickGiven(resolveClientOptions(urlOrOptions), urlOrOptions));
    this.hub.onCallbackError = this.options.onCallbackError;
  }

  /** Sets the url for the next attempt. Whether it can be connected to is found out then. */
  setUrl(url: string): void {
    this.options.url = checkString('url', url);
  }

  getUrl(): string {
    return this.options.url;
  }

  /** Sets the headers that the next opening handshake carries in addition. */
  setExtraHeaders(headers: HttpHeadersInit): void {
    this.options.extraHeaders = checkExtraHeaders(headers);
  }

  /** Offers one more subprotocol, behind those there are. */
  addSubprotocol(subprotocol: string): void {
    this.options.subprotocols = checkOfferedSubprotocols([...this.options.subprotocols, subprotocol]);
  }

  getSubprotocols(): readonly string[] {
    return this.options.subprotocols;
  }

  /** Sets the seconds that an attempt to connect may take. */
  setHandshakeTimeout(handshakeTimeoutSecs: number): void {
    this.options.handshakeTimeoutSecs = checkSeconds('handshakeTimeoutSecs', handshakeTimeoutSecs);
  }

  /** Sets how connections to `wss://` are secured. It applies to the next attempt. */
  setTLSOptions(tlsOptions: SocketTLSOptions): void {
    this.options.tlsOptions = checkTLSOptions(tlsOptions);
  }

  /** Sets how messages are compressed from the next connection on; what is not given is as it is by default. */
  setPerMessageDeflateOptions(options: WebSocketPerMessageDeflateOptions): void {
    this.options.perMessageDeflate = resolvePerMessageDeflate('client', options);
  }

  getPerMessageDeflateOptions(): PerMessageDeflateSettings {
    return this.options.perMessageDeflate;
  }

  /** Offers compression from the next connection on, as it is by default. */
  enablePerMessageDeflate(): void {
    this.options.perMessageDeflate = { ...this.options.perMessageDeflate, enabled: true };
  }

  /** Offers no compression from the next connection on. */
  disablePerMessageDeflate(): void {
    this.options.perMessageDeflate = { ...this.options.perMessageDeflate, enabled: false };
  }

  enablePong(): void {
    this.setPong(true);
  }

  disablePong(): void {
    this.setPong(false);
  }

  enableAutomaticReconnection(): void {
    this.options.automaticReconnection = true;
  }

  disableAutomaticReconnection(): void {
    this.options.automaticReconnection = false;
  }

  isAutomaticReconnectionEnabled(): boolean {
    return this.options.automaticReconnection;
  }

  setMaxWaitBetweenReconnectionRetries(maxWaitMs: number): void {
    this.options.maxWaitBetweenReconnectionRetries = checkWait('maxWaitBetweenReconnectionRetries', maxWaitMs);
  }

  getMaxWaitBetweenReconnectionRetries(): number {
    return this.options.maxWaitBetweenReconnectionRetries;
  }

  setMinWaitBetweenReconnectionRetries(minWaitMs: number): void {
    this.options.minWaitBetweenReconnectionRetries = checkWait('minWaitBetweenReconnectionRetries', minWaitMs);
  }

  getMinWaitBetweenReconnectionRetries(): number {
    return this.options.minWaitBetweenReconnectionRetries;
  }

  /**
   * Connects in the background, and again whenever the connection is lost. Does nothing while it runs already; behind
   * a `stop()` that has not settled it begins when that has.
   */
  start(): void {
    if (this.current !== undefined) {
      // Ported code says `stop(); start();`, where stop() used to block.
      this.startsAgain = this.current.ender.signal.aborted;
      return;
    }
    const run = this.begin(true);
    void this.keepConnected(run);
  }

  /**
   * Makes one attempt to connect, without reconnection. Nothing is thrown or rejected for what a network may do.
   *
   * @param timeoutSecs seconds the attempt may take; the handshake timeout by default
   * @throws UsageError (`invalidOption`) while the client runs already
   */
  async connect(timeoutSecs: number = this.options.handshakeTimeoutSecs): Promise<ConnectResult> {
    checkSeconds('timeoutSecs', timeoutSecs);
    if (this.current !== undefined) throw new UsageError('connect', 'the client runs already; stop() it first');
    const run = this.begin(false);
    try {
      const openInfo = await this.attempt(run, timeoutSecs);
      void run.closed.promise.then(() => this.end(run));
      return { success: true, openInfo };
    } catch (error) {
      const errorInfo = toErrorInfo(error, 0, 0);
      if (!run.ender.signal.aborted) this.deliver({ type: 'error', errorInfo, wireSize: 0 });
      this.end(run);
      return { success: false, errorInfo };
    }
  }

  /** Resolves when the connection that {@link connect} made is over; at once when there is none. */
  async run(): Promise<WebSocketCloseInfo> {
    const { current } = this;
    return current === undefined ? this.lastClose : current.closed.promise;
  }

  /**
   * Closes the connection behind everything that was sent, ends what is under way, and does not reconnect. Settles
   * when all is over, at the latest when the close deadline has passed.
   *
   * @throws UsageError (`invalidOption`) for a code or reason that cannot be sent
   */
  stop(code: number = 1000, reason: string = 'Normal closure'): Promise<WebSocketStopInfo> {
    checkClose(code, reason);
    const { current } = this;
    if (current === undefined) {
      this.hub.end();
      return Promise.resolve({ unsentBytes: 0 });
    }
    this.close(code, reason);
    return current.done.promise.then(() => ({ unsentBytes: current.unsentBytes }));
  }

  /** Closes the connection, and ends an attempt or a wait that is under way; there is no reconnection after it. */
  override close(code: number = 1000, reason: string = code === 1000 ? 'Normal closure' : ''): void {
    checkClose(code, reason);
    this.startsAgain = false;
    this.current?.ender.abort();
    super.close(code, reason);
  }

  override getReadyState(): ReadyState {
    return this.isConnecting ? ReadyState.Connecting : super.getReadyState();
  }

  /** The name of a state in the seed's words, such as `OPEN`. */
  static readyStateToString(readyState: ReadyState): string {
    return Object.values(ReadyState).includes(readyState) ? readyState.toUpperCase() : 'UNKNOWN';
  }

  protected override onClosed(closeInfo: WebSocketCloseInfo, wireSize: number, unsentBytes: number): void {
    const { current } = this;
    this.lastClose = closeInfo;
    if (current !== undefined) current.unsentBytes = unsentBytes;
    this.deliver({ type: 'close', closeInfo, wireSize });
    current?.closed.resolve(closeInfo);
  }

  private setPong(isEnabled: boolean): void {
    this.options.enablePong = isEnabled;
    if (this.session !== undefined) this.session.isPongEnabled = isEnabled;
  }

  private begin(reconnects: boolean): Run {
    const run = {
      reconnects,
      ender: new AbortController(),
      closed: new Deferred<WebSocketCloseInfo>(),
      done: new Deferred<void>(),
      unsentBytes: 0,
    };
    this.current = run;
    return run;
  }

  private end(run: Run): void {
    if (this.current === run) this.current = undefined;
    run.closed.resolve(this.lastClose);
    this.hub.end();
    run.done.resolve();
    if (!this.startsAgain) return;
    this.startsAgain = false;
    this.start();
  }

  private async keepConnected(run: Run): Promise<void> {
    const { options } = this;
    const { signal } = run.ender;
    let retries = 0;
    while (!signal.aborted) {
      try {
        await this.attempt(run, options.handshakeTimeoutSecs);
        retries = 0;
        await run.closed.promise;
        if (signal.aborted || !options.automaticReconnection) break;
        run.closed = new Deferred();
      } catch (error) {
        if (signal.aborted) break;
        const again = options.automaticReconnection && !isHopeless(error);
        const waitMs = again ? this.waitAfter(retries) : 0;
        retries++;
        const errorInfo = toErrorInfo(error, again ? retries : 0, waitMs);
        this.deliver({ type: 'error', errorInfo, wireSize: 0 });
        if (!again) break;
        await sleep(waitMs, nodeClock, signal);
      }
    }
    this.end(run);
  }

  private waitAfter(retries: number): number {
    const { maxWaitBetweenReconnectionRetries, minWaitBetweenReconnectionRetries } = this.options;
    return calculateRetryWaitMilliseconds(
      retries,
      maxWaitBetweenReconnectionRetries,
      minWaitBetweenReconnectionRetries,
    );
  }

  private async attempt(run: Run, timeoutSecs: number): Promise<WebSocketOpenInfo> {
    this.isConnecting = true;
    let opened: OpenedConnection;
    try {
      opened = await attemptConnection({
        options: this.options,
        timeoutMs: timeoutSecs * 1000,
        clock: nodeClock,
        ports: nodePorts,
        signal: run.ender.signal,
      });
    } finally {
      this.isConnecting = false;
    }
    return this.open(run, opened);
  }

  private open(run: Run, opened: OpenedConnection): WebSocketOpenInfo {
    const { transport, uri, headers, protocol, rest, deflate } = opened;
    if (run.ender.signal.aborted) {
      transport.destroy();
      throw new ConnectError('cancelled', 'handshake', 'Cancelled');
    }
    const session = new Session(this.sessionContext(), transport, this, this.options.enablePong, deflate);
    this.attach(session);
    const openInfo = { uri, headers, protocol };
    session.openWith('', () => this.deliver({ type: 'open', openInfo, headers, wireSize: 0 }));
    session.start(rest);
    return openInfo;
  }

  private sessionContext(): SessionContext {
    return {
      role: 'client',
      ports: nodePorts,
      masks,
      clock: nodeClock,
      wheel: sharedWheel,
      limits: limitsOf(this.options),
    };
  }
}

/** Of resolved options, those that were given. */
function pickGiven(resolved: ResolvedClientOptions, given: WebSocketOptions): Partial<ResolvedClientOptions> {
  const keys = new Set(Object.keys(given));
  return Object.fromEntries(Object.entries(resolved).filter(([key]) => keys.has(key)));
}

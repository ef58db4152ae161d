import { checkClose } from '../connection/close-arguments.ts';
import { limitsOf } from '../connection/connection-options.ts';
import type { WebSocketCloseInfo, WebSocketErrorInfo, WebSocketOpenInfo } from '../connection/messages/messages.ts';
import { ReadyState } from '../connection/ready-state.ts';
import { Session } from '../connection/session/session.ts';
import type { SessionContext } from '../connection/session/session-context.ts';
import { type OnTrafficTrackerCallback, setTrafficTracker } from '../connection/traffic-tracker.ts';
import { ConnectError, UsageError } from '../errors.ts';
import { nodeClock } from '../platform/node-clock.ts';
import { nodePorts } from '../platform/node-ports.ts';
import { sharedWheel } from '../platform/shared-wheel.ts';
import { CloseCode, CloseReason } from '../protocol/websocket/closing/close-codes.ts';
import { MaskSource } from '../protocol/websocket/frames/masking.ts';
import { callSafely } from '../util/call-safely.ts';
import { callWithin } from '../util/call-within.ts';
import { Deferred } from '../util/deferred.ts';
import { followSignals } from '../util/follow-signals.ts';
import { seconds, signal } from '../util/option-kinds.ts';
import { type OptionTable, optionTable, resolveOptions } from '../util/option-table.ts';
import { sleep } from '../util/sleep.ts';
import { attemptConnection, type OpenedConnection } from './attempt/attempt.ts';
import { toErrorInfo } from './attempt/error-info.ts';
import type { WebSocketOptions } from './client-options.ts';
import { ConfigurableClient } from './configurable-client.ts';
import { type LostMessage, Outbox, type OutboxOwner } from './outbox.ts';
import { provideOptions } from './provide-options.ts';
import { Reconnection } from './reconnection/reconnection.ts';
import type { ReconnectionContext } from './reconnection-options.ts';

/** What became of `connect()`. */
export type ConnectResult =
  | { readonly success: true; readonly openInfo: WebSocketOpenInfo }
  | { readonly success: false; readonly errorInfo: WebSocketErrorInfo };

/** How an attempt that {@link WebSocket.connect} makes may end early. */
export interface ConnectOptions {
  /**
   * Seconds the attempt may take.
   * @default `handshakeTimeoutSecs`
   */
  timeoutSecs?: number | undefined;
  /** Ends the attempt, with the code `cancelled`, or closes the connection that it has made. */
  signal?: AbortSignal | undefined;
}

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
  /** No attempt follows, and its last message is being delivered. */
  isOver: boolean;
  /** Resolved when the open connection is over. */
  closed: Deferred<WebSocketCloseInfo>;
  /** Resolved when all is over. */
  readonly done: Deferred<void>;
  /** Lets go of the signals of the caller. */
  readonly release: () => void;
  unsentBytes: number;
}

/** All connections of the process draw their masking keys from one block of random numbers. */
const masks = new MaskSource(nodePorts.fillRandom);

const NOT_CONNECTED: WebSocketCloseInfo = Object.freeze({
  code: CloseCode.Abnormal,
  reason: CloseReason.Abnormal,
  remote: false,
  layer: 'transport',
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
export class WebSocket extends ConfigurableClient implements OutboxOwner {
  private current: Run | undefined;
  private isConnecting = false;
  /** Whether to start when the run that is ending is over. */
  private startsAgain = false;
  private lastClose: WebSocketCloseInfo = NOT_CONNECTED;
  private outbox: Outbox | undefined;
  private lost = 0;

  /** @throws UsageError (`invalidOption`) naming the option that is wrong */
  constructor(options: WebSocketOptions = {}) {
    super(options);
  }

  /**
   * Connects in the background, and again whenever the connection is lost. Does nothing while it runs already; behind
   * a `stop()` that has not settled it begins when that has.
   */
  start(): void {
    if (this.current !== undefined) {
      // Ported code says `stop(); start();`, where stop() used to block; and the callback of the last message may start.
      this.startsAgain = this.current.ender.signal.aborted || this.current.isOver;
      return;
    }
    const run = this.begin(true);
    void this.keepConnected(run);
  }

  /**
   * Makes one attempt to connect, without reconnection. Nothing is thrown or rejected for what a network may do.
   *
   * @param options seconds the attempt may take (the handshake timeout by default), or also a signal that ends it
   * @throws UsageError (`invalidOption`) while the client runs already
   */
  async connect(options: number | ConnectOptions = {}): Promise<ConnectResult> {
    const given = resolveOptions(connectTable, typeof options === 'number' ? { timeoutSecs: options } : options);
    const { timeoutSecs = this.options.handshakeTimeoutSecs } = given;
    if (this.current !== undefined) throw new UsageError('connect', 'the client runs already; stop() it first');
    const run = this.begin(false, given.signal);
    try {
      const openInfo = await this.attempt(run, timeoutSecs);
      void run.closed.promise.then(() => this.end(run));
      return { success: true, openInfo };
    } catch (error) {
      const errorInfo = toErrorInfo(error, 0, 0);
      run.isOver = true;
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

  /** Bytes that were accepted for sending and have not left, those in the outbox included. */
  override bufferedAmount(): number {
    return super.bufferedAmount() + (this.outbox?.bytes ?? 0);
  }

  /** Messages that were accepted by the outbox and lost, or refused by its policy `'drop-newest'`, since the beginning. */
  get lostMessages(): number {
    return this.lost;
  }

  /** @internal OutboxOwner */
  get isOpen(): boolean {
    return this.session?.isOpen ?? false;
  }

  /** @internal OutboxOwner */
  get isRunning(): boolean {
    const { current, options } = this;
    if (current === undefined || current.ender.signal.aborted) return false;
    return this.isConnecting || (current.reconnects && options.automaticReconnection);
  }

  /** @internal OutboxOwner */
  onLost(message: LostMessage): void {
    this.lost++;
    const onLost = this.options.outbox?.onLost;
    if (onLost === undefined) return;
    callSafely(
      () => onLost(message),
      (error) => this.hub.onError(error),
    );
  }

  /** The name of a state in the seed's words, such as `OPEN`. */
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

  protected override onClosed(closeInfo: WebSocketCloseInfo, wireSize: number, unsentBytes: number): void {
    const { current } = this;
    this.lastClose = closeInfo;
    if (current !== undefined) {
      current.unsentBytes = unsentBytes;
      current.isOver = !current.reconnects || !this.options.automaticReconnection;
    }
    this.deliver({ type: 'close', closeInfo, wireSize });
    current?.closed.resolve(closeInfo);
  }

  private begin(reconnects: boolean, signal?: AbortSignal): Run {
    const ender = new AbortController();
    const run = {
      reconnects,
      ender,
      release: followSignals([this.options.signal, signal], () => {
        // One that was aborted before finds no run yet.
        if (this.current?.ender === ender) this.close();
        else ender.abort();
      }),
      isOver: false,
      closed: new Deferred<WebSocketCloseInfo>(),
      done: new Deferred<void>(),
      unsentBytes: 0,
    };
    this.current = run;
    const { outbox } = this.options;
    this.outbox = outbox === undefined ? undefined : new Outbox(outbox, this);
    this.keeper = this.outbox;
    return run;
  }

  private end(run: Run): void {
    run.unsentBytes += this.outbox?.end() ?? 0;
    if (this.current === run) this.current = undefined;
    run.release();
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
    const reconnection = new Reconnection(options, Math.random, (context) => this.isReconnectionWanted(context, run));
    while (!signal.aborted) {
      let waitMs: number | undefined;
      try {
        await this.attempt(run, options.handshakeTimeoutSecs);
        const openedMs = nodeClock.now();
        const closeInfo = await run.closed.promise;
        if (signal.aborted) break;
        waitMs = await reconnection.afterClose(closeInfo, nodeClock.now() - openedMs);
      } catch (error) {
        if (signal.aborted) break;
        const { errorInfo, ...next } = await reconnection.afterFailure(error);
        if (signal.aborted) break;
        ({ waitMs } = next);
        run.isOver = waitMs === undefined;
        this.deliver({ type: 'error', errorInfo, wireSize: 0 });
      }
      if (signal.aborted) break;
      if (waitMs === undefined) {
        const { gaveUp } = reconnection;
        run.isOver = true;
        if (gaveUp !== undefined) this.deliver({ type: 'error', errorInfo: gaveUp, wireSize: 0 });
        break;
      }
      run.isOver = false;
      this.startsAgain = false;
      if (run.closed.settled) run.closed = new Deferred();
      if (waitMs > 0) await sleep(waitMs, nodeClock, signal);
    }
    this.end(run);
  }

  private async isReconnectionWanted(context: ReconnectionContext, run: Run): Promise<boolean> {
    const { shouldReconnect, handshakeTimeoutSecs } = this.options;
    if (shouldReconnect === undefined) return true;
    try {
      const timeoutMs = handshakeTimeoutSecs * 1000;
      const outcome = await callWithin(() => shouldReconnect(context), timeoutMs, nodeClock, run.ender.signal);
      return outcome.kind !== 'done' || outcome.value !== false;
    } catch (error) {
      this.hub.onError(error);
      return true;
    }
  }

  private async attempt(run: Run, timeoutSecs: number): Promise<WebSocketOpenInfo> {
    this.isConnecting = true;
    let opened: OpenedConnection;
    try {
      const timeoutMs = timeoutSecs * 1000;
      const { signal } = run.ender;
      const options = await provideOptions(this.options, timeoutMs, nodeClock, signal);
      this.attempted = options;
      opened = await attemptConnection({ options, timeoutMs, clock: nodeClock, ports: nodePorts, signal });
    } finally {
      this.isConnecting = false;
    }
    return this.open(run, opened);
  }

  private open(run: Run, opened: OpenedConnection): WebSocketOpenInfo {
    const { transport, uri, headers, protocol, rest, deflate, record } = opened;
    if (run.ender.signal.aborted) {
      transport.destroy();
      throw new ConnectError('cancelled', 'handshake', 'Cancelled');
    }
    const session = new Session(this.sessionContext(), transport, this, this.options.enablePong, deflate);
    this.attach(session);
    const openInfo = { uri, headers, protocol, attempt: record };
    session.openWith('', () => this.deliver({ type: 'open', openInfo, headers, wireSize: 0 }));
    session.start(rest);
    this.outbox?.flush(session);
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

const connectTable: OptionTable<ConnectOptions> = optionTable('connect()', {
  timeoutSecs: seconds(undefined),
  signal: signal(),
});

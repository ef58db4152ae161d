import { ConnectionCore, type ConnectionOwner } from '../connection/connection-core.ts';
import type { PingOptions } from '../connection/connection-options.ts';
import { closeMessage, errorMessage, openMessage } from '../connection/messages/message-objects.ts';
import type { WebSocketCloseInfo, WebSocketErrorInfo, WebSocketOpenInfo } from '../connection/messages/messages.ts';
import { ReadyState } from '../connection/ready-state.ts';
import { Session } from '../connection/session/session.ts';
import type { SessionContext, SessionOutcome } from '../connection/session/session-context.ts';
import { ConnectError, UsageError } from '../errors.ts';
import { reportCallbackError } from '../platform/callback-errors.ts';
import { nodeClock } from '../platform/node-clock.ts';
import { nodePorts } from '../platform/node-ports.ts';
import { sharedWheel } from '../platform/shared-wheel.ts';
import { CloseCode, CloseReason } from '../protocol/websocket/closing/close-codes.ts';
import { MaskSource } from '../protocol/websocket/frames/masking.ts';
import { assert } from '../util/assert.ts';
import { callSafely } from '../util/call-safely.ts';
import { callWithin } from '../util/call-within.ts';
import { Deferred } from '../util/deferred.ts';
import { followSignals } from '../util/follow-signals.ts';
import { sleep } from '../util/sleep.ts';
import { attemptConnection, type OpenedConnection } from './attempt/attempt.ts';
import { toErrorInfo } from './attempt/error-info.ts';
import type { ClientSettings, ResolvedClientOptions } from './client-options.ts';
import { ClientStatus, clientMoves, isEnding } from './client-status.ts';
import { type LostMessage, Outbox, type OutboxOwner } from './outbox.ts';
import { provideOptions } from './provide-options.ts';
import { Reconnection } from './reconnection/reconnection.ts';
import type { ReconnectionContext } from './reconnection-options.ts';

/** The outcome of `connect()`. */
export type ConnectResult =
  | { readonly success: true; readonly openInfo: WebSocketOpenInfo }
  | { readonly success: false; readonly errorInfo: WebSocketErrorInfo };

/** The report of `stop()`. */
export interface WebSocketStopInfo {
  /** Bytes that were accepted for sending and did not leave before the connection ended. */
  readonly unsentBytes: number;
  /**
   * True when the other side has read everything that was sent: it has answered the close frame behind it. False means
   * that nobody knows: it did not answer, or closed for a reason of its own at the same time.
   */
  readonly isDelivered: boolean;
}

/** From `start()` or `connect()` to the end of the last connection it made. There is one at a time. */
interface Run {
  readonly reconnects: boolean;
  /** Ends the attempt or the wait that is under way, and keeps the next from beginning. */
  readonly ender: AbortController;
  /** Resolved when the connection that is open, or else the next one, is over. */
  closed: Deferred<WebSocketCloseInfo>;
  /** Resolved when all is over. */
  readonly done: Deferred<WebSocketStopInfo>;
  /** Lets go of the signals of the caller. */
  readonly release: () => void;
  unsentBytes: number;
  isDelivered: boolean;
}

/** All connections of the process draw their masking keys from one block of random numbers. */
const masks = new MaskSource(nodePorts.fillRandom);

const NOT_CONNECTED: WebSocketCloseInfo = Object.freeze({
  code: CloseCode.Abnormal,
  reason: CloseReason.Abnormal,
  remote: false,
  layer: 'transport',
});

/** The inside of a client: makes connections one after the other, as its options say. */
export class ReconnectingClient implements ConnectionOwner, OutboxOwner {
  readonly core: ConnectionCore;
  readonly options: ClientSettings;
  /** The options of the latest attempt. */
  attempted: ResolvedClientOptions | undefined;
  /** Messages that the outbox had accepted, or refused by its policy `'drop-newest'`. */
  lostMessages = 0;
  /** Part of {@link ConnectionOwner}. */
  readonly hasServerCallback: boolean = false;
  private status: ClientStatus = ClientStatus.Idle;
  private current: Run | undefined;
  private lastClose: WebSocketCloseInfo = NOT_CONNECTED;
  private outbox: Outbox | undefined;
  private hasToldFailure = false;

  constructor(options: ClientSettings) {
    this.options = options;
    this.core = new ConnectionCore(this);
  }

  /** Sets options; they take effect at the next attempt. */
  configure(options: Partial<ClientSettings>): void {
    Object.assign(this.options, options);
    if (options.pingIntervalSecs !== undefined) this.core.pingIntervalSecs = options.pingIntervalSecs;
  }

  /** Sets if pings are answered, from now on. */
  setPong(isEnabled: boolean): void {
    this.options.enablePong = isEnabled;
    if (this.core.session !== undefined) this.core.session.isPongEnabled = isEnabled;
  }

  start(): void {
    if (this.status === ClientStatus.Idle) void this.keepConnected(this.begin(true));
    // Ported code says `stop(); start();`, where stop() used to block; and the callback of the last message may start.
    else if (isEnding(this.status)) this.move(ClientStatus.Restarting);
  }

  async connect(timeoutSecs: number, signal: AbortSignal | undefined): Promise<ConnectResult> {
    if (this.status !== ClientStatus.Idle) throw new UsageError('connect', 'the client runs already; stop() it first');
    const run = this.begin(false, signal);
    try {
      const openInfo = await this.attempt(run, timeoutSecs);
      void run.closed.promise.then(() => this.end(run));
      return { success: true, openInfo };
    } catch (error) {
      const errorInfo = toErrorInfo(error, 0, 0);
      if (!run.ender.signal.aborted) {
        this.move(ClientStatus.Over);
        this.core.hub.deliver(errorMessage(errorInfo));
      }
      this.end(run);
      return { success: false, errorInfo };
    }
  }

  async run(): Promise<WebSocketCloseInfo> {
    const { current } = this;
    return current === undefined ? this.lastClose : current.closed.promise;
  }

  stop(code: number, reason: string): Promise<WebSocketStopInfo> {
    const { current } = this;
    if (current === undefined) {
      this.core.hub.end();
      return Promise.resolve({ unsentBytes: 0, isDelivered: true });
    }
    this.close(code, reason);
    return current.done.promise;
  }

  close(code: number, reason: string): void {
    if (this.current !== undefined) {
      this.move(ClientStatus.Stopping);
      this.current.ender.abort();
    }
    this.core.session?.close(code, reason);
  }

  get readyState(): ReadyState {
    return this.status === ClientStatus.Connecting ? ReadyState.Connecting : this.core.readyState;
  }

  /** Bytes of the messages that wait for a connection. */
  get outboxBytes(): number {
    return this.outbox?.bytes ?? 0;
  }

  /** Part of {@link OutboxOwner}. */
  get isOpen(): boolean {
    return this.core.isOpen;
  }

  /** Part of {@link OutboxOwner}. */
  get isRunning(): boolean {
    const { current, status, options } = this;
    if (current === undefined || current.ender.signal.aborted) return false;
    return status === ClientStatus.Connecting || (current.reconnects && options.automaticReconnection);
  }

  /** Part of {@link OutboxOwner}. */
  onLost(message: LostMessage): void {
    this.lostMessages++;
    const onLost = this.options.outbox?.onLost;
    if (onLost === undefined) return;
    callSafely(
      () => onLost(message),
      (error) => this.core.hub.onError(error),
    );
  }

  /** Part of {@link ConnectionOwner}. */
  onCallbackError(error: unknown): void {
    reportCallbackError(this.options.onCallbackError, error);
  }

  /** Part of {@link ConnectionOwner}. */
  get pingOptions(): PingOptions {
    return this.options;
  }

  /** Part of {@link ConnectionOwner}. */
  callServer(): unknown {
    return undefined;
  }

  /** Part of {@link ConnectionOwner}: the connection counts what was dropped. */
  onDropped(): void {}

  /** Part of {@link ConnectionOwner}. */
  onClosed({ closeInfo, wireSize, unsentBytes, isAcknowledged }: SessionOutcome): void {
    const { current } = this;
    this.lastClose = closeInfo;
    if (current !== undefined) {
      current.unsentBytes = unsentBytes;
      current.isDelivered = isAcknowledged;
      const goesOn = current.reconnects && this.options.automaticReconnection;
      if (this.status === ClientStatus.Connected) this.move(goesOn ? ClientStatus.Waiting : ClientStatus.Over);
    }
    this.core.hub.deliver(closeMessage(closeInfo, wireSize));
    current?.closed.resolve(closeInfo);
  }

  private begin(reconnects: boolean, signal?: AbortSignal): Run {
    const ender = new AbortController();
    const run = {
      reconnects,
      ender,
      release: followSignals([this.options.signal, signal], () => {
        // One that was aborted before finds no run yet.
        if (this.current?.ender === ender) this.close(CloseCode.Normal, CloseReason.Normal);
        else ender.abort();
      }),
      closed: new Deferred<WebSocketCloseInfo>(),
      done: new Deferred<WebSocketStopInfo>(),
      unsentBytes: 0,
      isDelivered: true,
    };
    this.current = run;
    this.move(ClientStatus.Connecting);
    if (ender.signal.aborted) this.move(ClientStatus.Stopping);
    const { outbox } = this.options;
    this.outbox = outbox === undefined ? undefined : new Outbox(outbox, this);
    this.core.keeper = this.outbox;
    return run;
  }

  private end(run: Run): void {
    run.unsentBytes += this.outbox?.end() ?? 0;
    this.current = undefined;
    const startsAgain = this.status === ClientStatus.Restarting;
    this.move(ClientStatus.Idle);
    run.release();
    run.closed.resolve(this.lastClose);
    this.core.hub.end();
    const { unsentBytes, isDelivered } = run;
    run.done.resolve({ unsentBytes, isDelivered: isDelivered && unsentBytes === 0 });
    if (startsAgain) this.start();
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
        this.move(ClientStatus.Waiting);
        const { errorInfo, ...next } = await reconnection.afterFailure(error);
        if (signal.aborted) break;
        ({ waitMs } = next);
        if (waitMs === undefined) this.move(ClientStatus.Over);
        this.tell(errorInfo);
      }
      if (signal.aborted) break;
      if (waitMs === undefined) {
        const { gaveUp } = reconnection;
        if (!isEnding(this.status)) this.move(ClientStatus.Over);
        if (gaveUp !== undefined) this.core.hub.deliver(errorMessage(gaveUp));
        break;
      }
      this.move(ClientStatus.Waiting);
      if (run.closed.settled) run.closed = new Deferred();
      if (waitMs > 0) await sleep(waitMs, nodeClock, signal);
      if (!signal.aborted) this.move(ClientStatus.Connecting);
    }
    this.end(run);
  }

  /** A failure that nobody listens to is logged, once: otherwise nothing at all would be seen of a wrong URL. */
  private tell(errorInfo: WebSocketErrorInfo): void {
    if (!this.hasToldFailure && !this.core.hub.wants('error')) {
      console.error(`ixwebsocket: ${errorInfo.reason} (no listener for 'error': told once)`);
    }
    this.hasToldFailure = true;
    this.core.hub.deliver(errorMessage(errorInfo));
  }

  private async isReconnectionWanted(context: ReconnectionContext, run: Run): Promise<boolean> {
    const { shouldReconnect, handshakeTimeoutSecs } = this.options;
    if (shouldReconnect === undefined) return true;
    try {
      const timeoutMs = handshakeTimeoutSecs * 1000;
      const outcome = await callWithin(() => shouldReconnect(context), timeoutMs, nodeClock, run.ender.signal);
      return outcome.kind !== 'done' || outcome.value !== false;
    } catch (error) {
      this.core.hub.onError(error);
      return true;
    }
  }

  private async attempt(run: Run, timeoutSecs: number): Promise<WebSocketOpenInfo> {
    const timeoutMs = timeoutSecs * 1000;
    const { signal } = run.ender;
    const options = await provideOptions(this.options, timeoutMs, nodeClock, signal);
    this.attempted = options;
    const opened = await attemptConnection({ options, timeoutMs, clock: nodeClock, ports: nodePorts, signal });
    return this.open(run, opened, options);
  }

  private open(run: Run, opened: OpenedConnection, options: ResolvedClientOptions): WebSocketOpenInfo {
    const { transport, uri, headers, protocol, rest, deflate, record } = opened;
    if (run.ender.signal.aborted) {
      transport.destroy();
      throw new ConnectError('cancelled', 'handshake', 'Cancelled');
    }
    this.move(ClientStatus.Connected);
    const { core } = this;
    const session = new Session(contextFor(options), transport, core, this.options.enablePong, deflate);
    core.attach(session);
    const openInfo = { uri, headers, protocol, attempt: record };
    session.openWith('', () => core.hub.deliver(openMessage(openInfo)));
    session.start(rest);
    this.outbox?.flush(session);
    return openInfo;
  }

  private move(to: ClientStatus): void {
    if (to === this.status) return;
    assert(clientMoves[this.status].includes(to), `a client cannot go from ${this.status} to ${to}`);
    this.status = to;
  }
}

function contextFor(limits: ResolvedClientOptions): SessionContext {
  return { role: 'client', ports: nodePorts, masks, clock: nodeClock, wheel: sharedWheel, limits };
}

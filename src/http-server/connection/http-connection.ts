import { currentHttpDate } from '../../http/http-date.ts';
import { userAgent } from '../../platform/user-agent.ts';
import { type Refusal, writeRefusal } from '../../protocol/http1/head/refusal.ts';
import type { RequestHead } from '../../protocol/http1/head/request-head.ts';
import type { BodyFraming } from '../../protocol/http1/message/body-framing.ts';
import type { MessageFailure } from '../../protocol/http1/message/message-failure.ts';
import type { MessageHandler } from '../../protocol/http1/message/message-handler.ts';
import { MessageReader } from '../../protocol/http1/message/message-reader.ts';
import { keepsAlive } from '../../protocol/http1/message/persistence.ts';
import { requestTimeout } from '../../server/admission/server-refusals.ts';
import type { PlainConnection } from '../../server/life/plain-connection.ts';
import { BatchWriter } from '../../transport/batch-writer.ts';
import { OutputWatch } from '../../transport/output-watch.ts';
import type { Transport, TransportHandler } from '../../transport/transport.ts';
import { createWheelEntry, type TimerWheel, type WheelEntry } from '../../util/timer-wheel.ts';
import type { HttpSettings } from '../http-server-options.ts';
import type { HttpRequest } from '../request/http-request.ts';
import type { ByteBudget } from '../request/request-body.ts';
import { HttpRequestError } from '../request/request-error.ts';
import { HIGH_WATER_BYTES } from '../response/body-sender.ts';
import { writeText } from '../response/write-bytes.ts';
import { Exchange, type ExchangeOwner } from './exchange.ts';
import { ReadWatch, type ReadWatchOwner } from './read-watch.ts';

/** While a request is being answered, this much of what follows it is kept; then the socket is not read. */
const MAX_HELD_BYTES = 16 * 1024;

/** What an {@link HttpConnection} needs of its server. */
export interface HttpConnectionOwner<S> {
  readonly wheel: TimerWheel;
  readonly settings: HttpSettings;
  readonly budget: ByteBudget | undefined;
  /** Calls the user's callback, and throws what that throws. */
  handle(request: HttpRequest, state: S): unknown;
  reportError(error: unknown): void;
  /** Whether a request asks for WebSocket, and gets it here. */
  isWebSocketRequest(head: RequestHead): boolean;
  /** The connection is given up for a WebSocket; `rest` came behind the request. */
  onHttpUpgrade(connection: HttpConnection<S>, transport: Transport, head: RequestHead, rest: Buffer): void;
  onHttpClosed(connection: HttpConnection<S>): void;
}

const NOTHING: Buffer = Buffer.alloc(0);

/** A connection that serves HTTP requests, one at a time and in their order. */
export class HttpConnection<S>
  implements TransportHandler, PlainConnection, MessageHandler<'request'>, ExchangeOwner, ReadWatchOwner
{
  readonly wheel: TimerWheel;
  readonly settings: HttpSettings;
  readonly budget: ByteBudget | undefined;
  readonly writer: BatchWriter;
  requestCount = 0;
  bodyBytes = 0;
  private readonly owner: HttpConnectionOwner<S>;
  private readonly transport: Transport;
  private readonly state: S;
  private readonly reader: MessageReader<'request'>;
  private readonly exchange: Exchange;
  private readonly readWatch: ReadWatch;
  private readonly writeWatch: OutputWatch;
  private phase: 'open' | 'closing' | 'closed' = 'open';
  /** Read behind the request that is being answered. */
  private rest: Buffer | undefined = undefined;
  private upgradeHead: RequestHead | undefined = undefined;
  private finishTimer: WheelEntry | undefined = undefined;
  private isParsing = false;
  /** A response waits to be taken before the next request is looked at. */
  private isDraining = false;
  private isBodyPaused = false;
  private isPaused = false;
  private isFinishing = false;
  private peerHasEnded = false;

  constructor(owner: HttpConnectionOwner<S>, transport: Transport, state: S) {
    this.owner = owner;
    this.wheel = owner.wheel;
    this.settings = owner.settings;
    this.budget = owner.budget;
    this.transport = transport;
    this.state = state;
    this.writer = new BatchWriter(transport);
    this.reader = new MessageReader('request', this);
    this.exchange = new Exchange(this);
    this.readWatch = new ReadWatch(this, owner.settings);
    this.writeWatch = new OutputWatch(this.wheel, this.writer, owner.settings, () => this.cut());
  }

  /** Begins with the first request, whose head was read already, and what came behind it. */
  begin(head: RequestHead, rest: Buffer): void {
    this.readWatch.start();
    this.transport.start(this);
    this.writer.beginBatch();
    this.isParsing = true;
    this.reader.adopt(head);
    this.isParsing = false;
    this.parse(rest, 0, rest.length);
    this.afterRead();
  }

  get readState(): 'idle' | 'head' | 'body' | 'failed' {
    return this.reader.state;
  }

  get isReadingPaused(): boolean {
    return this.isPaused;
  }

  get progress(): number {
    return this.exchange.progress;
  }

  get isBusy(): boolean {
    return this.exchange.isServing || this.isDraining || this.upgradeHead !== undefined;
  }

  get hasRest(): boolean {
    return this.rest !== undefined;
  }

  /** @internal PlainConnection */
  finish(): void {
    this.isFinishing = true;
    this.exchange.finish();
    if (this.phase === 'open' && !this.isBusy && this.reader.state === 'idle') {
      this.transport.destroy();
      return;
    }
    this.finishTimer ??= createWheelEntry(() => this.transport.destroy());
    this.wheel.schedule(this.finishTimer, this.settings.finishTimeoutMs);
  }

  /** @internal PlainConnection */
  destroy(): void {
    this.transport.destroy();
  }

  /** @internal TransportHandler */
  onBytes(buffer: Buffer, start: number, end: number): void {
    if (this.phase !== 'open') return;
    this.readWatch.hasActivity = true;
    if (this.rest !== undefined) {
      this.rest = Buffer.concat([this.rest, buffer.subarray(start, end)]);
      this.updateReading();
      return;
    }
    this.writer.beginBatch();
    this.parse(buffer, start, end);
    this.afterRead();
  }

  /** @internal TransportHandler */
  onEnd(): void {
    this.peerHasEnded = true;
    if (this.phase !== 'open') return;
    this.exchange.abort(new HttpRequestError('requestAborted', 'the client has closed the connection'));
    if (this.rest === undefined && this.upgradeHead === undefined) this.endReading();
    if (this.phase === 'open') this.readWatch.watchDeparted();
  }

  /** @internal TransportHandler */
  onDrain(): void {
    this.writer.onDrain();
    this.writeWatch.onDrain();
    if (this.writer.bufferedBytes > 0) return;
    this.exchange.onDrain();
    if (this.isDraining) {
      this.isDraining = false;
      this.continue();
    } else if (this.upgradeHead !== undefined) this.upgrade(this.upgradeHead);
  }

  /** @internal TransportHandler */
  onClosed(): void {
    if (this.phase === 'closed') return;
    this.phase = 'closed';
    this.leave('the connection was lost');
    this.owner.onHttpClosed(this);
  }

  /** @internal MessageHandler */
  onInterim(): void {}

  /** @internal MessageHandler */
  onHead(head: RequestHead, framing: BodyFraming): void {
    if (this.phase !== 'open') return;
    this.requestCount++;
    if (this.owner.isWebSocketRequest(head)) {
      this.upgradeHead = head;
      this.reader.stop();
      return;
    }
    const isLast = this.isFinishing || this.requestCount >= this.settings.maxRequestsPerConnection;
    this.exchange.begin(head, framing, !isLast && keepsAlive(head));
  }

  /** @internal MessageHandler */
  onBody(buffer: Buffer, start: number, end: number): void {
    if (this.phase !== 'open') return;
    this.bodyBytes += end - start;
    this.exchange.onBody(buffer, start, end);
  }

  /** @internal MessageHandler */
  onComplete(): void {
    if (this.phase === 'open' && this.upgradeHead === undefined) this.exchange.onComplete();
  }

  /** @internal MessageHandler */
  onFailure(failure: MessageFailure): void {
    if (this.phase !== 'open') return;
    const code = this.peerHasEnded ? 'requestAborted' : 'requestMalformed';
    this.exchange.failBody(new HttpRequestError(code, failure.reason));
    // What of a response is on its way is still completed; then the connection ends.
    if (!this.exchange.hasBegun) this.refuse(failure);
  }

  /** @internal ExchangeOwner */
  handle(request: HttpRequest): unknown {
    return this.owner.handle(request, this.state);
  }

  /** @internal ExchangeOwner */
  reportError(error: unknown): void {
    this.owner.reportError(error);
  }

  /** @internal ExchangeOwner */
  stopReading(): void {
    this.reader.stop();
  }

  /** @internal ExchangeOwner */
  refuse(refusal: Refusal): void {
    const { isHead } = this.exchange;
    writeText(this.writer, writeRefusal(refusal, { server: userAgent, date: currentHttpDate(), isHead }));
    this.endConnection();
  }

  /** @internal ExchangeOwner */
  cut(): void {
    this.transport.destroy();
  }

  /** @internal ExchangeOwner */
  setBodyReading(isWanted: boolean): void {
    this.isBodyPaused = !isWanted;
    this.updateReading();
  }

  /** @internal ExchangeOwner */
  onWriteBlocked(): void {
    this.writeWatch.start();
  }

  /** @internal ExchangeOwner */
  onExchangeDone(isKeptAlive: boolean): void {
    this.isBodyPaused = false;
    if (!isKeptAlive || this.isFinishing) this.endConnection();
    else if (this.writer.bufferedBytes > HIGH_WATER_BYTES) {
      // A client that asks and does not read the answers is not served on.
      this.isDraining = true;
      this.reader.stop();
      this.writeWatch.start();
    } else if (!this.isParsing) this.continue();
  }

  /** @internal ReadWatchOwner */
  onIdleTimeout(): void {
    this.endConnection();
  }

  /** @internal ReadWatchOwner */
  onReadTimeout(): void {
    this.exchange.failBody(new HttpRequestError('requestTimeout', requestTimeout.reason));
    if (this.exchange.hasBegun) this.cut();
    else this.refuse(requestTimeout);
  }

  /** @internal ReadWatchOwner */
  onDeparted(): void {
    this.cut();
  }

  /** @internal ReadWatchOwner */
  onLingerTimeout(): void {
    // As long as the response moves, the watch of what is written decides.
    if (this.writer.bufferedBytes === 0) this.cut();
    else this.readWatch.linger();
  }

  private parse(buffer: Buffer, start: number, end: number): void {
    this.isParsing = true;
    const at = this.reader.receive(buffer, start, end);
    this.isParsing = false;
    // A copy: the buffer is used for the next read.
    if (at < end && this.phase === 'open') this.rest = Buffer.from(buffer.subarray(at, end));
  }

  private afterRead(): void {
    this.writer.endBatch();
    if (this.phase !== 'open') return;
    if (this.writer.isCongested) this.writeWatch.start();
    this.readWatch.update();
    if (this.upgradeHead !== undefined) this.upgrade(this.upgradeHead);
    else if (this.rest !== undefined) this.updateReading();
  }

  /** Goes on with what was read while a request was being answered. */
  private continue(): void {
    this.readWatch.hasActivity = true;
    this.reader.resume();
    const { rest } = this;
    if (rest !== undefined) {
      this.rest = undefined;
      // Without a batch: answers that promises give in a row gather until all of them are there.
      this.parse(rest, 0, rest.length);
      this.readWatch.update();
      if (this.upgradeHead !== undefined) this.upgrade(this.upgradeHead);
    }
    if (this.phase !== 'open') return;
    this.updateReading();
    if (this.peerHasEnded && this.rest === undefined && !this.isBusy) this.endReading();
  }

  /** The client has sent all it wanted to: a request that is not complete never will be. */
  private endReading(): void {
    this.reader.end();
    if (this.phase === 'open' && !this.isBusy) this.endConnection();
  }

  /** Sends what was written, then the end, and gives the peer the time to read it and hang up. */
  private endConnection(): void {
    if (this.phase !== 'open') return;
    this.phase = 'closing';
    this.reader.stop();
    this.rest = undefined;
    this.upgradeHead = undefined;
    this.exchange.end(new HttpRequestError('requestAborted', 'the connection was ended'));
    this.writer.end();
    if (this.writer.bufferedBytes > 0) this.writeWatch.start();
    this.readWatch.linger();
    this.updateReading();
  }

  /** The WebSocket begins with a writer of its own, so everything of ours has to have left. */
  private upgrade(head: RequestHead): void {
    this.writer.flush();
    if (this.writer.bufferedBytes > 0) {
      this.writeWatch.start();
      return;
    }
    if (this.peerHasEnded || this.isFinishing) {
      this.endConnection();
      return;
    }
    const rest = this.rest ?? NOTHING;
    this.phase = 'closed';
    this.leave('the connection was upgraded');
    if (this.isPaused) this.transport.resume();
    this.owner.onHttpUpgrade(this, this.transport, head, rest);
  }

  private leave(reason: string): void {
    this.rest = undefined;
    this.upgradeHead = undefined;
    this.exchange.end(new HttpRequestError('requestAborted', reason));
    this.writer.close();
    this.readWatch.cancel();
    this.writeWatch.stop();
    if (this.finishTimer !== undefined) this.wheel.cancel(this.finishTimer);
  }

  private updateReading(): void {
    const mayRead = !this.isBodyPaused && (this.rest === undefined || this.rest.length < MAX_HELD_BYTES);
    const isPaused = this.phase === 'open' && !mayRead;
    if (isPaused === this.isPaused) return;
    this.isPaused = isPaused;
    if (isPaused) {
      this.readWatch.hasPaused = true;
      this.transport.pause();
    } else this.transport.resume();
  }
}

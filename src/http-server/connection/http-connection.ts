import { currentHttpDate } from '../../http/http-date.ts';
import { type Refusal, writeRefusal } from '../../protocol/http1/head/refusal.ts';
import type { RequestHead } from '../../protocol/http1/head/request-head.ts';
import type { BodyFraming } from '../../protocol/http1/message/body-framing.ts';
import type { MessageFailure } from '../../protocol/http1/message/message-failure.ts';
import type { MessageHandler } from '../../protocol/http1/message/message-handler.ts';
import { MessageReader } from '../../protocol/http1/message/message-reader.ts';
import { keepsAlive } from '../../protocol/http1/message/persistence.ts';
import { hostNotAllowed, requestTimeout } from '../../server/admission/server-refusals.ts';
import type { PlainConnection } from '../../server/life/plain-connection.ts';
import { BatchWriter } from '../../transport/batch-writer.ts';
import { OutputWatch } from '../../transport/output-watch.ts';
import type { Transport, TransportHandler } from '../../transport/transport.ts';
import { assert } from '../../util/assert.ts';
import { createWheelEntry, type TimerWheel, type WheelEntry } from '../../util/timer-wheel.ts';
import type { HttpSettings } from '../http-server-options.ts';
import { HttpRequestError } from '../request/request-error.ts';
import { HIGH_WATER_BYTES } from '../response/body-sender.ts';
import { writeText } from '../response/write-bytes.ts';
import { Exchange, type ExchangeOwner } from './exchange.ts';
import type { HttpConnectionOwner, HttpService } from './http-service.ts';
import { canMove, HttpStatus } from './http-status.ts';
import { ReadWatch, type ReadWatchOwner } from './read-watch.ts';

/** While a request is being answered, this much of what follows it is kept; then the socket is not read. */
const MAX_HELD_BYTES = 16 * 1024;

const NOTHING: Buffer = Buffer.alloc(0);

/** A connection that serves HTTP requests, one at a time and in their order. */
export class HttpConnection<S>
  implements TransportHandler, PlainConnection, MessageHandler<'request'>, ExchangeOwner<S>, ReadWatchOwner
{
  readonly wheel: TimerWheel;
  readonly settings: HttpSettings;
  readonly server: HttpConnectionOwner<S>;
  readonly service: HttpService<S>;
  readonly writer: BatchWriter;
  /** The object that the server keeps for it, from the first request on. */
  state: S | undefined = undefined;
  requestCount = 0;
  bodyBytes = 0;
  private readonly transport: Transport;
  private readonly reader: MessageReader<'request'>;
  private readonly exchange: Exchange<S>;
  private readonly readWatch: ReadWatch;
  private readonly writeWatch: OutputWatch;
  private status: HttpStatus = HttpStatus.Pending;
  /** Bytes that were read behind the request that is being answered. */
  rest: Buffer | undefined = undefined;
  private upgradeHead: RequestHead | undefined = undefined;
  private finishTimer: WheelEntry | undefined = undefined;
  private isParsing = false;
  private isBodyPaused = false;
  private isPaused = false;
  private isFinishing = false;
  private peerHasEnded = false;

  constructor(server: HttpConnectionOwner<S>, service: HttpService<S>, transport: Transport) {
    this.server = server;
    this.service = service;
    this.wheel = server.wheel;
    this.settings = service.settings;
    this.transport = transport;
    this.writer = new BatchWriter(transport);
    this.reader = new MessageReader('request', this, service.settings.messageLimits);
    this.exchange = new Exchange(this);
    this.readWatch = new ReadWatch(this, service.settings);
    this.writeWatch = new OutputWatch(this.wheel, this.writer, service.settings, () => this.destroy());
  }

  /** Begins to read; the head of the first request must be complete within `timeoutMs`. */
  start(timeoutMs: number): void {
    this.readWatch.start(timeoutMs);
    this.transport.start(this);
  }

  get remoteIp(): string {
    return this.transport.remoteAddress;
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
    const { status } = this;
    return this.exchange.isServing || status === HttpStatus.Draining || status === HttpStatus.Upgrading;
  }

  /** Part of {@link PlainConnection}. */
  finish(): void {
    this.isFinishing = true;
    this.exchange.finish();
    if (this.isAlive && !this.isBusy && this.reader.state === 'idle') return this.transport.destroy();
    this.finishTimer ??= createWheelEntry(() => this.transport.destroy());
    this.wheel.schedule(this.finishTimer, this.settings.finishTimeoutMs);
  }

  /** Part of {@link PlainConnection} and of {@link ExchangeOwner}. */
  destroy(): void {
    this.transport.destroy();
  }

  /** Part of {@link TransportHandler}. */
  onBytes(buffer: Buffer, start: number, end: number): void {
    if (!this.isAlive) return;
    if (this.status === HttpStatus.Pending) this.server.onTalks(this);
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

  /** Part of {@link TransportHandler}. */
  onEnd(): void {
    this.peerHasEnded = true;
    if (!this.isAlive) return;
    this.exchange.abort(new HttpRequestError('requestAborted', 'the client has closed the connection'));
    if (this.rest === undefined && this.upgradeHead === undefined) this.endReading();
    if (this.isAlive) this.readWatch.watchDeparted();
  }

  /** Part of {@link TransportHandler}. */
  onDrain(): void {
    this.writer.onDrain();
    this.writeWatch.onDrain();
    if (this.writer.bufferedBytes > 0) return;
    this.exchange.onDrain();
    if (this.status === HttpStatus.Draining) {
      this.move(HttpStatus.Open);
      this.continue();
    } else if (this.upgradeHead !== undefined) this.upgrade(this.upgradeHead);
  }

  /** Part of {@link TransportHandler}. */
  onClosed(): void {
    if (this.status === HttpStatus.Closed) return;
    this.move(HttpStatus.Closed);
    this.letGo('the connection was lost');
    this.server.leave(this);
  }

  /** Part of {@link MessageHandler}. */
  onInterim(): void {}

  /** Part of {@link MessageHandler}. */
  onHead(head: RequestHead, framing: BodyFraming): void {
    if (!this.isAlive) return;
    this.requestCount++;
    if (this.server.isUpgrade(head)) {
      this.move(HttpStatus.Upgrading);
      this.upgradeHead = head;
      this.reader.stop();
      return;
    }
    const refusal = this.takeRequest(head);
    if (refusal !== undefined) return this.refuse(refusal, head.method === 'HEAD');
    const isLast = this.isFinishing || this.requestCount >= this.settings.maxRequestsPerConnection;
    this.exchange.begin(head, framing, !isLast && keepsAlive(head));
  }

  /** Part of {@link MessageHandler}. */
  onBody(buffer: Buffer, start: number, end: number): void {
    if (!this.isAlive) return;
    this.bodyBytes += end - start;
    this.exchange.onBody(buffer, start, end);
  }

  /** Part of {@link MessageHandler}. */
  onComplete(): void {
    if (this.status === HttpStatus.Open) this.exchange.onComplete();
  }

  /** Part of {@link MessageHandler}. */
  onFailure(failure: MessageFailure): void {
    if (!this.isAlive) return;
    const code = this.peerHasEnded ? 'requestAborted' : 'requestMalformed';
    this.exchange.failBody(new HttpRequestError(code, failure.reason));
    // A response that is on its way is still completed; then the connection ends.
    if (!this.exchange.hasBegun) this.refuse(failure);
  }

  /** Part of {@link ExchangeOwner}. */
  stopReading(): void {
    this.reader.stop();
  }

  /** Part of {@link ExchangeOwner}. */
  refuse(refusal: Refusal, isHead: boolean = this.exchange.isHead): void {
    if (this.status === HttpStatus.Pending) this.server.countRefusal(refusal, this.remoteIp);
    writeText(
      this.writer,
      writeRefusal(refusal, { server: this.settings.serverHeader, date: currentHttpDate(), isHead }),
    );
    this.endConnection();
  }

  /** Part of {@link ExchangeOwner}. */
  setBodyReading(isWanted: boolean): void {
    this.isBodyPaused = !isWanted;
    this.updateReading();
  }

  /** Part of {@link ExchangeOwner}. */
  onWriteBlocked(): void {
    this.writeWatch.start();
  }

  /** Part of {@link ExchangeOwner}. */
  onExchangeDone(isKeptAlive: boolean): void {
    this.isBodyPaused = false;
    if (!isKeptAlive || this.isFinishing) this.endConnection();
    else if (this.writer.bufferedBytes > HIGH_WATER_BYTES) {
      // A client that asks and does not read the answers is not served on.
      this.move(HttpStatus.Draining);
      this.reader.stop();
      this.writeWatch.start();
    } else if (!this.isParsing) this.continue();
  }

  /** Part of {@link ReadWatchOwner}. */
  onIdleTimeout(): void {
    this.endConnection();
  }

  /** Part of {@link ReadWatchOwner}. */
  onReadTimeout(): void {
    this.exchange.failBody(new HttpRequestError('requestTimeout', requestTimeout.reason));
    if (this.exchange.hasBegun) this.destroy();
    else this.refuse(requestTimeout);
  }

  /** Part of {@link ReadWatchOwner}. */
  onDeparted(): void {
    this.destroy();
  }

  /** Part of {@link ReadWatchOwner}. */
  onLingerTimeout(): void {
    // As long as the response moves, the watch of what is written decides.
    if (this.writer.bufferedBytes === 0) this.destroy();
    else this.readWatch.linger();
  }

  /** True while requests are read and answered. */
  private get isAlive(): boolean {
    return this.status !== HttpStatus.Ending && this.status !== HttpStatus.Closed;
  }

  private move(to: HttpStatus): void {
    assert(canMove(this.status, to), `an HTTP connection cannot go from ${this.status} to ${to}`);
    this.status = to;
  }

  /** Joins the server with the first request. Returns the reason for which a request is not served. */
  private takeRequest(head: RequestHead): Refusal | undefined {
    const { server, transport } = this;
    if (!server.allowsHost(transport, head)) return hostNotAllowed;
    if (this.status !== HttpStatus.Pending) return undefined;
    const joined = server.join(this, transport, head);
    if ('refusal' in joined) return joined.refusal;
    this.state = joined.state;
    this.move(HttpStatus.Open);
    this.readWatch.onFirstRequest();
    return undefined;
  }

  private parse(buffer: Buffer, start: number, end: number): void {
    this.isParsing = true;
    const at = this.reader.receive(buffer, start, end);
    this.isParsing = false;
    // A copy: the buffer is used for the next read.
    if (at < end && this.isAlive) this.rest = Buffer.from(buffer.subarray(at, end));
  }

  private afterRead(): void {
    this.writer.endBatch();
    if (!this.isAlive) return;
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
    if (!this.isAlive) return;
    this.updateReading();
    if (this.peerHasEnded && this.rest === undefined && !this.isBusy) this.endReading();
  }

  /** The client has sent all it wanted to: a request that is not complete never will be. */
  private endReading(): void {
    this.reader.end();
    if (this.isAlive && !this.isBusy) this.endConnection();
  }

  /** Sends what was written, then the end, and gives the peer the time to read it and hang up. */
  private endConnection(): void {
    if (!this.isAlive) return;
    this.move(HttpStatus.Ending);
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
    this.move(HttpStatus.Closed);
    this.letGo('the connection was upgraded');
    if (this.isPaused) this.transport.resume();
    this.server.upgrade(this, this.transport, head, rest);
  }

  private letGo(reason: string): void {
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
    const isPaused = this.isAlive && !mayRead;
    if (isPaused === this.isPaused) return;
    this.isPaused = isPaused;
    if (isPaused) {
      this.readWatch.hasPaused = true;
      this.transport.pause();
    } else this.transport.resume();
  }
}

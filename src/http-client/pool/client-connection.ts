import type { HeadLimits } from '../../protocol/http1/head/head-limits.ts';
import type { ResponseHead } from '../../protocol/http1/head/response-head.ts';
import type { HttpHeaders } from '../../protocol/http1/headers.ts';
import type { BodyFraming } from '../../protocol/http1/message/body-framing.ts';
import type { MessageFailure } from '../../protocol/http1/message/message-failure.ts';
import type { MessageHandler } from '../../protocol/http1/message/message-handler.ts';
import { defaultMessageLimits } from '../../protocol/http1/message/message-limits.ts';
import { MessageReader } from '../../protocol/http1/message/message-reader.ts';
import { keepsAlive } from '../../protocol/http1/message/persistence.ts';
import type { Transport, TransportHandler } from '../../transport/transport.ts';
import type { TimerWheel, WheelEntry } from '../../util/timer-wheel.ts';
import { type HttpFailure, ofEnd, ofMessage, ofReset, type ResponsePart } from '../http-failure.ts';

/** The user of a connection: the attempt whose request is on it. */
export interface ConnectionUser {
  /** True when the whole request has been written. */
  readonly isSent: boolean;
  onInterim(head: ResponseHead): void;
  onHead(head: ResponseHead, framing: BodyFraming): void;
  onBody(buffer: Buffer, start: number, end: number): void;
  onTrailers(trailers: HttpHeaders): void;
  /** The response is whole, and the connection is somebody else's. */
  onComplete(): void;
  onDrain(): void;
  /** The connection is gone, or going. */
  onFailure(failure: HttpFailure): void;
}

/** The owner of a connection while nobody uses it. */
export interface ConnectionOwner {
  /** A response is over, and another request may follow. */
  onFree(connection: ClientConnection): void;
  /** No request will follow. */
  onGone(connection: ClientConnection): void;
}

const LF = 0x0a;

/** One connection to a server, for one request after the other. */
export class ClientConnection implements TransportHandler, MessageHandler<'response'>, WheelEntry {
  wheelOwner: TimerWheel | undefined = undefined;
  wheelPrevious: WheelEntry | undefined = undefined;
  wheelNext: WheelEntry | undefined = undefined;
  wheelDueTick = 0;
  readonly transport: Transport;
  /** Requests that it has had before the one that is on it. */
  timesUsed = 0;
  /** True when anything of the response to the current request has arrived. */
  hasAnswered = false;
  /** Milliseconds that the server said it keeps the connection when nothing is asked (the field `Keep-Alive`). */
  serverKeepsMs: number | undefined = undefined;
  /** True while nobody uses it, and it is kept. */
  isIdle = false;
  /** True while the process waits for it. */
  isRef = true;
  private readonly owner: ConnectionOwner;
  private readonly reader: MessageReader<'response'>;
  private user: ConnectionUser | undefined = undefined;
  private isGone = false;
  private isPaused = false;
  private isComplete = false;
  private mayFollow = false;
  /** In which part of the response something would go wrong now, once its head has come. */
  private bodyPart: 'body' | 'chunk' | undefined = undefined;
  private hasStatusLine = false;

  constructor(transport: Transport, owner: ConnectionOwner, { maxHeadBytes, maxHeaders }: HeadLimits) {
    this.transport = transport;
    this.owner = owner;
    this.reader = new MessageReader('response', this, { ...defaultMessageLimits, maxHeadBytes, maxHeaders });
    transport.start(this);
  }

  /** True when a request may be written to it. */
  get isUsable(): boolean {
    return !this.isGone && this.transport.isWritable;
  }

  /** True while the taker of the body holds reading up. */
  get isHeldUp(): boolean {
    return this.isPaused;
  }

  /** From here on what arrives is the response to the request of `user`. */
  begin(user: ConnectionUser, method: string): void {
    this.user = user;
    this.hasAnswered = false;
    this.hasStatusLine = false;
    this.isComplete = false;
    this.bodyPart = undefined;
    this.reader.expectResponse(method);
  }

  pause(): void {
    if (this.isPaused) return;
    this.isPaused = true;
    this.transport.pause();
  }

  resume(): void {
    if (!this.isPaused) return;
    this.isPaused = false;
    this.transport.resume();
  }

  /** Drops it. Its user, if any, hears nothing of it. */
  destroy(): void {
    if (this.isGone) return;
    this.isGone = true;
    this.user = undefined;
    this.reader.stop();
    this.wheelOwner?.cancel(this);
    this.transport.destroy();
    this.owner.onGone(this);
  }

  /** @internal TransportHandler */
  onBytes(buffer: Buffer, start: number, end: number): void {
    if (this.user === undefined) {
      // Nobody asked for it: if it is a response, then to a request that somebody else wants to be answered by it.
      this.destroy();
      return;
    }
    this.hasAnswered = true;
    const at = this.reader.receive(buffer, start, end);
    if (this.isComplete) this.finish(at < end);
    else if (!this.hasStatusLine) this.hasStatusLine = buffer.subarray(start, end).includes(LF);
  }

  /** @internal TransportHandler */
  onEnd(): void {
    if (this.user === undefined) {
      this.destroy();
      return;
    }
    const { state } = this.reader;
    if (state === 'body') this.reader.end();
    if (this.isComplete) this.finish(true);
    else this.fail(ofEnd(this.part, this.circumstances));
  }

  /** @internal TransportHandler */
  onDrain(): void {
    this.user?.onDrain();
  }

  /** @internal TransportHandler */
  onClosed(error: Error | undefined): void {
    const { user } = this;
    if (user === undefined) this.destroy();
    else if (error === undefined) this.fail(ofEnd(this.part, this.circumstances));
    else
      this.fail(
        ofReset(error, !this.hasAnswered && (!user.isSent || this.transport.pendingBytes > 0), this.circumstances),
      );
  }

  /** @internal WheelEntry: nobody has used it for long enough. */
  onTimeout(): void {
    this.destroy();
  }

  /** @internal MessageHandler */
  onInterim(head: ResponseHead): void {
    this.hasStatusLine = false;
    this.user?.onInterim(head);
  }

  /** @internal MessageHandler */
  onHead(head: ResponseHead, framing: BodyFraming): void {
    this.hasStatusLine = true;
    this.bodyPart = framing.kind === 'chunked' ? 'chunk' : 'body';
    this.mayFollow = framing.kind !== 'untilClose' && head.status !== 101 && keepsAlive(head);
    if (this.mayFollow) this.readKeepAlive(head.headers);
    this.user?.onHead(head, framing);
  }

  /** @internal MessageHandler */
  onBody(buffer: Buffer, start: number, end: number): void {
    this.user?.onBody(buffer, start, end);
  }

  /** @internal MessageHandler */
  onComplete(trailers: HttpHeaders | undefined): void {
    this.isComplete = true;
    if (trailers !== undefined && trailers.size > 0) this.user?.onTrailers(trailers);
  }

  /** @internal MessageHandler */
  onFailure(failure: MessageFailure): void {
    if (failure.code === 'incompleteBody') this.fail(ofEnd(this.part, this.circumstances));
    else this.fail(ofMessage(failure, this.part));
  }

  private get part(): ResponsePart {
    if (this.bodyPart !== undefined) return this.bodyPart;
    return this.hasStatusLine ? 'headers' : 'statusLine';
  }

  /** Words for what is known of a response that did not come to its end, or of why there was none. */
  private get circumstances(): string {
    const { status } = this.reader;
    if (status !== 0) return `, status: ${status}`;
    const { isEncrypted, remoteAddress } = this.transport;
    // Most TLS servers hang up on plain text without a word.
    const mayWantTls = !this.hasAnswered && this.timesUsed === 0 && !isEncrypted && remoteAddress !== '';
    return mayWantTls ? ' (it may expect TLS, as in https://)' : '';
  }

  private finish(isOver: boolean): void {
    const { user } = this;
    this.user = undefined;
    this.isComplete = false;
    if (user === undefined) return;
    this.timesUsed++;
    if (isOver || !this.mayFollow || !user.isSent || this.transport.pendingBytes > 0 || !this.isUsable) this.destroy();
    else {
      this.resume();
      this.owner.onFree(this);
    }
    user.onComplete();
  }

  private fail(failure: HttpFailure): void {
    const { user } = this;
    failure.statusCode = this.reader.status;
    this.destroy();
    user?.onFailure(failure);
  }

  /** The field is of nobody's standard, but widely sent; its time is in seconds. */
  private readKeepAlive(headers: HttpHeaders): void {
    const value = headers.get('Keep-Alive');
    if (value === undefined) return;
    const seconds = /(?:^|[,;\s])timeout=(\d{1,9})/i.exec(value)?.[1];
    this.serverKeepsMs = seconds === undefined ? undefined : Number(seconds) * 1000;
    if (/(?:^|[,;\s])max=0*(?:$|[,;\s])/i.test(value)) this.mayFollow = false;
  }
}

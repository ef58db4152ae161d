import { assert } from '../../../util/assert.ts';
import { type HeadOf, HeadReader } from '../head/head-reader.ts';
import type { RequestHead } from '../head/request-head.ts';
import { isInterim, type ResponseHead } from '../head/response-head.ts';
import type { HttpHeaders } from '../headers.ts';
import { type BodyFraming, isFailure, requestFraming, responseFraming } from './body-framing.ts';
import { ChunkReader } from './chunk-reader.ts';
import { type MessageFailure, messageFailure } from './message-failure.ts';
import type { MessageHandler } from './message-handler.ts';
import { defaultMessageLimits, type MessageLimits } from './message-limits.ts';

// Phases, named by what the next byte belongs to.
const HEAD = 0;
const LENGTH = 1;
const CHUNKED = 2;
const UNTIL_CLOSE = 3;
const TUNNEL = 4;
const FAILED = 5;

/**
 * Reads the HTTP/1.x messages of one direction of a connection, strictly, from bytes that arrive in any pieces
 * (RFC 9112). One reader serves all messages of its connection, one after the other; pipelined requests are simply
 * read on.
 *
 * Bodies are not copied: the handler is given ranges of what was fed. How much of a body is too much, and how long to
 * wait for it, is for the owner to say. After a failure every further byte is discarded, because nobody can tell
 * where the next message would begin.
 */
export class MessageReader<R extends keyof HeadOf> {
  private readonly role: R;
  private readonly handler: MessageHandler<R>;
  private readonly limits: MessageLimits;
  private readonly headReader: HeadReader<R>;
  private chunkReader: ChunkReader | undefined = undefined;
  private mode = HEAD;
  private isStopped = false;
  /** A response was completed by the running `receive()`. */
  private isAnswered = false;
  /** Bytes of the body still to come, in mode `LENGTH`. */
  private remaining = 0;
  /** Method of the request whose response is expected. */
  private requestMethod: string | undefined = undefined;
  private interimCount = 0;

  constructor(role: R, handler: MessageHandler<R>, limits: MessageLimits = defaultMessageLimits) {
    this.role = role;
    this.handler = handler;
    this.limits = limits;
    this.headReader = new HeadReader<R>(role, limits);
  }

  /**
   * The place of the reader in a message. `idle` is between messages: no byte of the next one was seen, but for the
   * empty line that may stand before a request.
   */
  get state(): 'idle' | 'head' | 'body' | 'failed' {
    switch (this.mode) {
      case FAILED:
        return 'failed';
      case TUNNEL:
        return 'idle';
      case HEAD:
        return this.headReader.hasStarted || this.interimCount > 0 ? 'head' : 'idle';
      default:
        return 'body';
    }
  }

  /** The status of a response whose head is not complete, once its three digits are there; else 0. */
  get status(): number {
    return this.mode === HEAD || this.mode === FAILED ? this.headReader.status : 0;
  }

  /** Tells whether the response was 101, or 2xx to CONNECT: what follows is not HTTP, and is not consumed. */
  get isTunnel(): boolean {
    return this.mode === TUNNEL;
  }

  /**
   * Feeds `buffer[start]` up to `end`. Returns the offset up to which bytes were consumed: less than `end` after
   * `stop()`, in a tunnel, and in front of bytes that no expected response accounts for. Those may belong to a response
   * that an attacker has prepared for the next request, also when `expectResponse()` was called meanwhile: the
   * connection must not be used again.
   */
  receive(buffer: Buffer, start: number, end: number): number {
    let at = start;
    this.isAnswered = false;
    while (at < end && !this.isStopped) {
      switch (this.mode) {
        case HEAD:
          if (this.role === 'response' && (this.requestMethod === undefined || this.isAnswered)) return at;
          at = this.readHead(buffer, at, end);
          break;
        case LENGTH:
          at = this.readLength(buffer, at, end);
          break;
        case CHUNKED:
          at = this.readChunked(buffer, at, end);
          break;
        case UNTIL_CLOSE:
          this.handler.onBody(buffer, at, end);
          return end;
        case TUNNEL:
          return at;
        default: // FAILED
          return end;
      }
    }
    return this.mode === FAILED ? end : at;
  }

  /**
   * The peer sends no more: that completes a body which lasts until then, is a failure within a message, and nothing
   * between messages.
   */
  end(): void {
    if (this.mode === UNTIL_CLOSE) this.complete(undefined);
    else if (this.state === 'head') this.fail(messageFailure('incompleteHead'));
    else if (this.state === 'body') this.fail(messageFailure('incompleteBody'));
  }

  /**
   * Makes `receive()` return after the current callback, and consume nothing until `resume()`. `onComplete` is called
   * even so where no byte lies between it and the callback that stopped: after the head of a message without a body,
   * and after the last byte of a body with a length.
   */
  stop(): void {
    this.isStopped = true;
  }

  /** Ends `stop()`. What was not consumed has to be fed again. */
  resume(): void {
    this.isStopped = false;
  }

  /** Goes on from a request head that was read elsewhere, as if it had just been read here. */
  adopt(head: HeadOf[R] & RequestHead): void {
    assert(this.role === 'request' && this.state === 'idle', 'adopt() is for the first request');
    this.begin(head);
  }

  /** Expects one response, to a request of this method. Has to be called before bytes of it can arrive. */
  expectResponse(method: string): void {
    assert(this.role === 'response' && this.requestMethod === undefined, 'one response is expected at a time');
    this.requestMethod = method;
  }

  private readHead(buffer: Buffer, start: number, end: number): number {
    const { headReader } = this;
    const at = headReader.read(buffer, start, end);
    const { head, failure } = headReader;
    if (failure !== undefined) this.fail(failure);
    else if (head !== undefined) {
      headReader.reset();
      this.begin(head);
    }
    return at;
  }

  private begin(head: HeadOf[R]): void {
    const isResponse = this.role === 'response';
    const status = isResponse ? (head as ResponseHead).status : 0;
    if (isResponse && isInterim(head as ResponseHead)) {
      this.interimCount++;
      if (this.interimCount > this.limits.maxInterimResponses) this.fail(messageFailure('tooManyInterimResponses'));
      else this.handler.onInterim(head);
      return;
    }
    const method = this.requestMethod ?? '';
    const framing = isResponse ? responseFraming(head as ResponseHead, method) : requestFraming(head as RequestHead);
    if (isFailure(framing)) {
      this.fail(framing);
      return;
    }
    this.interimCount = 0;
    this.mode = this.modeOf(framing, isResponse && opensTunnel(status, method));
    this.handler.onHead(head, framing);
    if (framing.kind === 'none') this.complete(undefined);
  }

  private modeOf(framing: BodyFraming, isTunnel: boolean): number {
    switch (framing.kind) {
      case 'none':
        return isTunnel ? TUNNEL : HEAD;
      case 'length':
        this.remaining = framing.length;
        return LENGTH;
      case 'chunked':
        if (this.chunkReader === undefined) this.chunkReader = new ChunkReader(this.limits);
        else this.chunkReader.reset();
        return CHUNKED;
      case 'untilClose':
        return UNTIL_CLOSE;
    }
  }

  private readLength(buffer: Buffer, start: number, end: number): number {
    const to = Math.min(end, start + this.remaining);
    this.remaining -= to - start;
    this.handler.onBody(buffer, start, to);
    if (this.remaining === 0) this.complete(undefined);
    return to;
  }

  private readChunked(buffer: Buffer, start: number, end: number): number {
    const chunks = this.chunkReader as ChunkReader;
    if (chunks.remaining > 0) {
      const to = Math.min(end, start + chunks.remaining);
      chunks.remaining -= to - start;
      this.handler.onBody(buffer, start, to);
      return to;
    }
    const at = chunks.read(buffer, start, end);
    if (chunks.failure !== undefined) this.fail(chunks.failure);
    else if (chunks.isComplete) this.complete(chunks.trailers);
    return at;
  }

  private complete(trailers: HttpHeaders | undefined): void {
    if (this.mode !== TUNNEL) this.mode = HEAD;
    this.requestMethod = undefined;
    this.isAnswered = true;
    this.handler.onComplete(trailers);
  }

  private fail(failure: MessageFailure): void {
    this.mode = FAILED;
    this.handler.onFailure(failure);
  }
}

/** Tells whether the connection speaks another protocol after a response of that status (RFC 9110 7.8 and 9.3.6). */
function opensTunnel(status: number, requestMethod: string): boolean {
  return status === 101 || (requestMethod === 'CONNECT' && status >= 200 && status < 300);
}

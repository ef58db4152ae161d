import { BodyError } from '../../http/body-error.ts';
import { parseContentEncoding } from '../../http/coding/content-coding.ts';
import { decodeBody } from '../../http/coding/content-decoder.ts';
import type { HttpResponse } from '../../http/http-response.ts';
import type { Refusal } from '../../protocol/http1/head/refusal.ts';
import type { RequestHead } from '../../protocol/http1/head/request-head.ts';
import type { BodyFraming } from '../../protocol/http1/message/body-framing.ts';
import { expectsContinue } from '../../protocol/http1/message/expectation.ts';
import type { BatchWriter } from '../../transport/batch-writer.ts';
import { atOnce, isThenable } from '../../util/call-safely.ts';
import { createWheelEntry, type TimerWheel, type WheelEntry } from '../../util/timer-wheel.ts';
import type { HttpSettings } from '../http-server-options.ts';
import { abortRequest, createHttpRequest, type HttpRequest, streamRequest } from '../request/http-request.ts';
import { type ByteBudget, RequestBody } from '../request/request-body.ts';
import { HttpRequestError } from '../request/request-error.ts';
import { RequestStream, type RequestStreamOwner } from '../request/request-stream.ts';
import { discardBody } from '../response/discard-body.ts';
import { ResponseWriter, type ResponseWriterOwner } from '../response/response-writer.ts';
import { writeText } from '../response/write-bytes.ts';
import { isNoJson, isOurs, isResponse, noResponse, plainResponse } from './callback-answer.ts';
import {
  contentTooLarge,
  invalidEncoding,
  invalidJson,
  notImplemented,
  outOfMemory,
  unsupportedEncoding,
} from './http-refusals.ts';

const CONTINUE = 'HTTP/1.1 100 Continue\r\n\r\n';

/** The connection that an {@link Exchange} takes place on. */
export interface ExchangeOwner<S> extends Pick<RequestStreamOwner, 'setBodyReading'> {
  readonly wheel: TimerWheel;
  readonly settings: HttpSettings;
  readonly writer: BatchWriter;
  /** Bytes that were read behind the request that is being answered. */
  readonly rest: Buffer | undefined;
  readonly server: { readonly memory: ByteBudget | undefined; reportError(error: unknown): void };
  readonly service: { readonly callback: (request: HttpRequest, state: S) => unknown };
  /** The object that the server keeps for the connection; there is one when there is a request. */
  readonly state: S | undefined;
  /** No request may be read until {@link onExchangeDone}. */
  stopReading(): void;
  /** The request is answered with an error, and the connection ended. */
  refuse(refusal: Refusal): void;
  /** The connection is ended without a word. */
  destroy(): void;
  /** Output waits to be taken by the peer. */
  onWriteBlocked(): void;
  /** The response is written; without `isKeptAlive` it was the last one. */
  onExchangeDone(isKeptAlive: boolean): void;
}

interface AnswerFunctions {
  readonly onAnswer: (answer: unknown) => void;
  readonly onRejection: (error: unknown) => void;
}

/**
 * A request and its response. One object serves all requests of a connection, one after the other: a client that
 * pipelines may have sent requests that change something, and RFC 9112 9.3.2 lets only safe ones run at once.
 */
export class Exchange<S> implements RequestStreamOwner, ResponseWriterOwner {
  /** The callback has the request, and its response is not complete. */
  isServing = false;
  private request: HttpRequest | undefined = undefined;
  private stream: RequestStream | undefined = undefined;
  private body: RequestBody | undefined = undefined;
  private isBodyComplete = true;
  private mayKeepAlive = true;
  private awaitsContinue = false;
  /** Made once for a connection: a promise is then waited for without a closure for each request. */
  private answerFunctions: AnswerFunctions | undefined = undefined;
  private handlerTimer: WheelEntry | undefined = undefined;
  private readonly owner: ExchangeOwner<S>;
  private readonly responses: ResponseWriter;

  constructor(owner: ExchangeOwner<S>) {
    this.owner = owner;
    this.responses = new ResponseWriter(this, owner.writer, owner.settings);
  }

  /** True when a part of the response is on its way, so that another one cannot be sent. */
  get hasBegun(): boolean {
    return this.responses.hasBegun;
  }

  /** Changes whenever a part of a response is written. */
  get progress(): number {
    return this.responses.progress;
  }

  /** True for HEAD, whose response has no body. */
  get isHead(): boolean {
    return this.request?.method === 'HEAD';
  }

  /** A head was read. */
  begin(head: RequestHead, framing: BodyFraming, mayKeepAlive: boolean): void {
    const request = createHttpRequest(head);
    this.request = request;
    this.mayKeepAlive = mayKeepAlive;
    this.isBodyComplete = framing.kind === 'none';
    const { method } = request;
    const expectation = expectsContinue(head);
    if (method === 'CONNECT' || method === 'TRACE') this.owner.refuse(notImplemented);
    else if (typeof expectation === 'object') this.owner.refuse(expectation);
    else if (!this.isBodyComplete) {
      this.awaitsContinue = expectation;
      this.expectBody(head, framing, request);
    }
  }

  /** A piece of the body was read. */
  onBody(buffer: Buffer, start: number, end: number): void {
    this.awaitsContinue = false;
    if (this.stream !== undefined) {
      this.stream.push(buffer, start, end);
      return;
    }
    const outcome = this.body?.add(buffer, start, end);
    if (outcome === 'tooBig') this.owner.refuse(contentTooLarge);
    else if (outcome === 'noMemory') this.owner.refuse(outOfMemory);
  }

  /** The whole request was read. */
  onComplete(): void {
    const { request, stream, body } = this;
    if (request === undefined) return;
    this.isBodyComplete = true;
    if (stream !== undefined) {
      stream.end();
      this.owner.stopReading();
      return;
    }
    if (body !== undefined) {
      this.body = undefined;
      request.body = body.take();
      const encoding = request.headers.get('Content-Encoding');
      if (encoding !== undefined && this.owner.settings.decodeRequests) {
        this.decode(request, encoding);
        return;
      }
    }
    this.serve(request);
  }

  /** The response, if its head was not sent yet, says that it is the last one. */
  finish(): void {
    this.mayKeepAlive = false;
  }

  /** Reading the request failed; what is left of a response that has begun is still sent. */
  failBody(error: HttpRequestError): void {
    this.mayKeepAlive = false;
    this.stream?.fail(error);
    if (this.request !== undefined) abortRequest(this.request, error);
  }

  /** The client sends no more, and is taken to be gone. */
  abort(error: HttpRequestError): void {
    if (this.request !== undefined) abortRequest(this.request, error);
  }

  /** The connection takes no more of this exchange: what belongs to it is let go. */
  end(error: HttpRequestError): void {
    this.isServing = false;
    this.stream?.fail(error);
    if (this.request !== undefined) abortRequest(this.request, error);
    this.request = undefined;
    this.stream = undefined;
    this.body?.drop();
    this.body = undefined;
    this.responses.cancel();
    this.stopHandlerTimer();
  }

  /** The peer has taken what was written. */
  onDrain(): void {
    this.responses.onDrain();
  }

  /** Part of {@link RequestStreamOwner}: RFC 9110 10.1.1, the client may send the body. */
  onBodyWanted(): void {
    if (!this.awaitsContinue || this.responses.hasBegun) return;
    this.awaitsContinue = false;
    writeText(this.owner.writer, CONTINUE);
  }

  /** Part of {@link RequestStreamOwner}. */
  setBodyReading(isWanted: boolean): void {
    if (!this.isBodyComplete) this.owner.setBodyReading(isWanted);
  }

  /** Part of {@link ResponseWriterOwner}. */
  onWriteBlocked(): void {
    this.owner.onWriteBlocked();
  }

  /** Part of {@link ResponseWriterOwner}. */
  onResponseSent(): void {
    const isKeptAlive = this.responses.isKeptAlive && this.mayKeepAlive && this.isBodyComplete;
    this.isServing = false;
    this.request = undefined;
    this.stream = undefined;
    this.responses.hasBegun = false;
    this.owner.onExchangeDone(isKeptAlive);
  }

  /** Part of {@link ResponseWriterOwner}. */
  onResponseFailed(error: unknown): void {
    this.fail(error);
  }

  private expectBody(head: RequestHead, framing: BodyFraming, request: HttpRequest): void {
    const { settings, server } = this.owner;
    const { streamRequests, maxBodySize } = settings;
    try {
      if (typeof streamRequests === 'function' ? atOnce('streamRequests', streamRequests(head)) : streamRequests) {
        this.stream = new RequestStream(this);
        streamRequest(request, this.stream);
      }
    } catch (error) {
      this.isServing = true;
      this.fail(error);
      return;
    }
    if (this.stream !== undefined) {
      this.serve(request);
      return;
    }
    const length = framing.kind === 'length' ? framing.length : undefined;
    if (length !== undefined && length > maxBodySize) {
      this.owner.refuse(contentTooLarge);
      return;
    }
    this.body = new RequestBody(maxBodySize, length, server.memory);
    this.onBodyWanted();
  }

  private decode(request: HttpRequest, encoding: string): void {
    const codings = parseContentEncoding(encoding);
    if (codings instanceof BodyError) {
      this.owner.refuse(unsupportedEncoding);
      return;
    }
    this.owner.stopReading();
    this.isServing = true;
    decodeBody(request.body, codings, this.owner.settings.maxBodySize).then(
      (body) => {
        if (this.request !== request) return;
        request.body = body;
        this.serve(request);
      },
      (error: unknown) => {
        if (this.request !== request) return;
        const isTooBig = error instanceof BodyError && error.code === 'contentTooBig';
        this.owner.refuse(isTooBig ? contentTooLarge : invalidEncoding);
      },
    );
  }

  private serve(request: HttpRequest): void {
    this.isServing = true;
    let result: unknown;
    let isPromise: boolean;
    try {
      result = this.owner.service.callback(request, this.owner.state as S);
      // A getter `then` is code of the user's as well.
      isPromise = !isResponse(result) && isThenable(result);
    } catch (error) {
      this.fail(error);
      return;
    }
    if (isResponse(result)) this.respond(request, result);
    else if (isPromise) {
      if (this.isBodyComplete) this.owner.stopReading();
      this.startHandlerTimer();
      this.answerFunctions ??= {
        onAnswer: (answer) => this.onAnswer(answer),
        onRejection: (error) => this.onRejection(error),
      };
      Promise.resolve(result).then(this.answerFunctions.onAnswer, this.answerFunctions.onRejection);
    } else this.fail(noResponse());
  }

  /** Takes the value of the callback's promise; nobody waits for it any more when it comes too late. */
  private onAnswer(answer: unknown): void {
    const { writer, rest } = this.owner;
    // With more requests waiting, what they are answered with gathers first; else there is nothing to wait for.
    if (rest === undefined) writer.beginBatch();
    this.takeAnswer(answer);
    if (rest === undefined) writer.endBatch();
  }

  private takeAnswer(answer: unknown): void {
    const { request } = this;
    if (request === undefined || !this.isServing || this.responses.hasBegun) {
      if (isResponse(answer)) discardBody(answer.body);
    } else if (isResponse(answer)) this.respond(request, answer);
    else this.fail(noResponse());
  }

  private onRejection(error: unknown): void {
    if (this.isServing && !this.responses.hasBegun) this.fail(error);
    else if (!isOurs(error)) this.owner.server.reportError(error);
  }

  private respond(request: HttpRequest, response: HttpResponse): void {
    this.stopHandlerTimer();
    if (!this.isServing) {
      // The callback itself has ended the connection.
      discardBody(response.body);
      return;
    }
    let isComplete: boolean;
    try {
      isComplete = this.responses.send(request, response, this.mayKeepAlive, this.isBodyComplete);
    } catch (error) {
      discardBody(response.body);
      this.fail(error);
      return;
    }
    if (isComplete) this.onResponseSent();
    else if (this.isBodyComplete) this.owner.stopReading();
  }

  /** The user's code failed. The client learns no more than that. */
  private fail(error: unknown): void {
    this.stopHandlerTimer();
    if (!isOurs(error)) this.owner.server.reportError(error);
    const { request } = this;
    if (request === undefined || !this.isServing) return;
    if (this.responses.hasBegun) this.owner.destroy();
    else this.respond(request, isNoJson(error) ? plainResponse(400, `${invalidJson.reason}\n`) : plainResponse(500));
  }

  private startHandlerTimer(): void {
    const { handlerTimeoutSecs } = this.owner.settings;
    if (handlerTimeoutSecs === -1) return;
    this.handlerTimer ??= createWheelEntry(() => this.onHandlerTimeout());
    this.owner.wheel.schedule(this.handlerTimer, handlerTimeoutSecs * 1000);
  }

  private stopHandlerTimer(): void {
    if (this.handlerTimer !== undefined) this.owner.wheel.cancel(this.handlerTimer);
  }

  private onHandlerTimeout(): void {
    const { request } = this;
    if (request === undefined || this.responses.hasBegun) return;
    this.mayKeepAlive = false;
    abortRequest(request, new HttpRequestError('requestTimeout', 'the callback took longer than handlerTimeoutSecs'));
    this.respond(request, plainResponse(503));
  }
}

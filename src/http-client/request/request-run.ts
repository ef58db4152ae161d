import { UsageError } from '../../errors.ts';
import type { HttpResponse } from '../../http/http-response.ts';
import { afterNextPoll } from '../../platform/turn.ts';
import { callSafely } from '../../util/call-safely.ts';
import type { Slotted } from '../../util/dense-set.ts';
import { cancelled, type HttpFailure, ofConnecting } from '../http-failure.ts';
import type { ConnectionPool } from '../pool/connection-pool.ts';
import type { KnownUrl } from '../pool/known-urls.ts';
import type { RequestTarget } from '../response/http-redirects.ts';
import { type RetryRules, waitAfterFailure } from '../response/http-retries.ts';
import type { BodyTaker, ResponseReception } from '../response/response-reception.ts';
import { noBytes, ofDecoding } from '../response/response-sink.ts';
import type { ClientServices } from './client-services.ts';
import { prepareBody, type RequestBody, releaseSource } from './prepared-body.ts';
import { type AttemptOwner, RequestAttempt } from './request-attempt.ts';
import type { RequestCall } from './request-call.ts';
import { Cancellation, isCancelled } from './request-cancellation.ts';
import type { RequestSettings } from './request-options.ts';
import { firstTarget, headFor, ofArguments, responseOf } from './request-preparation.ts';
import { type DeadlineName, RequestTimer, type TimerOwner, timeoutFailure } from './request-timer.ts';

/** One request, from the call to its result: an attempt, and another one for each redirect and retry. */
export class RequestRun implements AttemptOwner, TimerOwner, Slotted {
  readonly result: Promise<HttpResponse<Buffer>>;
  private resolve: (response: HttpResponse<Buffer>) => void = () => undefined;
  readonly services: ClientServices;
  private readonly onOver: (run: RequestRun) => void;
  private readonly request: RequestCall;
  readonly settings: RequestSettings;
  readonly taker: BodyTaker | undefined;
  readonly pool: ConnectionPool;
  readonly timer: RequestTimer;
  private known: KnownUrl | undefined = undefined;
  private target: RequestTarget | undefined = undefined;
  private body: RequestBody | undefined = undefined;
  /** The last one. */
  private attempt: RequestAttempt | undefined = undefined;
  redirects = 0;
  private retries = 0;
  private isOver = false;
  slot = 0;
  private cancellation: Cancellation | undefined = undefined;

  /**
   * @param taker gets the body, in place of the result
   * @param onOver is called before the result is there
   */
  constructor(
    services: ClientServices,
    request: RequestCall,
    taker: BodyTaker | undefined,
    onOver: (run: RequestRun) => void,
  ) {
    this.onOver = onOver;
    this.services = services;
    this.request = request;
    this.taker = taker;
    this.settings = request.settings;
    this.pool = services.pool;
    this.timer = new RequestTimer(services.clock, services.wheel, this);
    this.result = new Promise((resolve) => {
      this.resolve = resolve;
    });
  }

  /** Begins. What is wrong with the arguments is the result. */
  start(): void {
    const { request, settings } = this;
    if (isCancelled(request)) {
      this.cancel();
      return;
    }
    this.cancellation = Cancellation.watch(request, () => this.cancel());
    this.timer.set('transfer', settings.transferTimeout);
    try {
      this.prepare();
    } catch (error) {
      this.onRefusal(ofArguments(error));
    }
  }

  /** Ends it with `Cancelled`, unless it is over. */
  cancel(): void {
    this.onRefusal(cancelled());
  }

  private prepare(): void {
    const { request, settings } = this;
    this.known = this.services.urls.parse(request.url);
    this.target = firstTarget(this.known, request);
    const body = request.body === undefined ? undefined : prepareBody(request.body, settings.compressRequest);
    if (body instanceof Promise) void this.tryWith(body);
    else {
      this.body = body;
      this.try(false);
    }
  }

  private async tryWith(body: Promise<RequestBody>): Promise<void> {
    try {
      this.body = await body;
      this.try(false);
    } catch (error) {
      this.onRefusal(ofArguments(error));
    }
  }

  /** Asks the target. */
  private try(wantsFresh: boolean): void {
    const { target, settings, known, services } = this;
    if (target === undefined || this.isOver) return;
    try {
      const pooled = services.urls.connectionsFor(target, known);
      const body = target.hasBody ? this.body : undefined;
      const head = headFor(target, { settings, body, pooled, known, services });
      this.attempt = new RequestAttempt(this, { target, pooled, head, body, wantsFresh });
    } catch (error) {
      this.onRefusal(error instanceof UsageError ? ofArguments(error) : ofConnecting(error, target.url.href));
      return;
    }
    this.attempt.start();
  }

  /** @internal AttemptOwner */
  reportProgress({ bodyBytes, announcedBytes }: ResponseReception): void {
    const report = (error: unknown): void => this.services.onCallbackError(error);
    callSafely(() => {
      const result: unknown = this.settings.onProgressCallback?.(bodyBytes, announcedBytes);
      if (typeof result !== 'object' || result === null) this.onProgressResult(result);
      else return Promise.resolve(result).then((later) => this.onProgressResult(later));
      return undefined;
    }, report);
  }

  private onProgressResult(result: unknown): void {
    if (result === false) this.cancel();
  }

  /** @internal AttemptOwner */
  onResponse(reception: ResponseReception): void {
    if (this.isOver) return;
    const { next } = reception;
    this.timer.clear('idle');
    switch (next?.kind) {
      case undefined:
        this.complete(reception.end());
        break;
      case 'fail':
        this.onRefusal(next.failure);
        break;
      case 'retry':
        this.retryIn(next.waitMs);
        break;
      case 'redirect':
        this.redirects++;
        this.target = next.target;
        this.again(false);
    }
  }

  private complete(body: Buffer | Promise<Buffer>): void {
    if (Buffer.isBuffer(body)) this.finish(body);
    else
      body.then(
        (bytes) => this.finish(bytes),
        (error: unknown) => this.onRefusal(ofDecoding(error)),
      );
  }

  /** @internal AttemptOwner */
  onUnseen(): void {
    this.again(true);
  }

  private again(wantsFresh: boolean): void {
    this.timer.clearRare();
    this.attempt?.stop();
    this.attempt = undefined;
    this.try(wantsFresh);
  }

  /** @internal AttemptOwner */
  rulesFor({ hasDelivered, target }: RequestAttempt): RetryRules {
    const { settings } = this;
    return {
      retries: hasDelivered ? 0 : settings.retries,
      minRetryWaitMs: Math.max(0, settings.minRetryWait) * 1000,
      maxRetryWaitMs: settings.maxRetryWait < 0 ? Number.POSITIVE_INFINITY : settings.maxRetryWait * 1000,
      made: this.retries,
      method: target.method,
      isReplayable: !target.hasBody || (this.body?.isReplayable ?? true),
    };
  }

  /** @internal AttemptOwner */
  onFailure(failure: HttpFailure): void {
    const { attempt } = this;
    if (this.isOver || attempt === undefined) return;
    const waitMs = waitAfterFailure(failure, this.rulesFor(attempt));
    if (waitMs === undefined) this.onRefusal(failure);
    else this.retryIn(waitMs);
  }

  private retryIn(waitMs: number): void {
    this.retries++;
    this.timer.clearRare();
    this.timer.set('retry', waitMs / 1000);
  }

  /** @internal TimerOwner */
  onDue(name: DeadlineName): void {
    const { attempt } = this;
    if (name === 'retry') this.again(false);
    else if (name === 'continue') attempt?.proceed();
    else if (attempt === undefined || (name !== 'idle' && name !== 'firstByte')) this.timeOut(name);
    else if (name === 'idle' && attempt.isMoving) attempt.onActivity();
    else {
      const { activity } = attempt;
      // Bytes that arrived while our own process was busy are no silence.
      afterNextPoll(() => this.attempt === attempt && attempt.activity === activity && this.timeOut(name), undefined);
    }
  }

  private timeOut(name: DeadlineName): void {
    if (this.isOver) return;
    this.attempt?.stop();
    const failure = timeoutFailure(name, this.settings, this.target?.url.href);
    if (this.attempt === undefined) this.onRefusal(failure);
    else this.onFailure(failure);
  }

  /** @internal AttemptOwner */
  onRefusal(failure: HttpFailure): void {
    this.finish(noBytes, failure);
  }

  /** It is the client's no more before anything else happens, so that whatever does happen holds nobody up. */
  private finish(body: Buffer, failure?: HttpFailure): void {
    const { attempt, request } = this;
    if (this.isOver) return;
    this.isOver = true;
    this.onOver(this);
    this.timer.stop();
    this.cancellation?.release();
    if (failure !== undefined) attempt?.stop();
    releaseSource(request.body);
    const response = responseOf(attempt?.head, body, failure);
    response.uploadSize = attempt?.upload.bytesSent ?? 0;
    response.downloadSize = attempt?.reception?.bodyBytes ?? 0;
    this.resolve(response);
  }
}

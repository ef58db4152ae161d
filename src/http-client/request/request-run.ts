import { type ConnectPhase, UsageError } from '../../errors.ts';
import type { HttpResponse } from '../../http/http-response.ts';
import { afterNextPoll } from '../../platform/turn.ts';
import type { ResponseHead } from '../../protocol/http1/head/response-head.ts';
import type { BodyFraming } from '../../protocol/http1/message/body-framing.ts';
import type { Slotted } from '../../util/dense-set.ts';
import { cancelled, HttpFailure, ofConnecting, unwantedSwitch } from '../http-failure.ts';
import type { ClientConnection, ConnectionUser } from '../pool/client-connection.ts';
import type { ConnectionPool } from '../pool/connection-pool.ts';
import type { KnownUrl } from '../pool/known-urls.ts';
import { PoolPlace, type PoolTarget } from '../pool/pool-place.ts';
import type { RequestTarget } from '../response/http-redirects.ts';
import { mayRepeatUnseen, type RetryRules, waitAfterFailure } from '../response/http-retries.ts';
import { type BodyTaker, type ReceptionContext, ResponseReception } from '../response/response-reception.ts';
import { noBytes, ofDecoding } from '../response/response-sink.ts';
import type { ClientServices } from './client-services.ts';
import { prepareBody, type RequestBody, releaseSource } from './prepared-body.ts';
import type { RequestCall } from './request-call.ts';
import { Cancellation, isCancelled } from './request-cancellation.ts';
import { logResponse, observePhase, observeRequest, observeResponse } from './request-observation.ts';
import type { RequestSettings } from './request-options.ts';
import { firstTarget, headFor, ofArguments, responseOf } from './request-preparation.ts';
import { type DeadlineName, RequestTimer, timeoutFailure } from './request-timer.ts';
import { RequestUpload } from './request-upload.ts';

/** One request, from the call to its result: connections, redirects and retries. */
export class RequestRun extends PoolPlace implements ConnectionUser, ReceptionContext, Slotted {
  wantsFresh = false;
  readonly result: Promise<HttpResponse<Buffer>>;
  private resolve: (response: HttpResponse<Buffer>) => void = () => undefined;
  readonly host: ClientServices;
  private readonly onOver: (run: RequestRun) => void;
  private readonly request: RequestCall;
  readonly settings: RequestSettings;
  readonly taker: BodyTaker | undefined;
  private readonly pool: ConnectionPool;
  private readonly timer: RequestTimer;
  private known: KnownUrl | undefined = undefined;
  target: RequestTarget | undefined = undefined;
  private pooled: PoolTarget | undefined = undefined;
  private body: RequestBody | undefined = undefined;
  private connection: ClientConnection | undefined = undefined;
  private upload: RequestUpload | undefined = undefined;
  private reception: ResponseReception | undefined = undefined;
  redirects = 0;
  private retries = 0;
  private activity = 0;
  private hasDelivered = false;
  private isOver = false;
  slot = 0;
  private cancellation: Cancellation | undefined = undefined;

  /**
   * @param taker gets the body, in place of the result
   * @param onOver is called before the result is there
   */
  constructor(
    host: ClientServices,
    request: RequestCall,
    taker: BodyTaker | undefined,
    onOver: (run: RequestRun) => void,
  ) {
    super();
    this.onOver = onOver;
    this.host = host;
    this.request = request;
    this.taker = taker;
    this.settings = request.settings;
    this.pool = host.pool;
    this.timer = new RequestTimer(host.clock, host.wheel, this);
    this.result = new Promise((resolve) => {
      this.resolve = resolve;
    });
  }

  get isSent(): boolean {
    return this.upload?.isSent ?? false;
  }

  get poolTarget(): PoolTarget {
    return this.pooled as PoolTarget;
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
      this.fail(ofArguments(error));
    }
  }

  /** Ends it with `Cancelled`, unless it is over. */
  cancel(): void {
    this.fail(cancelled());
  }

  private prepare(): void {
    const { request, settings } = this;
    this.known = this.host.urls.parse(request.url);
    this.target = firstTarget(this.known, request);
    const body = request.body === undefined ? undefined : prepareBody(request.body, settings.compressRequest);
    if (body instanceof Promise) void this.attemptWith(body);
    else {
      this.body = body;
      this.attempt();
    }
  }

  private async attemptWith(body: Promise<RequestBody>): Promise<void> {
    try {
      this.body = await body;
      this.attempt();
    } catch (error) {
      this.fail(ofArguments(error));
    }
  }

  /** Asks the target. */
  private attempt(): void {
    const { target, settings } = this;
    if (target === undefined || this.isOver) return;
    this.reception?.destroy();
    this.reception = undefined;
    try {
      this.pooled = this.host.urls.connectionsFor(target, this.known);
      const body = target.hasBody ? this.body : undefined;
      const context = { settings, body, pooled: this.pooled, known: this.known, forcesBody: this.host.forcesBody };
      this.upload = new RequestUpload(headFor(target, context), body, settings.expectContinue, this);
    } catch (error) {
      this.fail(error instanceof UsageError ? ofArguments(error) : ofConnecting(error, target.url.href));
      return;
    }
    this.pool.acquire(this);
  }

  /** @internal DialObserver: a phase of connecting begins. */
  begin(phase: ConnectPhase): void {
    const { timer, settings } = this;
    if (!timer.has('connect')) timer.set('connect', settings.connectTimeout);
    timer.clear('lookup');
    if (phase === 'lookup') timer.set('lookup', settings.lookupTimeout);
    if (phase === 'tls') timer.set('tls', settings.tlsTimeout);
    observePhase(this, phase);
  }

  /** @internal PoolPlace */
  onConnection(connection: ClientConnection): void {
    const { upload, target, timer } = this;
    if (upload === undefined || target === undefined) return;
    timer.clearRare();
    this.connection = connection;
    observeRequest(this, target, upload, connection);
    connection.begin(this, target.method);
    this.onActivity();
    upload.start(connection.transport);
  }

  /** @internal PoolPlace */
  onNoConnection(error: unknown): void {
    this.timer.clearRare();
    this.failOrRetry(ofConnecting(error, this.target?.url.href ?? ''));
  }

  /** @internal UploadOwner */
  onWaiting(seconds: number): void {
    this.timer.set('continue', seconds);
  }

  /** @internal UploadOwner */
  onSent(): void {
    if (this.reception === undefined) this.timer.set('firstByte', this.settings.firstByteTimeout);
  }

  /** @internal UploadOwner, and whenever something arrives */
  onActivity(): void {
    this.activity++;
    this.timer.set('idle', this.settings.idleTimeout);
  }

  /** @internal UploadOwner */
  onSourceFailure(failure: HttpFailure): void {
    // An answer that is on its way says more.
    if (this.reception === undefined) this.fail(failure);
  }

  /** @internal ConnectionUser */
  onDrain(): void {
    this.onActivity();
    this.upload?.onDrain();
  }

  /** @internal ConnectionUser */
  onInterim(head: ResponseHead): void {
    this.onActivity();
    if (head.status !== 100) return;
    this.timer.clear('continue');
    this.upload?.proceed();
  }

  /** @internal ConnectionUser */
  onHead(head: ResponseHead, framing: BodyFraming): void {
    const { target, timer } = this;
    if (target === undefined) return;
    timer.clear('firstByte');
    timer.clear('continue');
    this.onActivity();
    logResponse(this, head, framing);
    // A server that has refused, or sends us elsewhere, does not want the rest.
    if (head.status >= 300) this.upload?.stop();
    try {
      if (head.status === 101) throw unwantedSwitch();
      this.reception = new ResponseReception(head, framing, this);
    } catch (error) {
      this.fail(error instanceof HttpFailure ? error : ofDecoding(error), head);
      return;
    }
    this.hasDelivered = this.taker !== undefined && this.reception.next === undefined;
    observeResponse(this, target, head, this.reception.next === undefined);
  }

  /** @internal ConnectionUser */
  onBody(buffer: Buffer, start: number, end: number): void {
    const { reception } = this;
    if (reception === undefined || this.isOver) return;
    this.onActivity();
    if (reception.add(buffer, start, end)) {
      if (reception.next === undefined && this.settings.onProgressCallback !== undefined)
        this.reportProgress(reception);
    } else if (reception.next === undefined) this.fail(reception.tooBig());
    else {
      // The rest of a body that nobody wants is not worth waiting for.
      this.connection?.destroy();
      this.onComplete();
    }
  }

  private reportProgress({ bodyBytes, announcedBytes }: ResponseReception): void {
    try {
      if (this.settings.onProgressCallback?.(bodyBytes, announcedBytes) === false) this.cancel();
    } catch (error) {
      this.host.onCallbackError(error);
    }
  }

  /** @internal ConnectionUser */
  onComplete(): void {
    const { reception, timer } = this;
    if (this.isOver || reception === undefined) return;
    this.connection = undefined;
    timer.clear('idle');
    this.upload?.stop();
    const { next } = reception;
    switch (next?.kind) {
      case undefined:
        this.complete(reception.end());
        break;
      case 'fail':
        this.fail(next.failure);
        break;
      case 'retry':
        this.retryIn(next.waitMs);
        break;
      case 'redirect':
        this.redirects++;
        this.target = next.target;
        this.wantsFresh = false;
        this.attempt();
    }
  }

  /** @internal ReceptionContext */
  onBodyFailure(failure: HttpFailure): void {
    this.fail(failure);
  }

  private complete(body: Buffer | Promise<Buffer>): void {
    const fail = (error: unknown): void => this.fail(ofDecoding(error));
    if (Buffer.isBuffer(body)) this.succeed(body);
    else body.then((bytes) => this.succeed(bytes), fail);
  }

  /** @internal ConnectionUser */
  onFailure(failure: HttpFailure): void {
    const { connection, upload, timer } = this;
    this.connection = undefined;
    upload?.stop();
    timer.clear('idle');
    timer.clear('firstByte');
    // The server has given up an idle connection in the moment in which it was used: nobody has seen the request.
    const isStale = connection !== undefined && connection.timesUsed > 0 && !connection.hasAnswered;
    const isUnsent = this.target?.hasBody === true && upload?.bodyBytesSent === 0;
    if (isStale && failure.isTransient && !this.wantsFresh && mayRepeatUnseen(this.retryRules, isUnsent)) {
      this.wantsFresh = true;
      this.attempt();
    } else if (this.reception?.next !== undefined) this.onComplete();
    else this.failOrRetry(failure);
  }

  /** @internal ReceptionContext */
  get retryRules(): RetryRules {
    const { settings, target, body } = this;
    return {
      retries: this.hasDelivered ? 0 : settings.retries,
      minRetryWaitMs: Math.max(0, settings.minRetryWait) * 1000,
      maxRetryWaitMs: settings.maxRetryWait < 0 ? Number.POSITIVE_INFINITY : settings.maxRetryWait * 1000,
      made: this.retries,
      method: target?.method ?? 'GET',
      isReplayable: target?.hasBody !== true || (body?.isReplayable ?? true),
    };
  }

  private failOrRetry(failure: HttpFailure): void {
    const waitMs = this.isOver ? undefined : waitAfterFailure(failure, this.retryRules);
    if (waitMs === undefined) this.fail(failure);
    else this.retryIn(waitMs);
  }

  private retryIn(waitMs: number): void {
    this.retries++;
    this.wantsFresh = false;
    this.timer.clear('connect');
    this.timer.set('retry', waitMs / 1000);
  }

  /** @internal TimerOwner */
  onDue(name: DeadlineName): void {
    const { connection, upload } = this;
    // What the system takes of a large write shows no other sign; and it is not the server that holds us up.
    const isMoving = (): boolean =>
      connection !== undefined && (connection.isHeldUp || upload?.hasMoved(connection.transport) === true);
    if (name === 'retry') this.attempt();
    else if (name === 'continue') upload?.proceed();
    else if (name === 'idle' && isMoving()) this.onActivity();
    else if (name === 'idle' || name === 'firstByte') {
      const { activity } = this;
      // What has arrived while our own process was busy is no silence.
      afterNextPoll(() => this.activity === activity && this.timeOut(name), undefined);
    } else this.timeOut(name);
  }

  private timeOut(name: DeadlineName): void {
    if (this.isOver) return;
    this.letGo();
    this.failOrRetry(timeoutFailure(name, this.settings, this.target?.url.href));
  }

  /** @internal Reading */
  pause(): void {
    this.connection?.pause();
  }

  /** @internal Reading */
  resume(): void {
    this.connection?.resume();
    this.onActivity();
  }

  private letGo(): void {
    this.pool.abandon(this);
    this.upload?.stop();
    this.connection?.destroy();
    this.connection = undefined;
    this.timer.clearRare();
  }

  private fail(failure: HttpFailure, head: ResponseHead | undefined = this.reception?.head): void {
    if (this.isOver) return;
    this.isOver = true;
    this.letGo();
    this.reception?.destroy();
    this.finish(noBytes, head, failure);
  }

  private succeed(body: Buffer): void {
    if (this.isOver) return;
    this.isOver = true;
    this.finish(body, this.reception?.head);
  }

  private finish(body: Buffer, head: ResponseHead | undefined, failure?: HttpFailure): void {
    this.timer.stop();
    this.cancellation?.release();
    releaseSource(this.request.body);
    const response = responseOf(head, body, failure);
    response.uploadSize = this.upload?.bytesSent ?? 0;
    response.downloadSize = this.reception?.bodyBytes ?? 0;
    this.onOver(this);
    this.resolve(response);
  }
}

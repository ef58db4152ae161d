import type { ConnectPhase } from '../../errors.ts';
import type { ResponseHead } from '../../protocol/http1/head/response-head.ts';
import type { HttpHeaders } from '../../protocol/http1/headers.ts';
import type { BodyFraming } from '../../protocol/http1/message/body-framing.ts';
import { HttpFailure, ofConnecting, unwantedSwitch } from '../http-failure.ts';
import type { ClientConnection, ConnectionUser } from '../pool/client-connection.ts';
import type { ConnectionPool } from '../pool/connection-pool.ts';
import { type PlaceOwner, PoolPlace, type PoolTarget } from '../pool/pool-place.ts';
import type { RequestTarget } from '../response/http-redirects.ts';
import { mayRepeatUnseen, type RetryRules } from '../response/http-retries.ts';
import { type BodyTaker, type ReceptionContext, ResponseReception } from '../response/response-reception.ts';
import { ofDecoding } from '../response/response-sink.ts';
import type { ClientServices } from './client-services.ts';
import type { RequestBody } from './prepared-body.ts';
import {
  logResponse,
  observeInterim,
  observePhase,
  observeRequest,
  observeResponse,
  observeTrailers,
} from './request-observation.ts';
import type { RequestSettings } from './request-options.ts';
import type { RequestTimer } from './request-timer.ts';
import { RequestUpload, type UploadOwner } from './request-upload.ts';

/** The request that an attempt is made for. It hears of the end of the attempt once, by one of the four. */
export interface AttemptOwner {
  readonly services: ClientServices;
  readonly pool: ConnectionPool;
  readonly timer: RequestTimer;
  readonly settings: RequestSettings;
  readonly taker: BodyTaker | undefined;
  readonly redirects: number;
  /** The response is over; its reception says what follows. */
  onResponse(reception: ResponseReception): void;
  /** The server gave the connection up as it was used, and has not seen the request. */
  onUnseen(): void;
  /** Another attempt may do better. */
  onFailure(failure: HttpFailure): void;
  /** None would. */
  onRefusal(failure: HttpFailure): void;
  rulesFor(attempt: RequestAttempt): RetryRules;
  reportProgress(reception: ResponseReception): void;
}

/** The request that an attempt sends, and its target. */
export interface AttemptPlan {
  readonly target: RequestTarget;
  readonly pooled: PoolTarget;
  readonly head: Buffer;
  readonly body: RequestBody | undefined;
  /** True where the connection must be one that had no request before. */
  readonly wantsFresh: boolean;
}

/** One try of a request: a connection, what leaves on it, and the response that comes. */
export class RequestAttempt implements PlaceOwner, ConnectionUser, UploadOwner, ReceptionContext {
  readonly target: RequestTarget;
  readonly upload: RequestUpload;
  /** The head of the response. */
  head: ResponseHead | undefined = undefined;
  reception: ResponseReception | undefined = undefined;
  /** Counts what shows that something is going on. */
  activity = 0;
  private readonly owner: AttemptOwner;
  private readonly place: PoolPlace;
  private connection: ClientConnection | undefined = undefined;

  constructor(owner: AttemptOwner, { target, pooled, head, body, wantsFresh }: AttemptPlan) {
    this.owner = owner;
    this.target = target;
    this.place = new PoolPlace(pooled, wantsFresh, this);
    this.upload = new RequestUpload(head, body, owner.settings.expectContinue, this);
  }

  /** Asks for a connection. */
  start(): void {
    this.owner.pool.acquire(this.place);
  }

  /** Ends it from outside; its owner hears nothing more. */
  stop(): void {
    const { connection } = this;
    this.connection = undefined;
    this.owner.pool.abandon(this.place);
    this.upload.stop();
    connection?.destroy();
    this.reception?.destroy();
  }

  get isSent(): boolean {
    return this.upload.isSent;
  }

  get settings(): RequestSettings {
    return this.owner.settings;
  }

  get taker(): BodyTaker | undefined {
    return this.owner.taker;
  }

  get redirects(): number {
    return this.owner.redirects;
  }

  get retryRules(): RetryRules {
    return this.owner.rulesFor(this);
  }

  /** Something of the result has been passed on: it cannot be taken back. */
  get hasDelivered(): boolean {
    return this.owner.taker !== undefined && this.reception !== undefined && this.reception.next === undefined;
  }

  /** True while something moves that shows no other sign: what the system takes of a large write, or our own reader. */
  get isMoving(): boolean {
    const { connection } = this;
    return connection !== undefined && (connection.isHeldUp || this.upload.hasMoved(connection.transport));
  }

  /** @internal PlaceOwner */
  onPhase(phase: ConnectPhase): void {
    const { timer, settings } = this.owner;
    if (!timer.has('connect')) timer.set('connect', settings.connectTimeout);
    timer.clear('lookup');
    if (phase === 'lookup') timer.set('lookup', settings.lookupTimeout);
    if (phase === 'tls') timer.set('tls', settings.tlsTimeout);
    observePhase(this.owner, phase);
  }

  /** @internal PlaceOwner */
  onConnection(connection: ClientConnection): void {
    this.owner.timer.clearRare();
    this.connection = connection;
    observeRequest(this.owner, this.target, this.upload, connection);
    // The observer may have cancelled the request.
    if (this.connection !== connection) return;
    connection.begin(this, this.target.method);
    this.onActivity();
    this.upload.start(connection.transport);
  }

  /** @internal PlaceOwner */
  onNoConnection(error: unknown): void {
    this.owner.onFailure(ofConnecting(error, this.target.url.href));
  }

  /** @internal UploadOwner */
  onWaiting(seconds: number): void {
    this.owner.timer.set('continue', seconds);
  }

  /** @internal UploadOwner */
  onSent(): void {
    if (this.reception === undefined) this.owner.timer.set('firstByte', this.owner.settings.firstByteTimeout);
  }

  /** @internal UploadOwner, and for whatever arrives */
  onActivity(): void {
    this.activity++;
    this.owner.timer.set('idle', this.owner.settings.idleTimeout);
  }

  /** @internal UploadOwner */
  onSourceFailure(failure: HttpFailure): void {
    // An answer that is on its way says more.
    if (this.reception === undefined) this.owner.onRefusal(failure);
  }

  /** @internal ConnectionUser */
  onDrain(): void {
    this.onActivity();
    this.upload.onDrain();
  }

  /** @internal ConnectionUser */
  onInterim(head: ResponseHead): void {
    this.onActivity();
    observeInterim(this.owner, this.target, head);
    if (head.status === 100) this.proceed();
  }

  /** Sends the body that has waited for consent. */
  proceed(): void {
    this.owner.timer.clear('continue');
    this.upload.proceed();
  }

  /** @internal ConnectionUser */
  onHead(head: ResponseHead, framing: BodyFraming): void {
    const { owner, target } = this;
    owner.timer.clear('firstByte');
    owner.timer.clear('continue');
    this.onActivity();
    this.head = head;
    logResponse(owner, head, framing);
    if (this.connection === undefined) return;
    // A server that has refused, or sends us elsewhere, does not want the rest.
    if (head.status >= 300) this.upload.stop();
    try {
      if (head.status === 101) throw unwantedSwitch();
      this.reception = new ResponseReception(head, framing, this);
    } catch (error) {
      owner.onRefusal(error instanceof HttpFailure ? error : ofDecoding(error));
      return;
    }
    observeResponse(owner, target, head, this.reception.next === undefined);
  }

  /** @internal ConnectionUser */
  onBody(buffer: Buffer, start: number, end: number): void {
    const { reception, connection, owner } = this;
    if (reception === undefined || connection === undefined) return;
    this.onActivity();
    if (reception.add(buffer, start, end)) {
      if (reception.next === undefined && owner.settings.onProgressCallback !== undefined)
        owner.reportProgress(reception);
    } else if (reception.next === undefined) owner.onRefusal(reception.tooBig());
    else {
      // The rest of a body that nobody wants is not worth waiting for.
      connection.destroy();
      this.onComplete();
    }
  }

  /** @internal ConnectionUser */
  onTrailers(trailers: HttpHeaders): void {
    observeTrailers(this.owner, trailers);
  }

  /** @internal ConnectionUser */
  onComplete(): void {
    const { reception } = this;
    this.connection = undefined;
    this.upload.stop();
    if (reception !== undefined) this.owner.onResponse(reception);
  }

  /** @internal ConnectionUser */
  onFailure(failure: HttpFailure): void {
    const { connection, upload, target } = this;
    this.connection = undefined;
    upload.stop();
    // The server has given up an idle connection in the moment in which it was used: nobody has seen the request.
    const isStale = connection !== undefined && connection.timesUsed > 0 && !connection.hasAnswered;
    const isUnsent = target.hasBody && upload.bodyBytesSent === 0;
    const mayRepeat = isStale && failure.isTransient && !this.place.wantsFresh;
    if (mayRepeat && mayRepeatUnseen(this.retryRules, isUnsent)) this.owner.onUnseen();
    else if (this.reception?.next !== undefined) this.onComplete();
    else this.owner.onFailure(failure);
  }

  /** @internal ReceptionContext */
  onBodyFailure(failure: HttpFailure): void {
    this.owner.onRefusal(failure);
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
}

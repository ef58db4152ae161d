import type {
  ConnectAttempt,
  ConnectAttemptPhase,
  ConnectAttemptResponse,
  ConnectAttemptTLS,
} from '../connection/connect-attempt.ts';
import { ConnectError, type ConnectPhase } from '../errors.ts';
import type { TLSAgreement } from '../transport/tls-connect.ts';
import type { Clock } from '../util/clock.ts';

/** Records belong to errors, which know nothing of TLS and HTTP. */
const records = new WeakMap<ConnectError, ConnectAttempt>();

/** The record of the attempt that ended with this error, or with one behind it. */
export function attemptOf(error: ConnectError): ConnectAttempt | undefined {
  const record = records.get(error);
  if (record !== undefined || !(error.cause instanceof ConnectError)) return record;
  return attemptOf(error.cause);
}

/** Takes down how an attempt to connect goes. */
export class AttemptRecorder {
  private readonly clock: Clock;
  private readonly startMs: number;
  private readonly phases: ConnectAttemptPhase[] = [];
  private readonly redirectedFrom: string[] = [];
  private current: { readonly phase: ConnectPhase; readonly sinceMs: number } | undefined;
  private url = '';
  private proxy: string | undefined;
  private remoteAddress: string | undefined;
  private tls: ConnectAttemptTLS | undefined;
  private response: ConnectAttemptResponse | undefined;

  constructor(clock: Clock) {
    this.clock = clock;
    this.startMs = clock.now();
  }

  get phase(): ConnectPhase {
    return this.current?.phase ?? 'url';
  }

  /** A phase begins, and the one before it is over. */
  begin(phase: ConnectPhase): void {
    const nowMs = this.clock.now();
    this.endPhase(nowMs);
    this.current = { phase, sinceMs: nowMs };
  }

  /** A connection is going to be made to this url; a second one is that of a redirect. */
  onUrl(url: string): void {
    if (this.url !== '') this.redirectedFrom.push(this.url);
    this.url = url;
    this.begin('url');
    this.proxy = undefined;
    this.remoteAddress = undefined;
    this.tls = undefined;
    this.response = undefined;
  }

  onProxy(proxy: string): void {
    this.proxy = proxy;
  }

  onAddress(address: string): void {
    this.remoteAddress = address;
  }

  onAgreed(agreed: TLSAgreement): void {
    this.tls = agreed;
  }

  onResponse(response: ConnectAttemptResponse): void {
    this.response = response;
  }

  /** Makes the record, and leaves it with the error. */
  fail(error: ConnectError): void {
    const nowMs = this.clock.now();
    this.endPhase(nowMs);
    const { url, redirectedFrom, proxy, phases, remoteAddress, tls, response } = this;
    const durationMs = nowMs - this.startMs;
    records.set(error, { url, redirectedFrom, proxy, phases, durationMs, remoteAddress, tls, response });
  }

  private endPhase(nowMs: number): void {
    const { current } = this;
    // Reading the url is no wait.
    if (current === undefined || current.phase === 'url') return;
    this.phases.push({ phase: current.phase, durationMs: nowMs - current.sinceMs });
    this.current = undefined;
  }
}

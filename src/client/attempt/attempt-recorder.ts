import type {
  ConnectAttempt,
  ConnectAttemptExchange,
  ConnectAttemptInterim,
  ConnectAttemptPhase,
  ConnectAttemptRequest,
  ConnectAttemptResponse,
  ConnectAttemptTLS,
} from '../../connection/messages/connect-attempt.ts';
import { ConnectError, type ConnectPhase } from '../../errors.ts';
import { HttpHeaders } from '../../protocol/http1/headers.ts';
import type { TLSAgreement } from '../../transport/tls/tls-connect.ts';
import type { Clock } from '../../util/clock.ts';
import { inspection, oneLine, showBy, withoutSecrets as withoutUrlSecrets } from '../../util/inspection.ts';

/** Records belong to errors, which know nothing of TLS and HTTP. */
const records = new WeakMap<ConnectError, ConnectAttempt>();

/** Fields of a request that no record holds: records are logged. */
const SECRET_FIELDS: readonly string[] = ['Authorization', 'Proxy-Authorization', 'Cookie'];

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
  private readonly earlier: ConnectAttemptExchange[] = [];
  private current: { readonly phase: ConnectPhase; readonly sinceMs: number } | undefined;
  private url = '';
  private proxy: string | undefined;
  private remoteAddress: string | undefined;
  private tls: ConnectAttemptTLS | undefined;
  private request: ConnectAttemptRequest | undefined;
  private interim: ConnectAttemptInterim[] = [];
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

  /** A connection is going to be made to this url; before, another may have been asked. */
  onUrl(url: string): void {
    const { request, interim, response } = this;
    if (request !== undefined && response !== undefined) {
      this.earlier.push({ url: this.url, request, interim, response });
    }
    this.url = url;
    this.begin('url');
    this.proxy = undefined;
    this.remoteAddress = undefined;
    this.tls = undefined;
    this.request = undefined;
    this.interim = [];
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

  /** Takes down the request that is going to be sent. */
  onRequest(target: string, headers: HttpHeaders): void {
    this.request = { target, headers: withoutSecrets(headers) };
  }

  onInterim(head: ConnectAttemptInterim): void {
    this.interim.push(head);
  }

  onResponse(response: ConnectAttemptResponse): void {
    this.response = response;
  }

  /** Leaves the record with the error. */
  fail(error: ConnectError): void {
    records.set(error, this.end());
  }

  /** Makes the record: the attempt is over. */
  end(): ConnectAttempt {
    const nowMs = this.clock.now();
    this.endPhase(nowMs);
    const { url, earlier, proxy, phases, remoteAddress, tls, request, interim, response } = this;
    const durationMs = nowMs - this.startMs;
    const record = { url, earlier, proxy, phases, durationMs, remoteAddress, tls, request, interim, response };
    return showBy(record, recordInspection);
  }

  private endPhase(nowMs: number): void {
    const { current } = this;
    // Reading the url is no wait.
    if (current === undefined || current.phase === 'url') return;
    this.phases.push({ phase: current.phase, durationMs: nowMs - current.sinceMs });
    this.current = undefined;
  }
}

const recordInspection = inspection<ConnectAttempt>(({ url, proxy, durationMs, remoteAddress, tls, response }) => ({
  url: oneLine(withoutUrlSecrets(url)),
  proxy: proxy === undefined ? proxy : oneLine(withoutUrlSecrets(proxy)),
  durationMs,
  remoteAddress,
  tls: tls?.version,
  response: response === undefined ? undefined : oneLine(`${response.status} ${response.statusText}`),
}));

function withoutSecrets(headers: HttpHeaders): HttpHeaders {
  const shown = HttpHeaders.from(headers);
  for (const name of SECRET_FIELDS) if (shown.has(name)) shown.set(name, '(redacted)');
  return shown;
}

import type { ConnectAttemptInterim, ConnectAttemptResponse } from '../../connection/messages/connect-attempt.ts';
import { basicAuthorization } from '../../dial/proxy-tunnel-plan.ts';
import { parseRetryAfter } from '../../dial/retry-after.ts';
import { explainTlsError, isTlsAlert } from '../../dial/tls-errors.ts';
import type { WebSocketUrl } from '../../dial/url.ts';
import { ConnectError } from '../../errors.ts';
import type { HeadLimits } from '../../protocol/http1/head/head-limits.ts';
import { HeadReader } from '../../protocol/http1/head/head-reader.ts';
import { isInterim, type ResponseHead } from '../../protocol/http1/head/response-head.ts';
import type { HttpHeaders } from '../../protocol/http1/headers.ts';
import { defaultMessageLimits } from '../../protocol/http1/message/message-limits.ts';
import type { ProtocolPorts } from '../../protocol/ports.ts';
import type { PerMessageDeflateHandshake } from '../../protocol/websocket/deflate/per-message-deflate-source.ts';
import type { ParsedExtension } from '../../protocol/websocket/handshake/extension-header.ts';
import {
  checkUpgradeResponse,
  createKey,
  type HandshakeFailureCode,
  upgradeHeaders,
  writeUpgradeRequest,
} from '../../protocol/websocket/handshake/handshake-client.ts';
import type { Transport, TransportHandler } from '../../transport/transport.ts';
import type { Clock, Timer } from '../../util/clock.ts';
import { Deferred } from '../../util/deferred.ts';
import type { RedirectDecision } from './redirect.ts';
import { RefusalBody } from './refusal-body.ts';

/** The time for which the body of a refusal is waited for. */
const REFUSAL_BODY_MS = 1000;

/** Is told what is said, before the handshake ends. */
export interface HandshakeObserver {
  onRequest(target: string, headers: HttpHeaders): void;
  onInterim(head: ConnectAttemptInterim): void;
  onResponse(response: ConnectAttemptResponse): void;
}

export interface OpeningHandshakeOptions {
  readonly url: WebSocketUrl;
  readonly extraHeaders: HttpHeaders;
  readonly subprotocols: readonly string[];
  /** Empty to send none. */
  readonly userAgent: string;
  readonly headLimits: HeadLimits;
  readonly ports: ProtocolPorts;
  readonly clock: Clock;
  /** Decides what becomes of a response that is no upgrade. */
  readonly decideRedirect: (head: ResponseHead) => RedirectDecision;
  readonly observer: HandshakeObserver;
  /** permessage-deflate, unless it is switched off. */
  readonly deflate?: PerMessageDeflateHandshake | undefined;
}

/** The outcome of a handshake that did not fail. */
export type OpeningHandshakeOutcome =
  | ({ readonly kind: 'open' } & OpeningHandshakeResult)
  | Exclude<RedirectDecision, { readonly kind: 'none' }>;

/** The agreement of the opening handshake. */
export interface OpeningHandshakeResult {
  readonly protocol: string;
  readonly headers: HttpHeaders;
  /** Bytes that the server sent behind its response in the same read. */
  readonly rest: Buffer;
}

interface Refusal {
  readonly code: HandshakeFailureCode;
  readonly reason: string;
  readonly head: ResponseHead;
  readonly body: RefusalBody;
  readonly timer: Timer;
}

/** The client's side of the opening handshake over a transport (RFC 6455 section 4.1). */
export class OpeningHandshake implements TransportHandler {
  private readonly transport: Transport;
  private readonly options: OpeningHandshakeOptions;
  private readonly key: string;
  private readonly offers: readonly ParsedExtension[];
  private readonly reader: HeadReader<'response'>;
  private readonly result = new Deferred<OpeningHandshakeOutcome>();
  /** Why the server refused, as soon as that is known; its body may still be on its way. */
  private refused: Refusal | undefined;
  private interimCount = 0;

  constructor(transport: Transport, options: OpeningHandshakeOptions) {
    this.transport = transport;
    this.options = options;
    this.reader = new HeadReader('response', options.headLimits);
    this.key = createKey(options.ports);
    this.offers = options.deflate?.offer() ?? [];
  }

  /** Sends the request and judges the response. Rejects with a {@link ConnectError}. */
  run(): Promise<OpeningHandshakeOutcome> {
    const { url, extraHeaders, subprotocols, userAgent, observer } = this.options;
    const request = {
      host: url.hostHeader,
      target: url.path,
      key: this.key,
      subprotocols,
      extraHeaders,
      extensions: this.offers,
      userAgent: userAgent === '' ? undefined : userAgent,
      authorization: authorizationOf(url),
    };
    const headers = upgradeHeaders(request);
    observer.onRequest(url.path, headers);
    this.transport.start(this);
    this.transport.write(Buffer.from(writeUpgradeRequest(request, headers), 'latin1'));
    return this.result.promise;
  }

  /** Part of {@link TransportHandler}. */
  onBytes(buffer: Buffer, start: number, end: number): void {
    const { reader, refused } = this;
    if (refused !== undefined) {
      this.readBody(refused, buffer, start, end);
      return;
    }
    for (let at = start; at < end; ) {
      at = reader.read(buffer, at, end);
      const { head, failure } = reader;
      if (failure !== undefined) {
        this.fail('malformedResponse', `Error parsing HTTP headers: ${failure.reason}`, reader.status);
        return;
      }
      if (head === undefined) return;
      if (!isInterim(head)) {
        this.judge(head, buffer, at, end);
        return;
      }
      if (!this.passOver(head)) return;
      reader.reset();
    }
  }

  /** RFC 9110 15.2: interim responses may come before any answer. Tells whether more of them may. */
  private passOver({ version, status, statusText, headers }: ResponseHead): boolean {
    this.options.observer.onInterim({ version, status, statusText, headers });
    if (++this.interimCount <= defaultMessageLimits.maxInterimResponses) return true;
    this.fail('malformedResponse', `Too many interim responses from ${this.options.url.href}`, status);
    return false;
  }

  /** Part of {@link TransportHandler}. */
  onEnd(): void {
    this.failUnanswered();
  }

  /** Part of {@link TransportHandler}. */
  onDrain(): void {}

  /** Part of {@link TransportHandler}. */
  onClosed(error: Error | undefined): void {
    this.failUnanswered(error);
  }

  /** Lets go of the timer, whatever became of it. */
  dispose(): void {
    this.refused?.timer.cancel();
  }

  /** Ends the wait for the body of a refusal, if that is what is waited for. */
  settleRefusal(): void {
    const { refused } = this;
    if (refused === undefined || this.result.settled) return;
    refused.timer.cancel();
    this.answered(refused.head, refused.body);
    this.result.reject(this.refusalError(refused));
  }

  private refusalError({ code, reason, head, body }: Refusal): ConnectError {
    const retryAfter = head.headers.get('Retry-After');
    const wantsTls = this.options.url.protocol === 'ws' && head.status === 400 && body.mentionsTls;
    return new ConnectError(code, 'handshake', wantsTls ? `${reason} (the port expects TLS, as in wss://)` : reason, {
      httpStatus: head.status,
      retryAfterMs: retryAfter === undefined ? undefined : parseRetryAfter(retryAfter, Date.now()),
    });
  }

  private answered({ version, status, statusText, headers }: ResponseHead, body: RefusalBody): void {
    const { bytes, isComplete } = body;
    this.options.observer.onResponse({ version, status, statusText, headers, body: bytes, isTruncated: !isComplete });
  }

  private judge(head: ResponseHead, buffer: Buffer, at: number, end: number): void {
    const { url, subprotocols, ports, deflate, clock, decideRedirect } = this.options;
    const answer = checkUpgradeResponse(head, {
      key: this.key,
      subprotocols,
      offeredExtensions: this.offers,
      acceptExtensions: (answers) => deflate?.judge(answers),
      host: url.host,
      url: url.href,
      sha1Base64: ports.sha1Base64,
    });
    if (answer.ok) {
      // The rest belongs to whoever takes the transport over, in this very turn.
      this.transport.pause();
      const rest = Buffer.from(buffer.subarray(at, end));
      this.answered(head, new RefusalBody(head));
      this.result.resolve({ kind: 'open', protocol: answer.protocol, headers: head.headers, rest });
      return;
    }
    const decision = answer.code === 'badStatus' ? decideRedirect(head) : undefined;
    if (decision !== undefined && decision.kind !== 'none') {
      this.transport.pause();
      this.answered(head, new RefusalBody(head));
      this.result.resolve(decision);
      return;
    }
    const timer = clock.setTimer(REFUSAL_BODY_MS, () => this.settleRefusal());
    this.refused = { code: answer.code, reason: answer.reason, head, body: new RefusalBody(head), timer };
    this.readBody(this.refused, buffer, at, end);
  }

  private readBody({ body }: Refusal, buffer: Buffer, start: number, end: number): void {
    body.add(buffer, start, end);
    if (body.isFull) this.settleRefusal();
  }

  private failUnanswered(cause?: Error): void {
    const { url } = this.options;
    if (this.refused !== undefined) {
      this.refused.body.end();
      this.settleRefusal();
      return;
    }
    const what = this.reader.hasStarted ? 'HTTP headers' : 'HTTP status line';
    // With TLS 1.3 a server looks at our certificate when the TLS handshake is over for us.
    const tls = isTlsAlert(cause) ? explainTlsError(cause) : undefined;
    const why = tls?.reason ?? `the connection was closed${this.circumstances()}`;
    const code = tls?.code ?? 'connectionLost';
    this.fail(code, `Failed reading ${what} from ${url.href}: ${why}`, this.reader.status, cause);
  }

  /** All that is known of an answer that did not come to its end, or of why there was none. */
  private circumstances(): string {
    const { status, hasStarted } = this.reader;
    if (status !== 0) return `, status: ${status}`;
    if (hasStarted || this.interimCount > 0) return '';
    const { url, subprotocols } = this.options;
    const guesses = [];
    if (subprotocols.length > 0) guesses.push('it may know none of the subprotocols that were offered');
    // Most TLS servers hang up on plain text without a word.
    if (url.protocol === 'ws') guesses.push('it may expect TLS, as in wss://');
    return guesses.length === 0 ? '' : ` (${guesses.join('; ')})`;
  }

  private fail(code: ConnectError['code'], message: string, httpStatus = 0, cause?: Error): void {
    this.result.reject(new ConnectError(code, 'handshake', message, { httpStatus, cause }));
  }
}

/** Basic authentication from the user information of the URL (RFC 7617). */
function authorizationOf(url: WebSocketUrl): string | undefined {
  if (url.username === undefined && url.password === undefined) return undefined;
  return basicAuthorization(url.username ?? '', url.password ?? '');
}

import { explainTlsError, isTlsAlert } from '../dial/tls-errors.ts';
import type { WebSocketUrl } from '../dial/url.ts';
import { ConnectError } from '../errors.ts';
import { userAgent } from '../platform/user-agent.ts';
import { HeadReader } from '../protocol/http1/head-reader.ts';
import type { HttpHeaders } from '../protocol/http1/headers.ts';
import type { ResponseHead } from '../protocol/http1/response-head.ts';
import type { ProtocolPorts } from '../protocol/ports.ts';
import type { ParsedExtension } from '../protocol/websocket/extension-header.ts';
import { checkUpgradeResponse, createKey, writeUpgradeRequest } from '../protocol/websocket/handshake-client.ts';
import type { PerMessageDeflateHandshake } from '../protocol/websocket/per-message-deflate-source.ts';
import type { Transport, TransportHandler } from '../transport/transport.ts';
import { Deferred } from '../util/deferred.ts';

export interface OpeningHandshakeOptions {
  readonly url: WebSocketUrl;
  readonly extraHeaders: HttpHeaders;
  readonly subprotocols: readonly string[];
  readonly ports: ProtocolPorts;
  /** permessage-deflate, unless it is switched off. */
  readonly deflate?: PerMessageDeflateHandshake | undefined;
}

/** What the opening handshake agreed on. */
export interface OpeningHandshakeResult {
  readonly protocol: string;
  readonly headers: HttpHeaders;
  /** What the server sent behind its response in the same read. */
  readonly rest: Buffer;
}

/** The client's side of the opening handshake over a transport (RFC 6455 section 4.1). */
export class OpeningHandshake implements TransportHandler {
  private readonly transport: Transport;
  private readonly options: OpeningHandshakeOptions;
  private readonly key: string;
  private readonly offers: readonly ParsedExtension[];
  private readonly reader = new HeadReader('response');
  private readonly result = new Deferred<OpeningHandshakeResult>();

  constructor(transport: Transport, options: OpeningHandshakeOptions) {
    this.transport = transport;
    this.options = options;
    this.key = createKey(options.ports);
    this.offers = options.deflate?.offer() ?? [];
  }

  /** Sends the request and judges the response. Rejects with a {@link ConnectError}. */
  run(): Promise<OpeningHandshakeResult> {
    const { url, extraHeaders, subprotocols } = this.options;
    const request = writeUpgradeRequest({
      host: url.hostHeader,
      target: url.path,
      key: this.key,
      subprotocols,
      extraHeaders,
      extensions: this.offers,
      userAgent,
      authorization: authorizationOf(url),
    });
    this.transport.start(this);
    this.transport.write(Buffer.from(request, 'latin1'));
    return this.result.promise;
  }

  /** @internal TransportHandler */
  onBytes(buffer: Buffer, start: number, end: number): void {
    const { reader } = this;
    const at = reader.read(buffer, start, end);
    if (reader.state === 'failed') {
      this.fail('malformedResponse', `Error parsing HTTP headers: ${reader.failure?.reason ?? ''}`);
    } else if (reader.state === 'complete' && reader.head !== undefined) {
      // What follows belongs to whoever takes the transport over, in this very turn.
      this.transport.pause();
      this.judge(reader.head, Buffer.from(buffer.subarray(at, end)));
    }
  }

  /** @internal TransportHandler */
  onEnd(): void {
    this.failUnanswered();
  }

  /** @internal TransportHandler */
  onDrain(): void {}

  /** @internal TransportHandler */
  onClosed(error: Error | undefined): void {
    this.failUnanswered(error);
  }

  private judge(head: ResponseHead, rest: Buffer): void {
    const { url, subprotocols, ports, deflate } = this.options;
    const answer = checkUpgradeResponse(head, {
      key: this.key,
      subprotocols,
      offeredExtensions: this.offers,
      acceptExtensions: (answers) => deflate?.judge(answers),
      host: url.host,
      url: url.href,
      sha1Base64: ports.sha1Base64,
    });
    if (answer.ok) this.result.resolve({ protocol: answer.protocol, headers: head.headers, rest });
    else this.fail(answer.code, answer.reason, answer.httpStatus);
  }

  private failUnanswered(cause?: Error): void {
    const { url } = this.options;
    const what = this.reader.hasStarted ? 'HTTP headers' : 'HTTP status line';
    // With TLS 1.3 a server looks at our certificate when the TLS handshake is over for us.
    const tls = isTlsAlert(cause) ? explainTlsError(cause) : undefined;
    const why = tls?.reason ?? 'the connection was closed';
    this.fail(tls?.code ?? 'connectionLost', `Failed reading ${what} from ${url.href}: ${why}`, 0, cause);
  }

  private fail(code: ConnectError['code'], message: string, httpStatus = 0, cause?: Error): void {
    this.result.reject(new ConnectError(code, 'handshake', message, { httpStatus, cause }));
  }
}

/** Basic authentication from the user information of the URL (RFC 7617). */
function authorizationOf(url: WebSocketUrl): string | undefined {
  if (url.username === undefined && url.password === undefined) return undefined;
  const credentials = `${url.username ?? ''}:${url.password ?? ''}`;
  return `Basic ${Buffer.from(credentials, 'utf8').toString('base64')}`;
}

import type { RequestHead } from '../../protocol/http1/head/request-head.ts';
import type { HttpHeaders } from '../../protocol/http1/headers.ts';
import { inspection, oneLine, showBy, withoutSecrets } from '../../util/inspection.ts';
import { HttpRequestError } from './request-error.ts';

const NO_BODY: Buffer = Buffer.alloc(0);

/** @internal */
export let createHttpRequest: (head: RequestHead) => HttpRequest;

/** @internal Gives a request a body that arrives piece by piece. */
export let streamRequest: (request: HttpRequest, source: AsyncIterable<Buffer>) => void;

/** @internal Aborts the signal of a request. */
export let abortRequest: (request: HttpRequest, reason: HttpRequestError) => void;

/** A request, as the callback of an {@link HttpServer} gets it. */
export class HttpRequest {
  /** `GET`, `POST` and so on; methods are case-sensitive. */
  readonly method: string;
  /** The request target as it was sent: usually path and query, percent-encoded. */
  readonly uri: string;
  readonly version: 'HTTP/1.1' | 'HTTP/1.0';
  /** As they were received. */
  readonly headers: HttpHeaders;
  /** The whole body, decoded if it was encoded; empty when it is streamed. */
  body: Buffer = NO_BODY;
  #source: AsyncIterable<Buffer> | undefined = undefined;
  /** There is one when somebody has asked for the signal, or it would have been aborted. */
  #controller: AbortController | undefined = undefined;

  static {
    createHttpRequest = (head) => new HttpRequest(head);
    streamRequest = (request, source) => {
      request.#source = source;
    };
    abortRequest = (request, reason) => {
      request.#controller ??= new AbortController();
      request.#controller.abort(reason);
    };
    showBy(
      HttpRequest.prototype,
      inspection(({ method, uri, version, headers, body }: HttpRequest) => {
        return { method, uri: oneLine(withoutSecrets(uri)), version, headers, body: `${body.length} bytes` };
      }),
    );
  }

  private constructor(head: RequestHead) {
    this.method = head.method;
    this.uri = head.target;
    this.version = head.version === '1.1' ? 'HTTP/1.1' : 'HTTP/1.0';
    this.headers = head.headers;
  }

  /**
   * The body piece by piece, as it arrives, where the server's `streamRequests` is on; the client is slowed down to the
   * pace of the loop. Elsewhere the one piece that `body` is. It can be read once.
   *
   * Reading fails with an {@link HttpRequestError}: `requestAborted`, `requestTimeout` or `requestMalformed`.
   *
   * @example
   * for await (const chunk of request.stream) bytes += chunk.length;
   */
  get stream(): AsyncIterable<Buffer> {
    return this.#source ?? onePiece(this.body);
  }

  /**
   * Aborted when the client goes away before it has the whole response, or `handlerTimeoutSecs` has passed. A client
   * that has closed its sending side counts as gone; the response is sent to it all the same.
   */
  get signal(): AbortSignal {
    this.#controller ??= new AbortController();
    return this.#controller.signal;
  }

  /** The body as text, read as UTF-8. */
  text(): string {
    return this.body.toString('utf8');
  }

  /**
   * The body read as JSON. `T` is the caller's word; nothing of it is checked.
   *
   * @throws HttpRequestError (`invalidJson`) when it is no JSON; a callback that lets it pass answers with 400
   */
  json<T = unknown>(): T {
    try {
      return JSON.parse(this.text()) as T;
    } catch (error) {
      throw new HttpRequestError('invalidJson', 'the body of the request is no JSON', error);
    }
  }
}

async function* onePiece(body: Buffer): AsyncGenerator<Buffer> {
  if (body.length > 0) yield body;
}

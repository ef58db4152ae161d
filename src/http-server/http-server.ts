import { UsageError } from '../errors.ts';
import type { HttpResponse } from '../http/http-response.ts';
import type { ConnectionState } from '../server/connection-state.ts';
import { ServerCore } from '../server/core/server-core.ts';
import { SocketServer } from '../server/socket-server.ts';
import { atOnce } from '../util/call-safely.ts';
import { debugRequests } from './callbacks/debug-callback.ts';
import { redirectTo } from './callbacks/redirect-callback.ts';
import { HttpConnection } from './connection/http-connection.ts';
import { type HttpServerOptions, type HttpSettings, resolveHttpServerOptions } from './http-server-options.ts';
import type { HttpRequest } from './request/http-request.ts';
import { serveFiles } from './static/static-files.ts';

/** Answers a request. What it throws or rejects with is answered with 500, and goes to `onCallbackError`. */
export type OnHttpRequestCallback<S extends ConnectionState> = (
  request: HttpRequest,
  connectionState: S,
) => HttpResponse | Promise<HttpResponse>;

/**
 * An HTTP/1.1 server (RFC 9110 and 9112), on which WebSocket handshakes reach `setOnClientMessageCallback` on the same
 * port. Until it is given a callback it serves the files under the working directory. It listens on loopback unless
 * told otherwise, and has limits on everything.
 *
 * @example
 * const server = new HttpServer({ port: 8080 });
 * server.setOnConnectionCallback((request, connectionState) =>
 *   new HttpResponse(200, 'OK', HttpErrorCode.Ok, {}, `${connectionState.getRemoteIp()} ${request.method} ${request.uri}`));
 * const res = await server.listen();
 * if (!res.ok) throw res.error;
 * server.start();
 * await server.wait();
 */
export class HttpServer<S extends ConnectionState = ConnectionState> extends SocketServer<S> {
  readonly #core: ServerCore<S, unknown>;
  readonly #service: { readonly settings: HttpSettings; callback: OnHttpRequestCallback<S> };

  /** @throws UsageError (`invalidOption`) naming the option that is wrong */
  constructor(options: HttpServerOptions<S> = {}) {
    const settings = resolveHttpServerOptions(options);
    const core = new ServerCore<S, unknown>(settings);
    super(core);
    this.#core = core;
    const service = {
      settings,
      callback: this.#createDefaultCallback(),
    };
    this.#service = service;
    core.serveAs(this, { accept: (transport) => new HttpConnection(core, service, transport) });
  }

  /** Sets the function that answers requests. It applies from the next request on, on all connections. */
  setOnConnectionCallback(callback: OnHttpRequestCallback<S>): void {
    if (typeof callback !== 'function') throw new UsageError('callback', 'must be a function');
    this.#service.callback = callback;
  }

  /** Serves the files under the working directory, as a server does that was given no callback. */
  setDefaultConnectionCallback(): void {
    this.#service.callback = this.#createDefaultCallback();
  }

  /**
   * Answers every request with a redirect (301) to `url`, but for POST, which gets 200.
   *
   * @throws UsageError (`invalidOption`) for a URL that cannot be sent
   */
  makeRedirectServer(url: string): void {
    const answer = redirectTo(url);
    this.#service.callback = (request, connectionState) => {
      this.#logRequest(request, connectionState);
      return answer(request);
    };
  }

  /**
   * Prints every request, headers and body, and answers `OK`.
   *
   * @param print gets the lines
   * @default `console.log`
   */
  makeDebugServer(print: (text: string) => void = (text) => console.log(text)): void {
    if (typeof print !== 'function') throw new UsageError('print', 'must be a function');
    const show = (text: string): void => atOnce('print', print(text));
    const answer = debugRequests(show);
    this.#service.callback = (request, connectionState) => {
      show(describeRequest(request, connectionState));
      return answer(request);
    };
  }

  getTimeoutSecs(): number {
    return this.#service.settings.timeoutSecs;
  }

  #createDefaultCallback(): OnHttpRequestCallback<S> {
    const answer = serveFiles('.');
    return async (request, connectionState) => {
      const response = await answer(request);
      this.#logRequest(request, connectionState, response);
      return response;
    };
  }

  #logRequest(request: HttpRequest, connectionState: S, response?: HttpResponse): void {
    const line = describeRequest(request, connectionState);
    this.#core.log('info', response === undefined ? line : `${line} ${response.statusCode}`);
  }
}

/** A line as IXWebSocket prints it: address, method, user agent and URI. */
function describeRequest(request: HttpRequest, { remoteIp, remotePort }: ConnectionState): string {
  return `${remoteIp}:${remotePort} ${request.method} ${request.headers.get('User-Agent') ?? ''} ${request.uri}`;
}

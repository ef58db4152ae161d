import http from 'node:http';
import { onTestFinished } from 'vitest';
import {
  type ConnectionState,
  type HttpRequest,
  HttpResponse,
  HttpServer,
  type HttpServerOptions,
  type OnHttpRequestCallback,
} from '../../src/index.ts';
import { patient } from './patience.ts';

/** The deadline of `stop()` is short, and what user code throws is kept. */
const defaults = { closeTimeoutSecs: patient(0.3), allowedHosts: '*' } as const;

export interface RunningHttpServer<S extends ConnectionState = ConnectionState> {
  readonly server: HttpServer<S>;
  readonly port: number;
  /** Without a path. */
  readonly url: string;
  readonly errors: unknown[];
}

/** An HTTP server of ours on a free port of 127.0.0.1, which is stopped when the test is over. */
export async function startHttpServer<S extends ConnectionState = ConnectionState>(
  callback?: OnHttpRequestCallback<S>,
  options: HttpServerOptions<S> = {},
  prepare: (server: HttpServer<S>) => void = () => undefined,
): Promise<RunningHttpServer<S>> {
  const errors: unknown[] = [];
  const where = options.socketPath === undefined ? { port: 0 } : {};
  const onCallbackError = (error: unknown): void => void errors.push(error);
  const server = new HttpServer<S>({ ...where, ...defaults, onCallbackError, ...options });
  if (callback !== undefined) server.setOnConnectionCallback(callback);
  prepare(server);
  const result = await server.listenAndStart();
  if (!result.ok) throw result.error;
  onTestFinished(() => server.stop());
  const port = server.getPort();
  const scheme = options.tlsOptions === undefined ? 'http' : 'https';
  return { server, port, url: `${scheme}://${scheme === 'http' ? '127.0.0.1' : 'localhost'}:${port}`, errors };
}

/** Says what it was asked. */
export function mirror(request: HttpRequest): HttpResponse {
  const { method, uri, version } = request;
  const text = JSON.stringify({ method, uri, version, body: request.text() });
  return new HttpResponse(200, 'OK', 'Ok', { 'Content-Type': 'application/json' }, text);
}

export interface NodeResponse {
  readonly status: number;
  readonly statusText: string;
  readonly headers: http.IncomingHttpHeaders;
  readonly body: Buffer;
}

export interface NodeRequest extends http.RequestOptions {
  readonly body?: string | Buffer | undefined;
}

/** One request of Node's own client. */
export function nodeRequest(options: NodeRequest): Promise<NodeResponse> {
  const { body, ...rest } = options;
  return new Promise((resolve, reject) => {
    const request = http.request(rest, (response) => {
      const pieces: Buffer[] = [];
      response.on('data', (piece: Buffer) => pieces.push(piece));
      response.on('error', reject);
      response.on('end', () => {
        const { statusCode = 0, statusMessage = '', headers } = response;
        resolve({ status: statusCode, statusText: statusMessage, headers, body: Buffer.concat(pieces) });
      });
    });
    request.on('error', reject);
    request.end(body);
  });
}

import http from 'node:http';
import https from 'node:https';
import type { AddressInfo } from 'node:net';
import { onTestFinished } from 'vitest';
import { HttpClient, type HttpClientOptions } from '../../src/index.ts';
import { listenRaw, type RawServer } from './raw-server.ts';
import { identity } from './secure.ts';

/** A server of Node's, and the requests it got. */
export interface JudgeServer {
  readonly port: number;
  readonly url: string;
  readonly requests: http.IncomingMessage[];
  /** Connections so far. */
  readonly connections: { count: number };
  readonly server: http.Server;
}

export type Handler = (
  request: http.IncomingMessage,
  response: http.ServerResponse,
  body: Buffer,
) => void | Promise<void>;

export interface JudgeOptions extends http.ServerOptions {
  readonly isSecure?: boolean;
  readonly tls?: https.ServerOptions;
  readonly socketPath?: string;
  /** True when it keeps the requests, for the test to look at. @default true */
  readonly keepsRequests?: boolean;
}

/** An HTTP server of Node's, which judges what we send. It gives the handler the whole body. */
export async function startJudge(handler: Handler, options: JudgeOptions = {}): Promise<JudgeServer> {
  const { isSecure = false, tls = {}, socketPath, keepsRequests = true, ...rest } = options;
  const requests: http.IncomingMessage[] = [];
  const connections = { count: 0 };
  const onRequest: http.RequestListener = (request, response) => {
    if (keepsRequests) requests.push(request);
    const pieces: Buffer[] = [];
    request.on('data', (piece: Buffer) => pieces.push(piece));
    request.on('error', () => undefined);
    request.on('end', () => void handler(request, response, Buffer.concat(pieces)));
  };
  const server = isSecure
    ? https.createServer({ cert: identity.certFile, key: identity.keyFile, ...rest, ...tls }, onRequest)
    : http.createServer(rest, onRequest);
  server.on('connection', () => connections.count++);
  server.on('tlsClientError', () => undefined);
  onTestFinished(() => {
    server.close();
    server.closeAllConnections();
  });
  await new Promise<void>((resolve) => {
    if (socketPath === undefined) server.listen(0, '127.0.0.1', resolve);
    else server.listen(socketPath, resolve);
  });
  const { port } = socketPath === undefined ? (server.address() as AddressInfo) : { port: 0 };
  const url = isSecure ? `https://localhost:${port}/` : `http://127.0.0.1:${port}/`;
  return { port, url, requests, connections, server };
}

/** A server that says what it was asked. */
export function startMirror(options: JudgeOptions = {}): Promise<JudgeServer> {
  return startJudge((request, response, body) => {
    const { method, url, headers } = request;
    response.setHeader('Content-Type', 'application/json');
    response.end(JSON.stringify({ method, url, headers, body: body.toString('latin1') }));
  }, options);
}

/** What {@link startMirror} says. */
export interface Mirrored {
  readonly method: string;
  readonly url: string;
  readonly headers: Record<string, string>;
  readonly body: string;
}

/** A client that is stopped when the test is over. */
export function createHttpClient(options: HttpClientOptions = {}): HttpClient {
  const client = new HttpClient(options);
  onTestFinished(() => client.stop());
  return client;
}

/** A server that writes these bytes when it has got a request head, each time; `after` is done to the socket then. */
export function listenAnswering(
  answer: string | Uint8Array | ((head: string, count: number) => string | Uint8Array),
  after: 'stay' | 'end' | 'reset' = 'stay',
): Promise<RawServer> {
  let count = 0;
  return listenRaw((peer) => {
    let seen = '';
    peer.socket.on('data', (chunk: Buffer) => {
      seen += chunk.toString('latin1');
      for (let end = seen.indexOf('\r\n\r\n'); end >= 0; end = seen.indexOf('\r\n\r\n')) {
        const head = seen.slice(0, end + 4);
        seen = seen.slice(end + 4);
        const bytes = typeof answer === 'function' ? answer(head, count++) : answer;
        if (bytes.length > 0) peer.write(bytes);
        if (after === 'end') peer.socket.end();
        else if (after === 'reset') setImmediate(() => peer.socket.resetAndDestroy());
      }
    });
  });
}

/** The URL of a raw server, for HTTP. */
export const httpUrl = (server: { readonly port: number }): string => `http://127.0.0.1:${server.port}/`;

/** A whole response. */
export function response(body: string, fields: Record<string, string> = {}, status = '200 OK'): string {
  const lines = Object.entries(fields).map(([name, value]) => `${name}: ${value}\r\n`);
  return `HTTP/1.1 ${status}\r\nContent-Length: ${Buffer.byteLength(body, 'latin1')}\r\n${lines.join('')}\r\n${body}`;
}

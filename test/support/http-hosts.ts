import http from 'node:http';
import https from 'node:https';
import type { AddressInfo } from 'node:net';
import { onTestFinished } from 'vitest';
import { type SocketServerOptions, WebSocketServer } from '../../src/index.ts';
import { patient } from './patience.ts';
import { identity } from './secure.ts';

export interface HttpHost {
  readonly httpServer: http.Server;
  readonly port: number;
  /** Of a WebSocket at the root. */
  readonly url: string;
}

/** An HTTP server of Node's that answers every request with its path. */
export function listenHttp(options: http.ServerOptions = {}): Promise<HttpHost> {
  return listen(http.createServer(options, answerWithPath), 'ws');
}

export function listenHttps(): Promise<HttpHost> {
  return listen(https.createServer({ cert: identity.certFile, key: identity.keyFile }, answerWithPath), 'wss');
}

function answerWithPath(request: http.IncomingMessage, response: http.ServerResponse): void {
  response.end(request.url);
}

/** Listens on a free port until the test is over. */
export async function listen(httpServer: http.Server | https.Server, scheme: 'ws' | 'wss' = 'ws'): Promise<HttpHost> {
  onTestFinished(() => {
    httpServer.closeAllConnections();
    httpServer.close();
  });
  await new Promise<void>((resolve) => httpServer.listen(0, '127.0.0.1', resolve));
  const { port } = httpServer.address() as AddressInfo;
  const name = scheme === 'ws' ? '127.0.0.1' : 'localhost';
  return { httpServer, port, url: `${scheme}://${name}:${port}/` };
}

/** A server that sends back what it gets, with its name in front, and does not listen itself. */
export function createEcho(name: string, options: SocketServerOptions = {}): WebSocketServer {
  const server = new WebSocketServer({
    closeTimeoutSecs: patient(0.2),
    perMessageDeflate: false,
    allowedHosts: '*',
    ...options,
  });
  server.setOnClientMessageCallback((_state, webSocket, message) => {
    if (message.type !== 'message') return;
    if (message.binary) webSocket.send(message.data);
    else webSocket.send(`${name}: ${message.data}`);
  });
  onTestFinished(() => server.stop());
  return server;
}

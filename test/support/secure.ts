import type { AddressInfo } from 'node:net';
import { createServer, type TlsOptions } from 'node:tls';
import { onTestFinished } from 'vitest';
import type { SocketServerOptions, SocketTLSOptions, WebSocketErrorInfo, WebSocketOptions } from '../../src/index.ts';
import { Authority, type Identity } from './certificates.ts';
import { createClient, type LoggedClient, type RunningServer, startServer } from './running.ts';

/** The authority of the tests, and an identity for `localhost` and `127.0.0.1` that it has signed. */
export const authority: Authority = new Authority('tests');
export const identity: Identity = authority.issue();

/** Trusts {@link authority} and nobody else. */
export const trusting: SocketTLSOptions = { caFile: authority.certificate };

export interface SecureServer extends RunningServer {
  /** With the name that {@link identity} is for. */
  readonly url: string;
  /** What it logged. */
  readonly lines: string[];
}

/** An echo server that speaks TLS. */
export async function startSecureServer(
  tlsOptions: SocketTLSOptions = identity,
  options: SocketServerOptions = {},
): Promise<SecureServer> {
  const lines: string[] = [];
  const all: SocketServerOptions = {
    tlsOptions: { tls: true, ...tlsOptions },
    logCallback: (level, message) => lines.push(`${level}: ${message}`),
    ...options,
  };
  const running = await startServer(all, (server) => {
    server.setOnClientMessageCallback((_state, webSocket, message) => {
      if (message.type === 'message') webSocket.send(message.data, message.binary);
    });
  });
  return { ...running, url: `wss://localhost:${running.port}/`, lines };
}

/** One attempt to connect: why it failed, or the client when it did not. */
export async function attempt(
  url: string,
  tlsOptions: SocketTLSOptions = trusting,
  options: WebSocketOptions = {},
): Promise<{ readonly logged: LoggedClient; readonly errorInfo: WebSocketErrorInfo | undefined }> {
  const logged = createClient({ url, tlsOptions, ...options });
  const result = await logged.client.connect();
  return { logged, errorInfo: result.success ? undefined : result.errorInfo };
}

/** The code and the phase of a failed attempt; the error when it went well is that it went well. */
export async function failureOf(
  url: string,
  tlsOptions: SocketTLSOptions = trusting,
  options: WebSocketOptions = {},
): Promise<WebSocketErrorInfo> {
  const { errorInfo } = await attempt(url, tlsOptions, options);
  if (errorInfo === undefined) throw new Error(`connected to ${url}, which should have failed`);
  return errorInfo;
}

/** A TLS server of Node's that hangs up as soon as the handshake is over; the client's request gets no answer. */
export async function listenTls(options: TlsOptions): Promise<{ readonly url: string }> {
  const server = createServer({ cert: identity.certFile, key: identity.keyFile, ...options }, (socket) => {
    socket.on('error', () => undefined);
    socket.once('data', () => socket.end());
  });
  server.on('tlsClientError', () => undefined);
  onTestFinished(() => void server.close());
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return { url: `wss://localhost:${(server.address() as AddressInfo).port}/` };
}

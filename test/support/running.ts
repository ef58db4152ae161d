import { onTestFinished } from 'vitest';
import {
  type ConnectionState,
  type ServerWebSocket,
  type SocketServerOptions,
  WebSocket,
  type WebSocketOptions,
  WebSocketServer,
} from '../../src/index.ts';
import { MessageLog } from './message-log.ts';
import { patient } from './patience.ts';

/**
 * The deadline is short enough that a test which waits for it does not hold up the others; it counts in tenths. What
 * is on the wire is what was sent, unless a test is about compression.
 */
const defaults = { closeTimeoutSecs: patient(0.4), perMessageDeflate: false };

/** Tests call a server by whatever name. */
const serverDefaults = { ...defaults, allowedHosts: '*' } as const;

export interface RunningServer<S extends ConnectionState = ConnectionState> {
  readonly server: WebSocketServer<S>;
  readonly port: number;
  readonly url: string;
}

/** A server on a free port of 127.0.0.1, which is stopped when the test is over. */
export async function startServer<S extends ConnectionState = ConnectionState>(
  options: SocketServerOptions<S> = {},
  prepare: (server: WebSocketServer<S>) => void = () => undefined,
): Promise<RunningServer<S>> {
  const server = new WebSocketServer<S>({ port: 0, ...serverDefaults, ...options });
  prepare(server);
  const result = await server.listenAndStart();
  if (!result.ok) throw result.error;
  onTestFinished(() => server.stop());
  return { server, port: server.getPort(), url: `ws://127.0.0.1:${server.getPort()}/` };
}

/** A server that sends back what it gets. */
export function startEchoServer(options: SocketServerOptions = {}): Promise<RunningServer> {
  return startServer(options, (server) => {
    server.setOnClientMessageCallback((_state, webSocket, message) => {
      if (message.type === 'message') webSocket.send(message.data, message.binary);
    });
  });
}

export interface LoggedClient {
  readonly client: WebSocket;
  readonly log: MessageLog;
}

/** A client that is stopped when the test is over, and a log of what happens on it. */
export function createClient(options: WebSocketOptions): LoggedClient {
  const client = new WebSocket({ ...defaults, ...options });
  onTestFinished(() => void client.stop());
  return { client, log: new MessageLog(client) };
}

/** A client that has connected. */
export async function connectClient(url: string, options: WebSocketOptions = {}): Promise<LoggedClient> {
  const logged = createClient({ url, ...options });
  const result = await logged.client.connect();
  if (!result.success) throw result.errorInfo.cause;
  return logged;
}

export interface Pair extends LoggedClient {
  readonly server: WebSocketServer;
  readonly peer: ServerWebSocket;
  readonly peerLog: MessageLog;
}

/** A client and the server's end of its connection, both logged. */
export async function connectPair(
  serverOptions: SocketServerOptions = {},
  clientOptions: WebSocketOptions = {},
): Promise<Pair> {
  const accepted: { peer: ServerWebSocket; log: MessageLog }[] = [];
  const { server, url } = await startServer(serverOptions, (made) => {
    made.setOnConnectionCallback((peer) => void accepted.push({ peer, log: new MessageLog(peer) }));
  });
  const { client, log } = await connectClient(url, clientOptions);
  const first = accepted[0];
  if (first === undefined) throw new Error('the server did not see the connection');
  return { server, client, log, peer: first.peer, peerLog: first.log };
}

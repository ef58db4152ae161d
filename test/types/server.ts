// The types of the servers of WebSockets, as programs see them. This file is compiled and never run.
import * as http from 'node:http';
import {
  ConnectionState,
  HttpServer,
  type ListenError,
  type ListenResult,
  type ServerWebSocket,
  type SocketServer,
  type SocketServerOptions,
  type WebSocketConnection,
  type WebSocketMessage,
  WebSocketServer,
} from 'ixwebsocket';
import { fits, typeOf } from './prove.ts';

class User extends ConnectionState {
  name = 'nobody';
}

export async function serves(): Promise<void> {
  const server = new WebSocketServer({ port: 8008, host: '127.0.0.1', pingIntervalSecs: 45 });
  typeOf(server).is<WebSocketServer>();
  fits<SocketServer>(server);
  fits<SocketServer>(new HttpServer());
  server.setOnClientMessageCallback((connectionState, webSocket, msg) => {
    typeOf(connectionState).is<ConnectionState>();
    typeOf(webSocket).is<ServerWebSocket>();
    typeOf(msg).is<WebSocketMessage>();
    if (msg.type === 'message') webSocket.send(msg.data, msg.binary);
  });
  server.setOnConnectionCallback((webSocket, connectionState) => {
    fits<WebSocketConnection>(webSocket);
    typeOf(connectionState.id).is<string>();
    typeOf(connectionState.remoteIp).is<string>();
    typeOf(connectionState.remotePort).is<number>();
    typeOf(connectionState.getId()).is<string>();
    typeOf(connectionState.getRemoteIp()).is<string>();
    typeOf(connectionState.getRemotePort()).is<number>();
  });
  server.setOnConnectionCallback(async () => undefined);

  const res = await server.listen();
  typeOf(res).is<ListenResult>();
  if (!res.ok) throw res.error;
  // @ts-expect-error there is none when all is well
  fits<ListenError>(res.error);
  const again = await server.listenAndStart();
  if (!again.ok) {
    typeOf(again.error).is<ListenError>();
    fits<string>(again.error.code);
    typeOf(again.error.message).is<string>();
  }
  server.start();
  typeOf(server.wait()).is<Promise<void>>();
  typeOf(server.stop()).is<Promise<void>>();
  await server.stop(1001, 'reason');
  await server.shutdown({ deadlineMs: 1000 });
}

export function isTyped(): void {
  const server = new WebSocketServer({ connectionStateFactory: () => new User() });
  typeOf(server).is<WebSocketServer<User>>();
  server.setOnConnectionCallback((webSocket, user) => {
    typeOf(user).is<User>();
    typeOf(webSocket.state).is<User>();
  });
  server.setOnClientMessageCallback((user) => typeOf(user.name).is<string>());
  for (const client of server.getClients()) typeOf(client.state.name).is<string>();
  server.setConnectionStateFactory(() => new User());
  // @ts-expect-error the states of this server have a name
  server.setConnectionStateFactory(() => new ConnectionState());
  const httpServer = new HttpServer({ connectionStateFactory: (info) => new User(info) });
  typeOf(httpServer).is<HttpServer<User>>();
}

export function configures(server: WebSocketServer): void {
  typeOf(server.getClients()).is<ReadonlySet<ServerWebSocket>>();
  typeOf(server.getPort()).is<number>();
  typeOf(server.getHost()).is<string>();
  typeOf(server.getBacklog()).is<number>();
  typeOf(server.getMaxConnections()).is<number>();
  typeOf(server.getHandshakeTimeoutSecs()).is<number>();
  typeOf(server.getAddressFamily()).is<4 | 6 | 'dual'>();
  typeOf(server.isPongEnabled()).is<boolean>();
  typeOf(server.isPerMessageDeflateEnabled()).is<boolean>();
  server.disablePerMessageDeflate();
  server.setTLSOptions({ certFile: 'cert.pem', keyFile: 'key.pem', caFile: 'ca.pem', tls: true });
  server.setLogCallback((level, message) => [fits<string>(level), typeOf(message).is<string>()]);
  server.makeBroadcastServer();
  const [first] = server.getClients();
  server.broadcast('text', { binary: true, except: first, filter: (client) => client.bufferedAmount() === 0 });
  server.publish('topic', Buffer.alloc(1));
  first?.subscribe('topic');
  first?.unsubscribe('topic');
  typeOf(server.metrics().connections.open).is<number>();
  const httpServer = http.createServer();
  server.attach(httpServer, { path: '/chat' });
  httpServer.on('upgrade', (request, socket, head) => server.handleUpgrade(request, socket, head));
}

export const options: SocketServerOptions = {
  port: 0,
  host: '::1',
  backlog: 5,
  maxConnections: 128,
  handshakeTimeoutSecs: 3,
  addressFamily: 6,
  pingIntervalSecs: 45,
  sendTimeoutSecs: -1,
  enablePong: true,
  perMessageDeflate: { serverNoContextTakeover: true },
  maxMessageSize: 1024,
  maxConnectionsPerIp: 10,
  subprotocols: (offered) => offered[0],
  path: '/chat',
  socketPath: undefined,
  allowedOrigins: (origin) => typeof origin === 'string',
  tlsOptions: undefined,
  closeTimeoutSecs: 5,
  onUpgrade: async (request) => (request.headers.has('Authorization') ? { headers: { foo: 'bar' } } : { status: 401 }),
  connectionStateFactory: (info) => new ConnectionState(info),
  logCallback: () => undefined,
};

fits<SocketServerOptions>({
  allowedOrigins: '*',
  subprotocols: ['a', 'b'],
  addressFamily: 'dual',
  perMessageDeflate: false,
});
fits<SocketServerOptions>({ allowedOrigins: ['https://example.com'], onUpgrade: () => false });

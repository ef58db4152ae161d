// A server that knows whom it serves: pages of one site, one subprotocol, small messages. Ctrl-C stops it.
//   node examples/build/server-options.js [port]
import { WebSocketServer } from 'ixwebsocket';

const server = new WebSocketServer({
  port: Number(process.argv[2] ?? 8008),
  allowedOrigins: ['https://example.com'],
  subprotocols: ['chat.v2', 'chat.v1'],
  maxConnections: 1000,
  maxMessageSize: 64 * 1024,
  onCallbackError: (error) => console.error('in a callback:', error),
});
server.setOnConnectionCallback((webSocket, connectionState) => {
  webSocket.on('open', (msg) => {
    console.log(`${connectionState.getRemoteIp()} speaks ${msg.openInfo.protocol || 'no subprotocol'}`);
  });
  webSocket.on('message', () => webSocket.close(1000, 'one message is enough'));
});

const res = await server.listenAndStart();
if (!res.ok) throw res.error;
console.log(`Listening on ws://127.0.0.1:${server.getPort()}/`);
process.once('SIGINT', () => void server.stop(1001, 'restarting'));
await server.wait();

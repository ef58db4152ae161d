// A server behind a proxy on the same machine, with limits for each client. Ctrl-C stops it.
//   node examples/build/behind-a-proxy.js [port]
import { WebSocketServer } from 'ixwebsocket';

const server = new WebSocketServer({
  port: Number(process.argv[2] ?? 8008),
  trustedProxies: ['127.0.0.1', '10.0.0.0/8'],
  allowedHosts: ['example.com'],
  maxConnectionsPerIp: 20,
  maxHandshakesPerMinutePerIp: 60,
  maxMessagesPerSec: 50,
  maxConnectionAgeSecs: 4 * 3600,
});
server.setOnClientMessageCallback((connectionState, webSocket, msg) => {
  if (msg.type === 'open') webSocket.send(`you come from ${connectionState.getRemoteIp()}`);
});

const res = await server.listenAndStart();
if (!res.ok) throw res.error;
console.log(`Listening on ws://127.0.0.1:${server.getPort()}/`);
process.once('SIGINT', () => void server.stop());
await server.wait();

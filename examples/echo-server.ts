// A server that sends every message back. Ctrl-C stops it.
//   node examples/build/echo-server.js [port]
import { WebSocketServer } from 'ixwebsocket';

const server = new WebSocketServer({ port: Number(process.argv[2] ?? 8008) });
server.setOnClientMessageCallback((_connectionState, webSocket, msg) => {
  if (msg.type === 'message') webSocket.send(msg.data, msg.binary);
});
const res = await server.listenAndStart();
if (!res.ok) throw res.error;
console.log(`Listening on ws://127.0.0.1:${server.getPort()}/`);
process.once('SIGINT', () => void server.stop());
await server.wait();

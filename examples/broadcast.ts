// A server that passes every message on to all other clients. Ctrl-C stops it.
//   node examples/build/broadcast.js [port]
import { WebSocketServer } from 'ixwebsocket';

const server = new WebSocketServer({ port: Number(process.argv[2] ?? 8008) });
server.setOnClientMessageCallback((_connectionState, webSocket, msg) => {
  if (msg.type === 'message') server.broadcast(msg.data, { binary: msg.binary, except: webSocket });
});

const res = await server.listenAndStart();
if (!res.ok) throw res.error;
console.log(`Listening on ws://127.0.0.1:${server.getPort()}/`);
process.once('SIGINT', () => void server.stop());
await server.wait();

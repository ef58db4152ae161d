// A server that keeps something of its own for each connection. Ctrl-C stops it.
//   node examples/build/connection-state.js [port]
import { ConnectionState, WebSocketServer } from 'ixwebsocket';

class Visitor extends ConnectionState {
  name = 'somebody';
  messageCount = 0;
}

const server = new WebSocketServer({
  port: Number(process.argv[2] ?? 8008),
  connectionStateFactory: (info) => new Visitor(info),
});
server.setOnClientMessageCallback((visitor, webSocket, msg) => {
  if (msg.type === 'open') visitor.name = msg.openInfo.uri.slice(1) || visitor.name;
  if (msg.type === 'message') webSocket.send(`${visitor.name} has sent ${++visitor.messageCount}`);
  if (msg.type === 'close') console.log(`${visitor.name} left after ${visitor.messageCount}`);
});

const res = await server.listenAndStart();
if (!res.ok) throw res.error;
console.log(`Listening on ws://127.0.0.1:${server.getPort()}/`);
process.once('SIGINT', () => void server.stop());
await server.wait();

// The chapter "WebSocket server API", section "New api": one callback for all connections. Ctrl-C stops it.
//   node examples/build/seed/server-new-api.js [port]
import { WebSocketMessageType, WebSocketServer } from 'ixwebsocket';

const port = Number(process.argv[2] ?? 8008);
const host = '127.0.0.1'; // '0.0.0.0' for other machines to come in
const server = new WebSocketServer({ port, host });

server.setOnClientMessageCallback((connectionState, webSocket, msg) => {
  console.log(`Remote ip: ${connectionState.getRemoteIp()}`);

  if (msg.type === WebSocketMessageType.Open) {
    console.log('New connection');
    console.log(`id: ${connectionState.getId()}`);
    console.log(`Uri: ${msg.openInfo.uri}`);
    console.log('Headers:');
    for (const [name, value] of msg.openInfo.headers) console.log(`\t${name}: ${value}`);
  } else if (msg.type === WebSocketMessageType.Message) {
    console.log(`Received: ${msg.binary ? `${msg.data.length} bytes` : msg.data}`);
    // Back as it came: text as text, binary as binary.
    webSocket.send(msg.data, msg.binary);
  }
});

const res = await server.listen();
if (!res.ok) {
  console.error(res.error.message);
  process.exit(1);
}

// Messages are compressed where the client agrees, unless this is said.
server.disablePerMessageDeflate();

// Serves in the background, until stop().
server.start();
console.log(`Listening on ws://${host}:${server.getPort()}/`);
process.once('SIGINT', () => void server.stop());

// Waits for stop().
await server.wait();

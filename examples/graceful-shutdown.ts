// A server that sends its clients away before it ends. Ctrl-C or SIGTERM begins it, and a second one ends it at once.
//   node examples/build/graceful-shutdown.js [port]
import { shutdownOnSignals, WebSocketServer } from 'ixwebsocket';

const server = new WebSocketServer({ port: Number(process.argv[2] ?? 8008) });
server.setOnClientMessageCallback((_connectionState, webSocket, msg) => {
  if (msg.type === 'message') webSocket.send(msg.data, msg.binary);
});

shutdownOnSignals(server, {
  deadlineMs: 25_000,
  onShutdown: ({ closed, terminated }) => console.log(`${closed} closed, ${terminated} cut off`),
});

const res = await server.listenAndStart();
if (!res.ok) throw res.error;
console.log(`Listening on ws://127.0.0.1:${server.getPort()}/`);

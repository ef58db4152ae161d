// A server that prints what it has done when it stops, and who was refused when it happens. Ctrl-C stops it.
//   node examples/build/metrics.js [port]
import diagnostics from 'node:diagnostics_channel';
import { WebSocketServer } from 'ixwebsocket';

diagnostics.subscribe('ixwebsocket:server.refusal', (message) => {
  const { code, remoteIp } = message as { code: string; remoteIp: string };
  console.log(`refused ${remoteIp}: ${code}`);
});

const server = new WebSocketServer({ port: Number(process.argv[2] ?? 8008), path: '/chat' });
server.setOnClientMessageCallback((_connectionState, webSocket, msg) => {
  if (msg.type === 'message') webSocket.send(msg.data, msg.binary);
});

const res = await server.listenAndStart();
if (!res.ok) throw res.error;
console.log(`Listening on ws://127.0.0.1:${server.getPort()}/`);
process.once('SIGINT', () => void server.stop());
await server.wait();

const { connections, handshakes, messages } = server.metrics();
console.log(`${connections.total} connections, ${messages.received} messages in, ${messages.sent} out`);
console.log(`refused: ${JSON.stringify(handshakes.refused)}`);

// A server that sends a large answer at the pace of its client, as messages and as a stream. Ctrl-C stops it.
//   node examples/build/backpressure.js [port]
import { createReadStream } from 'node:fs';
import { pipeline } from 'node:stream/promises';
import { fileURLToPath } from 'node:url';
import { type ServerWebSocket, WebSocketServer } from 'ixwebsocket';

async function sendRows(webSocket: ServerWebSocket): Promise<void> {
  for (let row = 1; row <= 10_000; row++) {
    const { success } = await webSocket.sendWhenReady(`row ${row}`);
    if (!success) return;
  }
}

async function sendFile(webSocket: ServerWebSocket): Promise<void> {
  await pipeline(createReadStream(fileURLToPath(import.meta.url)), webSocket.toDuplex());
}

const server = new WebSocketServer({ port: Number(process.argv[2] ?? 8008) });
server.setOnClientMessageCallback(async (_connectionState, webSocket, msg) => {
  if (msg.type !== 'open') return;
  if (msg.openInfo.uri === '/rows') await sendRows(webSocket);
  else await sendFile(webSocket);
});

const res = await server.listenAndStart();
if (!res.ok) throw res.error;
console.log(`Listening on ws://127.0.0.1:${server.getPort()}/`);
process.once('SIGINT', () => void server.stop());
await server.wait();

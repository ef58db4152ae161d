// Sends a lot, no faster than the peer takes it.
//   node examples/build/drain.js [url]
import { WebSocket } from 'ixwebsocket';

const webSocket = new WebSocket({ url: process.argv[2] ?? 'ws://127.0.0.1:8008' });
const opened = await webSocket.connect();
if (!opened.success) throw opened.errorInfo.cause;

const line = 'a line of a long file '.repeat(50);
for (let i = 0; i < 3_000; i++) {
  webSocket.send(line);
  if (!webSocket.canSendMore) await webSocket.drain();
}
const { unsentBytes } = await webSocket.stop();
console.log(`${unsentBytes} bytes were left`);

// The chapter "Sending messages": a long message whose progress is seen, and which is slowed down or cancelled.
//   node examples/build/seed/sending-progress.js [url of an echo server]
import { setTimeout as delay } from 'node:timers/promises';
import { WebSocket } from 'ixwebsocket';

const webSocket = new WebSocket({ url: process.argv[2] ?? 'ws://127.0.0.1:8008', automaticReconnection: false });
const opened = await webSocket.connect();
if (!opened.success) throw opened.errorInfo.cause;

const throttle = true;
let isConnected = true;
webSocket.on('close', () => (isConnected = false));

const serializedMsg = Buffer.alloc(4 * 32 * 1024);
const result = await webSocket.sendBinary(serializedMsg, async (current, total) => {
  console.log(`step ${current + 1} of ${total}`);
  if (throttle) await delay(10);
  return isConnected;
});
console.log(`sent: ${result.success}`);

// Only false cancels, and a message that has begun cannot be taken back: the connection is closed with 1011.
const second = await webSocket.sendBinary(serializedMsg, () => false);
if (!second.success) console.log(`not sent: ${second.code}`);
console.log((await webSocket.run()).reason);

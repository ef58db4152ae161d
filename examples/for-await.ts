// Takes messages one at a time; while the loop is busy, the server is slowed down.
//   node examples/build/for-await.js [url]
import { setTimeout as delay } from 'node:timers/promises';
import { WebSocket } from 'ixwebsocket';

const webSocket = new WebSocket({ url: process.argv[2] ?? 'ws://127.0.0.1:8008' });
webSocket.on('open', () => {
  for (const line of ['one', 'two', 'three']) webSocket.send(line);
});
webSocket.start();

for await (const msg of webSocket) {
  await delay(10);
  console.log(msg.binary ? `${msg.data.length} bytes` : msg.data);
  if (msg.data === 'three') break;
}
await webSocket.stop();

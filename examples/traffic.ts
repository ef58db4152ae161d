// Counts the bytes of all connections.
//   node examples/build/traffic.js [url]
import { WebSocket } from 'ixwebsocket';

let sent = 0;
let received = 0;
WebSocket.setTrafficTrackerCallback((size, incoming) => {
  if (incoming) received += size;
  else sent += size;
});

const webSocket = new WebSocket({ url: process.argv[2] ?? 'ws://127.0.0.1:8008' });
webSocket.on('open', () => webSocket.send('hello'));
webSocket.on('message', async () => {
  await webSocket.stop();
  console.log(`${sent} bytes sent, ${received} bytes received`);
  WebSocket.resetTrafficTrackerCallback();
});
webSocket.start();

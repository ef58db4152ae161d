// A client as one of many: chance in its waits, and an end when there is no point any more.
//   node examples/build/reconnection.js [url]
import { WebSocket } from 'ixwebsocket';

const webSocket = new WebSocket({
  url: process.argv[2] ?? 'ws://127.0.0.1:8008',
  reconnectJitter: 1,
  reconnectSpreadMs: 10_000,
  maxRetries: 20,
  shouldReconnect: (context) => context.type === 'error' || context.closeInfo.code !== 4001,
});

webSocket.on('open', () => console.log('open'));
webSocket.on('close', (msg) => console.log(`close ${msg.closeInfo.code}`));
webSocket.on('error', (msg) => console.log(msg.errorInfo.code));
webSocket.start();

// The chapter "Automatic reconnection": the growing waits between attempts.
//   node examples/build/seed/automatic-reconnection.js [url that cannot be connected to]
import { WebSocket } from 'ixwebsocket';

const webSocket = new WebSocket({ url: process.argv[2] ?? 'ws://127.0.0.1:8008' });

webSocket.disableAutomaticReconnection(); // turn off
webSocket.enableAutomaticReconnection(); // turn on, as it is by default
console.log(`enabled: ${webSocket.isAutomaticReconnectionEnabled()}`);

webSocket.setMaxWaitBetweenReconnectionRetries(300);
webSocket.setMinWaitBetweenReconnectionRetries(150);
console.log(`at most ${webSocket.getMaxWaitBetweenReconnectionRetries()} ms`);
console.log(`at least ${webSocket.getMinWaitBetweenReconnectionRetries()} ms`);

webSocket.on('error', (msg) => {
  const { reason, retries, waitTime } = msg.errorInfo;
  console.log(`Connection error: ${reason}`);
  console.log(`#retries: ${retries}`);
  console.log(`Wait time(ms): ${waitTime}`);
  if (retries === 3) void webSocket.stop();
});
webSocket.start();

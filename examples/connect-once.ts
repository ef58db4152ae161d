// One connection, made and ended step by step, without reconnection.
//   node examples/build/connect-once.js [url]
import { WebSocket } from 'ixwebsocket';

const webSocket = new WebSocket({ url: process.argv[2] ?? 'ws://127.0.0.1:8008' });
const result = await webSocket.connect(5);
if (!result.success) {
  console.error(result.errorInfo.code, result.errorInfo.reason);
  process.exit(1);
}
console.log(`connected to ${result.openInfo.uri}`);

webSocket.on('message', (msg) => {
  console.log(msg.data);
  webSocket.close(4000, 'that was all');
});
webSocket.send('hello');

const closeInfo = await webSocket.run();
console.log(closeInfo.code, closeInfo.reason);

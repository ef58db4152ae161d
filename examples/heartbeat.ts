// A client that notices a dead server by itself.
//   node examples/build/heartbeat.js [url]
import { WebSocket } from 'ixwebsocket';

const webSocket = new WebSocket({ url: process.argv[2] ?? 'ws://127.0.0.1:8008', pingIntervalSecs: 25 });

webSocket.setPingInterval(0.5);
webSocket.setPingMessage('are you there?');
console.log(webSocket.getPingInterval(), webSocket.getPingMessage());

webSocket.on('pong', (msg) => {
  console.log(`answered: ${msg.data}`);
  if (webSocket.roundTripTimeMs !== undefined) console.log('the way there and back is known');
});
webSocket.on('close', (msg) => {
  console.log(`${msg.closeInfo.code} ${msg.closeInfo.reason}`);
  void webSocket.stop();
});
webSocket.start();

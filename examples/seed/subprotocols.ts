// The chapter "Subprotocols".
//   node examples/build/seed/subprotocols.js [url]
import { WebSocket } from 'ixwebsocket';

const webSocket = new WebSocket({ url: process.argv[2] ?? 'ws://127.0.0.1:8008' });
webSocket.addSubprotocol('appProtocol-v1');
webSocket.addSubprotocol('appProtocol-v2');

webSocket.on('open', (msg) => {
  console.log(`protocol: ${msg.openInfo.protocol}`);
  void webSocket.stop();
});
webSocket.start();

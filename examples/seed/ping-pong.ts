// The chapter "Ping/Pong support".
//   node examples/build/seed/ping-pong.js [url]
import { WebSocket, WebSocketMessageType } from 'ixwebsocket';

const webSocket = new WebSocket({ url: process.argv[2] ?? 'ws://127.0.0.1:8008' });

webSocket.setOnMessageCallback((msg) => {
  if (msg.type === WebSocketMessageType.Open) {
    webSocket.ping('ping data, optional (empty string is ok): limited to 125 bytes long');
  }
  // A ping of the server has been answered when this is called.
  if (msg.type === WebSocketMessageType.Ping) console.log(`ping data: ${msg.data}`);
  if (msg.type === WebSocketMessageType.Pong) {
    console.log(`pong data: ${msg.data}`);
    void webSocket.stop();
  }
});
webSocket.start();

// The chapter "Error notification".
//   node examples/build/seed/error-notification.js [url that cannot be connected to]
import { WebSocket, WebSocketMessageType } from 'ixwebsocket';

const webSocket = new WebSocket({ url: process.argv[2] ?? 'ws://127.0.0.1:8008' });

webSocket.setOnMessageCallback((msg) => {
  if (msg.type === WebSocketMessageType.Error) {
    console.log(`Error: ${msg.errorInfo.reason}`);
    console.log(`Code: ${msg.errorInfo.code}`);
    console.log(`#retries: ${msg.errorInfo.retries}`);
    console.log(`Wait time(ms): ${msg.errorInfo.waitTime}`);
    console.log(`HTTP Status: ${msg.errorInfo.httpStatus}`);
  }
  if (msg.type === WebSocketMessageType.Error || msg.type === WebSocketMessageType.Open) void webSocket.stop();
});
webSocket.start();

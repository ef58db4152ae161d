// The chapter "Open and Close notifications".
//   node examples/build/seed/open-close.js [url of a server that closes the connection]
import { WebSocket, WebSocketMessageType } from 'ixwebsocket';

const webSocket = new WebSocket({ url: process.argv[2] ?? 'ws://127.0.0.1:8008' });

webSocket.setOnMessageCallback((msg) => {
  if (msg.type === WebSocketMessageType.Open) {
    console.log('send greetings');
    console.log('Handshake Headers:');
    for (const [name, value] of msg.headers) console.log(`${name}: ${value}`);
    webSocket.send('greetings');
  } else if (msg.type === WebSocketMessageType.Close) {
    console.log('disconnected');
    // What the server gave as a reason, or what stands for its absence.
    console.log(msg.closeInfo.code);
    console.log(msg.closeInfo.reason);
    // Otherwise the client would connect again.
    void webSocket.stop();
  }
});
webSocket.start();

// Says hello, prints the answer, and leaves.
//   node examples/build/client.js [url]
import { WebSocket } from 'ixwebsocket';

const webSocket = new WebSocket({ url: process.argv[2] ?? 'ws://127.0.0.1:8008' });
webSocket.setOnMessageCallback((msg) => {
  if (msg.type === 'open') webSocket.send('hello');
  if (msg.type === 'error') console.error(msg.errorInfo.reason);
  if (msg.type === 'message') {
    console.log(msg.data);
    void webSocket.stop();
  }
});
webSocket.start();

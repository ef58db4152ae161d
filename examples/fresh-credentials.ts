// A new token for each attempt to connect.
//   node examples/build/fresh-credentials.js [url]
import { WebSocket } from 'ixwebsocket';

let count = 0;
async function fetchToken(): Promise<string> {
  count++;
  if (count === 1) throw new Error('the token service is busy');
  return `token-${count}`;
}

const webSocket = new WebSocket({ url: process.argv[2] ?? 'ws://127.0.0.1:8008' });
webSocket.setExtraHeaders(async () => ({ Authorization: `Bearer ${await fetchToken()}` }));

webSocket.on('error', (msg) => console.log(msg.errorInfo.reason));
webSocket.on('open', () => {
  console.log('open');
  void webSocket.stop();
});
webSocket.start();

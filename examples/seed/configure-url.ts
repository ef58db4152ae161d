// The chapters "start, stop" and "Configuring the remote url": from one path of a server to another.
//   node examples/build/seed/configure-url.js [url]
import { WebSocket } from 'ixwebsocket';

const url = new URL(process.argv[2] ?? 'ws://127.0.0.1:8008');
const webSocket = new WebSocket();

async function visit(path: string): Promise<void> {
  url.pathname = path;
  webSocket.configure(url.href);
  const opened = new Promise<string>((resolve) => webSocket.on('open', (msg) => resolve(msg.openInfo.uri)));
  webSocket.start();
  console.log(`connected to ${await opened}`);
  await webSocket.stop();
}

await visit('/first');
await visit('/second');
console.log(webSocket.getUrl() === url.href);

// Connects through a proxy, and explains what went wrong if something does.
//   node examples/build/proxy.js [url] [proxy]
import { explain, WebSocket } from 'ixwebsocket';

const webSocket = new WebSocket({
  url: process.argv[2] ?? 'wss://chat.example.com',
  proxy: process.argv[3] ?? 'http://user:password@proxy.example.com:3128',
});

const result = await webSocket.connect({ timeoutSecs: 10 });
if (result.success) {
  console.log('connected');
} else {
  const { errorInfo } = result;
  console.log(explain(errorInfo));
  for (const { phase, durationMs } of errorInfo.attempt?.phases ?? []) {
    console.log(`${phase}: ${durationMs < 10_000 ? 'in time' : 'slow'}`);
  }
}
await webSocket.stop();

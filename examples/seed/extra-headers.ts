// The chapter "Supply extra HTTP headers".
//   node examples/build/seed/extra-headers.js [url]
import { WebSocket, WebSocketHttpHeaders } from 'ixwebsocket';

const webSocket = new WebSocket({ url: process.argv[2] ?? 'ws://127.0.0.1:8008' });

const headers = new WebSocketHttpHeaders();
headers.set('foo', 'bar');
webSocket.setExtraHeaders(headers);

const result = await webSocket.connect();
console.log(result.success ? 'connected' : result.errorInfo.reason);
await webSocket.stop();

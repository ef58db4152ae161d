// The chapter "Handshake timeout".
//   node examples/build/seed/handshake-timeout.js [url of a server that never answers] [seconds]
import { WebSocket } from 'ixwebsocket';

const webSocket = new WebSocket({ url: process.argv[2] ?? 'ws://127.0.0.1:8008' });

const handshakeTimeoutSecs = Number(process.argv[3] ?? 1);
webSocket.setHandshakeTimeout(handshakeTimeoutSecs);

const result = await webSocket.connect();
console.log(result.success ? 'connected' : result.errorInfo.code);
await webSocket.stop();

// Tells everything that happens on a connection apart.
//   node examples/build/message-types.js [url of a server that closes the connection]
import { WebSocket, type WebSocketMessage } from 'ixwebsocket';

const webSocket = new WebSocket({
  url: process.argv[2] ?? 'ws://127.0.0.1:8008',
  automaticReconnection: false,
});

function describe(msg: WebSocketMessage): string {
  switch (msg.type) {
    case 'open':
      return `open, at ${msg.openInfo.uri}`;
    case 'message':
      return msg.binary ? `binary: ${msg.data.length} bytes` : `text: ${msg.data}`;
    case 'close':
      return `close: ${msg.closeInfo.code}, by ${msg.closeInfo.remote ? 'the server' : 'us'}`;
    case 'error':
      return `error: ${msg.errorInfo.reason}`;
    case 'ping':
    case 'pong':
      return `${msg.type} with ${msg.bytes.length} bytes`;
    case 'fragment':
      return `${msg.receivedBytes} bytes of a longer message`;
    case 'dropped':
      return `${msg.messages} messages of ours were too many for the server`;
  }
}

webSocket.setOnMessageCallback((msg) => console.log(describe(msg)));
webSocket.start();

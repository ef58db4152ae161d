// The chapter "WebSocket client API".
//   node examples/build/seed/client-basics.js [url of an echo server]
import { WebSocket } from 'ixwebsocket';

const webSocket = new WebSocket();

const url = process.argv[2] ?? 'ws://127.0.0.1:8008';
webSocket.setUrl(url);

// Messages are compressed where the server agrees, unless this is said.
webSocket.disablePerMessageDeflate();

// Set before start(), so that nothing is missed.
let echoes = 0;
webSocket.setOnMessageCallback((msg) => {
  if (msg.type === 'open') {
    // A string goes as text, unless it is asked for otherwise.
    webSocket.send('hello world');
    webSocket.sendBinary('some serialized binary data');
  }
  if (msg.type === 'message') {
    console.log(msg.binary ? `${msg.data.length} bytes` : msg.data);
    if (++echoes === 2) void webSocket.stop();
  }
});

// Connects in the background.
webSocket.start();

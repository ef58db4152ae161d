// Prints every frame that goes over a connection.
//   node examples/build/frame-tap.js [url of an echo server]
import { WebSocket } from 'ixwebsocket';

const webSocket = new WebSocket({ url: process.argv[2] ?? 'ws://127.0.0.1:8008', automaticReconnection: false });
webSocket.onFrame(({ incoming, opcode, fin, compressed, payload }) => {
  const flags = `${fin ? ' fin' : ''}${compressed ? ' compressed' : ''}`;
  console.log(`${incoming ? '<' : '>'} opcode ${opcode}${flags}, ${payload.length} bytes`);
});

const connected = await webSocket.connect();
if (!connected.success) throw connected.errorInfo.cause;
webSocket.on('message', () => webSocket.close());
webSocket.send('hello');
await webSocket.run();

// Messages that are kept until there is a connection.
//   node examples/build/outbox.js [url]
import { WebSocket } from 'ixwebsocket';

const webSocket = new WebSocket({
  url: process.argv[2] ?? 'ws://127.0.0.1:8008',
  outbox: { maxBytes: 100_000, policy: 'drop-oldest', onLost: ({ data }) => console.log('lost:', data) },
});
webSocket.start();

console.log(webSocket.send('first').success);
webSocket.send('second');
webSocket.send('x'.repeat(100_000 - 'second'.length));
console.log(`${webSocket.bufferedAmount()} bytes wait, ${webSocket.lostMessages} message was lost`);

webSocket.on('message', (msg) => {
  console.log(`${msg.bytes.length} bytes came back`);
  if (msg.bytes.length > 100) void webSocket.stop();
});

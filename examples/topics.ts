// A server with topics: `+name` subscribes to one, `-name` leaves it, and `name: text` publishes there. Ctrl-C stops it.
//   node examples/build/topics.js [port]
import { WebSocketServer } from 'ixwebsocket';

const server = new WebSocketServer({ port: Number(process.argv[2] ?? 8008) });

server.setOnClientMessageCallback((_connectionState, webSocket, msg) => {
  if (msg.type !== 'message' || msg.binary) return;
  const [, topic = '', text = ''] = /^([^:]+): (.*)$/s.exec(msg.data) ?? [];
  if (msg.data.startsWith('+')) {
    const subscribed = webSocket.subscribe(msg.data.slice(1));
    if (!subscribed.success) webSocket.send(`not subscribed: ${subscribed.code}`);
  } else if (msg.data.startsWith('-')) webSocket.unsubscribe(msg.data.slice(1));
  else {
    const { sent } = webSocket.publish(topic, text);
    webSocket.send(`sent to ${sent} others`);
  }
});

const res = await server.listenAndStart();
if (!res.ok) throw res.error;
console.log(`Listening on ws://127.0.0.1:${server.getPort()}/`);

let seconds = 0;
const clock = setInterval(() => server.publish('clock', `${++seconds} s`), 1000);

process.once('SIGINT', () => void server.stop());
await server.wait();
clearInterval(clock);

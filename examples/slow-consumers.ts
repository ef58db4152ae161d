// A server of prices: a client that does not read fast enough gets the latest price of each symbol, and no old ones.
// Ctrl-C stops it.
//   node examples/build/slow-consumers.js [port]
import { WebSocketServer } from 'ixwebsocket';

const server = new WebSocketServer({
  port: Number(process.argv[2] ?? 8008),
  slowConsumer: 'conflate',
  maxBufferedBytes: 64 * 1024,
  sendTimeoutSecs: 30,
});

server.setOnClientMessageCallback((connectionState, webSocket, msg) => {
  if (msg.type === 'open') webSocket.subscribe('prices');
  if (msg.type === 'dropped') console.log(`${connectionState.getId()} missed ${msg.messages} messages`);
  if (msg.type === 'close') console.log(`${connectionState.getId()} missed ${webSocket.droppedMessages} in all`);
});

function publishPrices(): void {
  for (const symbol of ['EUR', 'GBP', 'JPY']) {
    const price = (100 + Math.random()).toFixed(4);
    server.publish('prices', JSON.stringify({ symbol, price }), { key: symbol });
  }
}

const res = await server.listenAndStart();
if (!res.ok) throw res.error;
console.log(`Listening on ws://127.0.0.1:${server.getPort()}/`);

const timer = setInterval(publishPrices, 100);
process.once('SIGINT', () => void server.stop());
await server.wait();
clearInterval(timer);

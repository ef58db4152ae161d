// A WebSocket server at the paths of an HTTP server that you have already. Ctrl-C stops both.
//   node examples/build/attach-to-http.js [port]
import http from 'node:http';
import { WebSocketServer } from 'ixwebsocket';

const httpServer = http.createServer((_request, response) => response.end('hello over HTTP\n'));

const server = new WebSocketServer();
server.setOnClientMessageCallback((_connectionState, webSocket, msg) => {
  if (msg.type === 'message') webSocket.send(msg.data, msg.binary);
});
server.attach(httpServer, { path: '/chat' });

httpServer.listen(Number(process.argv[2] ?? 8008), '127.0.0.1', () => {
  const address = httpServer.address();
  console.log(`Listening on ws://127.0.0.1:${typeof address === 'object' ? address?.port : ''}/`);
});
process.once('SIGINT', () => void server.stop().then(() => httpServer.close()));

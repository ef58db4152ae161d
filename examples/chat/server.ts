// A chat server with names and rooms. Ctrl-C sends everybody home.
//   node examples/build/chat/server.js [port]
import { ConnectionState, type ServerWebSocket, shutdownOnSignals, WebSocketServer } from 'ixwebsocket';
import { type Notice, parseRequest, type Request } from './protocol.ts';

class Guest extends ConnectionState {
  name = '';
  room = '';
}

const server = new WebSocketServer({
  port: Number(process.argv[2] ?? 8008),
  connectionStateFactory: (info) => new Guest(info),
  maxMessageSize: 4096,
  pingIntervalSecs: 25,
  // Who does not keep up with the conversation has to come back later.
  slowConsumer: 'close',
  maxBufferedBytes: 256 * 1024,
});

const tell = (notice: Notice): string => JSON.stringify(notice);

function leave(guest: Guest, webSocket: ServerWebSocket<Guest>): void {
  if (guest.room === '') return;
  webSocket.unsubscribe(guest.room);
  server.publish(guest.room, tell({ what: 'left', name: guest.name }));
  guest.room = '';
}

function answer(guest: Guest, webSocket: ServerWebSocket<Guest>, request: Request): void {
  if (request.do === 'join') {
    leave(guest, webSocket);
    guest.name = request.name;
    guest.room = request.room;
    webSocket.subscribe(guest.room);
    server.publish(guest.room, tell({ what: 'joined', name: guest.name }));
  } else if (guest.room === '') webSocket.send(tell({ what: 'refused', reason: 'join a room first' }));
  else server.publish(guest.room, tell({ what: 'said', name: guest.name, text: request.text }));
}

server.setOnClientMessageCallback((guest, webSocket, msg) => {
  if (msg.type === 'close') leave(guest, webSocket);
  if (msg.type !== 'message') return;
  const request = msg.binary ? undefined : parseRequest(msg.data);
  if (request === undefined) webSocket.close(1008, 'not a request of the chat');
  else answer(guest, webSocket, request);
});

shutdownOnSignals(server);
const res = await server.listenAndStart();
if (!res.ok) throw res.error;
console.log(`Listening on ws://127.0.0.1:${server.getPort()}/`);

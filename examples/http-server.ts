// Pages, a form and a WebSocket on one port. Ctrl-C stops it, and what is being answered is answered first.
//   node examples/build/http-server.js [port]
import { HttpErrorCode, type HttpRequest, HttpResponse, HttpServer } from 'ixwebsocket';

const notes: string[] = [];

function answer(request: HttpRequest): HttpResponse {
  const { pathname } = new URL(request.uri, 'http://localhost');
  if (pathname !== '/notes')
    return new HttpResponse(404, 'Not Found', HttpErrorCode.Ok, {}, 'There is nothing here.\n');
  if (request.method === 'POST') {
    notes.push(request.text());
    return new HttpResponse(201, 'Created', HttpErrorCode.Ok, { Location: '/notes' });
  }
  return new HttpResponse(200, 'OK', HttpErrorCode.Ok, { 'Content-Type': 'application/json' }, JSON.stringify(notes));
}

const server = new HttpServer({
  port: Number(process.argv[2] ?? 8080),
  maxBodySize: 64 * 1024,
  onCallbackError: (error) => console.error(error),
});

server.setOnConnectionCallback((request, connectionState) => {
  const response = answer(request);
  console.log(`${connectionState.getRemoteIp()} ${request.method} ${request.uri} ${response.statusCode}`);
  return response;
});

server.setOnClientMessageCallback((_connectionState, webSocket, msg) => {
  if (msg.type === 'message') webSocket.send(`${notes.length} notes so far`);
});

const res = await server.listenAndStart();
if (!res.ok) throw res.error;
console.log(`Listening on http://127.0.0.1:${server.getPort()}/`);
process.once('SIGINT', () => void server.stop());
await server.wait();

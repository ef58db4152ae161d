// The chapter "HTTP server API": a callback that answers requests. Ctrl-C stops it.
//   node examples/build/seed/http-server-callback.js [port]
import { HttpErrorCode, HttpResponse, HttpServer, WebSocketHttpHeaders } from 'ixwebsocket';

const server = new HttpServer({ port: Number(process.argv[2] ?? 8080) });

server.setOnConnectionCallback((request, connectionState) => {
  // Build a string for the response
  const content = `${connectionState.getRemoteIp()} ${request.method} ${request.uri}`;

  return new HttpResponse(200, 'OK', HttpErrorCode.Ok, new WebSocketHttpHeaders(), content);
});

const res = await server.listenAndStart();
if (!res.ok) throw res.error;
console.log(`Listening on http://127.0.0.1:${server.getPort()}/`);
process.once('SIGINT', () => void server.stop());
await server.wait();

// A server of files, with a page of one's own beside them.
//   node examples/build/static-files.js [directory] [port]
import { HttpErrorCode, HttpResponse, HttpServer, serveFiles } from 'ixwebsocket';

const server = new HttpServer({ port: Number(process.argv[3] ?? 8080) });

const files = serveFiles(process.argv[2] ?? 'public', {
  listing: true,
  cacheControl: 'public, max-age=60',
});

server.setOnConnectionCallback((request) => {
  if (request.uri === '/time') return new HttpResponse(200, 'OK', HttpErrorCode.Ok, {}, new Date().toISOString());
  return files(request);
});

const res = await server.listenAndStart();
if (!res.ok) throw res.error;
console.log(`Listening on http://127.0.0.1:${server.getPort()}/`);
process.once('SIGINT', () => void server.stop());
await server.wait();

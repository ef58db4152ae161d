// Bodies of any length in both directions: an upload that is counted while it arrives, and events as they happen.
//   node examples/build/http-streaming.js [port]
import { setTimeout as delay } from 'node:timers/promises';
import { HttpErrorCode, type HttpRequest, HttpResponse, HttpServer } from 'ixwebsocket';

const server = new HttpServer({
  port: Number(process.argv[2] ?? 8080),
  streamRequests: (head) => head.target === '/upload',
});

async function countBytes(request: HttpRequest): Promise<HttpResponse> {
  let bytes = 0;
  for await (const chunk of request.stream) bytes += chunk.length;
  return new HttpResponse(200, 'OK', HttpErrorCode.Ok, {}, `${bytes} bytes\n`);
}

async function* countDown(signal: AbortSignal): AsyncGenerator<string> {
  for (let left = 3; left > 0; left--) {
    yield `data: ${left}\n\n`;
    await delay(50, undefined, { signal });
  }
  yield 'data: lift-off\n\n';
}

server.setOnConnectionCallback((request) => {
  if (request.uri === '/upload') return countBytes(request);
  const headers = { 'Content-Type': 'text/event-stream', 'Cache-Control': 'no-store' };
  return new HttpResponse(200, 'OK', HttpErrorCode.Ok, headers, countDown(request.signal));
});

const res = await server.listenAndStart();
if (!res.ok) throw res.error;
console.log(`Listening on http://127.0.0.1:${server.getPort()}/`);
process.once('SIGINT', () => void server.stop());
await server.wait();

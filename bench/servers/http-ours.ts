import { HttpErrorCode, type HttpRequest, HttpResponse, HttpServer, serveFiles } from '../../src/index.ts';
import { largeBody, postReply, smallBody, writeFiles } from '../http-content.ts';
import { report } from '../probe.ts';

const files = serveFiles(writeFiles());
// Closing each connection after some requests is a limit the peers do not have.
const server = new HttpServer({ port: 0, maxRequestsPerConnection: Number.MAX_SAFE_INTEGER });
const plain = { 'Content-Type': 'text/plain' };

function respond(body: string): HttpResponse {
  return new HttpResponse(200, 'OK', HttpErrorCode.Ok, plain, body);
}

// oxlint-disable-next-line require-await
async function respondLater(): Promise<HttpResponse> {
  return respond(smallBody);
}

server.setOnConnectionCallback((request: HttpRequest) => {
  switch (request.uri) {
    case '/small':
      return respond(smallBody);
    case '/async':
      return respondLater();
    case '/large':
      return respond(largeBody);
    case '/post':
      return respond(postReply(request.body.length));
    default:
      return files(request);
  }
});
const res = await server.listenAndStart();
if (!res.ok) throw res.error;
report({ kind: 'listening', port: server.getPort() });

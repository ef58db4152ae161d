import { join } from 'node:path';
import { largeBody, postReply, smallBody, writeFiles } from '../http-content.ts';
import { report } from '../probe.ts';
import { bun } from './bun-runtime.ts';

const directory = writeFiles();
const plain = { headers: { 'Content-Type': 'text/plain' } };

// oxlint-disable-next-line require-await
async function respondLater(): Promise<Response> {
  return new Response(smallBody, plain);
}

async function count(request: Request): Promise<Response> {
  return new Response(postReply((await request.arrayBuffer()).byteLength), plain);
}

const server = bun.serve<null>({
  port: 0,
  hostname: '127.0.0.1',
  fetch: (request) => {
    const path = request.url.slice(request.url.indexOf('/', 8));
    switch (path) {
      case '/small':
        return new Response(smallBody, plain);
      case '/async':
        return respondLater();
      case '/large':
        return new Response(largeBody, plain);
      case '/post':
        return count(request);
      default:
        return new Response(bun.file(join(directory, path)));
    }
  },
});
report({ kind: 'listening', port: server.port });

import { createReadStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import { createServer, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { largeBody, postReply, smallBody, writeFiles } from '../http-content.ts';
import { report } from '../probe.ts';

const directory = writeFiles();

function respond(response: ServerResponse, body: string): void {
  response.writeHead(200, { 'Content-Type': 'text/plain', 'Content-Length': Buffer.byteLength(body) });
  response.end(body);
}

// oxlint-disable-next-line require-await
async function respondLater(response: ServerResponse): Promise<void> {
  respond(response, smallBody);
}

/** What handwritten servers do; frameworks do more. */
async function sendFile(response: ServerResponse, path: string): Promise<void> {
  const file = join(directory, path);
  const { size } = await stat(file);
  response.writeHead(200, { 'Content-Type': 'application/octet-stream', 'Content-Length': size });
  createReadStream(file).pipe(response);
}

const server = createServer((request, response) => {
  switch (request.url) {
    case '/small':
      respond(response, smallBody);
      break;
    case '/async':
      void respondLater(response);
      break;
    case '/large':
      respond(response, largeBody);
      break;
    case '/post': {
      const pieces: Buffer[] = [];
      request.on('data', (piece: Buffer) => pieces.push(piece));
      request.on('end', () => respond(response, postReply(Buffer.concat(pieces).length)));
      break;
    }
    default:
      void sendFile(response, request.url ?? '');
  }
});
server.listen(0, '127.0.0.1', () => report({ kind: 'listening', port: (server.address() as AddressInfo).port }));

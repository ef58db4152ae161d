import { createServer, type Server } from 'node:http';
import { createServer as createSecureServer } from 'node:https';
import type { AddressInfo } from 'node:net';

import { type PerMessageDeflateOptions, WebSocketServer } from 'ws';
import { report } from '../probe.ts';
import type { Deflate } from '../rows.ts';
import { readSetup } from './setup.ts';

function deflateOptions(deflate: Deflate): PerMessageDeflateOptions {
  const alone = deflate === 'alone';
  const level = Number(process.env['DEFLATE_LEVEL'] ?? 6);
  return {
    threshold: 0,
    serverNoContextTakeover: alone,
    clientNoContextTakeover: alone,
    zlibDeflateOptions: { level },
  };
}

const { deflate, identity } = readSetup();
const http: Server =
  identity === undefined ? createServer() : createSecureServer({ cert: identity.certFile, key: identity.keyFile });
const server = new WebSocketServer({
  server: http,
  perMessageDeflate: deflate !== undefined && deflateOptions(deflate),
});
server.on('connection', (webSocket) => {
  webSocket.on('error', () => {});
  webSocket.on('message', (data, isBinary) => webSocket.send(data, { binary: isBinary }));
});
http.listen(0, '127.0.0.1', () => {
  report({ kind: 'listening', port: (http.address() as AddressInfo).port });
});

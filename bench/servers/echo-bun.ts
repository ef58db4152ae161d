import { report } from '../probe.ts';
import { bun } from './bun-runtime.ts';
import { readSetup } from './setup.ts';

const { deflate, identity } = readSetup();
const isCompressed = deflate !== undefined;
// Bun's words for an engine that all connections share and one of each connection's own.
const engine = deflate === 'alone' ? 'shared' : 'dedicated';
const server = bun.serve<null>({
  port: 0,
  hostname: '127.0.0.1',
  tls: identity && { cert: identity.certFile, key: identity.keyFile },
  fetch: (request, upgrader) =>
    upgrader.upgrade(request, { data: null }) ? undefined : new Response('not a WebSocket', { status: 426 }),
  websocket: {
    perMessageDeflate: isCompressed && { compress: engine, decompress: engine },
    idleTimeout: 0,
    message: (socket, message) => {
      socket.send(message, isCompressed);
    },
  },
});
report({ kind: 'listening', port: server.port });

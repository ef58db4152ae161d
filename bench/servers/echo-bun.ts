import { report } from '../probe.ts';
import { bun } from './bun-runtime.ts';

const server = bun.serve<null>({
  port: 0,
  hostname: '127.0.0.1',
  fetch: (request, upgrader) =>
    upgrader.upgrade(request, { data: null }) ? undefined : new Response('not a WebSocket', { status: 426 }),
  websocket: {
    perMessageDeflate: false,
    idleTimeout: 0,
    message: (socket, message) => {
      socket.send(message);
    },
  },
});
report({ kind: 'listening', port: server.port });

import { report } from '../probe.ts';
import { bun } from './bun-runtime.ts';

const server = bun.serve<number>({
  port: 0,
  hostname: '127.0.0.1',
  fetch: (request, upgrader) => {
    const data = Number(new URL(request.url).pathname.slice(1));
    return upgrader.upgrade(request, { data }) ? undefined : new Response('not a WebSocket', { status: 426 });
  },
  websocket: {
    perMessageDeflate: false,
    idleTimeout: 0,
    // The whole run is queued in one go, as the other push servers do it.
    backpressureLimit: 1 << 30,
    open: (socket) => {
      for (let i = 0; i < socket.data; i++) socket.send('hello world');
    },
    message: () => {},
  },
});
report({ kind: 'listening', port: server.port });

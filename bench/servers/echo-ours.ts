import { WebSocketServer } from '../../src/index.ts';

import { report } from '../probe.ts';

const server = new WebSocketServer({ port: 0, host: '127.0.0.1' });
server.setOnClientMessageCallback((_connectionState, webSocket, msg) => {
  if (msg.type === 'message') webSocket.send(msg.data, msg.binary);
});
const res = await server.listen();
if (!res.ok) throw res.error;
server.start();
report({ kind: 'listening', port: server.getPort() });

import { WebSocketServer } from '../../src/index.ts';

import { report } from '../probe.ts';
import { broadcastText, readSetup } from './setup.ts';

const { deflate, size = 100, perTurn = 1 } = readSetup();
const server = new WebSocketServer({
  port: 0,
  host: '127.0.0.1',
  perMessageDeflate: deflate === undefined ? false : { threshold: 0 },
});
server.setOnClientMessageCallback((_connectionState, _webSocket, msg) => {
  if (msg.type !== 'message') return;
  for (let i = 0; i < perTurn; i++) server.broadcast(broadcastText(size));
});
const res = await server.listenAndStart();
if (!res.ok) throw res.error;
report({ kind: 'listening', port: server.getPort() });

import { WebSocketServer } from '../../src/index.ts';

import { report } from '../probe.ts';
import { readSetup } from './setup.ts';

const { deflate, identity } = readSetup();
const alone = deflate === 'alone';
const server = new WebSocketServer({
  port: 0,
  host: '127.0.0.1',
  perMessageDeflate:
    deflate === undefined ? false : { threshold: 0, serverNoContextTakeover: alone, clientNoContextTakeover: alone },
  tlsOptions: identity && { tls: true, ...identity },
});
server.setOnClientMessageCallback((_connectionState, webSocket, msg) => {
  if (msg.type === 'message') webSocket.send(msg.data, msg.binary);
});
const res = await server.listen();
if (!res.ok) throw res.error;
server.start();
report({ kind: 'listening', port: server.getPort() });

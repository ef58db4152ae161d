import type { AddressInfo } from 'node:net';
import { WebSocket, WebSocketServer } from 'ws';

import { report } from '../probe.ts';
import { broadcastText, readSetup } from './setup.ts';

const { deflate, size = 100, perTurn = 1 } = readSetup();
const server = new WebSocketServer({
  port: 0,
  host: '127.0.0.1',
  perMessageDeflate: deflate !== undefined && {
    threshold: 0,
    serverNoContextTakeover: true,
    clientNoContextTakeover: true,
    zlibDeflateOptions: { level: Number(process.env['DEFLATE_LEVEL'] ?? 6) },
  },
});
server.on('connection', (webSocket) => {
  webSocket.on('error', () => {});
  webSocket.on('message', () => {
    for (let i = 0; i < perTurn; i++) {
      const text = broadcastText(size);
      for (const client of server.clients) if (client.readyState === WebSocket.OPEN) client.send(text);
    }
  });
});
server.on('listening', () => report({ kind: 'listening', port: (server.address() as AddressInfo).port }));

import type { AddressInfo } from 'node:net';

import { WebSocketServer } from 'ws';

import { report } from '../probe.ts';

const server = new WebSocketServer({ port: 0, host: '127.0.0.1', perMessageDeflate: false }, () => {
  report({ kind: 'listening', port: (server.address() as AddressInfo).port });
});
server.on('connection', (webSocket, request) => {
  webSocket.on('error', () => {});
  const count = Number(request.url?.slice(1));
  for (let i = 0; i < count; i++) webSocket.send('hello world');
});

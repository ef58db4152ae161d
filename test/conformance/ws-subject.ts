import { once } from 'node:events';
import WebSocket, { type RawData, WebSocketServer } from 'ws';
import type { Subject } from './subjects.ts';

/* The npm package `ws`, to examine the suite itself: a case that two implementations fail is probably wrong. */

const MAX_PAYLOAD = 16 * 1024 * 1024;
const perMessageDeflate = { threshold: 0 };

function echo(webSocket: WebSocket): void {
  webSocket.on('error', () => {});
  webSocket.on('message', (data: RawData, isBinary: boolean) => {
    webSocket.send(Array.isArray(data) ? Buffer.concat(data) : data, { binary: isBinary });
  });
}

export const wsSubject: Subject = {
  dropsAfterFailing: false,
  client: {
    async echo(url) {
      const webSocket = new WebSocket(url, { maxPayload: MAX_PAYLOAD, perMessageDeflate });
      echo(webSocket);
      await once(webSocket, 'close');
      return undefined;
    },
  },
  async startServer() {
    const server = new WebSocketServer({ port: 0, host: '127.0.0.1', maxPayload: MAX_PAYLOAD, perMessageDeflate });
    server.on('connection', echo);
    await once(server, 'listening');
    const address = server.address();
    if (address === null || typeof address === 'string') throw new Error('ws does not listen');
    return {
      port: address.port,
      closeOf: () => undefined,
      stop: async () => {
        for (const client of server.clients) client.terminate();
        server.close();
        await once(server, 'close');
      },
    };
  },
};

import { once } from 'node:events';
import WebSocket, { type PerMessageDeflateOptions, type RawData, WebSocketServer } from 'ws';
import type { Setup, Subject } from './subjects.ts';

/* The npm package `ws`, to examine the suite itself: a case that two implementations fail is probably wrong. */

const MAX_PAYLOAD = 16 * 1024 * 1024;

const clientDeflate: Readonly<Record<Setup, PerMessageDeflateOptions>> = {
  defaults: { threshold: 0 },
  otherDeflate: {
    threshold: 0,
    clientNoContextTakeover: true,
    serverNoContextTakeover: true,
    clientMaxWindowBits: 11,
    serverMaxWindowBits: 12,
  },
};

const serverDeflate: Readonly<Record<Setup, PerMessageDeflateOptions>> = {
  defaults: { clientNoContextTakeover: true, serverNoContextTakeover: true },
  otherDeflate: { threshold: 0 },
};

function echo(webSocket: WebSocket): void {
  webSocket.on('error', () => {});
  webSocket.on('message', (data: RawData, isBinary: boolean) => {
    webSocket.send(Array.isArray(data) ? Buffer.concat(data) : data, { binary: isBinary });
  });
}

export const createWsSubject = (setup: Setup): Subject => ({
  dropsAfterFailing: false,
  client: {
    async echo(url) {
      const webSocket = new WebSocket(url, { maxPayload: MAX_PAYLOAD, perMessageDeflate: clientDeflate[setup] });
      echo(webSocket);
      // Not by once(), which rejects for an error.
      await new Promise<void>((resolve) => {
        webSocket.on('close', () => resolve());
      });
      return undefined;
    },
  },
  async startServer() {
    const server = new WebSocketServer({
      port: 0,
      host: '127.0.0.1',
      maxPayload: MAX_PAYLOAD,
      perMessageDeflate: serverDeflate[setup],
    });
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
});

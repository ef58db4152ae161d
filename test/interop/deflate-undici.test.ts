import { WebSocket as UndiciWebSocket } from 'undici';
import { afterEach, describe, expect, test } from 'vitest';
import { WebSocketServer } from '../../src/index.ts';
import { noise } from '../support/deflate-pair.ts';

const closers: (() => Promise<unknown> | void)[] = [];

afterEach(async () => {
  for (const close of closers.splice(0).reverse()) await close();
});

describe('undici', () => {
  test.each([
    ['the defaults', true],
    ['context takeover', { clientNoContextTakeover: false, serverNoContextTakeover: false }],
    ['small windows', { serverMaxWindowBits: 9, clientMaxWindowBits: 9 }],
    ['nothing', false],
  ] as const)('its client takes what our server compresses, with %s', async (_what, perMessageDeflate) => {
    const server = new WebSocketServer({ port: 0, perMessageDeflate });
    server.setOnClientMessageCallback((_state, webSocket, message) => {
      if (message.type === 'message') webSocket.send(message.data, message.binary);
    });
    await server.listenAndStart();
    closers.push(() => server.stop());
    const webSocket = new UndiciWebSocket(`ws://127.0.0.1:${server.getPort()}/`);
    await new Promise((resolve, reject) => {
      webSocket.addEventListener('open', resolve, { once: true });
      webSocket.addEventListener('error', reject, { once: true });
    });
    expect(webSocket.extensions.includes('permessage-deflate')).toBe(perMessageDeflate !== false);
    const texts = [
      '',
      'a',
      'Hello'.repeat(100),
      'Hello'.repeat(100),
      'äöü€😀'.repeat(1000),
      noise(5000).toString('hex'),
    ];
    for (const text of texts) {
      const arrived = new Promise<MessageEvent>((resolve) =>
        webSocket.addEventListener('message', resolve as (event: unknown) => void, { once: true }),
      );
      webSocket.send(text);
      expect((await arrived).data).toBe(text);
    }
    const closed = new Promise((resolve) => webSocket.addEventListener('close', resolve, { once: true }));
    webSocket.close(1000);
    await closed;
  });
});

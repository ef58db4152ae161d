import { expect } from 'vitest';
import { listenAndAnswer, listenRaw } from '../support/raw-server.ts';
import { startEchoServer, startServer } from '../support/running.ts';
import type { ExampleTests } from './program.ts';

const movedAway = 'HTTP/1.1 301 Moved Permanently\r\nContent-Length: 0\r\n\r\n';
const gotMovedAway =
  'Got bad status connecting to 127.0.0.1, status: 301, HTTP Status line: HTTP/1.1 301 Moved Permanently';

/** The examples for clients in the documentation of IXWebSocket. */
export const seedClientExamples: ExampleTests = {
  async 'seed/net-system'(start) {
    expect(await start().ended()).toEqual(['true', 'true']);
  },

  async 'seed/client-basics'(start) {
    const { url } = await startEchoServer();
    expect(await start(url).ended()).toEqual(['hello world', '27 bytes']);
  },

  async 'seed/sending'(start) {
    const { url } = await startEchoServer();
    expect(await start(url).ended()).toEqual([
      'not sent: closed',
      'sent: true, 3 bytes of payload',
      'sent: true',
      'sent: true',
      'not sent: invalidUtf8',
    ]);
  },

  async 'seed/sending-progress'(start) {
    const { url } = await startEchoServer();
    expect(await start(url).ended()).toEqual([
      'step 1 of 4',
      'step 2 of 4',
      'step 3 of 4',
      'step 4 of 4',
      'sent: true',
      'not sent: cancelled',
      'Send cancelled',
    ]);
  },

  async 'seed/ready-state'(start) {
    const { url } = await startEchoServer();
    expect(await start(url).ended()).toEqual(['CLOSED', 'CONNECTING', 'OPEN', 'CLOSING', 'CLOSED']);
  },

  async 'seed/open-close'(start) {
    const { url } = await startServer({}, (server) => {
      server.setOnClientMessageCallback((_state, webSocket, message) => {
        if (message.type === 'message') webSocket.close(4001, String(message.data));
      });
    });
    const lines = await start(url).ended();
    expect(lines.slice(0, 2)).toEqual(['send greetings', 'Handshake Headers:']);
    expect(lines).toContain('Upgrade: websocket');
    expect(lines.slice(-3)).toEqual(['disconnected', '4001', 'greetings']);
  },

  async 'seed/error-notification'(start) {
    const { url } = await listenAndAnswer(() => movedAway);
    expect(await start(url).ended()).toEqual([
      `Error: ${gotMovedAway}`,
      'Code: badStatus',
      '#retries: 1',
      'Wait time(ms): 100',
      'HTTP Status: 301',
    ]);
  },

  async 'seed/configure-url'(start) {
    const { url } = await startEchoServer();
    expect(await start(url).ended()).toEqual(['connected to /first', 'connected to /second', 'true']);
  },

  async 'seed/ping-pong'(start) {
    const { url } = await startServer({}, (server) => {
      server.setOnClientMessageCallback((_state, webSocket, message) => {
        if (message.type === 'open') webSocket.ping('are you there?');
      });
    });
    expect(await start(url).ended()).toEqual([
      'ping data: are you there?',
      'pong data: ping data, optional (empty string is ok): limited to 125 bytes long',
    ]);
  },

  async 'seed/heartbeat'(start) {
    const { url } = await startEchoServer();
    expect(await start(url, '0.3').ended()).toEqual(['ixwebsocket::heartbeat::0.3s::0']);
  },

  async 'seed/extra-headers'(start) {
    const seen: (string | undefined)[] = [];
    const { url } = await startServer({}, (server) => {
      server.setOnClientMessageCallback((_state, _webSocket, message) => {
        if (message.type === 'open') seen.push(message.headers.get('foo'));
      });
    });
    expect(await start(url).ended()).toEqual(['connected']);
    expect(seen).toEqual(['bar']);
  },

  async 'seed/subprotocols'(start) {
    const { url } = await startServer({ subprotocols: ['appProtocol-v2'] });
    expect(await start(url).ended()).toEqual(['protocol: appProtocol-v2']);
  },

  async 'seed/automatic-reconnection'(start) {
    const attempt = (retries: number, waitTime: number): string[] => [
      `Connection error: ${gotMovedAway}`,
      `#retries: ${retries}`,
      `Wait time(ms): ${waitTime}`,
    ];
    const { url } = await listenAndAnswer(() => movedAway);
    expect(await start(url).ended()).toEqual([
      'enabled: true',
      'at most 300 ms',
      'at least 150 ms',
      ...attempt(1, 150),
      ...attempt(2, 200),
      ...attempt(3, 300),
    ]);
  },

  async 'seed/handshake-timeout'(start) {
    const { url } = await listenRaw();
    expect(await start(url, '0.1').ended()).toEqual(['timeout']);
  },
};

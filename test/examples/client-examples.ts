import { expect } from 'vitest';
import { startHttpProxy } from '../support/proxies.ts';
import { startEchoServer, startServer } from '../support/running.ts';
import { type ExampleTests, Program } from './program.ts';

/** The examples of clients, each against a server that suits it. */
export const clientExamples: ExampleTests = {
  async client(start) {
    const { url } = await startEchoServer();
    expect(await start(url).ended()).toEqual(['hello']);
  },

  async 'connect-once'(start) {
    const { url } = await startEchoServer();
    expect(await start(`${url}chat?room=1`).ended()).toEqual([
      'connected to /chat?room=1',
      'hello',
      '4000 that was all',
    ]);
  },

  async 'for-await'(start) {
    const { url } = await startEchoServer();
    expect(await start(url).ended()).toEqual(['one', 'two', 'three']);
  },

  async drain(start) {
    let count = 0;
    const { url } = await startServer({}, (server) => {
      server.setOnClientMessageCallback((_state, _webSocket, message) => {
        if (message.type === 'message') count++;
      });
    });
    expect(await start(url).ended()).toEqual(['0 bytes were left']);
    expect(count).toBe(3_000);
  },

  async heartbeat(start) {
    const { url } = await startServer({}, (server) => {
      server.setOnClientMessageCallback((_state, webSocket, message) => {
        if (message.type === 'ping') setImmediate(() => webSocket.close(1001, 'seen'));
      });
    });
    expect(await start(url).ended()).toEqual([
      '0.5 are you there?',
      'answered: are you there?',
      'the way there and back is known',
      '1001 seen',
    ]);
  },

  async reconnection(start) {
    let count = 0;
    const { url } = await startServer({}, (server) => {
      server.setOnClientMessageCallback((_state, webSocket, message) => {
        if (message.type === 'open') webSocket.close(count++ === 0 ? 1001 : 4001);
      });
    });
    expect(await start(url).ended()).toEqual(['open', 'close 1001', 'open', 'close 4001']);
  },

  async 'fresh-credentials'(start) {
    const seen: (string | undefined)[] = [];
    const { url } = await startServer({}, (server) => {
      server.setOnClientMessageCallback((_state, _webSocket, message) => {
        if (message.type === 'open') seen.push(message.headers.get('Authorization'));
      });
    });
    expect(await start(url).ended()).toEqual([
      'The function given as extraHeaders failed: the token service is busy',
      'open',
    ]);
    expect(seen).toEqual(['Bearer token-2']);
  },

  async outbox(start) {
    const { url } = await startEchoServer();
    expect(await start(url).ended()).toEqual([
      'true',
      'lost: first',
      '100000 bytes wait, 1 message was lost',
      '6 bytes came back',
      '99994 bytes came back',
    ]);
  },

  async traffic(start) {
    const { url } = await startEchoServer();
    expect(await start(url).ended()).toEqual(['11 bytes sent, 7 bytes received']);
  },

  async proxy(start) {
    const { url } = await startEchoServer();
    const proxy = await startHttpProxy({ wants: 'user:password' });
    const at = `127.0.0.1:${proxy.port}`;
    expect(await start(url, `http://user:password@${at}`).ended()).toEqual(['connected']);
    expect(await start(url, `http://user:wrong@${at}`).ended()).toEqual([
      `The proxy http://${at} asks for a user name and a password, or for others than it got. Put them into its URL: http://user:password@host:port.`,
      'connect: in time',
      'proxy: in time',
    ]);
  },

  async 'frame-tap'(start) {
    const { url } = await startEchoServer();
    expect(await start(url).ended()).toEqual([
      '> opcode 1 fin, 5 bytes',
      '< opcode 1 fin, 5 bytes',
      '> opcode 8 fin, 16 bytes',
      '< opcode 8 fin, 16 bytes',
    ]);
  },

  async 'chat/client'(start) {
    const server = new Program('chat/server', ['0']);
    const url = await server.url();
    const ann = start('ann', 'lobby', url);
    await ann.printed('ann has joined');
    const bob = start('bob\u001b[2J', 'lobby', url);
    await ann.printed('bob\ufffd[2J has joined');
    ann.type('hello');
    await bob.printed('ann: hello');
    bob.endInput();
    await ann.printed('bob\ufffd[2J has left');
    expect((await bob.ended()).at(-1)).toBe('ann: hello');
    ann.interrupt();
    expect(await ann.ended()).toContain('ann: hello');
    server.interrupt();
    await server.ended();
  },

  /** What both sides of the chat import: by itself it does nothing. */
  async 'chat/protocol'(start) {
    expect(await start().ended()).toEqual([]);
  },

  async 'message-types'(start) {
    const { url } = await startServer({}, (server) => {
      server.setOnClientMessageCallback((_state, webSocket, message) => {
        if (message.type !== 'open') return;
        webSocket.send('some text');
        webSocket.send(new Uint8Array([1, 2, 3]));
        webSocket.close(1001);
      });
    });
    expect(await start(url).ended()).toEqual([
      'open, at /',
      'text: some text',
      'binary: 3 bytes',
      'close: 1001, by the server',
    ]);
  },
};

import type { AddressInfo } from 'node:net';
import { afterEach, describe, expect, test } from 'vitest';
import Peer, { WebSocketServer as PeerServer } from 'ws';
import { WebSocket, type WebSocketPerMessageDeflateOptions, WebSocketServer } from '../../src/index.ts';
import { noise } from '../support/deflate-pair.ts';
import { expectSame } from '../support/expect-same.ts';
import { patient } from '../support/patience.ts';

type Options = WebSocketPerMessageDeflateOptions;

const closers: (() => Promise<unknown> | void)[] = [];

afterEach(async () => {
  for (const close of closers.splice(0).reverse()) await close();
});

const json = JSON.stringify(
  Array.from({ length: 400 }, (_, id) => ({ id, name: `name ${id % 17}`, on: id % 3 === 0 })),
);
const small: (string | Buffer)[] = [
  '',
  'a',
  'Hello',
  'Hello',
  json.slice(0, 300),
  'äöü€😀'.repeat(100),
  Buffer.alloc(1000),
  noise(700),
  json,
  noise(20_000),
];
const large: (string | Buffer)[] = [
  json.repeat(60),
  Buffer.alloc(1_000_000, 'abc'),
  noise(1_000_000),
  json.repeat(10),
  noise(100_000),
];

/** Sends each message when the one before it has come back, and then all at once. */
async function exchange(
  messages: readonly (string | Buffer)[],
  send: (data: string | Buffer) => void,
  next: () => Promise<string | Buffer>,
): Promise<void> {
  for (const message of messages) {
    send(message);
    expectSame(await next(), message);
  }
  for (const message of messages) send(message);
  for (const message of messages) expectSame(await next(), message);
}

/** What arrives, one at a time. */
class Inbox {
  readonly #arrived: (string | Buffer)[] = [];
  #wake: (() => void) | undefined;

  push(message: string | Buffer): void {
    this.#arrived.push(message);
    this.#wake?.();
  }

  async next(): Promise<string | Buffer> {
    while (this.#arrived.length === 0) await new Promise<void>((resolve) => (this.#wake = resolve));
    return this.#arrived.shift() ?? '';
  }
}

async function ourEchoServer(perMessageDeflate: Options | boolean): Promise<WebSocketServer> {
  const server = new WebSocketServer({ port: 0, perMessageDeflate });
  server.setOnClientMessageCallback((_state, webSocket, message) => {
    if (message.type === 'message') webSocket.send(message.data, message.binary);
  });
  const result = await server.listenAndStart();
  if (!result.ok) throw result.error;
  closers.push(() => server.stop());
  return server;
}

/** Through our server, from a client of `ws`. Returns the extensions agreed on. */
async function throughOurServer(
  ours: Options,
  theirs: Peer.PerMessageDeflateOptions,
  messages: readonly (string | Buffer)[],
): Promise<string> {
  const server = await ourEchoServer(ours);
  const peer = new Peer(`ws://127.0.0.1:${server.getPort()}/`, { perMessageDeflate: theirs });
  const inbox = new Inbox();
  peer.on('message', (data: Buffer, isBinary) => inbox.push(isBinary ? data : data.toString()));
  await new Promise((resolve, reject) => peer.once('open', resolve).once('error', reject));
  const { extensions } = peer;
  await exchange(
    messages,
    (data) => peer.send(data, { compress: true }),
    () => inbox.next(),
  );
  const closed = new Promise((resolve) => peer.once('close', resolve));
  peer.close(1000);
  expect(await closed).toBe(1000);
  return extensions;
}

/** Through a server of `ws`, from our client. */
async function throughTheirServer(
  ours: Options,
  theirs: Peer.PerMessageDeflateOptions,
  messages: readonly (string | Buffer)[],
): Promise<string> {
  const server = new PeerServer({ port: 0, host: '127.0.0.1', perMessageDeflate: theirs });
  closers.push(() => new Promise((resolve) => server.close(resolve)));
  server.on('connection', (peer) =>
    peer.on('message', (data: Buffer, isBinary) => peer.send(data, { binary: isBinary })),
  );
  await new Promise((resolve) => server.once('listening', resolve));
  const { port } = server.address() as AddressInfo;
  const webSocket = new WebSocket({ url: `ws://127.0.0.1:${port}/`, perMessageDeflate: ours });
  const inbox = new Inbox();
  webSocket.on('message', (message) => inbox.push(message.data));
  const result = await webSocket.connect();
  if (!result.success) throw result.errorInfo.cause;
  await exchange(
    messages,
    (data) => webSocket.send(data),
    () => inbox.next(),
  );
  await webSocket.stop();
  return result.openInfo.headers.get('Sec-WebSocket-Extensions') ?? '';
}

const flags = [
  [false, false],
  [true, false],
  [false, true],
  [true, true],
] as const;
const allBits = [8, 9, 10, 11, 12, 13, 14, 15];

function corner(
  clientNoContextTakeover: boolean,
  serverNoContextTakeover: boolean,
  clientMaxWindowBits: number,
  serverMaxWindowBits: number,
) {
  return { clientNoContextTakeover, serverNoContextTakeover, clientMaxWindowBits, serverMaxWindowBits, threshold: 0 };
}

describe.each(flags)('npm ws, client without takeover: %s, server without takeover: %s', (clientNone, serverNone) => {
  test('their client, our server, every pair of windows', { timeout: patient(60_000) }, async () => {
    for (const clientBits of allBits) {
      for (const serverBits of allBits) {
        const options = corner(clientNone, serverNone, clientBits, serverBits);
        const extensions = await throughOurServer(options, options, small);
        expect(extensions).toBe('permessage-deflate');
      }
    }
  });

  test('our client, their server, every pair of windows', { timeout: patient(60_000) }, async () => {
    for (const clientBits of allBits) {
      for (const serverBits of allBits) {
        const options = corner(clientNone, serverNone, clientBits, serverBits);
        const extensions = await throughTheirServer(options, options, small);
        expect(extensions).toContain('permessage-deflate');
        expect(extensions.includes('server_no_context_takeover')).toBe(serverNone);
        if (clientBits < 15) expect(extensions).toContain(`client_max_window_bits=${clientBits}`);
        if (serverBits < 15) expect(extensions).toContain(`server_max_window_bits=${serverBits}`);
      }
    }
  });

  test('messages up to a megabyte', { timeout: patient(30_000) }, async () => {
    const options = { ...corner(clientNone, serverNone, 15, 15), maxSyncCompressBytes: 2 ** 21 };
    await throughOurServer(options, options, large);
    await throughTheirServer(options, options, large);
  });
});

describe('npm ws, with defaults', () => {
  test('their client and our server, and the other way round', async () => {
    const theirs = { threshold: 0 };
    expect(await throughOurServer({}, theirs, small)).toBe('permessage-deflate');
    expect(await throughTheirServer({}, theirs, small)).toBe('permessage-deflate');
  });

  test('one side without the extension', async () => {
    expect(await throughOurServer({ enabled: false }, { threshold: 0 }, small)).toBe('');
    expect(await throughTheirServer({ enabled: false }, { threshold: 0 }, small)).toBe('');
  });

  test('compressed messages in fragments', async () => {
    const server = await ourEchoServer({ clientNoContextTakeover: false, serverNoContextTakeover: false });
    const peer = new Peer(`ws://127.0.0.1:${server.getPort()}/`, { perMessageDeflate: { threshold: 0 } });
    const inbox = new Inbox();
    peer.on('message', (data: Buffer) => inbox.push(data.toString()));
    await new Promise((resolve) => peer.once('open', resolve));
    for (let i = 0; i < 5; i++) {
      for (const part of ['first ', 'second ', '', 'third ']) peer.send(part, { fin: false, compress: true });
      peer.ping();
      peer.send('last', { fin: true, compress: true });
      expect(await inbox.next()).toBe('first second third last');
    }
    peer.terminate();
  });
});

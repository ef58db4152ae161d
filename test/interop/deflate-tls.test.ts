import { createServer as createHttpServer } from 'node:http';
import { createServer as createHttpsServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { Agent, WebSocket as Undici } from 'undici';
import { describe, expect, onTestFinished, test } from 'vitest';
import { WebSocket as Ws, WebSocketServer as WsServer } from 'ws';
import { type SocketTLSOptions, WebSocket } from '../../src/index.ts';
import { noise } from '../support/deflate-pair.ts';
import { startServer } from '../support/running.ts';
import { authority, failureOf, identity } from '../support/secure.ts';
import { Watch } from '../support/watch.ts';

/* Every combination of deflate, TLS and client certificates, with each of the others as a peer. */

type Security = 'plain' | 'TLS' | 'mutual TLS';

const certified = authority.issue({ names: [], commonName: 'client' });

const json = JSON.stringify(
  Array.from({ length: 400 }, (_, id) => ({ id, name: `name ${id % 17}`, on: id % 3 === 0 })),
);
const contents: readonly (string | Buffer)[] = [
  '',
  'Hello',
  'Hello',
  'äöü€😀'.repeat(2000),
  json,
  json,
  Buffer.alloc(0),
  noise(20_000),
];
/** Sent once: they take their time. */
const large: readonly (string | Buffer)[] = [Buffer.alloc(1_000_000, 'abc'), noise(200_000), json.repeat(20)];

const takeover = { clientNoContextTakeover: false, serverNoContextTakeover: false, threshold: 0 };
const deflates = [
  ['deflate', { ...takeover, maxSyncCompressBytes: 2 ** 21 }],
  ['no deflate', false],
] as const;

const matrix = (['plain', 'TLS', 'mutual TLS'] as const).flatMap((security) =>
  deflates.map(([name, perMessageDeflate]) => [security, name, perMessageDeflate] as const),
);

/** Something that echoes, and how to end it. */
interface Echo {
  send(content: string | Buffer): void;
  next(): Promise<string | Buffer>;
  /** The close code that this side was told. */
  close(): Promise<number>;
  readonly extensions: string;
}

class Inbox {
  readonly #arrived: (string | Buffer)[] = [];
  readonly #watch = new Watch();
  #taken = 0;

  push(content: string | Buffer): void {
    this.#arrived.push(content);
    this.#watch.changed();
  }

  async next(): Promise<string | Buffer> {
    await this.#watch.until('a message', () => this.#arrived.length > this.#taken);
    return this.#arrived[this.#taken++] ?? '';
  }
}

function ourTls(security: Security, isServer: boolean): SocketTLSOptions | undefined {
  if (security === 'plain') return undefined;
  const { certificate: caFile } = authority;
  if (isServer) return { tls: true, ...identity, ...(security === 'TLS' ? {} : { caFile }) };
  return { caFile, ...(security === 'TLS' ? {} : certified) };
}

const credentials = { cert: certified.certFile, key: certified.keyFile };

function theirTls(security: Security): object {
  if (security === 'plain') return {};
  return { ca: authority.certificate, ...(security === 'TLS' ? {} : credentials) };
}

async function ourServer(security: Security, perMessageDeflate: object | false): Promise<string> {
  const { port } = await startServer({ perMessageDeflate, tlsOptions: ourTls(security, true) }, (server) => {
    server.setOnClientMessageCallback((_state, webSocket, message) => {
      if (message.type === 'message') webSocket.send(message.data, message.binary);
    });
  });
  return `${security === 'plain' ? 'ws' : 'wss'}://localhost:${port}/`;
}

async function wsServer(security: Security, perMessageDeflate: object | false): Promise<string> {
  const options = { cert: identity.certFile, key: identity.keyFile, ca: authority.certificate };
  const mutual = security === 'mutual TLS';
  const http =
    security === 'plain'
      ? createHttpServer()
      : createHttpsServer({ ...options, requestCert: mutual, rejectUnauthorized: mutual });
  const server = new WsServer({ server: http, perMessageDeflate });
  server.on('connection', (socket) => {
    socket.on('message', (data: Buffer, isBinary) => socket.send(data, { binary: isBinary, compress: true }));
    socket.on('error', () => undefined);
  });
  onTestFinished(() => {
    for (const socket of server.clients) socket.terminate();
    server.close();
    http.close();
  });
  await new Promise<void>((resolve) => http.listen(0, '127.0.0.1', resolve));
  return `${security === 'plain' ? 'ws' : 'wss'}://localhost:${(http.address() as AddressInfo).port}/`;
}

async function ourClient(url: string, security: Security, perMessageDeflate: object | false): Promise<Echo> {
  const client = new WebSocket({ url, perMessageDeflate, tlsOptions: ourTls(security, false) });
  onTestFinished(() => void client.stop());
  const inbox = new Inbox();
  client.on('message', ({ data }) => inbox.push(data));
  const closed = new Promise<number>((resolve) => client.on('close', ({ closeInfo }) => resolve(closeInfo.code)));
  const result = await client.connect();
  if (!result.success) throw result.errorInfo.cause;
  return {
    extensions: result.openInfo.headers.get('Sec-WebSocket-Extensions') ?? '',
    send: (content) => expect(client.send(content).success).toBe(true),
    next: () => inbox.next(),
    close: () => (client.close(1000), closed),
  };
}

async function wsClient(url: string, security: Security, perMessageDeflate: object | false): Promise<Echo> {
  const client = new Ws(url, { perMessageDeflate, ...theirTls(security) });
  onTestFinished(() => client.terminate());
  const inbox = new Inbox();
  client.on('message', (data: Buffer, isBinary) => inbox.push(isBinary ? data : data.toString()));
  const closed = new Promise<number>((resolve) => client.on('close', resolve));
  await new Promise((resolve, reject) => client.once('open', resolve).once('error', reject));
  return {
    extensions: client.extensions,
    send: (content) => client.send(content, { compress: true }),
    next: () => inbox.next(),
    close: () => (client.close(1000), closed),
  };
}

async function undiciClient(url: string, security: Security): Promise<Echo> {
  const dispatcher = new Agent({ connect: theirTls(security) });
  onTestFinished(() => dispatcher.destroy());
  const client = new Undici(url, { dispatcher });
  client.binaryType = 'arraybuffer';
  const inbox = new Inbox();
  client.addEventListener('message', ({ data }) => {
    inbox.push(typeof data === 'string' ? data : Buffer.from(data as ArrayBuffer));
  });
  const closed = new Promise<number>((resolve) => {
    client.addEventListener('close', ({ code }) => resolve(code));
  });
  await new Promise((resolve, reject) => {
    client.addEventListener('open', resolve);
    client.addEventListener('error', reject);
  });
  return {
    extensions: client.extensions,
    send: (content) => client.send(typeof content === 'string' ? content : new Uint8Array(content)),
    next: () => inbox.next(),
    close: () => (client.close(1000), closed),
  };
}

/** One at a time, and then all at once. */
async function exchange(echo: Echo, isDeflated: boolean): Promise<void> {
  expect(echo.extensions.includes('permessage-deflate')).toBe(isDeflated);
  for (const content of [...contents, ...large]) {
    echo.send(content);
    expectSame(await echo.next(), content);
  }
  for (const content of contents) echo.send(content);
  for (const content of contents) expectSame(await echo.next(), content);
  expect(await echo.close()).toBe(1000);
}

function expectSame(actual: string | Buffer, expected: string | Buffer): void {
  expect(typeof actual).toBe(typeof expected);
  // Not by toEqual(): a difference of a megabyte is nothing to look at.
  expect(Buffer.from(actual as string).equals(Buffer.from(expected as string))).toBe(true);
}

describe.each(matrix)('%s, %s', (security, _name, perMessageDeflate) => {
  const isDeflated = perMessageDeflate !== false;

  test('our client and the server of ws', async () => {
    const url = await wsServer(security, isDeflated ? { threshold: 0 } : false);
    await exchange(await ourClient(url, security, perMessageDeflate), isDeflated);
  });

  test('the client of ws and our server', async () => {
    const url = await ourServer(security, perMessageDeflate);
    await exchange(await wsClient(url, security, isDeflated ? { threshold: 0 } : false), isDeflated);
  });

  test('the WebSocket of undici and our server', async () => {
    const url = await ourServer(security, perMessageDeflate);
    await exchange(await undiciClient(url, security), isDeflated);
  });

  test('our client and our server', async () => {
    const url = await ourServer(security, perMessageDeflate);
    await exchange(await ourClient(url, security, perMessageDeflate), isDeflated);
  });

  test('one side that does without deflate', async () => {
    await exchange(await ourClient(await wsServer(security, false), security, takeover), false);
    await exchange(await wsClient(await ourServer(security, false), security, { threshold: 0 }), false);
  });
});

test('without its certificate nobody gets in, deflate or not', async () => {
  for (const perMessageDeflate of [takeover, false] as const) {
    const theirs = await wsServer('mutual TLS', perMessageDeflate);
    const { code } = await failureOf(theirs, { caFile: authority.certificate }, { perMessageDeflate });
    expect(['tlsClientCertificateRefused', 'tlsHandshakeFailed', 'connectionLost']).toContain(code);
    const ours = await ourServer('mutual TLS', perMessageDeflate);
    await expect(wsClient(ours, 'TLS', perMessageDeflate)).rejects.toThrow();
    await expect(undiciClient(ours, 'TLS')).rejects.toThrow();
  }
});

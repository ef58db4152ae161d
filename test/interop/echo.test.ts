import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { WebSocket as Undici } from 'undici';
import { describe, expect, onTestFinished, test } from 'vitest';
import { WebSocket as Ws, WebSocketServer as WsServer } from 'ws';
import { connectClient, startEchoServer } from '../support/running.ts';

const MIB = 1024 * 1024;
const sizes = [0, 1, 125, 126, 65_535, 65_536, MIB, 16 * MIB];

function pattern(size: number): Buffer {
  // A prime number of them, so that no power of two falls together with the period.
  return Buffer.alloc(size, Buffer.from(Array.from({ length: 251 }, (_, i) => (i * 31) & 0xff)));
}

/** Text of that many bytes, with characters of one to four bytes. */
function textOf(size: number): string {
  const unit = 'aü€😀';
  const count = Math.floor(size / Buffer.byteLength(unit));
  return unit.repeat(count) + 'x'.repeat(size - count * Buffer.byteLength(unit));
}

/** Sends one message and takes the answer. */
type Echo = (data: string | Buffer) => Promise<string | Buffer>;

async function ourClientWithWs(): Promise<Echo> {
  const server = new WsServer({ port: 0, host: '127.0.0.1', perMessageDeflate: false });
  onTestFinished(() => server.close());
  server.on('connection', (socket) => {
    socket.on('message', (data, isBinary) => socket.send(data, { binary: isBinary }));
  });
  await once(server, 'listening');
  const { client, log } = await connectClient(`ws://127.0.0.1:${(server.address() as AddressInfo).port}/`);
  return async (data) => {
    expect(client.send(data).success).toBe(true);
    return (await log.next('message')).data;
  };
}

async function wsClientWithOurs(): Promise<Echo> {
  const { url } = await startEchoServer();
  const socket = new Ws(url, { perMessageDeflate: false });
  onTestFinished(() => socket.terminate());
  await once(socket, 'open');
  return async (data) => {
    const answer = once(socket, 'message') as Promise<[Buffer, boolean]>;
    socket.send(data);
    const [received, isBinary] = await answer;
    return isBinary ? received : received.toString();
  };
}

async function undiciWithOurs(): Promise<Echo> {
  const { url } = await startEchoServer({ allowedOrigins: '*' });
  const socket = new Undici(url);
  socket.binaryType = 'arraybuffer';
  onTestFinished(() => socket.close());
  await once(socket as unknown as NodeJS.EventEmitter, 'open');
  return async (data) => {
    const answer = new Promise<string | ArrayBuffer>((resolve) => {
      socket.addEventListener('message', (event) => resolve(event.data as string | ArrayBuffer), { once: true });
    });
    socket.send(typeof data === 'string' ? data : new Uint8Array(data));
    const received = await answer;
    return typeof received === 'string' ? received : Buffer.from(received);
  };
}

describe.each([
  ['our client and the server of ws', ourClientWithWs],
  ['the client of ws and our server', wsClientWithOurs],
  ['the client of undici and our server', undiciWithOurs],
])('%s echo', (_name, connect) => {
  test.each(sizes)('%i bytes, as text and as binary', async (size) => {
    const echo = await connect();
    const bytes = pattern(size);
    const answer = await echo(bytes);
    expect(Buffer.isBuffer(answer) && answer.equals(bytes)).toBe(true);
    const text = textOf(size);
    // Not by toBe(): a difference of 16 MB is nothing to look at.
    expect((await echo(text)) === text).toBe(true);
  });

  test('hundreds of messages, one after the other', async () => {
    const echo = await connect();
    for (let i = 0; i < 300; i++) expect(await echo(`message ${i}`)).toBe(`message ${i}`);
  });
});

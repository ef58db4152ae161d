import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { describe, expect, onTestFinished, test } from 'vitest';
import { WebSocket as Ws, WebSocketServer as WsServer } from 'ws';
import { eventually } from '../support/eventually.ts';
import { connectClient, createClient, startEchoServer, startServer } from '../support/running.ts';

async function startWs(options: ConstructorParameters<typeof WsServer>[0] = {}) {
  const server = new WsServer({ port: 0, host: '127.0.0.1', ...options });
  onTestFinished(() => {
    for (const client of server.clients) client.terminate();
    server.close();
  });
  await once(server, 'listening');
  const sockets: Ws[] = [];
  server.on('connection', (socket) => sockets.push(socket));
  const url = `ws://127.0.0.1:${(server.address() as AddressInfo).port}/`;
  return { server, url, socket: () => eventually('a connection', () => sockets.at(-1)) };
}

async function connectWs(url: string, protocols: string[] = [], options: object = {}): Promise<Ws> {
  const socket = new Ws(url, protocols, options);
  onTestFinished(() => socket.terminate());
  await once(socket, 'open');
  return socket;
}

const codes: [code: number, reason: string][] = [
  [1000, ''],
  [1000, 'Normal closure'],
  [1001, 'going away'],
  [1011, 'ü'],
  [1013, ''],
  [3000, 'x'.repeat(123)],
  [4999, 'private'],
];

describe('our client and the server of ws', () => {
  test.each(codes)('agree on the end with %i %j, whoever begins', async (code, reason) => {
    const { url, socket } = await startWs();
    const { client, log } = await connectClient(url);
    const closed = once(await socket(), 'close') as Promise<[number, Buffer]>;
    client.close(code, reason);
    expect((await closed).map(String)).toEqual([String(code), reason]);
    expect((await log.next('close')).closeInfo).toEqual({ code, reason, remote: false, layer: 'websocket' });

    expect((await client.connect()).success).toBe(true);
    (await socket()).close(code, reason);
    expect((await log.next('close')).closeInfo).toEqual({ code, reason, remote: true, layer: 'websocket' });
  });

  test('agree on an end without a code', async () => {
    const { url, socket } = await startWs();
    const { log } = await connectClient(url);
    (await socket()).close();
    expect((await log.next('close')).closeInfo).toEqual({
      code: 1005,
      reason: 'No status code',
      remote: true,
      layer: 'websocket',
    });
  });

  test('answer each other’s pings', async () => {
    const { url, socket } = await startWs();
    const { client, log } = await connectClient(url);
    client.ping('ours');
    expect((await log.next('pong')).data).toBe('ours');
    const theirs = await socket();
    const pong = once(theirs, 'pong') as Promise<[Buffer]>;
    theirs.ping('theirs');
    expect(String((await pong)[0])).toBe('theirs');
    expect((await log.next('ping')).data).toBe('theirs');
  });

  test('put fragments together, with pings between them', async () => {
    const { url, socket } = await startWs({ perMessageDeflate: false });
    const { log } = await connectClient(url);
    const theirs = await socket();
    const pieces = ['fra', 'g', '', 'ments ü'.repeat(5000), '😀'];
    for (const [i, piece] of pieces.entries()) {
      theirs.send(Buffer.from(piece), { fin: i === pieces.length - 1, binary: false });
      theirs.ping(`${i}`);
    }
    expect((await log.next('message')).data).toBe(pieces.join(''));
    await log.atLeast('ping', 5);
    theirs.send(Buffer.alloc(100_000, 1), { fin: false, binary: true });
    theirs.send(Buffer.alloc(100_000, 2), { fin: true });
    expect(
      (await log.next('message')).bytes.equals(Buffer.concat([Buffer.alloc(100_000, 1), Buffer.alloc(100_000, 2)])),
    ).toBe(true);
    expect(log.of('fragment').length).toBeGreaterThan(0);
  });

  test('agree on a subprotocol, and do without an extension that is not offered', async () => {
    const { url, socket } = await startWs({ handleProtocols: () => 'json', perMessageDeflate: true });
    const { log, client } = await connectClient(url, { subprotocols: ['msgpack', 'json'] });
    expect(log.of('open')[0]?.openInfo.protocol).toBe('json');
    expect((await socket()).protocol).toBe('json');
    expect((await socket()).extensions).toBe('');
    client.send('still understood'.repeat(1000));
    const [data] = (await once(await socket(), 'message')) as [Buffer];
    expect(data).toHaveLength(16_000);
  });

  test('a refused handshake is an error with its status', async () => {
    const { url } = await startWs({ verifyClient: (_info, done) => done(false, 401, 'Unauthorized') });
    const { client } = createClient({ url });
    const result = await client.connect();
    expect(result.success || result.errorInfo.httpStatus).toBe(401);
  });

  test('a server that terminates is a lost connection', async () => {
    const { url, socket } = await startWs();
    const { log } = await connectClient(url);
    (await socket()).terminate();
    expect((await log.next('close')).closeInfo).toMatchObject({ code: 1006, remote: true, layer: 'transport' });
  });

  test('10 000 messages at once arrive in order', async () => {
    const { url, socket } = await startWs();
    const { client } = await connectClient(url);
    const theirs = await socket();
    const seen: number[] = [];
    theirs.on('message', (data: Buffer) => seen.push(Number(data.toString())));
    for (let i = 0; i < 10_000; i++) client.send(`${i}`);
    await eventually('all of them', () => seen.length === 10_000);
    expect(seen).toEqual(Array.from({ length: 10_000 }, (_, i) => i));
  });
});

describe('the client of ws and our server', () => {
  test.each(codes)('agree on the end with %i %j, whoever begins', async (code, reason) => {
    const closes: unknown[] = [];
    const { server, url } = await startServer({}, (made) => {
      made.setOnClientMessageCallback((_state, _webSocket, message) => {
        if (message.type === 'close') closes.push(message.closeInfo);
      });
    });
    const first = await connectWs(url);
    first.close(code, reason);
    await once(first, 'close');
    await eventually('our end', () => closes.length === 1);
    const second = await connectWs(url);
    const closed = once(second, 'close') as Promise<[number, Buffer]>;
    for (const webSocket of server.getClients()) webSocket.close(code, reason);
    expect((await closed).map(String)).toEqual([String(code), reason]);
    await eventually('our end', () => closes.length === 2);
    expect(closes).toEqual([
      { code, reason, remote: true, layer: 'websocket' },
      { code, reason, remote: false, layer: 'websocket' },
    ]);
  });

  test('put fragments together, both ways of sending them', async () => {
    const { url } = await startEchoServer();
    const socket = await connectWs(url, [], { perMessageDeflate: false });
    const answers: string[] = [];
    socket.on('message', (data: Buffer) => answers.push(data.toString()));
    for (const count of [1, 2, 10, 500]) {
      for (let i = 0; i < count; i++) {
        socket.send(Buffer.from(`${i} ü `), { fin: i === count - 1, binary: false });
        if (i % 10 === 0) socket.ping();
      }
    }
    await eventually('all answers', () => answers.length === 4);
    const expected = [1, 2, 10, 500].map((count) => Array.from({ length: count }, (_, i) => `${i} ü `).join(''));
    expect(answers).toEqual(expected);
  });

  test('answer each other’s pings', async () => {
    const pongs: string[] = [];
    const { server, url } = await startServer({}, (made) => {
      made.setOnClientMessageCallback((_state, _webSocket, message) => {
        if (message.type === 'pong') pongs.push(message.data);
      });
    });
    const socket = await connectWs(url);
    for (const webSocket of server.getClients()) webSocket.ping('ours');
    socket.ping('theirs');
    expect(String((await once(socket, 'pong'))[0])).toBe('theirs');
    await eventually('the pong', () => pongs.length === 1);
    expect(pongs).toEqual(['ours']);
  });

  test('agree on a subprotocol, and are refused for a page of another origin', async () => {
    const { url } = await startServer({ subprotocols: ['json'] });
    expect((await connectWs(url, ['msgpack', 'json'])).protocol).toBe('json');
    const refused = new Ws(url, { origin: 'http://evil.test' });
    const [error] = (await once(refused, 'error')) as [Error];
    expect(error.message).toBe('Unexpected server response: 403');
  });

  test('a message beyond the limit is closed with 1009', async () => {
    const { url } = await startEchoServer({ maxMessageSize: 1000 });
    const socket = await connectWs(url);
    socket.send(Buffer.alloc(1001));
    expect((await once(socket, 'close'))[0]).toBe(1009);
  });
});

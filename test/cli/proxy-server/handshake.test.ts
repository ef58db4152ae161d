import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';
import { afterEach, describe, expect, it, onTestFinished } from 'vitest';
import { type ClientOptions, WebSocket as PeerWebSocket } from 'ws';
import { Bridge } from '../../../src/cli/proxy-server/bridge.ts';
import { type SocketServerOptions, WebSocket, WebSocketServer } from '../../../src/index.ts';
import { startServer as startCommand, stopAll } from '../support/fake-environment.ts';
import { freePort, Peer } from '../support/peers.ts';
import { TemporaryFolder } from '../support/temporary-folder.ts';

afterEach(stopAll);

const proxyTo = (url: string, ...more: readonly string[]): ReturnType<typeof startCommand> =>
  startCommand(['proxy_server', '-q', '--remote_host', url, ...more]);

/** A server of ours, behind. */
async function startOurs(options: SocketServerOptions): Promise<{ url: string; server: WebSocketServer }> {
  const server = new WebSocketServer({ ...options, port: 0 });
  onTestFinished(() => server.stop());
  await server.listenAndStart();
  return { url: `ws://127.0.0.1:${server.getPort()}`, server };
}

/** A server behind that says the same to whoever asks, and nothing without `answer`. */
async function startRaw(answer?: string): Promise<{ url: string; accepted: Promise<Socket>; requests: string[] }> {
  const requests: string[] = [];
  const sockets: Socket[] = [];
  const server = createServer((socket) => {
    sockets.push(socket);
    socket.on('error', () => undefined);
    socket.on('data', (data) => {
      requests.push(data.toString('latin1'));
      if (answer !== undefined) socket.end(answer);
    });
  });
  const accepted = once(server, 'connection').then(([socket]) => socket as Socket);
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(() => {
    for (const socket of sockets) socket.destroy();
    server.close();
  });
  return { url: `ws://127.0.0.1:${(server.address() as AddressInfo).port}`, accepted, requests };
}

const response = (status: string, fields: readonly string[], body: string): string =>
  [`HTTP/1.1 ${status}`, ...fields, `Content-Length: ${Buffer.byteLength(body)}`, '', body].join('\r\n');

async function connectRaw(port: number): Promise<Socket> {
  const socket = connect(port, '127.0.0.1');
  socket.on('error', () => undefined);
  onTestFinished(() => void socket.destroy());
  await once(socket, 'connect');
  return socket;
}

const requestFor = (target: string): string =>
  `GET ${target} HTTP/1.1\r\nHost: 127.0.0.1\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n` +
  'Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n';

/** The refusal of a client. */
async function refusalBy(
  url: string,
  options: ClientOptions = {},
): Promise<{ status: number | undefined; headers: NodeJS.Dict<string | string[]>; body: string }> {
  const socket = new PeerWebSocket(url, options);
  socket.on('error', () => undefined);
  const [, message] = await once(socket, 'unexpected-response');
  let body = '';
  for await (const chunk of message.setEncoding('utf8')) body += chunk;
  return { status: message.statusCode, headers: message.headers, body };
}

describe('ws proxy_server completes the handshake with the words of the server behind:', () => {
  it('the subprotocol that it chose of those on offer', async () => {
    const { url } = await startOurs({ subprotocols: ['third', 'second'] });
    const proxy = await proxyTo(url);
    const socket = new PeerWebSocket(proxy.url, ['first', 'second', 'third']);
    await once(socket, 'open');
    expect(socket.protocol).toBe('third');
    socket.terminate();
  });

  it('no subprotocol when it chose none', async () => {
    const { url } = await startOurs({});
    const proxy = await proxyTo(url);
    const client = new WebSocket({ url: proxy.url, subprotocols: ['chat'] });
    expect(await client.connect()).toMatchObject({ success: true, openInfo: { protocol: '' } });
    await client.stop();
  });

  it('its cookies and other headers, but none about its connection', async () => {
    const { url } = await startOurs({
      onUpgrade: ({ headers }) => ({
        headers: [
          ['Set-Cookie', `a=${headers.get('Cookie')}; HttpOnly`],
          ['Set-Cookie', 'b=2'],
          ['X-Node', '7'],
          ['Keep-Alive', 'timeout=5'],
          ['Server', 'hidden/1.0'],
        ],
      }),
    });
    const proxy = await proxyTo(url);
    const peer = new Peer(proxy.url, { headers: { Cookie: 'c=1' } });
    const [{ headers }] = await once(peer.socket, 'upgrade');
    expect(headers).toMatchObject({ 'set-cookie': ['a=c=1; HttpOnly', 'b=2'], 'x-node': '7' });
    expect(headers).not.toHaveProperty('keep-alive');
    expect(headers.server).not.toContain('hidden');
  });

  it('nothing is lost of what it sends at once', async () => {
    const large = randomBytes(3 * 1024 * 1024);
    const { url, server } = await startOurs({});
    server.setOnClientMessageCallback((_state, webSocket, message) => {
      if (message.type !== 'open') return;
      // These leave in one write with the answer to the handshake.
      for (let index = 0; index < 200; index++) webSocket.send(`early ${index}`);
      webSocket.send(large);
      webSocket.close(4001, 'that was all');
    });
    const proxy = await proxyTo(url);
    const peer = new Peer(proxy.url);
    const received = await peer.count(201);
    expect(received.slice(0, 200).map(({ data }) => data.toString())).toEqual(
      Array.from({ length: 200 }, (_, index) => `early ${index}`),
    );
    expect(received[200]?.data.equals(large)).toBe(true);
    expect(await peer.closed).toEqual({ code: 4001, reason: 'that was all' });
  });

  it('nothing is lost of what the client sends before the answer', async () => {
    const { url, server } = await startOurs({});
    const heard = new Promise<unknown>((resolve) => {
      server.setOnClientMessageCallback((_state, _webSocket, message) => {
        if (message.type === 'message') resolve(message.data);
      });
    });
    const proxy = await proxyTo(url);
    const client = await connectRaw(Number(new URL(proxy.url).port));
    client.write(Buffer.concat([Buffer.from(requestFor('/')), Buffer.from([0x81, 0x82, 0, 0, 0, 0, 0x68, 0x69])]));
    expect(await heard).toBe('hi');
    client.destroy();
  });
});

describe('ws proxy_server refuses a client', () => {
  it.each([
    ['401 Unauthorized', ['WWW-Authenticate: Basic realm="x"', 'Content-Type: application/json'], '{"who":"?"}'],
    ['403 Forbidden', ['Content-Type: text/html; charset=utf-8', 'Set-Cookie: a=1'], '<p>Nein, grüße'],
    ['404 Not Found', [], ''],
    ['429 Too Many Requests', ['Retry-After: 17'], 'slow down'],
    ['503 Service Unavailable', ['Retry-After: 3'], 'full'],
  ])('as the server behind does: %s', async (line, fields, body) => {
    const upstream = await startRaw(response(line, [...fields, 'Keep-Alive: 5', 'Server: hidden'], body));
    const proxy = await proxyTo(upstream.url);
    const refusal = await refusalBy(proxy.url);
    expect(refusal).toMatchObject({ status: Number.parseInt(line, 10), body });
    for (const field of fields) {
      const [, name = '', value = ''] = /^(.*?): (.*)$/.exec(field) ?? [];
      expect([refusal.headers[name.toLowerCase()]].flat()).toEqual([value]);
    }
    expect(refusal.headers).not.toHaveProperty('keep-alive');
    expect(refusal.headers['server']).not.toContain('hidden');
    expect(proxy.stderr.text).toMatch(/No connection for 127\.0\.0\.1 to \/: Got bad status/);
    expect(upstream.requests).toHaveLength(1);
  });

  it('with the start of a body that has no end', async () => {
    const upstream = await startRaw();
    const proxy = await proxyTo(upstream.url);
    const refusal = refusalBy(proxy.url);
    const socket = await upstream.accepted;
    // It stops in the middle of a character.
    socket.write('HTTP/1.1 403 Forbidden\r\nContent-Length: 1000\r\n\r\nbecau');
    socket.write(Buffer.from([0xc3]));
    expect(await refusal).toMatchObject({ status: 403, body: 'becau' });
  });

  it('without a body that is compressed, or no text', async () => {
    const gzipping = await startRaw(response('403 Forbidden', ['Content-Encoding: gzip', 'ETag: "1"'], 'zipped'));
    const first = await refusalBy((await proxyTo(gzipping.url)).url);
    expect(first).toMatchObject({ status: 403, headers: { etag: '"1"' }, body: 'Forbidden\n' });
    expect(first.headers).not.toHaveProperty('content-encoding');
    const upstream = await startRaw();
    const proxy = await proxyTo(upstream.url);
    const refusal = refusalBy(proxy.url);
    const head = 'HTTP/1.1 418 Teapot\r\nContent-Type: image/png\r\nContent-Length: 2\r\n\r\n';
    (await upstream.accepted).end(Buffer.concat([Buffer.from(head), Buffer.from([0xff, 0xfe])]));
    expect(await refusal).toMatchObject({
      status: 418,
      headers: { 'content-type': 'text/plain; charset=utf-8' },
      body: 'Teapot\n',
    });
  });

  it.each([
    ['a status that is no refusal', 'HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n'],
    ['a challenge for a proxy', 'HTTP/1.1 407 Proxy Authentication Required\r\nContent-Length: 0\r\n\r\n'],
    ['no HTTP at all', 'SSH-2.0-x\r\n\r\n'],
    ['an answer that is none', 'HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\n\r\n'],
    ['nothing', ''],
  ])('with 502 when the server behind says %s', async (_what, answer) => {
    const upstream = await startRaw(answer);
    const proxy = await proxyTo(upstream.url);
    const { status, body } = await refusalBy(proxy.url);
    expect([status, body]).toEqual([502, 'The server behind this one cannot be connected to\n']);
  });

  it('with 502 when there is nothing behind, and does not say where', async () => {
    const port = await freePort();
    const proxy = await proxyTo(`ws://127.0.0.1:${port}`);
    const { status, body, headers } = await refusalBy(proxy.url);
    expect(status).toBe(502);
    expect(body + JSON.stringify(headers)).not.toContain(String(port));
    expect(proxy.stderr.text).toMatch(/No connection for 127\.0\.0\.1 to \/: Unable to connect to 127\.0\.0\.1/);
  });

  it('with 504 when the server behind does not answer in time', async () => {
    const upstream = await startRaw();
    const proxy = await proxyTo(upstream.url, '--timeout', '0.2');
    expect((await refusalBy(proxy.url)).status).toBe(504);
  });

  it('with 421 for a host, and 404 for a path, that no route is for', async () => {
    const upstream = await startRaw('');
    const folder = new TemporaryFolder();
    const routes = folder.write('routes', `a.example/chat=${upstream.url}/base`);
    const proxy = await startCommand(['proxy_server', '-q', '--config_path', routes]);
    const at = async (host: string, path: string): Promise<number | undefined> =>
      (await refusalBy(proxy.url + path, { headers: { Host: host } })).status;
    expect(await at(new URL(upstream.url).host, '')).toBe(421);
    expect(await at('b.example', 'chat')).toBe(421);
    expect(await at('a.example', 'other')).toBe(404);
    expect(upstream.requests).toEqual([]);
    expect(await at('a.example', 'chat')).toBe(502);
    expect(upstream.requests).toHaveLength(1);
    expect(proxy.stderr.text).toMatch(/No connection for 127\.0\.0\.1 to \/other: no route is for it\n/);
  });

  it.each([
    ['a whole URL, as a forward proxy is asked for', 'http://127.0.0.1/x', 421],
    ['a path that leads out of its route', '/chat/../admin', 404],
  ])('that asks for %s', async (_what, target, status) => {
    const upstream = await startRaw('');
    const proxy = await proxyTo(upstream.url);
    const socket = await connectRaw(Number(new URL(proxy.url).port));
    socket.write(requestFor(target));
    const [data] = await once(socket, 'data');
    expect(data.toString()).toMatch(new RegExp(`^HTTP/1.1 ${status} `));
    expect(upstream.requests).toEqual([]);
  });
});

describe('ws proxy_server', () => {
  it('gives up connecting when the client leaves', async () => {
    const upstream = await startRaw();
    const proxy = await startCommand(['proxy_server', '--remote_host', upstream.url]);
    const socket = new PeerWebSocket(proxy.url);
    socket.on('error', () => undefined);
    const behind = await upstream.accepted;
    const closed = once(behind, 'close');
    socket.terminate();
    await closed;
    await proxy.stdout.match(/127\.0\.0\.1 left before there was a connection to ws:/);
    expect(proxy.stderr.text).toBe('');
  });

  it('stops although it is connecting', async () => {
    const upstream = await startRaw();
    const proxy = await proxyTo(upstream.url);
    const socket = new PeerWebSocket(proxy.url);
    socket.on('error', () => undefined);
    await upstream.accepted;
    proxy.signal('SIGINT');
    expect(await proxy.done).toBe(0);
  });

  it('passes messages of more than 1 MiB on in frames of 1 MiB', async () => {
    const sizes: number[] = [];
    const { url, server } = await startOurs({ maxMessageSize: 2 ** 26 });
    server.setOnConnectionCallback((webSocket) => {
      webSocket.onFrame(({ incoming, payload }) => {
        if (incoming) sizes.push(payload.length);
      });
      webSocket.on('message', ({ data }) => webSocket.send(data));
    });
    const proxy = await proxyTo(url, '-x');
    const client = new WebSocket({ url: proxy.url });
    onTestFinished(() => client.stop().then(() => undefined));
    await client.connect();
    const back: number[] = [];
    client.onFrame(({ incoming, payload }) => {
      if (incoming) back.push(payload.length);
    });
    const large = randomBytes(2.5 * 1024 * 1024);
    const echoed = new Promise<Buffer>((resolve) => client.on('message', ({ bytes }) => resolve(bytes)));
    client.send(large);
    expect((await echoed).equals(large)).toBe(true);
    expect(sizes).toEqual([2 ** 20, 2 ** 20, 2 ** 19]);
    expect(back).toEqual(sizes);
  });
});

describe('a bridge', () => {
  it('lets go of the server behind when no client joins', async () => {
    const { url, server } = await startOurs({});
    const closed = new Promise<number>((resolve) => {
      server.setOnClientMessageCallback((_state, _webSocket, message) => {
        if (message.type === 'close') resolve(message.closeInfo.code);
      });
    });
    const bridge = new Bridge({ url });
    expect((await bridge.connect(new AbortController().signal)).success).toBe(true);
    bridge.dropUnlessJoined();
    expect(await closed).toBe(1006);
  });
});

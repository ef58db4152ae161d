import type http from 'node:http';
import { describe, expect, onTestFinished, test } from 'vitest';
import { type UpgradeSocket, UsageError, WebSocketServer } from '../../src/index.ts';
import { eventually, turns } from '../support/eventually.ts';
import { frame, RFC_MASK } from '../support/frames.ts';
import { createEcho, type HttpHost, listenHttp, listenHttps } from '../support/http-hosts.ts';
import { connectRaw, openRaw, upgradeRequest } from '../support/raw-peer.ts';
import { connectClient } from '../support/running.ts';
import { trusting } from '../support/secure.ts';

const hello = frame({ opcode: 1, payload: Buffer.from('hello'), mask: RFC_MASK });

/** What comes back for `hello`. */
async function echoOf(url: string): Promise<unknown> {
  const { client, log } = await connectClient(url, { tlsOptions: trusting });
  client.send('hello');
  const { data } = await log.next('message');
  await client.stop();
  return data;
}

async function refusalOf(port: number, request: string) {
  const peer = await connectRaw(port, { send: request });
  const head = await peer.head();
  await peer.ended();
  return { status: Number(head.split(' ')[1]), head, body: peer.body.toString(), peer };
}

async function bodyOf({ port }: HttpHost, path: string): Promise<string> {
  return (await fetch(`http://127.0.0.1:${port}${path}`)).text();
}

describe.each([
  ['node:http', listenHttp],
  ['node:https', listenHttps],
])('at a server of %s', (_name, host) => {
  test('messages of all sizes go both ways', async () => {
    const { httpServer, url } = await host();
    const server = createEcho('echo');
    server.attach(httpServer);
    const { client, log } = await connectClient(url, { tlsOptions: trusting });
    expect(server.getClients().size).toBe(1);
    const sizes = [0, 1, 125, 126, 65_535, 65_536, 3_000_000];
    for (const size of sizes) client.send(Buffer.alloc(size, size % 251));
    await log.atLeast('message', sizes.length);
    expect(log.data.map((data) => data.length)).toEqual(sizes);
    await client.stop();
    await eventually('nobody left', () => server.getClients().size === 0);
  });

  test('stop() closes our clients, and leaves the HTTP server as it is', async () => {
    const running = await host();
    const server = createEcho('echo');
    server.attach(running.httpServer);
    const { log } = await connectClient(running.url, { tlsOptions: trusting, automaticReconnection: false });
    await server.stop();
    expect((await log.next('close')).closeInfo).toMatchObject({ code: 1000, remote: true });
    await server.wait();
    expect(running.httpServer.listening).toBe(true);
    expect(running.httpServer.listenerCount('upgrade')).toBe(0);
    server.attach(running.httpServer);
    expect(await echoOf(running.url)).toBe('echo: hello');
  });
});

test('ordinary requests stay with the HTTP server', async () => {
  const host = await listenHttp();
  const server = createEcho('echo');
  server.attach(host.httpServer, { path: '/chat' });
  expect(await bodyOf(host, '/chat')).toBe('/chat');
  expect(await echoOf(`${host.url}chat?x`)).toBe('echo: hello');
  expect(await bodyOf(host, '/x')).toBe('/x');
});

test('what came behind the request is delivered', async () => {
  const { httpServer, port } = await listenHttp();
  createEcho('echo').attach(httpServer);
  const peer = await connectRaw(port, { send: Buffer.concat([Buffer.from(upgradeRequest()), hello, hello]) });
  expect((await peer.frames(2)).map(({ payload }) => payload.toString())).toEqual(['echo: hello', 'echo: hello']);
});

test('it is delivered as well when onUpgrade takes its time', async () => {
  const { httpServer, port } = await listenHttp();
  createEcho('echo', {
    onUpgrade: async () => {
      await turns(10);
    },
  }).attach(httpServer);
  const peer = await connectRaw(port, { send: Buffer.concat([Buffer.from(upgradeRequest()), hello]) });
  peer.write(hello);
  expect((await peer.frames(2)).map(({ payload }) => payload.toString())).toEqual(['echo: hello', 'echo: hello']);
});

describe('several servers at one HTTP server', () => {
  test('are told apart by their paths, and one without takes the rest', async () => {
    const { httpServer, url } = await listenHttp();
    createEcho('rest').attach(httpServer);
    createEcho('a').attach(httpServer, { path: '/a' });
    createEcho('b', { path: '/b' }).attach(httpServer);
    expect(httpServer.listenerCount('upgrade')).toBe(1);
    expect(await Promise.all(['a', 'b?a=/a', 'a/b', ''].map((path) => echoOf(url + path)))).toEqual([
      'a: hello',
      'b: hello',
      'rest: hello',
      'rest: hello',
    ]);
  });

  test('cannot have the same path', async () => {
    const { httpServer } = await listenHttp();
    createEcho('a').attach(httpServer, { path: '/a' });
    expect(() => createEcho('b').attach(httpServer, { path: '/a' })).toThrow(UsageError);
    createEcho('rest').attach(httpServer);
    expect(() => createEcho('more').attach(httpServer)).toThrow(UsageError);
  });

  test('go one by one', async () => {
    const { httpServer, url, port } = await listenHttp();
    const a = createEcho('a');
    const detach = a.attach(httpServer, { path: '/a' });
    const b = createEcho('b');
    b.attach(httpServer, { path: '/b' });
    const { client, log } = await connectClient(`${url}a`);
    detach();
    detach();
    expect((await refusalOf(port, upgradeRequest({}, '/a'))).status).toBe(404);
    expect(await echoOf(`${url}b`)).toBe('b: hello');
    client.send('hello');
    expect((await log.next('message')).data).toBe('a: hello');
    await b.stop();
    expect(httpServer.listenerCount('upgrade')).toBe(0);
  });
});

describe('a path that nobody serves', () => {
  test('gets 404 when nobody else listens', async () => {
    const { httpServer, port, url } = await listenHttp();
    createEcho('a').attach(httpServer, { path: '/a' });
    expect(await refusalOf(port, upgradeRequest())).toMatchObject({
      status: 404,
      body: 'There is no WebSocket at this path\n',
    });
    expect(await echoOf(`${url}a`)).toBe('a: hello');
  });

  test('is left to others that listen', async () => {
    const { httpServer, port, url } = await listenHttp();
    createEcho('a').attach(httpServer, { path: '/a' });
    const seen: (string | undefined)[] = [];
    httpServer.on('upgrade', (request, socket) => {
      if (request.url !== '/theirs') return;
      seen.push(request.url);
      socket.end('HTTP/1.1 418 Teapot\r\n\r\n');
    });
    expect((await refusalOf(port, upgradeRequest({}, '/theirs'))).status).toBe(418);
    expect(await echoOf(`${url}a`)).toBe('a: hello');
    expect(seen).toEqual(['/theirs']);
  });
});

describe('requests that are refused', () => {
  test.each<[name: string, request: string, status: number]>([
    ['another protocol', upgradeRequest({ Upgrade: 'h2c' }).replace(/Sec-WebSocket-[^\r]*\r\n/g, ''), 400],
    ['no key', upgradeRequest({ 'Sec-WebSocket-Key': undefined }), 400],
    ['version 12', upgradeRequest({ 'Sec-WebSocket-Version': '12' }), 426],
    ['a body', upgradeRequest({ 'Content-Length': '5' }).concat('hello'), 400],
    ['a chunked body', upgradeRequest({ 'Transfer-Encoding': 'chunked' }).concat('0\r\n\r\n'), 400],
    ['another method', upgradeRequest().replace('GET', 'PATCH'), 405],
    ['a foreign origin', upgradeRequest({ Origin: 'https://example.com' }), 403],
    ['two names of the server', upgradeRequest().replace('Host:', 'Host: a\r\nHost:'), 400],
    ['a name that is none', upgradeRequest({ Host: 'a b' }), 400],
    ['more fields than we take', upgradeRequest().replace('Upgrade:', `${'A: b\r\n'.repeat(150)}Upgrade:`), 431],
  ])('%s', async (_name, request, status) => {
    const { httpServer, port, url } = await listenHttp();
    const server = createEcho('echo');
    server.attach(httpServer);
    const refusal = await refusalOf(port, request);
    expect(refusal.status).toBe(status);
    expect(refusal.head).toContain('Connection: close');
    expect(refusal.body).not.toBe('');
    expect(Object.values(server.metrics().handshakes.refused)).toEqual([1]);
    refusal.peer.socket.destroy();
    await eventually('nothing pending', () => server.metrics().handshakes.pending === 0);
    expect(await echoOf(url)).toBe('echo: hello');
  });

  test.each([undefined, 'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n'])(
    'one whose upgrade Node has dropped with its other headers, in front of them: %j',
    async (kept = '') => {
      const { httpServer, port, url } = await listenHttp();
      const server = createEcho('echo');
      server.attach(httpServer);
      httpServer.maxHeadersCount = 20;
      const request = upgradeRequest().replace('Host:', `${kept}${'A: b\r\n'.repeat(30)}Host:`);
      const seen = new Promise((resolve) => httpServer.once('upgrade', ({ headers }) => resolve(headers.upgrade)));
      expect([400, 431]).toContain((await refusalOf(port, request)).status);
      expect(await seen).toBe(undefined);
      httpServer.maxHeadersCount = 2000;
      expect(await echoOf(url)).toBe('echo: hello');
    },
  );

  test('what somebody has written into the request since cannot split it', async () => {
    const { httpServer, port } = await listenHttp();
    const server = createEcho('echo');
    httpServer.on('upgrade', (request, socket, head) => {
      // As Latin-1 these would be a carriage return and a line feed.
      request.rawHeaders.push('X-Name', 'a\u010d\u010aSec-WebSocket-Protocol: b');
      server.handleUpgrade(request, socket, head);
    });
    expect((await refusalOf(port, upgradeRequest())).status).toBe(400);
  });

  test('limits and hooks apply as to a server that listens', async () => {
    const { httpServer, port, url } = await listenHttp();
    const server = createEcho('echo', {
      maxConnections: 1,
      onUpgrade: ({ path }) => (path === '/no' ? { status: 402 } : undefined),
    });
    server.attach(httpServer);
    expect((await refusalOf(port, upgradeRequest({}, '/no'))).status).toBe(402);
    const { client } = await connectClient(url);
    expect((await refusalOf(port, upgradeRequest())).status).toBe(503);
    await client.stop();
    await eventually('room', () => server.getClients().size === 0);
    expect(await echoOf(url)).toBe('echo: hello');
  });

  test('a hook that never answers, while Node does not time the socket any more', async () => {
    const { httpServer, port } = await listenHttp();
    const server = createEcho('echo', { upgradeTimeoutSecs: 0.1, onUpgrade: () => new Promise(() => undefined) });
    server.attach(httpServer);
    const { status, peer } = await refusalOf(port, upgradeRequest());
    expect(status).toBe(503);
    peer.socket.destroy();
    await eventually('nothing pending', () => server.metrics().handshakes.pending === 0);
  });

  test('a client that leaves while it waits', async () => {
    const { httpServer, port } = await listenHttp();
    const server = createEcho('echo', { onUpgrade: () => new Promise(() => undefined) });
    server.attach(httpServer);
    const peer = await connectRaw(port, { send: upgradeRequest() });
    await eventually('it to be pending', () => server.metrics().handshakes.pending === 1);
    peer.socket.resetAndDestroy();
    await eventually('nothing pending', () => server.metrics().handshakes.pending === 0);
  });
});

describe('handleUpgrade', () => {
  test('serves what a listener hands over', async () => {
    const { httpServer, url } = await listenHttp();
    const server = createEcho('echo');
    httpServer.on('upgrade', (request, socket, head) => server.handleUpgrade(request, socket, head));
    expect(await echoOf(url)).toBe('echo: hello');
  });

  test('answers 503 after stop(), until it is attached', async () => {
    const { httpServer, url, port } = await listenHttp();
    const server = createEcho('echo');
    const hand = (request: http.IncomingMessage, socket: UpgradeSocket, head: Buffer): void =>
      server.handleUpgrade(request, socket, head);
    httpServer.on('upgrade', hand);
    await server.stop();
    const { status, peer } = await refusalOf(port, upgradeRequest());
    expect(status).toBe(503);
    peer.socket.destroy();
    httpServer.off('upgrade', hand);
    server.attach(httpServer);
    expect(await echoOf(url)).toBe('echo: hello');
  });

  test('does nothing with a socket that is gone', async () => {
    const { httpServer, port } = await listenHttp();
    const server = createEcho('echo');
    const handled = new Promise<void>((resolve) =>
      httpServer.on('upgrade', (request, socket, head) => {
        socket.destroy();
        socket.once('close', () => {
          server.handleUpgrade(request, socket, head);
          resolve();
        });
      }),
    );
    await connectRaw(port, { send: upgradeRequest() });
    await handled;
    expect(server.metrics().handshakes).toEqual({ accepted: 0, refused: {}, pending: 0 });
  });

  test('throws when it is given no socket', () => {
    const server = createEcho('echo');
    const hand = (): void => server.handleUpgrade({} as never, {} as never, Buffer.alloc(0));
    expect(hand).toThrow(UsageError);
  });
});

test('the socket stays where it is: others that hold it may close it', async () => {
  const { httpServer, port } = await listenHttp();
  const server = createEcho('echo');
  const sockets: UpgradeSocket[] = [];
  httpServer.on('upgrade', (_request, socket) => void sockets.push(socket));
  server.attach(httpServer);
  const peer = await openRaw(port);
  for (let i = 1; i <= 20; i++) {
    peer.write(hello);
    await peer.frames(i);
  }
  expect(sockets[0]?.destroyed).toBe(false);
  sockets[0]?.destroy();
  await peer.ended();
  await eventually('nobody left', () => server.getClients().size === 0);
});

test('a timeout of the HTTP server does not end an idle WebSocket', async () => {
  const { httpServer, port } = await listenHttp({ keepAliveTimeout: 50 });
  httpServer.timeout = 50;
  const server = createEcho('echo');
  server.attach(httpServer);
  const peer = await openRaw(port);
  const idle = await connectRaw(port, { send: 'GET / HTTP/1.1\r\nHost: x\r\n\r\n' });
  await idle.ended();
  await turns(20);
  expect(peer.hasEnded).toBe(false);
  expect(server.getClients().size).toBe(1);
});

test('attach() checks its path', async () => {
  const { httpServer } = await listenHttp();
  onTestFinished(() => expect(httpServer.listenerCount('upgrade')).toBe(0));
  expect(() => createEcho('a').attach(httpServer, { path: 'a' })).toThrow(/^path: /);
  expect(() => createEcho('a', { path: '/a' }).attach(httpServer, { path: '/b' })).toThrow(/^path: /);
});

test.each<[string, (server: WebSocketServer) => unknown]>([
  ['attach() of nothing', (server) => server.attach(undefined as never)],
  ['attach() of an object', (server) => server.attach({} as never)],
  ['attach() of null', (server) => server.attach(null as never)],
  ['handleUpgrade() of nothing', (server) => server.handleUpgrade(...([] as unknown as [never, never, never]))],
  ['handleUpgrade() of no request', (server) => server.handleUpgrade({} as never, {} as never, Buffer.alloc(0))],
  [
    'handleUpgrade() of no socket',
    (server) => server.handleUpgrade({ rawHeaders: [] } as never, null as never, Buffer.alloc(0)),
  ],
  [
    'handleUpgrade() with text behind it',
    (server) => server.handleUpgrade({ rawHeaders: [] } as never, {} as never, 'x' as never),
  ],
])('%s is an error of ours', (_name, misuse) => {
  expect(() => misuse(new WebSocketServer())).toThrow(UsageError);
});

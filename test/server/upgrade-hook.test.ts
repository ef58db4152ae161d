import { describe, expect, expectTypeOf, test } from 'vitest';
import { ConnectionState, type UpgradeRequest, UsageError, WebSocketServer } from '../../src/index.ts';
import { eventually, turns } from '../support/eventually.ts';
import { frame, RFC_MASK } from '../support/frames.ts';
import { passTime } from '../support/pass-time.ts';
import { connectRaw, openRaw, upgradeRequest } from '../support/raw-peer.ts';
import { connectClient, createClient, startEchoServer, startServer } from '../support/running.ts';
import { startSecureServer } from '../support/secure.ts';

const hello = frame({ opcode: 1, payload: Buffer.from('hello'), mask: RFC_MASK });

/** The status, the fields and the body of the response to a request for an upgrade. */
async function answerOf(port: number, request: string = upgradeRequest()) {
  const peer = await connectRaw(port, { send: request });
  const head = await peer.head();
  if (!head.includes(' 101 ')) await peer.ended();
  return { status: Number(head.split(' ')[1]), head, body: peer.body.toString(), peer };
}

describe('what onUpgrade is told', () => {
  test('the request, its query, and who sent it', async () => {
    const seen: UpgradeRequest[] = [];
    const { port } = await startServer({ onUpgrade: (request) => void seen.push(request) });
    const fields = { 'Sec-WebSocket-Protocol': 'b, a', Origin: 'http://127.0.0.1:1', Cookie: 'id=1' };
    const peer = await connectRaw(port, { send: upgradeRequest(fields, '/chat%20room?a=1&b=%C3%A4&a=2') });
    await peer.head();
    const [request] = seen;
    expect(request).toMatchObject({
      uri: '/chat%20room?a=1&b=%C3%A4&a=2',
      path: '/chat%20room',
      remoteIp: '127.0.0.1',
      remotePort: peer.socket.localPort,
      host: '127.0.0.1',
      origin: 'http://127.0.0.1:1',
      subprotocols: ['b', 'a'],
      tls: undefined,
    });
    expect(request?.query.getAll('a')).toEqual(['1', '2']);
    expect(request?.query.get('b')).toBe('ä');
    expect(request?.headers.get('cookie')).toBe('id=1');
    expect(request?.signal.aborted).toBe(false);
  });

  test('what the TLS handshake agreed on', async () => {
    const seen: UpgradeRequest[] = [];
    const { url } = await startSecureServer(undefined, { onUpgrade: (request) => void seen.push(request) });
    await connectClient(url, { tlsOptions: { caFile: 'NONE' } });
    expect(seen[0]?.tls?.version).toMatch(/^TLSv1/);
  });

  test('nothing that is refused anyway', async () => {
    let calls = 0;
    const { port } = await startServer({ onUpgrade: () => void calls++ });
    for (const request of [
      'GET / HTTP/1.1\r\nHost: x\r\n\r\n',
      upgradeRequest({ 'Sec-WebSocket-Key': undefined }),
      upgradeRequest({ Origin: 'https://example.com' }),
    ]) {
      expect((await answerOf(port, request)).status).toBeGreaterThanOrEqual(400);
    }
    expect(calls).toBe(0);
  });
});

describe('what onUpgrade answers', () => {
  test.each([
    ['nothing', () => undefined],
    ['true', () => true as const],
    ['an empty acceptance', () => ({})],
    ['a promise of nothing', async () => undefined],
  ])('%s lets in', async (_name, onUpgrade) => {
    const { server, port } = await startServer({ onUpgrade });
    await openRaw(port);
    expect(server.getClients().size).toBe(1);
  });

  test('data arrives at the connection, and at the factory of its state, with its type', async () => {
    interface User {
      readonly name: string;
    }
    class Visitor extends ConnectionState {
      readonly user: User;
      constructor(user: User) {
        super();
        this.user = user;
      }
    }
    const server = new WebSocketServer({
      port: 0,
      onUpgrade: async (request) => {
        const name = request.query.get('name');
        await turns(1);
        return name === null ? { status: 401, reason: 'Who are you?' } : { data: { name } };
      },
      connectionStateFactory: (info) => new Visitor(info.data),
    });
    const seen: string[] = [];
    server.setOnClientMessageCallback((state, webSocket, message) => {
      expectTypeOf(webSocket.data).toEqualTypeOf<{ name: string }>();
      expectTypeOf(state).toEqualTypeOf<Visitor>();
      if (message.type === 'open') seen.push(`${webSocket.data.name} ${state.user.name} ${state.getRemoteIp()}`);
    });
    await server.listenAndStart();
    const { client } = await connectClient(`ws://127.0.0.1:${server.getPort()}/?name=ann`);
    expect(seen).toEqual(['ann ann 127.0.0.1']);
    expect(await answerOf(server.getPort())).toMatchObject({ status: 401, body: 'Who are you?\n' });
    await client.stop();
    await server.stop();
  });

  test('an acceptance without data next to one with data does not compile', () => {
    // @ts-expect-error webSocket.data would be undefined where its type says that it is there
    const make = () => new WebSocketServer({ onUpgrade: (r) => (r.path === '/' ? { data: { name: 'x' } } : true) });
    expect(make).not.toThrow();
    const plain = new WebSocketServer({ onUpgrade: (request) => request.path === '/' });
    plain.setOnConnectionCallback((webSocket) => expectTypeOf(webSocket.data).toEqualTypeOf<unknown>());
  });

  test('a subprotocol and more fields are part of the answer', async () => {
    const { port } = await startServer({
      subprotocols: ['a'],
      onUpgrade: () => ({ protocol: 'b', headers: { 'Set-Cookie': 'id=2', 'X-Id': 'é' } }),
    });
    const { head } = await answerOf(port, upgradeRequest({ 'Sec-WebSocket-Protocol': 'a, b' }));
    expect(head).toContain('Sec-WebSocket-Protocol: b\r\n');
    expect(head).toContain('Set-Cookie: id=2\r\n');
    expect(head).toContain('X-Id: é\r\n');
    expect(head).toContain('Server: ');
  });

  test('an empty protocol selects none', async () => {
    const { port } = await startServer({ subprotocols: ['a'], onUpgrade: () => ({ protocol: '' }) });
    const { head } = await answerOf(port, upgradeRequest({ 'Sec-WebSocket-Protocol': 'a' }));
    expect(head).not.toContain('Sec-WebSocket-Protocol');
  });

  test('a refusal is a complete response', async () => {
    const { server, port } = await startServer({
      onUpgrade: () => ({
        status: 401,
        headers: { 'WWW-Authenticate': 'Basic', 'Content-Type': 'application/json', 'Content-Length': '1' },
        body: '{"error":"ünknown"}',
      }),
    });
    const { head, body, status } = await answerOf(port);
    expect([status, body]).toEqual([401, '{"error":"ünknown"}']);
    expect(head).toContain('HTTP/1.1 401 Unauthorized\r\n');
    expect(head).toContain('WWW-Authenticate: Basic\r\n');
    expect(head).toContain('Content-Type: application/json\r\n');
    expect(head).toContain(`Content-Length: ${Buffer.byteLength(body)}\r\n`);
    expect(head).toContain('Connection: close\r\n');
    expect(server.metrics().handshakes).toEqual({ accepted: 0, refused: { upgradeRefused: 1 }, pending: 1 });
  });

  test('a redirect leads elsewhere', async () => {
    const { url } = await startEchoServer();
    const other = await startServer({ onUpgrade: () => ({ status: 307, headers: { Location: url } }) });
    const { client, log } = await connectClient(other.url);
    client.send('hello');
    expect((await log.next('message')).data).toBe('hello');
  });

  test('false refuses with 403', async () => {
    const { port } = await startServer({ onUpgrade: async () => false });
    expect(await answerOf(port)).toMatchObject({ status: 403, body: 'Forbidden\n' });
  });

  test.each<[name: string, answer: unknown]>([
    ['null', null],
    ['a string', 'yes'],
    ['a number', 1],
    ['a misspelt refusal', { stauts: 401 }],
    ['a refusal with a field that is none', { status: 401, text: 'x' }],
    ['the status 200', { status: 200 }],
    ['the status 101', { status: 101 }],
    ['the status 304', { status: 304 }],
    ['a status that is no number', { status: '401' }],
    ['a subprotocol that was not offered', { protocol: 'x' }],
    ['a protocol that is no string', { protocol: 5 }],
    ['a field that splits the response', { headers: { a: 'b\r\nc: d' } }],
    ['a field of the handshake itself', { headers: { 'Sec-WebSocket-Accept': 'x' } }],
    ['a field that splits the refusal', { status: 401, headers: { a: 'b\r\nc: d' } }],
    ['a body that is no string', { status: 401, body: 5 }],
  ])('%s is an error, and lets nobody in', async (_name, answer) => {
    const errors: unknown[] = [];
    const { server, port, url } = await startServer({
      onUpgrade: (request) => (request.path === '/ok' ? undefined : (answer as undefined)),
      onCallbackError: (error) => void errors.push(error),
    });
    const { status, head } = await answerOf(port);
    expect(status).toBe(500);
    expect(head).not.toContain('c: d');
    expect(errors).toEqual([expect.any(UsageError)]);
    expect(server.getClients().size).toBe(0);
    await connectClient(`${url}ok`);
  });

  test.each([
    [
      'throws',
      () => {
        throw new Error('broken');
      },
    ],
    ['rejects', () => Promise.reject(new Error('broken'))],
  ])('one that %s refuses with 500, and the server lives', async (_name, fail) => {
    const errors: unknown[] = [];
    const { server, port, url } = await startServer({
      onUpgrade: (request) => (request.path === '/ok' ? undefined : fail()),
      onCallbackError: (error) => void errors.push(error),
    });
    expect(await answerOf(port)).toMatchObject({ status: 500 });
    expect(errors).toEqual([new Error('broken')]);
    expect(server.metrics().handshakes.refused).toEqual({ internalError: 1 });
    await connectClient(`${url}ok`);
  });
});

describe('while onUpgrade decides', () => {
  test('what the client sends is kept, in order', async () => {
    let accept = (): void => undefined;
    const { server, port } = await startEchoServer({
      onUpgrade: () => new Promise<undefined>((resolve) => (accept = () => resolve(undefined))),
    });
    const peer = await connectRaw(port, { send: Buffer.concat([Buffer.from(upgradeRequest()), hello]) });
    await eventually('the call', () => server.metrics().handshakes.pending === 1);
    peer.write(hello.subarray(0, 3));
    await turns(5);
    peer.write(hello.subarray(3));
    await turns(5);
    expect(peer.received).toBe(0);
    accept();
    const frames = await peer.frames(2);
    expect(frames.map(({ payload }) => payload.toString())).toEqual(['hello', 'hello']);
  });

  test('it is not read without end, and nothing of it is lost', async () => {
    let accept = (): void => undefined;
    let received = 0;
    const { port } = await startServer(
      { onUpgrade: () => new Promise<undefined>((resolve) => (accept = () => resolve(undefined))) },
      (server) =>
        server.setOnClientMessageCallback((_state, _webSocket, message) => {
          if (message.type === 'message') received += message.data.length;
        }),
    );
    const peer = await connectRaw(port, { send: upgradeRequest() });
    const payload = Buffer.alloc(8 * 1024 * 1024, 'x');
    peer.write(frame({ opcode: 2, payload, mask: RFC_MASK }));
    // What the system holds on both sides is much less than all of it.
    const seen: number[] = [];
    await eventually('standstill', () => {
      seen.push(peer.socket.writableLength);
      return seen.length > 20 && new Set(seen.slice(-20)).size === 1;
    });
    expect(seen.at(-1)).toBeGreaterThan(0);
    accept();
    await eventually('all of it', () => received === payload.length);
  });

  test('one that sent too much for that, and is refused, is read again until it hangs up', async () => {
    let refuse = (): void => undefined;
    const { server, port } = await startServer({
      onUpgrade: () => new Promise<false>((resolve) => (refuse = () => resolve(false))),
    });
    const peer = await connectRaw(port, { send: upgradeRequest() });
    peer.write(Buffer.alloc(8 * 1024 * 1024));
    await eventually('the call', () => server.metrics().handshakes.pending === 1);
    await turns(10);
    refuse();
    expect(await peer.head()).toContain(' 403 ');
    peer.socket.end();
    // Without reading, it would take the two seconds that refused clients have.
    await eventually('nothing pending', () => server.metrics().handshakes.pending === 0, 1000);
  });

  test('a client that leaves is noticed, and told to the callback', async () => {
    const signals: AbortSignal[] = [];
    const errors: unknown[] = [];
    const { server, port } = await startServer({
      onUpgrade: ({ signal }) => {
        signals.push(signal);
        return new Promise((_resolve, reject) =>
          signal.addEventListener('abort', () => reject(signal.reason as Error)),
        );
      },
      onCallbackError: (error) => void errors.push(error),
    });
    for (const leave of ['end', 'resetAndDestroy'] as const) {
      const peer = await connectRaw(port, { send: upgradeRequest() });
      await eventually('the call', () => server.metrics().handshakes.pending === 1);
      peer.socket[leave]();
      await eventually('nothing pending', () => server.metrics().handshakes.pending === 0);
    }
    expect(signals.map((signal) => signal.aborted)).toEqual([true, true]);
    expect(server.getClients().size).toBe(0);
    expect(errors).toEqual([]);
  });

  test('an answer for a client that has left changes nothing', async () => {
    let accept = (): void => undefined;
    const { server, port, url } = await startServer({
      maxConnections: 1,
      onUpgrade: (request) =>
        request.path === '/ok' ? undefined : new Promise<undefined>((resolve) => (accept = () => resolve(undefined))),
    });
    const peer = await connectRaw(port, { send: upgradeRequest() });
    await eventually('the call', () => server.metrics().handshakes.pending === 1);
    peer.socket.destroy();
    await eventually('nothing pending', () => server.metrics().handshakes.pending === 0);
    accept();
    await turns(5);
    expect(server.getClients().size).toBe(0);
    await connectClient(`${url}ok`);
  });

  test('after upgradeTimeoutSecs the client gets 503, and a late answer changes nothing', async () => {
    const errors: unknown[] = [];
    let accept = (): void => undefined;
    let signal: AbortSignal | undefined;
    const { server, port } = await startServer({
      upgradeTimeoutSecs: 0.15,
      handshakeTimeoutSecs: 0.6,
      onUpgrade: (request) => {
        signal = request.signal;
        return new Promise<undefined>((resolve) => (accept = () => resolve(undefined)));
      },
      onCallbackError: (error) => void errors.push(error),
    });
    const start = performance.now();
    const { status, head, peer } = await answerOf(port);
    expect(status).toBe(503);
    expect(head).toContain('Retry-After: 5\r\n');
    expect(performance.now() - start).toBeGreaterThan(140);
    expect(signal?.aborted).toBe(true);
    accept();
    await turns(5);
    expect(server.getClients().size).toBe(0);
    expect(server.metrics().handshakes.refused).toEqual({ upgradeTimeout: 1 });
    peer.socket.destroy();
    await eventually('nothing pending', () => server.metrics().handshakes.pending === 0);
    expect(errors).toEqual([]);
  });

  test('the time begins with the call, not with the connection', async () => {
    const { port } = await startServer({
      handshakeTimeoutSecs: 0.3,
      upgradeTimeoutSecs: 5,
      onUpgrade: async () => {
        await passTime(500);
      },
    });
    const peer = await openRaw(port);
    expect(peer.hasEnded).toBe(false);
  });

  test('an error that comes too late is reported', async () => {
    const errors: unknown[] = [];
    let fail = (): void => undefined;
    const { port } = await startServer({
      upgradeTimeoutSecs: 0.1,
      onUpgrade: () => new Promise<undefined>((_resolve, reject) => (fail = () => reject(new Error('late')))),
      onCallbackError: (error) => void errors.push(error),
    });
    expect((await answerOf(port)).status).toBe(503);
    fail();
    await eventually('the error', () => errors.length === 1);
    expect(errors).toEqual([new Error('late')]);
  });

  test('calls under way count against maxConnections, so that no more are let in than fit', async () => {
    const accepts: (() => void)[] = [];
    const { server, port } = await startServer({
      maxConnections: 2,
      onUpgrade: () => new Promise<undefined>((resolve) => accepts.push(() => resolve(undefined))),
    });
    const peers = [
      await connectRaw(port, { send: upgradeRequest() }),
      await connectRaw(port, { send: upgradeRequest() }),
    ];
    await eventually('two calls', () => accepts.length === 2);
    expect((await answerOf(port)).status).toBe(503);
    for (const accept of accepts) accept();
    await Promise.all(peers.map((peer) => peer.head()));
    expect(server.getClients().size).toBe(2);
  });

  test('stop() ends what waits', async () => {
    let signal: AbortSignal | undefined;
    const { server, port } = await startServer({
      onUpgrade: (request) => {
        signal = request.signal;
        return new Promise<undefined>(() => undefined);
      },
    });
    const peer = await connectRaw(port, { send: upgradeRequest() });
    await eventually('the call', () => signal !== undefined);
    await server.stop();
    await peer.ended();
    expect(signal?.aborted).toBe(true);
  });

  test('stop() may be called from inside of it', async () => {
    const { server, port } = await startServer({}, (made) =>
      made.setOnUpgradeCallback(async () => {
        await made.stop();
        return undefined;
      }),
    );
    const peer = await connectRaw(port, { send: upgradeRequest() });
    await peer.ended();
    await server.wait();
    expect(server.getClients().size).toBe(0);
  });
});

test('setOnUpgradeCallback applies to handshakes from then on', async () => {
  const { server, url } = await startServer();
  await connectClient(url);
  server.setOnUpgradeCallback(() => false);
  const { client } = createClient({ url });
  expect(await client.connect()).toMatchObject({ success: false, errorInfo: { httpStatus: 403 } });
  expect(() => server.setOnUpgradeCallback('no' as unknown as () => true)).toThrow(UsageError);
});

import { describe, expect, expectTypeOf, test } from 'vitest';
import {
  ConnectionState,
  type OnClientMessageCallback,
  type ServerWebSocket,
  UsageError,
  WebSocketServer,
} from '../../src/index.ts';
import { eventually } from '../support/eventually.ts';
import { frame, RFC_MASK } from '../support/frames.ts';
import { hasIpv6Loopback } from '../support/ipv6.ts';
import { connectRaw, openRaw, upgradeRequest } from '../support/raw-peer.ts';
import { connectClient, startServer } from '../support/running.ts';

class User extends ConnectionState {
  messages = 0;
}

describe('callbacks', () => {
  test('the one for all connections sees state, connection and message, from open to close', async () => {
    const seen: string[] = [];
    const { url } = await startServer({}, (server) => {
      server.setOnClientMessageCallback((state, webSocket, message) => {
        expect(webSocket.state).toBe(state);
        seen.push(`${message.type} ${state.getRemoteIp()}`);
        if (message.type === 'open') expect(message.openInfo).toMatchObject({ uri: '/path?query', protocol: '' });
        if (message.type === 'open') expect(message.headers.get('x-mine')).toBe('yes');
        if (message.type === 'message') webSocket.send(message.data);
      });
    });
    const { client, log } = await connectClient(`${url}path?query`, { extraHeaders: { 'X-Mine': 'yes' } });
    client.send('hello');
    await log.next('message');
    client.ping('p');
    await log.next('pong');
    await client.stop();
    await eventually('the close', () => seen.at(-1)?.startsWith('close'));
    expect(seen).toEqual(['open 127.0.0.1', 'message 127.0.0.1', 'ping 127.0.0.1', 'close 127.0.0.1']);
  });

  test('the one for new connections comes before open, and what it attaches sees everything', async () => {
    const seen: string[] = [];
    const { url, server } = await startServer({}, (made) => {
      made.setOnConnectionCallback((webSocket, state) => {
        seen.push('connection');
        expect(made.getClients().has(webSocket)).toBe(true);
        expect(webSocket.state).toBe(state);
        webSocket.setOnMessageCallback((message) => void seen.push(message.type));
        webSocket.send('sent before open');
      });
    });
    const { client, log } = await connectClient(url);
    expect((await log.next('message')).data).toBe('sent before open');
    client.send('x');
    await client.stop();
    await eventually('the close', () => seen.includes('close'));
    expect(seen).toEqual(['connection', 'open', 'message', 'close']);
    expect(server.getClients().size).toBe(0);
  });

  test('of both forms are called, the one for all first', async () => {
    const seen: string[] = [];
    const { url } = await startServer({}, (server) => {
      server.setOnClientMessageCallback((_state, _webSocket, message) => void seen.push(`all ${message.type}`));
      server.setOnConnectionCallback((webSocket) => {
        webSocket.setOnMessageCallback((message) => void seen.push(`own ${message.type}`));
      });
    });
    const { client } = await connectClient(url);
    client.send('x');
    await client.stop();
    await eventually('the close', () => seen.includes('own close'));
    expect(seen).toEqual(['all open', 'own open', 'all message', 'own message', 'all close', 'own close']);
  });

  test('must be functions', () => {
    const server = new WebSocketServer();
    const nonsense: unknown[] = [undefined, null, 5, {}];
    for (const value of nonsense) {
      expect(() => server.setOnClientMessageCallback(value as () => void)).toThrow(UsageError);
      expect(() => server.setOnConnectionCallback(value as () => void)).toThrow(UsageError);
      expect(() => server.setConnectionStateFactory(value as () => ConnectionState)).toThrow(UsageError);
    }
  });
});

describe('the state of a connection', () => {
  test('has an id of its own, and the address and port of the peer', async () => {
    const states: ConnectionState[] = [];
    const { port } = await startServer({}, (server) => {
      server.setOnConnectionCallback((_webSocket, state) => void states.push(state));
    });
    const peers = [await openRaw(port), await openRaw(port), await openRaw(port)];
    expect(new Set(states.map((state) => state.getId())).size).toBe(3);
    for (const [i, state] of states.entries()) {
      expect(state.id).toMatch(/^\d+$/);
      expect(state.getId()).toBe(state.id);
      expect(state.getRemoteIp()).toBe('127.0.0.1');
      expect(state.getRemotePort()).toBe(peers[i]?.socket.localPort);
      expect([state.remoteIp, state.remotePort]).toEqual([state.getRemoteIp(), state.getRemotePort()]);
    }
    const numbers = states.map((state) => Number(state.id));
    expect(numbers).toEqual([numbers[0], (numbers[0] ?? 0) + 1, (numbers[0] ?? 0) + 2]);
  });

  test('may compute its id itself', async () => {
    class Fixed extends ConnectionState {
      protected override computeId(): string {
        return 'foobarConnectionId';
      }
    }
    const ids: string[] = [];
    const { url } = await startServer({ connectionStateFactory: (info) => new Fixed(info) }, (server) => {
      server.setOnClientMessageCallback((state) => void ids.push(state.getId()));
    });
    await connectClient(url);
    expect(ids).toEqual(['foobarConnectionId']);
  });

  test('of a factory is what every callback gets, with its type', async () => {
    const { server, url } = await startServer({ connectionStateFactory: (info) => new User(info) }, (made) => {
      made.setOnClientMessageCallback((state, webSocket, message) => {
        expectTypeOf(state).toEqualTypeOf<User>();
        expectTypeOf(webSocket).toEqualTypeOf<ServerWebSocket<User>>();
        expectTypeOf(webSocket.state).toEqualTypeOf<User>();
        if (message.type === 'message') webSocket.send(String(++state.messages));
      });
      made.setOnConnectionCallback((webSocket, state) => {
        expectTypeOf(state).toEqualTypeOf<User>();
        expectTypeOf(webSocket).toEqualTypeOf<ServerWebSocket<User>>();
      });
    });
    expectTypeOf(server).toEqualTypeOf<WebSocketServer<User>>();
    const first = await connectClient(url);
    const second = await connectClient(url);
    for (const { client } of [first, first, second]) client.send('count');
    await first.log.atLeast('message', 2);
    await second.log.atLeast('message', 1);
    expect(first.log.data).toEqual(['1', '2']);
    expect(second.log.data).toEqual(['1']);
    for (const { state } of server.getClients()) expectTypeOf(state.messages).toBeNumber();
    expect([...server.getClients()].map(({ state }) => state.messages)).toEqual([2, 1]);
  });

  test('may come from the setter, which is not told who connects', async () => {
    const states: User[] = [];
    const { port } = await startServer<User>({}, (server) => {
      server.setConnectionStateFactory(() => new User());
      server.setOnConnectionCallback((_webSocket, state) => void states.push(state));
    });
    const peer = await openRaw(port);
    expect(states[0]).toBeInstanceOf(User);
    expect([states[0]?.remoteIp, states[0]?.remotePort]).toEqual(['127.0.0.1', peer.socket.localPort]);
  });

  test.each([
    [
      'throws',
      () => {
        throw new Error('mine');
      },
    ],
    ['returns nothing', () => undefined],
    ['returns a promise', () => Promise.resolve(new User())],
    ['returns something else', () => ({ id: '1' })],
  ])('of a factory that %s is a 500, is reported, and counts no client', async (_name, factory) => {
    const errors: unknown[] = [];
    const { server, port } = await startServer({
      connectionStateFactory: factory as unknown as () => ConnectionState,
      onCallbackError: (error) => void errors.push(error),
    });
    const peer = await connectRaw(port, { send: upgradeRequest() });
    expect(await peer.head()).toMatch(/^HTTP\/1\.1 500 /);
    expect(errors).toHaveLength(1);
    expect(server.getClients().size).toBe(0);
  });
});

test('the types infer the state, and a plain one without a factory', () => {
  const plain = new WebSocketServer({ port: 0 });
  expectTypeOf(plain).toEqualTypeOf<WebSocketServer<ConnectionState>>();
  const typed = new WebSocketServer({ connectionStateFactory: (info) => new User(info) });
  expectTypeOf(typed).toEqualTypeOf<WebSocketServer<User>>();
  expectTypeOf(typed.setConnectionStateFactory).parameter(0).toEqualTypeOf<() => User>();
  expectTypeOf<OnClientMessageCallback<User>>().parameter(0).toEqualTypeOf<User>();
  // @ts-expect-error a factory must make states
  expect(() => new WebSocketServer({ connectionStateFactory: () => 5 })).not.toThrow();
  // @ts-expect-error an unknown option
  expect(() => new WebSocketServer({ prot: 5 })).toThrow(UsageError);
});

test('getClients() holds the open connections, and none that has gone', async () => {
  const { server, port, url } = await startServer();
  const { client } = await connectClient(url);
  const raw = await openRaw(port);
  await connectRaw(port);
  expect(server.getClients().size).toBe(2);
  for (const webSocket of server.getClients()) webSocket.send('to all');
  expect((await raw.frames(1))[0]?.payload.toString()).toBe('to all');
  raw.socket.destroy();
  await eventually('one to be gone', () => server.getClients().size === 1);
  await client.stop();
  await eventually('both to be gone', () => server.getClients().size === 0);
});

test('frames in the same segment as the request come behind open, whole and cut', async () => {
  const seen: string[] = [];
  const { port } = await startServer({}, (server) => {
    server.setOnClientMessageCallback((_state, webSocket, message) => {
      seen.push(message.type === 'message' ? message.data.toString() : message.type);
      if (message.type === 'message') webSocket.send(message.data);
    });
  });
  const cut = frame({ opcode: 1, payload: 'cut in two', mask: RFC_MASK });
  const behind = [frame({ opcode: 1, payload: 'whole', mask: RFC_MASK }), cut.subarray(0, 9)];
  const raw = await connectRaw(port, { send: Buffer.concat([Buffer.from(upgradeRequest()), ...behind]) });
  await raw.frames(1);
  raw.write(cut.subarray(9));
  expect((await raw.frames(2)).map(({ payload }) => payload.toString())).toEqual(['whole', 'cut in two']);
  expect(seen).toEqual(['open', 'whole', 'cut in two']);
});

test('a request byte by byte, with a frame behind it, is served', async () => {
  const { port } = await startServer({}, (server) => {
    server.setOnClientMessageCallback((_state, webSocket, message) => {
      if (message.type === 'message') webSocket.send(message.data);
    });
  });
  const raw = await connectRaw(port);
  const bytes = Buffer.concat([Buffer.from(upgradeRequest()), frame({ opcode: 1, payload: 'slow', mask: RFC_MASK })]);
  for (const byte of bytes) await new Promise((done) => raw.socket.write(Buffer.of(byte), done));
  expect((await raw.frames(1))[0]?.payload.toString()).toBe('slow');
});

test('a chooser picks the subprotocol, and one it makes up is a 500', async () => {
  const errors: unknown[] = [];
  const { port } = await startServer({
    subprotocols: (offered, head) => (head.target === '/bad' ? 'made-up' : offered.at(-1)),
    onCallbackError: (error) => void errors.push(error),
  });
  const good = await openRaw(port, { 'Sec-WebSocket-Protocol': 'a, b' });
  expect(await good.head()).toContain('Sec-WebSocket-Protocol: b\r\n');
  const bad = await connectRaw(port, { send: upgradeRequest({ 'Sec-WebSocket-Protocol': 'a' }, '/bad') });
  expect(await bad.head()).toMatch(/^HTTP\/1\.1 500 /);
  expect(errors).toHaveLength(1);
});

test.runIf(hasIpv6Loopback)('on IPv6 the address of the peer is an IPv6 address', async () => {
  const addresses: string[] = [];
  const { port } = await startServer({ addressFamily: 6 }, (server) => {
    server.setOnConnectionCallback((_webSocket, state) => void addresses.push(state.remoteIp));
  });
  const raw = await connectRaw(port, { host: '::1', send: upgradeRequest({ Host: '[::1]' }) });
  await raw.head();
  expect(addresses).toEqual(['::1']);
});

test.runIf(hasIpv6Loopback)('on both families one server takes IPv4 and IPv6', async () => {
  const { server, port } = await startServer({ addressFamily: 'dual' });
  for (const host of ['127.0.0.1', '::1']) {
    const raw = await connectRaw(port, { host, send: upgradeRequest() });
    expect(await raw.head()).toContain(' 101 ');
  }
  expect(server.getClients().size).toBe(2);
});

test('pongs are switched off for connections from then on', async () => {
  const { server, url } = await startServer();
  const before = await connectClient(url);
  server.disablePong();
  const { client, log } = await connectClient(url);
  before.client.ping('1');
  expect((await before.log.next('pong')).data).toBe('1');
  client.ping('2');
  await client.stop();
  expect(log.of('pong')).toEqual([]);
});

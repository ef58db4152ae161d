import { describe, expect, test } from 'vitest';
import { UsageError, userAgent, WebSocket, type WebSocketOptions } from '../../src/index.ts';
import { hasIpv6Loopback } from '../support/ipv6.ts';
import { listenAndAnswer, listenRaw, switchingProtocols } from '../support/raw-server.ts';
import { connectClient, createClient, startServer } from '../support/running.ts';

/** The request that a client with these options sends. */
async function requestOf(
  options: WebSocketOptions,
  path = '/',
  userInfo = '',
): Promise<{ head: string; port: number }> {
  const server = await listenRaw();
  const { client } = createClient({ ...options, url: `ws://${userInfo}127.0.0.1:${server.port}${path}` });
  client.start();
  const peer = await server.accept();
  return { head: await peer.head(), port: server.port };
}

const fieldOf = (head: string, name: string): string | undefined =>
  new RegExp(`^${name}: (.*)\\r$`, 'im').exec(head)?.[1];

test('the request has the fields of the seed, in its order, and no Origin', async () => {
  const { head, port } = await requestOf({ extraHeaders: { Foo: 'bar' }, subprotocols: ['json', 'msgpack'] }, '/a?b=c');
  const [line, ...fields] = head.trimEnd().split('\r\n');
  expect(line).toBe('GET /a?b=c HTTP/1.1');
  expect(fields.map((field) => field.replace(/^(Sec-WebSocket-Key:).*/, '$1'))).toEqual([
    `Host: 127.0.0.1:${port}`,
    'Upgrade: websocket',
    'Connection: Upgrade',
    'Sec-WebSocket-Version: 13',
    'Sec-WebSocket-Key:',
    `User-Agent: ${userAgent}`,
    'Foo: bar',
    'Sec-WebSocket-Protocol: json,msgpack',
  ]);
});

test('each attempt has a fresh key of 16 bytes', async () => {
  const keys = new Set<string>();
  for (let i = 0; i < 20; i++) {
    const key = fieldOf((await requestOf({})).head, 'Sec-WebSocket-Key') ?? '';
    expect(Buffer.from(key, 'base64')).toHaveLength(16);
    keys.add(key);
  }
  expect(keys.size).toBe(20);
});

test('Host, Origin and User-Agent can be replaced, and each is sent once', async () => {
  const { head } = await requestOf({
    extraHeaders: { host: 'example.com:99', ORIGIN: 'https://example.com', 'user-agent': 'mine' },
  });
  expect(head.match(/^host: .*/gim)).toEqual(['Host: example.com:99']);
  expect(fieldOf(head, 'Origin')).toBe('https://example.com');
  expect(head.match(/^user-agent: .*/gim)).toHaveLength(1);
  expect(fieldOf(head, 'User-Agent')).toBe('mine');
});

test('extra headers may be a record, pairs, or other headers, and may repeat', async () => {
  const { head } = await requestOf({
    extraHeaders: [
      ['X-A', '1'],
      ['x-a', '2'],
      ['Cookie', 'a=b'],
    ],
  });
  expect(head.match(/^x-a: .*/gim)).toEqual(['X-A: 1', 'x-a: 2']);
  expect(fieldOf(head, 'Cookie')).toBe('a=b');
});

test.each([
  [{ Connection: 'close' }],
  [{ 'sec-websocket-key': 'x' }],
  [{ 'Sec-WebSocket-Protocol': 'x' }],
  [{ 'Content-Length': '5' }],
  [{ 'X-A': 'line\r\nbreak' }],
  [{ 'X-A': 'nul\0' }],
  [{ 'X-A': '\u0100' }],
  [{ 'X A': 'b' }],
  [{ '': 'b' }],
  [{ 'X-A': 5 as unknown as string }],
  [{ Host: 'a b' }],
])('extra headers %j are refused when they are set', (extraHeaders) => {
  expect(() => new WebSocket({ extraHeaders })).toThrow(/^extraHeaders: /);
  expect(() => new WebSocket().setExtraHeaders(extraHeaders)).toThrow(UsageError);
});

describe('subprotocols', () => {
  test('are offered in order, may be added, and the agreed one is told on both sides', async () => {
    const opened: string[] = [];
    const { url } = await startServer({ subprotocols: ['msgpack', 'json'] }, (server) => {
      server.setOnClientMessageCallback((_state, _webSocket, message) => {
        if (message.type === 'open') opened.push(message.openInfo.protocol);
        if (message.type === 'open') opened.push(message.headers.get('Sec-WebSocket-Protocol') ?? '');
      });
    });
    const { client, log } = createClient({ url, subprotocols: ['json'] });
    client.addSubprotocol('msgpack');
    expect(client.getSubprotocols()).toEqual(['json', 'msgpack']);
    const result = await client.connect();
    expect(result.success && result.openInfo.protocol).toBe('msgpack');
    expect((await log.next('open')).openInfo.protocol).toBe('msgpack');
    expect(opened).toEqual(['msgpack', 'json,msgpack']);
  });

  test('of which the server speaks none are no reason to fail', async () => {
    const { url } = await startServer({ subprotocols: ['a'] });
    const { log } = await connectClient(url, { subprotocols: ['b'] });
    expect(log.of('open')[0]?.openInfo.protocol).toBe('');
  });

  test('that could not be sent, or are given twice, are refused', () => {
    for (const subprotocols of [['a b'], [''], ['a,b'], ['ü'], ['a', 'a'], [5 as unknown as string]]) {
      expect(() => new WebSocket({ subprotocols })).toThrow(/^subprotocols: /);
    }
    const webSocket = new WebSocket({ subprotocols: ['a'] });
    expect(() => webSocket.addSubprotocol('a')).toThrow(UsageError);
    expect(webSocket.getSubprotocols()).toEqual(['a']);
  });
});

describe('user name and password in the URL', () => {
  test('become basic authentication, percent-decoded', async () => {
    const { head } = await requestOf({}, '/', 'us%65r:p%40ss%3A%C3%BC@');
    expect(fieldOf(head, 'Authorization')).toBe(`Basic ${Buffer.from('user:p@ss:ü').toString('base64')}`);
    expect(fieldOf(head, 'Host')).not.toContain('@');
  });

  test('give way to an Authorization of the user', async () => {
    const { head } = await requestOf({ extraHeaders: { authorization: 'Bearer x' } }, '/', 'user:secret@');
    expect(head.match(/^authorization: .*/gim)).toEqual(['authorization: Bearer x']);
  });

  test.each([
    ['a bad status', 'HTTP/1.1 401 Unauthorized\r\n\r\n', 5],
    ['garbage', 'garbage\r\n', 5],
    ['an old version', 'HTTP/1.0 200 OK\r\n\r\n', 5],
    ['a wrong accept value', 'HTTP/1.1 101 x\r\nUpgrade: websocket\r\nConnection: upgrade\r\n\r\n', 5],
    ['silence', '', 0.05],
  ])('are in no error: %s', async (_name, answer, timeoutSecs) => {
    const server = await listenAndAnswer(() => answer);
    const { client } = createClient({ url: `ws://user:s3cret@127.0.0.1:${server.port}/` });
    const result = await client.connect(timeoutSecs);
    if (result.success) throw new Error('it connected');
    const { errorInfo } = result;
    const shown = `${JSON.stringify(errorInfo)} ${errorInfo.cause.stack} ${JSON.stringify(errorInfo.cause)}`;
    expect(shown).not.toContain('s3cret');
    expect(shown).not.toContain(Buffer.from('user:s3cret').toString('base64'));
  });

  test('are in no error of a server that hangs up, a port that is closed, and a URL that is wrong', async () => {
    const server = await listenRaw((peer) => peer.socket.destroy());
    for (const rest of [`127.0.0.1:${server.port}/`, '127.0.0.1:1/', '127.0.0.1:x/', '[::1', '127.0.0.1/#']) {
      const { client } = createClient({ url: `ws://user:s3cret@${rest}` });
      const result = await client.connect();
      if (result.success) throw new Error('it connected');
      const { errorInfo } = result;
      expect(`${errorInfo.reason} ${errorInfo.cause.stack}`).not.toContain('s3cret');
    }
  });
});

test('what the server answered is in openInfo, with its headers', async () => {
  const server = await listenAndAnswer((request) => switchingProtocols(request, { 'X-Answer': 'yes' }));
  const { client, log } = createClient({ url: `${server.url}path?query`, closeTimeoutSecs: 0.05 });
  const result = await client.connect();
  const open = await log.next('open');
  expect(open.openInfo).toMatchObject({ uri: '/path?query', protocol: '' });
  expect(open.openInfo.headers.get('x-ANSWER')).toBe('yes');
  expect(open.headers).toBe(open.openInfo.headers);
  expect(result.success && result.openInfo).toEqual(open.openInfo);
});

test.runIf(hasIpv6Loopback)('an IPv6 address goes into brackets in Host', async () => {
  const requests: string[] = [];
  const { server } = await startServer({ addressFamily: 6 }, (made) => {
    made.setOnClientMessageCallback((_state, _webSocket, message) => {
      if (message.type === 'open') requests.push(message.headers.get('Host') ?? '');
    });
  });
  await connectClient(`ws://[::1]:${server.getPort()}/chat`);
  expect(requests).toEqual([`[::1]:${server.getPort()}`]);
});

test('localAddress is where the connection comes from', async () => {
  const addresses: string[] = [];
  const { url } = await startServer({}, (server) => {
    server.setOnConnectionCallback((_webSocket, state) => void addresses.push(state.getRemoteIp()));
  });
  await connectClient(url, { localAddress: '127.0.0.3' });
  expect(addresses).toEqual(['127.0.0.3']);
});

test('a lookup of the user is asked for the name, and for the family', async () => {
  const { server } = await startServer();
  const asked: unknown[] = [];
  await connectClient(`ws://name.test:${server.getPort()}/`, {
    family: 4,
    lookup: (hostname, options, callback) => {
      asked.push([hostname, options.family]);
      callback(null, options.all === true ? [{ address: '127.0.0.1', family: 4 }] : '127.0.0.1', 4);
    },
  });
  expect(asked).toEqual([['name.test', 4]]);
});

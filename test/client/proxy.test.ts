import { inspect } from 'node:util';
import { describe, expect, test } from 'vitest';
import { UsageError, WebSocket, type WebSocketErrorInfo, type WebSocketOptions } from '../../src/index.ts';
import { Authority } from '../support/certificates.ts';
import { startHttpProxy, startSocksProxy, type TestProxy } from '../support/proxies.ts';
import { closedPort, listenAndAnswer, listenRaw } from '../support/raw-server.ts';
import { activeResources, noSocketsBut } from '../support/resources.ts';
import { createClient, startEchoServer } from '../support/running.ts';
import { authority, identity, startSecureServer, trusting } from '../support/secure.ts';

const SECRET = 'hunter2';

/** Every kind of proxy, started, with the options that lead a client through it. */
const kinds: readonly [string, () => Promise<{ proxy: TestProxy; options: WebSocketOptions }>][] = [
  [
    'http',
    async () => {
      const proxy = await startHttpProxy();
      return { proxy, options: { proxy: `http://127.0.0.1:${proxy.port}` } };
    },
  ],
  [
    'http with credentials',
    async () => {
      const proxy = await startHttpProxy({ wants: `us@er:${SECRET}` });
      return { proxy, options: { proxy: `http://us%40er:${SECRET}@127.0.0.1:${proxy.port}` } };
    },
  ],
  [
    'https',
    async () => {
      const proxy = await startHttpProxy({ isSecure: true, wants: `user:${SECRET}` });
      return {
        proxy,
        options: { proxy: `https://user:${SECRET}@localhost:${proxy.port}`, proxyTlsOptions: trusting },
      };
    },
  ],
  [
    'socks5',
    async () => {
      const proxy = await startSocksProxy();
      return { proxy, options: { proxy: `socks5://127.0.0.1:${proxy.port}` } };
    },
  ],
  [
    'socks5 with credentials',
    async () => {
      const proxy = await startSocksProxy({ wants: `user:${SECRET}` });
      return { proxy, options: { proxy: `socks5://user:${SECRET}@127.0.0.1:${proxy.port}` } };
    },
  ],
  [
    'socks4a',
    async () => {
      const proxy = await startSocksProxy();
      return { proxy, options: { proxy: `socks4a://user@127.0.0.1:${proxy.port}` } };
    },
  ],
];

/** A name that only the proxies of these tests know. */
const HOST = 'server.behind.test';

async function echoThrough(options: WebSocketOptions): Promise<void> {
  const { client, log } = createClient(options);
  const result = await client.connect();
  if (!result.success) throw result.errorInfo.cause;
  const long = 'x'.repeat(300_000);
  client.send('hello');
  client.send(long);
  await log.atLeast('message', 2);
  expect(log.data.map((data) => data.length)).toEqual([5, long.length]);
  await client.stop();
  expect(log.of('close')[0]?.closeInfo).toMatchObject({ code: 1000 });
}

async function failure(options: WebSocketOptions): Promise<WebSocketErrorInfo> {
  const { client } = createClient(options);
  const result = await client.connect();
  if (result.success) throw new Error('it connected');
  return result.errorInfo;
}

describe.each(kinds)('through a proxy of the kind %s', (_kind, start) => {
  test('ws reaches a server whose name only the proxy knows', async () => {
    const server = await startEchoServer();
    const { proxy, options } = await start();
    await echoThrough({ url: `ws://${HOST}:${server.port}/`, ...options });
    expect(proxy.targets).toEqual([`${HOST}:${server.port}`]);
  });

  test('wss reaches it too, and asks for the certificate by its name', async () => {
    const behind = authority.issue({ names: [HOST] });
    const server = await startSecureServer(behind);
    const { options } = await start();
    await echoThrough({ url: `wss://${HOST}:${server.port}/`, tlsOptions: trusting, ...options });
  });

  test('wss keeps every TLS option in force', async () => {
    const { options } = await start();
    const wrongName = await startSecureServer(identity);
    const url = `wss://${HOST}:${wrongName.port}/`;
    expect(await failure({ url, tlsOptions: trusting, ...options })).toMatchObject({ code: 'tlsHostnameMismatch' });
    const stranger = { caFile: new Authority('stranger').certificate };
    expect(await failure({ url, tlsOptions: stranger, ...options })).toMatchObject({ code: 'tlsUnknownAuthority' });
    expect(await failure({ url, ...options })).toMatchObject({ code: 'tlsUnknownAuthority' });
    const localhost = { ...trusting, serverName: 'localhost' };
    await echoThrough({ url, tlsOptions: localhost, ...options });
    await echoThrough({ url, tlsOptions: { ...trusting, disableHostnameValidation: true }, ...options });
    await echoThrough({ url, tlsOptions: { caFile: 'NONE' }, ...options });
  });

  test('a server that wants a certificate gets it', async () => {
    const server = await startSecureServer({ ...identity, caFile: authority.certificate });
    const { options } = await start();
    const url = `wss://localhost:${server.port}/`;
    expect(await failure({ url, tlsOptions: trusting, ...options })).toMatchObject({
      code: 'tlsClientCertificateRefused',
    });
    await echoThrough({ url, tlsOptions: { ...trusting, ...authority.issue() }, ...options });
  });

  test('an address is asked for as one', async () => {
    const server = await startEchoServer();
    const { proxy, options } = await start();
    await echoThrough({ url: `ws://127.0.0.1:${server.port}/`, ...options });
    expect(proxy.targets).toEqual([`127.0.0.1:${server.port}`]);
  });

  test('a server that does not listen is the refusal of the proxy', async () => {
    const { options } = await start();
    const info = await failure({ url: `ws://127.0.0.1:${await closedPort()}/`, ...options });
    expect(info).toMatchObject({ code: 'proxyRefused' });
    expect(inspect(info, { depth: 9, showHidden: true })).not.toContain(SECRET);
  });

  test('stop() in the middle leaves nothing behind', async () => {
    const before = activeResources();
    const silent = await listenRaw();
    const { client } = createClient({
      url: 'ws://server.behind.test/',
      proxy: (await start()).options.proxy?.replace(/:\d+$/, `:${silent.port}`) ?? '',
    });
    const connecting = client.connect();
    const peer = await silent.accept();
    await client.stop();
    expect(await connecting).toMatchObject({ success: false, errorInfo: { code: 'cancelled' } });
    await peer.ended();
    peer.socket.destroy();
    await noSocketsBut({ ...before, TCPServerWrap: 2 });
  });
});

describe('a proxy', () => {
  test.each([
    ['wrong credentials', `http://user:${SECRET}@`],
    ['none at all', 'http://'],
  ])('that gets %s is quoted by its status alone', async (_name, start) => {
    const proxy = await startHttpProxy({ wants: 'user:right' });
    const info = await failure({ url: 'ws://server.behind.test/', proxy: `${start}127.0.0.1:${proxy.port}` });
    expect(info).toMatchObject({ code: 'proxyRefused', httpStatus: 407 });
    expect(info.reason).toBe(
      `Unable to connect to server.behind.test on port 80 through the proxy http://127.0.0.1:${proxy.port}, error: ` +
        'it answered 407 Proxy Authentication Required',
    );
    expect(inspect(info, { depth: 9, showHidden: true })).not.toMatch(/hunter2|dXNlcjpodW50ZXIy/);
  });

  test('that asks for a wait is heard', async () => {
    const proxy = await startHttpProxy();
    const info = await failure({
      url: `ws://127.0.0.1:${await closedPort()}/`,
      proxy: `http://127.0.0.1:${proxy.port}`,
    });
    expect(info.cause).toMatchObject({ httpStatus: 502, retryAfterMs: 7000, phase: 'proxy' });
  });

  test('of SOCKS that gets wrong credentials refuses', async () => {
    const proxy = await startSocksProxy({ wants: 'user:right' });
    const url = 'ws://server.behind.test/';
    const wrong = await failure({ url, proxy: `socks5://user:${SECRET}@127.0.0.1:${proxy.port}` });
    expect(wrong).toMatchObject({ code: 'proxyRefused', cause: { phase: 'proxy' } });
    expect(wrong.reason).toMatch(/it does not accept the credentials$/);
    expect(inspect(wrong, { depth: 9, showHidden: true })).not.toContain(SECRET);
    const none = await failure({ url, proxy: `socks5://127.0.0.1:${proxy.port}` });
    expect(none).toMatchObject({ code: 'proxyRefused' });
  });

  test.each([
    [1, 'it failed for a reason'],
    [2, 'does not allow'],
    [3, 'no route'],
    [4, 'cannot reach'],
    [6, 'too long'],
    [99, 'rejected'],
  ])('of SOCKS that replies %i', async (reply, reason) => {
    const proxy = await startSocksProxy({ reply });
    const info = await failure({ url: 'ws://server.behind.test/', proxy: `socks5://127.0.0.1:${proxy.port}` });
    expect(info).toMatchObject({ code: 'proxyRefused', reason: expect.stringContaining(reason) });
  });

  test('that does not listen, or has no address, is unreachable', async () => {
    const url = 'ws://server.behind.test/';
    const port = await closedPort();
    const refused = await failure({ url, proxy: `http://user:${SECRET}@127.0.0.1:${port}` });
    expect(refused).toMatchObject({ code: 'proxyUnreachable', cause: { phase: 'connect' } });
    expect(inspect(refused, { depth: 9, showHidden: true })).not.toContain(SECRET);
    const unknown = await failure({ url, proxy: 'socks5://no.such.proxy.invalid' });
    expect(unknown).toMatchObject({ code: 'proxyUnreachable', cause: { phase: 'lookup' } });
  });

  test('at https:// has to prove who it is', async () => {
    const proxy = await startHttpProxy({ isSecure: true });
    const info = await failure({
      url: 'ws://server.behind.test/',
      proxy: `https://localhost:${proxy.port}`,
      // These are for the server.
      tlsOptions: { caFile: 'NONE' },
    });
    expect(info).toMatchObject({ code: 'proxyUnreachable', cause: { phase: 'proxy' } });
    expect(info.reason).toContain('certificate verify failed');
    expect(proxy.targets).toEqual([]);
  });

  test.each([
    ['hangs up', ''],
    ['sends no HTTP', 'SSH-2.0-OpenSSH_9.2\r\n'],
    ['sends bytes behind its answer', 'HTTP/1.1 200 OK\r\n\r\nHTTP/1.1 101'],
    ['switches protocols', 'HTTP/1.1 101 Switching Protocols\r\n\r\n'],
    ['sends interim responses for ever', 'HTTP/1.1 100 Continue\r\n\r\n'.repeat(20)],
    ['sends a head that is too large', `HTTP/1.1 200 OK\r\n${'X: y\r\n'.repeat(101)}\r\n`],
  ])('that %s has failed', async (_name, answer) => {
    const raw = await listenRaw(async (peer) => {
      await peer.head();
      if (answer === '') peer.socket.end();
      else peer.write(answer);
    });
    const info = await failure({ url: 'ws://server.behind.test/', proxy: `http://127.0.0.1:${raw.port}` });
    expect(info.code).toBe(answer.includes(' 101 Sw') ? 'proxyRefused' : 'proxyFailed');
  });

  test.each([
    ['hangs up', ''],
    ['speaks HTTP', 'HTTP/1.1 400 Bad Request\r\n\r\n'],
    ['sends bytes behind its answer', Buffer.from('0500050000010000000000004854', 'hex')],
    ['names an address of no known kind', Buffer.from('0500050000090000000000000', 'hex')],
  ])('of SOCKS that %s has not given a tunnel', async (_name, answer) => {
    const raw = await listenRaw((peer) => {
      peer.socket.once('data', () => (answer === '' ? peer.socket.end() : peer.write(answer)));
    });
    const info = await failure({ url: 'ws://server.behind.test/', proxy: `socks5://127.0.0.1:${raw.port}` });
    expect(info.code).toMatch(/^proxy(Failed|Refused)$/);
  });

  test('sends interim responses before its answer', async () => {
    const server = await startEchoServer();
    const raw = await listenRaw(async (peer) => {
      await peer.head();
      peer.write('HTTP/1.1 103 Early Hints\r\n\r\nHTTP/1.1 500 Oops\r\n\r\n');
    });
    const info = await failure({ url: server.url, proxy: `http://127.0.0.1:${raw.port}` });
    expect(info).toMatchObject({ code: 'proxyRefused', httpStatus: 500 });
  });

  test('that stays silent ends in timeout, in the phase proxy', async () => {
    const raw = await listenRaw();
    const info = await failure({
      url: 'ws://server.behind.test/',
      proxy: `http://127.0.0.1:${raw.port}`,
      handshakeTimeoutSecs: 0.05,
    });
    expect(info).toMatchObject({ code: 'timeout', cause: { phase: 'proxy' } });
  });
});

describe("proxy: 'env'", () => {
  const names = ['http_proxy', 'HTTP_PROXY', 'https_proxy', 'all_proxy', 'ALL_PROXY', 'no_proxy', 'NO_PROXY'];

  async function withEnvironment(variables: Record<string, string>, run: () => Promise<void>): Promise<void> {
    const before = names.map((name) => [name, process.env[name]] as const);
    for (const name of names) delete process.env[name];
    Object.assign(process.env, variables);
    try {
      await run();
    } finally {
      for (const [name, value] of before) {
        if (value === undefined) delete process.env[name];
        else process.env[name] = value;
      }
    }
  }

  test('goes by the environment', async () => {
    const server = await startEchoServer();
    const proxy = await startHttpProxy();
    const url = `ws://127.0.0.1:${server.port}/`;
    await withEnvironment({ HTTP_PROXY: `127.0.0.1:${proxy.port}` }, () => echoThrough({ url, proxy: 'env' }));
    expect(proxy.targets).toHaveLength(1);
    await withEnvironment({ HTTP_PROXY: `127.0.0.1:${proxy.port}`, NO_PROXY: '127.0.0.0/8' }, () =>
      echoThrough({ url, proxy: 'env' }),
    );
    await withEnvironment({ HTTP_PROXY: `127.0.0.1:${proxy.port}` }, () => echoThrough({ url }));
    expect(proxy.targets).toHaveLength(1);
  });

  test('names the variable that is wrong, and not its value', async () => {
    await withEnvironment({ ALL_PROXY: `gopher://user:${SECRET}@x` }, async () => {
      const info = await failure({ url: 'ws://127.0.0.1:1/', proxy: 'env' });
      expect(info).toMatchObject({ code: 'invalidProxy', reason: expect.stringContaining('ALL_PROXY is not') });
      expect(inspect(info, { depth: 9, showHidden: true })).not.toContain(SECRET);
    });
  });
});

describe('the option proxy', () => {
  test('is checked at once, without quoting it', () => {
    expect(() => new WebSocket({ proxy: `ftp://user:${SECRET}@x` })).toThrow(UsageError);
    expect(() => new WebSocket({ proxy: `ftp://user:${SECRET}@x` })).toThrow(/^proxy: must be the URL of a proxy/);
    expect(() => new WebSocket({ proxy: `ftp://user:${SECRET}@x` })).not.toThrow(/hunter2/);
  });

  test('shows no credentials when a client is printed', () => {
    const client = new WebSocket({ proxy: `http://user:${SECRET}@proxy.test` });
    expect(inspect(client, { depth: 9, showHidden: true })).not.toContain(SECRET);
  });

  test('does not come into play for a unix socket', async () => {
    const info = await failure({ url: 'ws+unix:/no/such/socket:/', proxy: 'http://127.0.0.1:1' });
    expect(info.code).toBe('connectFailed');
  });

  test('with a server that answers garbage inside of the tunnel is an error of the server', async () => {
    const server = await listenAndAnswer(() => 'garbage\r\n\r\n');
    const proxy = await startHttpProxy();
    const info = await failure({ url: server.url, proxy: `http://127.0.0.1:${proxy.port}` });
    expect(info.code).toBe('malformedResponse');
  });
});

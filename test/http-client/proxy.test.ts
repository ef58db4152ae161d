import http from 'node:http';
import https from 'node:https';
import { describe, expect, onTestFinished, test } from 'vitest';
import type { HttpClientOptions } from '../../src/index.ts';
import { createHttpClient, type Mirrored, startMirror } from '../support/http-server.ts';
import { startHttpProxy, startSocksProxy } from '../support/proxies.ts';
import { closedPort } from '../support/raw-server.ts';
import { identity, trusting } from '../support/secure.ts';

interface ForwardProxy {
  readonly port: number;
  /** The request lines it got, and the credentials. */
  readonly asked: string[];
  readonly credentials: (string | undefined)[];
  readonly connections: { count: number };
}

/** An HTTP proxy that passes plain requests on. */
async function startForwardProxy(isSecure = false): Promise<ForwardProxy> {
  const asked: string[] = [];
  const credentials: (string | undefined)[] = [];
  const connections = { count: 0 };
  const onRequest: http.RequestListener = (request, answer) => {
    asked.push(`${request.method} ${request.url}`);
    credentials.push(request.headers['proxy-authorization']);
    const { host: _host, 'proxy-authorization': _secret, ...headers } = request.headers;
    const onward = http.request(request.url ?? '', { method: request.method, headers }, (response) => {
      answer.writeHead(response.statusCode ?? 500, response.headers);
      response.pipe(answer);
    });
    onward.on('error', () => answer.writeHead(502).end());
    request.pipe(onward);
  };
  const proxy = isSecure
    ? https.createServer({ cert: identity.certFile, key: identity.keyFile }, onRequest)
    : http.createServer(onRequest);
  proxy.on(isSecure ? 'secureConnection' : 'connection', () => connections.count++);
  proxy.on('tlsClientError', () => undefined);
  onTestFinished(() => {
    proxy.close();
    proxy.closeAllConnections();
  });
  await new Promise<void>((resolve) => proxy.listen(0, '127.0.0.1', resolve));
  return { port: (proxy.address() as { port: number }).port, asked, credentials, connections };
}

const basic = (text: string): string => `Basic ${Buffer.from(text).toString('base64')}`;

describe('a plain request through an HTTP proxy', () => {
  test('names the whole URL, and the credentials for the proxy', async () => {
    const judge = await startMirror();
    const proxy = await startForwardProxy();
    const client = createHttpClient({ proxy: `http://me:se%20cret@127.0.0.1:${proxy.port}` });
    for (let i = 0; i < 2; i++) {
      const out = await client.post(`${judge.url}a?b#c`, 'x');
      expect(out.json<Mirrored>()).toMatchObject({ url: '/a?b', body: 'x' });
      expect(out.json<Mirrored>().headers).not.toHaveProperty('proxy-authorization');
    }
    expect(proxy.asked).toEqual([`POST ${judge.url}a?b`, `POST ${judge.url}a?b`]);
    expect(proxy.credentials).toEqual([basic('me:se cret'), basic('me:se cret')]);
  });

  test('shares the connection with requests to other servers', async () => {
    const [one, other] = [await startMirror(), await startMirror()];
    const proxy = await startForwardProxy();
    const client = createHttpClient({ proxy: `http://127.0.0.1:${proxy.port}` });
    expect((await client.get(one.url)).json<Mirrored>().headers['host']).toBe(new URL(one.url).host);
    expect((await client.get(other.url)).json<Mirrored>().headers['host']).toBe(new URL(other.url).host);
    expect(proxy.credentials).toEqual([undefined, undefined]);
    expect(proxy.connections.count).toBe(1);
  });

  test('goes over TLS to a proxy that wants it, whose certificate is verified', async () => {
    const judge = await startMirror();
    const proxy = await startForwardProxy(true);
    const options = { proxy: `https://localhost:${proxy.port}` };
    const trusted = createHttpClient({ ...options, proxyTlsOptions: trusting });
    expect((await trusted.get(`${judge.url}a`)).json<Mirrored>().url).toBe('/a');
    const out = await createHttpClient({ ...options, tlsOptions: trusting }).get(judge.url);
    expect(out).toMatchObject({ errorCode: 'CannotConnect' });
    expect(out.errorMsg).toMatch(/certificate verify failed/);
    expect(proxy.asked).toHaveLength(1);
  });

  test('says that it is the proxy that cannot be reached', async () => {
    const port = await closedPort();
    const out = await createHttpClient({ proxy: `http://me:secret@127.0.0.1:${port}` }).get('http://a.test/');
    expect(out).toMatchObject({ errorCode: 'CannotConnect' });
    expect(out.errorMsg).toMatch(/Connection refused/);
    expect(out.errorMsg).not.toContain('secret');
  });
});

describe('a request is made through', () => {
  test.each<[string, () => Promise<{ port: number; targets: string[] }>, string, HttpClientOptions]>([
    ['an HTTP proxy', () => startHttpProxy({ wants: 'me:pw' }), 'http://me:pw@', {}],
    ['an HTTPS proxy', () => startHttpProxy({ isSecure: true }), 'https://', { proxyTlsOptions: trusting }],
    ['a SOCKS5 proxy', () => startSocksProxy({ wants: 'me:pw' }), 'socks5://me:pw@', {}],
    ['a SOCKS4a proxy', () => startSocksProxy(), 'socks4a://', {}],
  ])('%s, to a server with TLS', async (_name, start, prefix, options) => {
    const judge = await startMirror({ isSecure: true });
    const proxy = await start();
    const client = createHttpClient({ ...options, proxy: `${prefix}localhost:${proxy.port}`, tlsOptions: trusting });
    expect((await client.post(judge.url, 'x')).json<Mirrored>().body).toBe('x');
    expect(await client.get(judge.url)).toMatchObject({ errorCode: 'Ok' });
    expect(proxy.targets).toEqual([`localhost:${judge.port}`]);
    // The options for the server hold behind the proxy, too.
    client.setTLSOptions({});
    const refused = await client.get(judge.url);
    expect(refused).toMatchObject({ errorCode: 'CannotConnect' });
    expect(refused.errorMsg).toMatch(/certificate verify failed/);
  });

  test('a SOCKS proxy, to a server without TLS', async () => {
    const judge = await startMirror();
    const proxy = await startSocksProxy();
    const client = createHttpClient({ proxy: `socks5://127.0.0.1:${proxy.port}` });
    expect((await client.get(`${judge.url}a`)).json<Mirrored>().url).toBe('/a');
    expect(proxy.targets).toEqual([`127.0.0.1:${judge.port}`]);
  });
});

test('a tunnel that is refused says so, without credentials', async () => {
  const proxy = await startHttpProxy({ wants: 'me:other' });
  const client = createHttpClient({ proxy: `http://me:secret@127.0.0.1:${proxy.port}` });
  const out = await client.get('https://a.test/');
  expect(out).toMatchObject({ errorCode: 'CannotConnect', statusCode: 0 });
  expect(out.errorMsg).toMatch(/407/);
  expect(out.errorMsg).not.toMatch(/secret|bWU6/);
});

test("the environment names the proxy with 'env', and exceptions", async () => {
  const judge = await startMirror();
  const proxy = await startForwardProxy();
  const names = ['http_proxy', 'no_proxy', 'HTTP_PROXY', 'NO_PROXY', 'all_proxy', 'ALL_PROXY'] as const;
  const before = names.map((name) => [name, process.env[name]] as const);
  onTestFinished(() => {
    for (const [name, value] of before) {
      if (value === undefined) delete process.env[name];
      else process.env[name] = value;
    }
  });
  for (const name of names) delete process.env[name];
  const client = createHttpClient({ proxy: 'env' });
  await client.get(judge.url);
  expect(proxy.asked).toHaveLength(0);
  process.env['http_proxy'] = `127.0.0.1:${proxy.port}`;
  await client.get(judge.url);
  expect(proxy.asked).toHaveLength(1);
  process.env['no_proxy'] = '127.0.0.1';
  expect(await client.get(judge.url)).toMatchObject({ errorCode: 'Ok' });
  expect(proxy.asked).toHaveLength(1);
  delete process.env['no_proxy'];
  process.env['http_proxy'] = 'ftp://x';
  expect(await client.get(judge.url)).toMatchObject({ errorCode: 'CannotConnect' });
});

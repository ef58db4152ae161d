import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import socks from '@heroku/socksv5';
import { Server as ProxyChain } from 'proxy-chain';
import { describe, expect, onTestFinished, test } from 'vitest';
import type { WebSocketOptions } from '../../src/index.ts';
import { connectClient, createClient, startEchoServer } from '../support/running.ts';
import { startSecureServer, trusting } from '../support/secure.ts';

const SECRET = 'hunter2';

interface Proxy {
  /** Without credentials. */
  readonly address: string;
  /** Where it has connected to. */
  readonly targets: string[];
}

/** The HTTP proxy of the package proxy-chain. */
async function startProxyChain(): Promise<Proxy> {
  const targets: string[] = [];
  const proxy = new ProxyChain({
    host: '127.0.0.1',
    port: 0,
    prepareRequestFunction: ({ hostname, port, username, password }) => {
      targets.push(`${hostname}:${port}`);
      return { requestAuthentication: username !== 'user' || password !== SECRET };
    },
  });
  await proxy.listen();
  onTestFinished(() => proxy.close(true));
  return { address: `127.0.0.1:${proxy.port}`, targets };
}

/** The SOCKS5 server of the package socksv5. */
async function startSocksv5(): Promise<Proxy> {
  const targets: string[] = [];
  const server = socks.createServer((info, accept) => {
    targets.push(`${info.dstAddr}:${info.dstPort}`);
    accept();
  });
  server.useAuth(socks.auth.UserPassword((user, password, answer) => answer(user === 'user' && password === SECRET)));
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(() => void server.close());
  return { address: `127.0.0.1:${(server.address() as AddressInfo).port}`, targets };
}

describe.each([
  ['proxy-chain', 'http', startProxyChain],
  ['socksv5', 'socks5', startSocksv5],
] as const)('through the proxy of %s', (_name, scheme, start) => {
  test.each([
    ['ws', () => startEchoServer(), {}],
    ['wss', () => startSecureServer(), { tlsOptions: trusting }],
  ] as const)('%s goes to the server and back', async (_protocol, startServer, options) => {
    const { url, port } = await startServer();
    const { address, targets } = await start();
    const proxied: WebSocketOptions = { ...options, proxy: `${scheme}://user:${SECRET}@${address}` };
    const { client, log } = await connectClient(url, proxied);
    const large = 'x'.repeat(300_000);
    client.send('hello');
    client.send(large);
    await log.atLeast('message', 2);
    expect(log.data).toEqual(['hello', large]);
    expect(targets).toEqual([`${new URL(url).hostname}:${port}`]);
  });

  test('a wrong password fails the attempt, and is in no error', async () => {
    const { url } = await startEchoServer();
    const { address } = await start();
    const { client, log } = createClient({
      url,
      automaticReconnection: false,
      proxy: `${scheme}://user:wrong-${SECRET}@${address}`,
    });
    client.start();
    const { errorInfo } = await log.next('error');
    expect(errorInfo.phase).toBe('proxy');
    expect(`${errorInfo.reason} ${JSON.stringify(errorInfo)} ${errorInfo.cause.stack}`).not.toContain(SECRET);
  });
});

import { spawn } from 'node:child_process';
import { chmod, mkdtemp, rm, writeFile } from 'node:fs/promises';
import net from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, onTestFinished, test } from 'vitest';
import type { WebSocketOptions } from '../../src/index.ts';
import { eventually } from '../support/eventually.ts';
import { closedPort } from '../support/raw-server.ts';
import { createClient, startEchoServer } from '../support/running.ts';
import { failureOf, startSecureServer, trusting } from '../support/secure.ts';

const SECRET = 'hunter2';

function run(command: string, args: readonly string[]): void {
  const child = spawn(command, args, {
    stdio: 'ignore',
    env: { ...process.env, PATH: `${process.env['PATH']}:/usr/sbin` },
  });
  onTestFinished(() => void child.kill());
}

async function listens(port: number): Promise<void> {
  let isOpen = false;
  const attempt = (): void => {
    const socket = net.connect(port, '127.0.0.1', () => {
      isOpen = true;
      socket.destroy();
    });
    socket.on('error', () => undefined);
  };
  await eventually(`a proxy on port ${port}`, () => {
    attempt();
    return isOpen;
  });
}

/** tinyproxy, as Debian has it. */
async function startTinyproxy(credentials?: string): Promise<string> {
  const port = await closedPort();
  const directory = await mkdtemp(join(tmpdir(), 'ixwebsocket-proxy-'));
  onTestFinished(() => rm(directory, { recursive: true, force: true }));
  const lines = [`Port ${port}`, 'Listen 127.0.0.1', 'Timeout 30', 'MaxClients 50', 'Allow 127.0.0.1'];
  if (credentials !== undefined) lines.push(`BasicAuth ${credentials.replace(':', ' ')}`);
  const file = join(directory, 'tinyproxy.conf');
  await writeFile(file, `${lines.join('\n')}\n`);
  run('tinyproxy', ['-d', '-c', file]);
  await listens(port);
  return `http://${credentials === undefined ? '' : `${credentials}@`}127.0.0.1:${port}`;
}

/** microsocks, as Debian has it. */
async function startMicrosocks(credentials?: string): Promise<string> {
  const port = await closedPort();
  const [user = '', password = ''] = credentials?.split(':') ?? [];
  run('microsocks', ['-i', '127.0.0.1', '-p', String(port), ...(credentials ? ['-u', user, '-P', password] : [])]);
  await listens(port);
  return `socks5://${credentials === undefined ? '' : `${credentials}@`}127.0.0.1:${port}`;
}

/** squid, as Debian has it; it carries CONNECT to any port once told to. */
async function startSquid(credentials?: string): Promise<string> {
  const port = await closedPort();
  const directory = await mkdtemp(join(tmpdir(), 'ixwebsocket-proxy-'));
  onTestFinished(() => rm(directory, { recursive: true, force: true }));
  await chmod(directory, 0o777);
  const checker = join(directory, 'check.sh');
  await writeFile(
    checker,
    `while read -r user password; do case "$user $password" in '${credentials?.replace(':', ' ')}') echo OK;; *) echo ERR;; esac; done\n`,
  );
  const file = join(directory, 'squid.conf');
  const access = [
    `auth_param basic program /bin/sh ${checker}`,
    'acl known proxy_auth REQUIRED',
    'http_access allow known',
  ];
  await writeFile(
    file,
    [
      `http_port 127.0.0.1:${port}`,
      ...(credentials === undefined ? ['http_access allow all'] : access),
      'http_access deny all',
      'access_log none',
      'cache_log /dev/null',
      'cache deny all',
      'pinger_enable off',
      'shutdown_lifetime 0 seconds',
      `pid_filename ${join(directory, 'squid.pid')}`,
      'visible_hostname localhost',
      '',
    ].join('\n'),
  );
  run('squid', ['-N', '-f', file]);
  await listens(port);
  return `http://${credentials === undefined ? '' : `${credentials}@`}127.0.0.1:${port}`;
}

/** dante, as Debian has it. It knows only the users of the system, so it is asked without credentials. */
async function startDante(): Promise<string> {
  const port = await closedPort();
  const directory = await mkdtemp(join(tmpdir(), 'ixwebsocket-proxy-'));
  onTestFinished(() => rm(directory, { recursive: true, force: true }));
  const file = join(directory, 'danted.conf');
  const everyone = '{ from: 127.0.0.0/8 to: 0.0.0.0/0 }';
  await writeFile(
    file,
    [
      'logoutput: /dev/null',
      `internal: 127.0.0.1 port = ${port}`,
      'external: lo',
      'clientmethod: none',
      'socksmethod: none',
      `client pass ${everyone}`,
      `socks pass ${everyone}`,
      '',
    ].join('\n'),
  );
  run('danted', ['-f', file, '-p', join(directory, 'danted.pid')]);
  await listens(port);
  return `socks5://127.0.0.1:${port}`;
}

async function echoes(options: WebSocketOptions): Promise<void> {
  const { client, log } = createClient(options);
  const result = await client.connect();
  if (!result.success) throw result.errorInfo.cause;
  const long = Buffer.alloc(3_000_000, 'x').toString();
  client.send('hello');
  client.send(long);
  await log.atLeast('message', 2);
  expect(log.data).toEqual(['hello', long]);
  await client.stop();
}

describe.each([
  ['tinyproxy', startTinyproxy],
  ['microsocks', startMicrosocks],
  ['squid', startSquid],
])('%s', (_name, start) => {
  test.each([
    ['without credentials', undefined],
    ['with credentials', `user:${SECRET}`],
  ])('carries ws and wss %s', async (_what, credentials) => {
    const proxy = await start(credentials);
    const plain = await startEchoServer();
    await echoes({ url: plain.url, proxy });
    await echoes({ url: `ws://localhost:${plain.port}/`, proxy });
    const secure = await startSecureServer();
    await echoes({ url: secure.url, tlsOptions: trusting, proxy });
    expect(await failureOf(secure.url, {}, { proxy })).toMatchObject({ code: 'tlsUnknownAuthority' });
  });

  test('refuses wrong credentials', async () => {
    const proxy = (await start('user:right')).replace('right', SECRET);
    const info = await failureOf('ws://127.0.0.1:1/', trusting, { proxy });
    expect(info).toMatchObject({ code: 'proxyRefused', phase: 'proxy' });
    expect(info.reason).not.toContain(SECRET);
  });

  test('says that the server cannot be reached', async () => {
    const proxy = await start();
    const info = await failureOf(`ws://127.0.0.1:${await closedPort()}/`, trusting, { proxy });
    expect(info.code).toBe('proxyRefused');
  });
});

test('dante carries ws and wss', async () => {
  const proxy = await startDante();
  const plain = await startEchoServer();
  await echoes({ url: plain.url, proxy });
  const secure = await startSecureServer();
  await echoes({ url: secure.url, tlsOptions: trusting, proxy });
  const info = await failureOf(`ws://127.0.0.1:${await closedPort()}/`, trusting, { proxy });
  expect(info.code).toBe('proxyRefused');
});

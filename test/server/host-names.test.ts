import http from 'node:http';
import { describe, expect, onTestFinished, test } from 'vitest';
import { HttpServer, type SocketServerOptions, WebSocketServer } from '../../src/index.ts';
import { hasIpv6Loopback } from '../support/ipv6.ts';
import { connectRaw, upgradeRequest } from '../support/raw-peer.ts';

const statusIn = (head: string): number => Number(/^HTTP\/1\.1 (\d+)/.exec(head)?.[1]);

async function start(options: SocketServerOptions, isHttp: boolean): Promise<WebSocketServer | HttpServer> {
  const settings = { port: 0, closeTimeoutSecs: 0.2, ...options };
  const server = isHttp ? new HttpServer(settings) : new WebSocketServer(settings);
  onTestFinished(() => server.stop());
  server.setOnClientMessageCallback(() => undefined);
  const listening = await server.listenAndStart();
  if (!listening.ok) throw listening.error;
  return server;
}

/** The answers to an opening handshake on either server, and to a GET. */
async function statusesFor(options: SocketServerOptions, fields: Record<string, string>): Promise<number[]> {
  const lines = Object.entries(fields).map(([name, value]) => `${name}: ${value}\r\n`);
  const requests: [boolean, string][] = [
    [false, upgradeRequest(fields)],
    [true, upgradeRequest(fields)],
    [true, `GET /none HTTP/1.1\r\n${lines.join('')}\r\n`],
  ];
  const statuses: number[] = [];
  for (const [isHttp, request] of requests) {
    const server = await start(options, isHttp);
    const peer = await connectRaw(server.getPort(), { host: options.host ?? '127.0.0.1', send: request });
    statuses.push(statusIn(await peer.head()));
  }
  return statuses;
}

const served = [101, 101, 404];
const refused = [421, 421, 421];

describe('a server on a loopback address', () => {
  test.each([
    'localhost',
    'LOCALHOST:8080',
    'localhost.',
    '127.0.0.1:1',
    '127.9.9.9',
    '[::1]',
    '[::1]:80',
    '[::ffff:127.0.0.1]:80',
    '[::FFFF:7f00:1]',
    'app.localhost:3000',
    'app.localhost.',
  ])('goes by %s', async (Host) => {
    expect(await statusesFor({}, { Host })).toEqual(served);
  });

  test.each([
    'evil.example',
    'evil.example:8080',
    'localhost.evil.example',
    '127.0.0.1.evil.example',
    '192.0.2.1',
    '[::2]',
  ])('does not go by %s, which may be a name of another page that points here', async (Host) => {
    expect(await statusesFor({}, { Host, Origin: `http://${Host}` })).toEqual(refused);
  });

  test.runIf(hasIpv6Loopback)('is one by IPv6 as well', async () => {
    expect(await statusesFor({ host: '::1', addressFamily: 6 }, { Host: 'evil.example' })).toEqual(refused);
    expect(await statusesFor({ host: '::1', addressFamily: 6 }, { Host: '[::1]:99' })).toEqual(served);
  });

  test('goes by other names where the option says so, and by no others then', async () => {
    expect(await statusesFor({ allowedHosts: '*' }, { Host: 'any.example' })).toEqual(served);
    const allowedHosts = ['mine.example'];
    expect(await statusesFor({ allowedHosts }, { Host: 'mine.example:8080' })).toEqual(served);
    expect(await statusesFor({ allowedHosts }, { Host: 'localhost' })).toEqual(refused);
  });

  test('takes what a trusted proxy was asked for', async () => {
    const trustedProxies = ['127.0.0.1'];
    expect(await statusesFor({ trustedProxies }, { Host: 'public.example' })).toEqual(served);
    expect(await statusesFor({ trustedProxies: ['192.0.2.1'] }, { Host: 'public.example' })).toEqual(refused);
  });

  test('looks at every request of a connection', async () => {
    const server = await start({}, true);
    const request = (host: string): string => `GET /none HTTP/1.1\r\nHost: ${host}\r\n\r\n`;
    const peer = await connectRaw(server.getPort(), { send: request('localhost') + request('evil.example') });
    await peer.ended();
    expect(peer.text.match(/HTTP\/1\.1 \d+/g)).toEqual(['HTTP/1.1 404', 'HTTP/1.1 421']);
  });

  test('serves a client of HTTP/1.0 that names no host', async () => {
    const server = await start({}, true);
    const peer = await connectRaw(server.getPort(), { send: 'GET /none HTTP/1.0\r\n\r\n' });
    expect(statusIn(await peer.head())).toBe(404);
  });
});

test('a server on all addresses goes by any name', async () => {
  expect(await statusesFor({ host: '0.0.0.0' }, { Host: 'any.example' })).toEqual(served);
});

test('requests that another HTTP server hands over may be for any name, unless there is a list', async () => {
  for (const [allowedHosts, status] of [
    [undefined, 101],
    [['mine.example'], 421],
  ] as const) {
    const httpServer = http.createServer();
    const server = new WebSocketServer({ allowedHosts });
    server.attach(httpServer);
    await new Promise<void>((resolve) => httpServer.listen(0, '127.0.0.1', resolve));
    onTestFinished(async () => {
      await server.stop();
      httpServer.close();
    });
    const address = httpServer.address();
    const port = typeof address === 'object' && address !== null ? address.port : 0;
    const peer = await connectRaw(port, { send: upgradeRequest({ Host: 'public.example' }) });
    expect(statusIn(await peer.head())).toBe(status);
  }
});

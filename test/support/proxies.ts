import http from 'node:http';
import https from 'node:https';
import net from 'node:net';
import type { Duplex } from 'node:stream';
import { onTestFinished } from 'vitest';
import { identity } from './secure.ts';

/** A proxy for one test, and what it was asked for. */
export interface TestProxy {
  readonly port: number;
  /** `host:port` of each tunnel, as the client named it. */
  readonly targets: string[];
  /** What came along as credentials. */
  readonly credentials: string[];
}

/** Where names lead that nobody else can resolve: the proxy does. */
const onlyHere: ReadonlyMap<string, string> = new Map([
  ['server.behind.test', '127.0.0.1'],
  ['localhost', '127.0.0.1'],
]);

function reach(host: string, port: number): net.Socket {
  const socket = net.connect({ host: onlyHere.get(host) ?? host, port });
  socket.on('error', () => undefined);
  return socket;
}

function join(near: Duplex, far: net.Socket): void {
  near.pipe(far).pipe(near);
  near.on('error', () => far.destroy()).on('close', () => far.destroy());
  far.on('error', () => near.destroy()).on('close', () => near.destroy());
}

export interface HttpProxyOptions {
  /** `user:password` that is wanted. */
  readonly wants?: string;
  readonly isSecure?: boolean;
}

/** An HTTP proxy of Node's, which knows no more than CONNECT. */
export async function startHttpProxy({ wants, isSecure = false }: HttpProxyOptions = {}): Promise<TestProxy> {
  const targets: string[] = [];
  const credentials: string[] = [];
  const server = isSecure
    ? https.createServer({ cert: identity.certFile, key: identity.keyFile })
    : http.createServer();
  const open = new Set<Duplex>();
  server.on('connect', (request: http.IncomingMessage, near: Duplex) => {
    open.add(near);
    near.on('error', () => undefined);
    targets.push(request.url ?? '');
    const given = request.headers['proxy-authorization'] ?? '';
    credentials.push(Buffer.from(given.replace(/^Basic /, ''), 'base64').toString());
    if (wants !== undefined && credentials.at(-1) !== wants) {
      near.end(`HTTP/1.1 407 ${given}\r\nProxy-Authenticate: Basic realm="${given}"\r\n\r\n`);
      return;
    }
    const [, host = '', port = ''] = /^\[?(.*?)\]?:(\d+)$/.exec(request.url ?? '') ?? [];
    const far = reach(host, Number(port));
    far.once('error', () => near.end('HTTP/1.1 502 Bad Gateway\r\nRetry-After: 7\r\n\r\n'));
    far.once('connect', () => {
      near.write('HTTP/1.1 200 Connection established\r\nContent-Length: 5\r\n\r\n');
      join(near, far);
    });
  });
  return { port: await listen(server, open), targets, credentials };
}

export interface SocksProxyOptions {
  /** `user:password` that is wanted. */
  readonly wants?: string;
  /** The reply to every request, when it is not to be carried out. */
  readonly reply?: number;
}

/** A SOCKS proxy for versions 5 and 4a (RFC 1928, RFC 1929), byte by byte. */
export async function startSocksProxy(options: SocksProxyOptions = {}): Promise<TestProxy> {
  const targets: string[] = [];
  const credentials: string[] = [];
  const open = new Set<Duplex>();
  const server = net.createServer((near) => {
    open.add(near);
    near.on('error', () => undefined);
    void serveSocks(near, options, targets, credentials).catch(() => near.destroy());
  });
  return { port: await listen(server, open), targets, credentials };
}

async function serveSocks(
  near: net.Socket,
  { wants, reply = 0 }: SocksProxyOptions,
  targets: string[],
  credentials: string[],
): Promise<void> {
  const take = reader(near);
  const [version = 0, second = 0] = await take(2);
  if (version === 4) {
    const [p1 = 0, p0 = 0, ...address] = await take(6);
    credentials.push(await text(take));
    const host = address[0] === 0 ? await text(take) : address.join('.');
    targets.push(`${host}:${p1 * 256 + p0}`);
    const answer = (granted: boolean): boolean =>
      near.write(Buffer.from([0, granted ? 90 : reply >= 90 ? reply : 91, 0, 0, 0, 0, 0, 0]));
    if (reply === 0) connectThrough(near, host, p1 * 256 + p0, answer);
    else answer(false);
    return;
  }
  const methods = await take(second);
  const wantsPassword = wants !== undefined;
  if (wantsPassword && !methods.includes(2)) {
    near.end(Buffer.from([5, 255]));
    return;
  }
  near.write(Buffer.from([5, wantsPassword ? 2 : 0]));
  if (wantsPassword) {
    await take(1);
    const user = Buffer.from(await take((await take(1))[0] ?? 0)).toString();
    const password = Buffer.from(await take((await take(1))[0] ?? 0)).toString();
    credentials.push(`${user}:${password}`);
    const isRight = credentials.at(-1) === wants;
    near.write(Buffer.from([1, isRight ? 0 : 1]));
    if (!isRight) return;
  }
  const [, , , kind = 0] = await take(4);
  const bytes = await take(kind === 1 ? 4 : kind === 4 ? 16 : ((await take(1))[0] ?? 0));
  const host = kind === 3 ? Buffer.from(bytes).toString() : kind === 1 ? bytes.join('.') : ipv6(bytes);
  const [p1 = 0, p0 = 0] = await take(2);
  targets.push(`${host}:${p1 * 256 + p0}`);
  const answer = (code: number): boolean => near.write(Buffer.from([5, code, 0, 1, 0, 0, 0, 0, 0, 0]));
  if (reply !== 0) answer(reply);
  else connectThrough(near, host, p1 * 256 + p0, (granted) => answer(granted ? 0 : 5));
}

function connectThrough(near: net.Socket, host: string, port: number, answer: (granted: boolean) => unknown): void {
  const far = reach(host, port);
  far.once('error', () => answer(false));
  far.once('connect', () => {
    answer(true);
    near.removeAllListeners('data');
    join(near, far);
  });
}

const ipv6 = (bytes: readonly number[]): string =>
  Array.from({ length: 8 }, (_, i) => (((bytes[2 * i] ?? 0) << 8) | (bytes[2 * i + 1] ?? 0)).toString(16)).join(':');

type Take = (count: number) => Promise<number[]>;

/** A NUL-terminated string. */
async function text(take: Take): Promise<string> {
  const bytes: number[] = [];
  for (;;) {
    const [byte = 0] = await take(1);
    if (byte === 0) return Buffer.from(bytes).toString();
    bytes.push(byte);
  }
}

function reader(socket: net.Socket): Take {
  let held = Buffer.alloc(0);
  let waiter: (() => void) | undefined;
  socket.on('data', (chunk: Buffer) => {
    held = Buffer.concat([held, chunk]);
    waiter?.();
  });
  return async (count) => {
    while (held.length < count) await new Promise<void>((resolve) => (waiter = resolve));
    const taken = held.subarray(0, count);
    held = held.subarray(count);
    return [...taken];
  };
}

async function listen(server: net.Server, open: ReadonlySet<Duplex>): Promise<number> {
  server.on('tlsClientError', () => undefined);
  onTestFinished(() => {
    server.close();
    for (const socket of open) socket.destroy();
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return (server.address() as net.AddressInfo).port;
}

import { lookup } from 'node:dns/promises';
import net from 'node:net';
import { removeStaleSocket, restrictSocket } from './unix-listen.ts';

/** The address of a listener, and its options. */
export type AcceptedSocket = net.Socket;

export interface ListenOptions {
  readonly host: string;
  /** 0 picks a free one. */
  readonly port: number;
  readonly backlog: number;
  /** True when an IPv6 address accepts IPv6 only; without it `::` accepts IPv4 as well. */
  readonly ipv6Only: boolean;
  /** The family of the addresses that a host name stands for. */
  readonly family: 4 | 6;
  /** A unix socket to listen on instead. */
  readonly socketPath?: string | undefined;
  readonly onSocket: (socket: net.Socket) => void;
  /** An error after listening began, such as no more file descriptors. It does not end the listening. */
  readonly onError: (error: Error) => void;
}

/** A socket that listens. */
export interface Listener {
  readonly address: string;
  /** 0 for a unix socket. */
  readonly port: number;
  /** Stops accepting. Resolves when the port is free; accepted connections are not touched. */
  close(): Promise<void>;
  ref(): void;
  unref(): void;
}

/** Listens by TCP or on a unix socket. Rejects with the system's error. */
export async function listenOn(options: ListenOptions): Promise<Listener> {
  const { port, backlog, ipv6Only, socketPath } = options;
  if (socketPath === undefined) {
    const host = await resolveHost(options.host, options.family);
    return listenAt({ host, port, backlog, ipv6Only, exclusive: false }, options);
  }
  try {
    return await listenAt({ path: socketPath, backlog }, options);
  } catch (error) {
    const isTaken = error instanceof Error && 'code' in error && error.code === 'EADDRINUSE';
    if (!isTaken || !(await removeStaleSocket(socketPath))) throw error;
    return listenAt({ path: socketPath, backlog }, options);
  }
}

/** An address of the right family. Rejects with a system error when there is none. */
async function resolveHost(host: string, family: 4 | 6): Promise<string> {
  const isAddress = net.isIP(host);
  if (isAddress === family) return host;
  if (isAddress === 0) return (await lookup(host, { family })).address;
  throw Object.assign(new Error(`${host} is not an IPv${family} address`), { code: 'EINVAL' });
}

function listenAt(where: net.ListenOptions, options: ListenOptions): Promise<Listener> {
  const server = net.createServer({ allowHalfOpen: true, noDelay: true }, options.onSocket);
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(where, () => {
      server.removeListener('error', reject);
      server.on('error', options.onError);
      resolve(toListener(server));
    });
    // The path exists from here on; waiting for the event would leave it open to others for longer.
    if (where.path !== undefined && server.listening) restrictSocket(where.path);
  });
}

function toListener(server: net.Server): Listener {
  const bound = server.address();
  const isIp = typeof bound === 'object' && bound !== null;
  return {
    address: isIp ? bound.address : (bound ?? ''),
    port: isIp ? bound.port : 0,
    close: () => closeServer(server),
    ref: () => void server.ref(),
    unref: () => void server.unref(),
  };
}

/**
 * `close` of Node waits for every accepted connection, and would wait for those whose handles have moved for ever; the
 * port itself is free as soon as the call returns.
 */
function closeServer(server: net.Server): Promise<void> {
  server.close();
  return new Promise((resolve) => setImmediate(resolve));
}

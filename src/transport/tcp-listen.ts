import net from 'node:net';
import { TcpTransport } from './tcp-transport.ts';
import type { Transport } from './transport.ts';

export interface ListenOptions {
  readonly host: string;
  /** 0 picks a free one. */
  readonly port: number;
  readonly backlog: number;
  /** Whether an IPv6 address accepts IPv6 only; without it `::` accepts IPv4 as well. */
  readonly ipv6Only: boolean;
  readonly onConnection: (transport: Transport) => void;
  /** An error after listening began, such as no more file descriptors. It does not end the listening. */
  readonly onError: (error: Error) => void;
}

/** A socket that listens. */
export interface Listener {
  readonly address: string;
  readonly port: number;
  /** Stops accepting. Resolves when the port is free; accepted connections are not touched. */
  close(): Promise<void>;
  ref(): void;
  unref(): void;
}

/** Listens by TCP. Rejects with the system's error. */
export function listenTcp(options: ListenOptions): Promise<Listener> {
  const server = net.createServer({ allowHalfOpen: true, noDelay: true }, (socket) => {
    options.onConnection(new TcpTransport(socket, { mayMove: true, readsIntoSharedBuffer: false }));
  });
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    const { host, port, backlog, ipv6Only } = options;
    server.listen({ host, port, backlog, ipv6Only, exclusive: false }, () => {
      server.removeListener('error', reject);
      server.on('error', options.onError);
      resolve(toListener(server));
    });
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

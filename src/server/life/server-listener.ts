import { ListenError } from '../../errors.ts';
import { ProxyAcceptor } from '../../transport/tcp/proxy-accept.ts';
import { type AcceptedSocket, type Listener, listenOn } from '../../transport/tcp/tcp-listen.ts';
import { TcpTransport } from '../../transport/tcp/tcp-transport.ts';
import { isSocketPathTooLong } from '../../transport/tcp/unix-listen.ts';
import { TlsAcceptor } from '../../transport/tls/tls-accept.ts';
import { readTlsServerSettings, type TlsServerSettings } from '../../transport/tls/tls-identities.ts';
import type { SocketTLSOptions } from '../../transport/tls/tls-options.ts';
import { reasonOf, TlsProblem } from '../../transport/tls/tls-problem.ts';
import type { PeerAddress, Transport } from '../../transport/transport.ts';
import type { TimerWheel } from '../../util/timer-wheel.ts';
import type { LogLevel, ResolvedServerOptions } from '../server-options.ts';
import { toListenError } from './listen-error.ts';

/** The outcome of `listen()`. */
export type ListenResult = { readonly ok: true } | { readonly ok: false; readonly error: ListenError };

/** The server, as a {@link ServerListener} sees it. */
export interface ServerListenerOwner {
  readonly wheel: TimerWheel;
  /** A TLS handshake is about to begin. */
  onHandshake(): void;
  /** An error of the listening socket. */
  onListenerError(error: Error): void;
  /** A connection ended before there was a request, for this reason of ours. */
  onConnectionRefused(code: string, remoteIp: string): void;
  log(level: LogLevel, message: string): void;
}

/** The options that say where and how a server listens. */
export type ListenOptions = Pick<
  ResolvedServerOptions<never, never>,
  | 'host'
  | 'port'
  | 'socketPath'
  | 'backlog'
  | 'addressFamily'
  | 'handshakeTimeoutSecs'
  | 'proxyProtocol'
  | 'trustedProxies'
>;

/** The listening side of a server: a port or a unix socket, with the PROXY header and the TLS handshake where wanted. */
export class ServerListener {
  private readonly listener: Listener;
  private readonly acceptor: TlsAcceptor | undefined;
  private readonly proxies: ProxyAcceptor | undefined;
  private readonly where: ListenOptions;

  private constructor(
    listener: Listener,
    acceptor: TlsAcceptor | undefined,
    proxies: ProxyAcceptor | undefined,
    where: ListenOptions,
  ) {
    this.listener = listener;
    this.acceptor = acceptor;
    this.proxies = proxies;
    this.where = where;
  }

  /**
   * Rejects with a {@link ListenError}. TLS options are checked before the port is bound. `onTransport` gets the
   * connections that were accepted and, where there is TLS, secured.
   */
  static async open(
    where: ListenOptions,
    tlsOptions: SocketTLSOptions | undefined,
    owner: ServerListenerOwner,
    onTransport: (transport: Transport) => void,
  ): Promise<ServerListener> {
    const acceptor = createAcceptor(readSettings(tlsOptions, where), where, owner, onTransport);
    const onConnection = (socket: AcceptedSocket, peer?: PeerAddress): void => {
      if (acceptor !== undefined) acceptor.accept(socket, peer);
      else onTransport(new TcpTransport(socket, { mayMove: true, readsIntoSharedBuffer: false, peer }));
    };
    const proxies = createProxyAcceptor(onConnection, where, owner);
    const { host, port, socketPath, backlog, addressFamily } = where;
    if (socketPath !== undefined && isSocketPathTooLong(socketPath)) {
      throw new ListenError('invalidSocketPath', `socketPath is longer than systems allow: ${socketPath}`, at(where));
    }
    try {
      const listener = await listenOn({
        host,
        port,
        socketPath,
        backlog,
        ipv6Only: addressFamily === 6,
        family: addressFamily === 4 ? 4 : 6,
        onError: (error) => owner.onListenerError(error),
        onSocket: (socket) => {
          if (acceptor !== undefined || proxies !== undefined) owner.onHandshake();
          if (proxies === undefined) onConnection(socket);
          else proxies.accept(socket);
        },
      });
      return new ServerListener(listener, acceptor, proxies, where);
    } catch (error) {
      throw toListenError(error, at(where));
    }
  }

  /** 0 for a unix socket. */
  get port(): number {
    return this.listener.port;
  }

  /** TLS handshakes under way, and connections of proxies that have not said whose they are. */
  get pendingHandshakes(): number {
    return (this.acceptor?.pending ?? 0) + (this.proxies?.pending ?? 0);
  }

  /** Ends the one of them that has taken the longest; false when there is none. */
  dropOldestHandshake(): boolean {
    return this.proxies?.dropOldest() === true || this.acceptor?.dropOldest() === true;
  }

  /**
   * Uses other certificates from the next handshake on.
   *
   * @throws ListenError when they cannot be used, or when there would be TLS no more, or all of a sudden
   */
  replaceTls(tlsOptions: SocketTLSOptions): void {
    const settings = readSettings(tlsOptions, this.where);
    const { acceptor } = this;
    if (settings !== undefined && acceptor !== undefined) acceptor.replace(settings);
    else if (settings !== undefined || acceptor !== undefined) {
      const message = 'a server that listens cannot change between TLS and plain text; stop it first';
      throw new ListenError('tlsOptionsDisabled', message, at(this.where));
    }
  }

  /** Stops listening, and ends the handshakes under way. */
  async close(): Promise<void> {
    this.proxies?.close();
    await Promise.all([this.listener.close(), this.acceptor?.close()]);
  }
}

function createAcceptor(
  settings: TlsServerSettings | undefined,
  where: ListenOptions,
  owner: ServerListenerOwner,
  onSecured: (transport: Transport) => void,
): TlsAcceptor | undefined {
  if (settings === undefined) return undefined;
  return new TlsAcceptor(settings, where.handshakeTimeoutSecs * 1000, {
    wheel: owner.wheel,
    onSecured,
    onHandshakeFailed: (address, port, error) => {
      const client = address === '' ? (where.socketPath ?? '') : `${address}:${port}`;
      owner.onConnectionRefused('tlsHandshakeFailed', address);
      owner.log('error', `tls accept failed for client ${client}: ${describe(error)}`);
    },
  });
}

function createProxyAcceptor(
  onUnwrapped: (socket: AcceptedSocket, peer?: PeerAddress) => void,
  where: ListenOptions,
  owner: ServerListenerOwner,
): ProxyAcceptor | undefined {
  if (where.proxyProtocol === 'off') return undefined;
  return new ProxyAcceptor(where.trustedProxies, where.handshakeTimeoutSecs * 1000, {
    wheel: owner.wheel,
    onUnwrapped,
    onProxyRefused: (address, port, why) => {
      const client = address === '' ? (where.socketPath ?? '') : `${address}:${port}`;
      owner.onConnectionRefused('proxyHeaderRefused', address);
      owner.log('error', `PROXY header refused from ${client}: ${why}`);
    },
  });
}

function readSettings(tlsOptions: SocketTLSOptions | undefined, where: ListenOptions): TlsServerSettings | undefined {
  try {
    return readTlsServerSettings(tlsOptions);
  } catch (error) {
    if (!(error instanceof TlsProblem)) throw error;
    throw new ListenError(error.code, error.message, at(where), error.cause);
  }
}

/** The address it listens on, as a {@link ListenError} says it. */
export function at({ host, port, socketPath }: Pick<ListenOptions, 'host' | 'port' | 'socketPath'>): {
  host: string;
  port: number;
} {
  return socketPath === undefined ? { host, port } : { host: socketPath, port: 0 };
}

/** One line, whatever a client may have sent. */
function describe(error: Error): string {
  const cause = error.cause === undefined ? '' : ` (${reasonOf(error.cause)})`;
  return `${reasonOf(error)}${cause}`.replace(/\p{Cc}+/gu, ' ').trim();
}

import net from 'node:net';
import type { TLSSocket } from 'node:tls';
import type { HeadLimits } from '../../protocol/http1/head/head-limits.ts';
import { connectSocket } from '../tcp/socket-connect.ts';
import { type TcpConnectOptions, toNetOptions } from '../tcp/tcp-connect.ts';
import { TcpTransport } from '../tcp/tcp-transport.ts';
import { type OnTlsAgreed, secureSocket, type TlsPeer } from '../tls/tls-connect.ts';
import { TlsTransport } from '../tls/tls-transport.ts';
import type { Transport } from '../transport.ts';
import { openHttpTunnel } from './http-tunnel.ts';
import { loadSocksTunnel, type OpenSocksTunnel } from './socks-tunnel.ts';

/** The request to a proxy, in its own protocol. */
export type TunnelRequest =
  | {
      readonly kind: 'http';
      /** TLS of the connection to the proxy itself. */
      readonly tls: TlsPeer | undefined;
      /** The value of `Proxy-Authorization`. */
      readonly authorization: string | undefined;
      /** Empty to send none. */
      readonly userAgent: string;
      readonly headLimits: HeadLimits;
    }
  | {
      readonly kind: 'socks';
      readonly version: 4 | 5;
      readonly username: string | undefined;
      readonly password: string | undefined;
    };

export interface ProxyTunnelOptions {
  /** The way to the proxy. */
  readonly proxy: TcpConnectOptions;
  readonly request: TunnelRequest;
  readonly host: string;
  readonly port: number;
  /** TLS of the connection to the server, inside of the tunnel. */
  readonly tls: TlsPeer | undefined;
  /** Called when the proxy is connected, and the tunnel asked for. */
  readonly onProxyConnected?: (() => void) | undefined;
  /** Called when the tunnel is open and the TLS handshake with the server begins. */
  readonly onTunnel?: (() => void) | undefined;
  readonly onAgreed?: OnTlsAgreed | undefined;
}

/**
 * Connects to a server through a proxy. Rejects with the error of the system, of TLS, or a `TunnelError`, and leaves
 * nothing behind then.
 */
export async function connectThroughTunnel(options: ProxyTunnelOptions): Promise<Transport> {
  const { proxy, request } = options;
  const { signal } = proxy;
  const openSocks = request.kind === 'socks' ? await loadSocksTunnel() : undefined;
  let socket = await connectPlain(proxy);
  const onAbort = (): void => void socket.destroy();
  signal?.addEventListener('abort', onAbort, { once: true });
  try {
    signal?.throwIfAborted();
    options.onProxyConnected?.();
    if (request.kind === 'http' && request.tls !== undefined) {
      socket = await secureSocket(socket, { ...request.tls, signal });
    }
    await openTunnel(socket, options, openSocks);
    signal?.throwIfAborted();
    return await transportOver(socket, options);
  } catch (error) {
    // Whoever was on the other side may still report something, to nobody.
    socket.on('error', () => undefined);
    socket.destroy();
    signal?.throwIfAborted();
    throw error;
  } finally {
    signal?.removeEventListener('abort', onAbort);
  }
}

async function openTunnel(
  socket: net.Socket,
  { request, host, port }: ProxyTunnelOptions,
  openSocks: OpenSocksTunnel | undefined,
): Promise<void> {
  if (request.kind === 'http') {
    const { authorization, userAgent, headLimits } = request;
    const authority = `${host.includes(':') ? `[${host}]` : host}:${port}`;
    await openHttpTunnel(socket, { authority, authorization, userAgent, headLimits });
  } else {
    const { version, username, password } = request;
    await openSocks?.(socket, { version, host, port, username, password });
  }
}

async function transportOver(socket: net.Socket, options: ProxyTunnelOptions): Promise<Transport> {
  const { tls, onAgreed, proxy, request } = options;
  if (tls === undefined) {
    // A TLS connection to the proxy delivers and takes bytes in the way of TLS, though the server's are plain.
    if (request.kind === 'http' && request.tls !== undefined) return new TlsTransport(socket as TLSSocket, false);
    return new TcpTransport(socket, { mayMove: true, readsIntoSharedBuffer: false });
  }
  options.onTunnel?.();
  return new TlsTransport(await secureSocket(socket, { ...tls, signal: proxy.signal, onAgreed }), false);
}

/** A socket that reads as a stream, because a tunnel begins with a conversation that is not the transport's. */
function connectPlain(options: TcpConnectOptions): Promise<net.Socket> {
  let socket: net.Socket;
  return connectSocket({
    event: 'connect',
    signal: options.signal,
    onLookup: options.onLookup,
    create: () => (socket = net.connect({ ...toNetOptions(options), noDelay: true })),
    finish: () => socket,
  });
}

import { ConnectError, type ConnectPhase } from '../errors.ts';
import { environmentVariable } from '../platform/environment.ts';
import type { HeadLimits } from '../protocol/http1/head/head-limits.ts';
import type { LookupFunction, TcpConnectOptions } from '../transport/tcp/tcp-connect.ts';
import { connectTcp, connectUnix } from '../transport/tcp/tcp-connect.ts';
import { isSocketPathTooLong } from '../transport/tcp/unix-listen.ts';
import { connectTls, type TLSAgreement } from '../transport/tls/tls-connect.ts';
import type { SocketTLSOptions } from '../transport/tls/tls-options.ts';
import type { Transport } from '../transport/transport.ts';
import { connectThroughTunnel } from '../transport/tunnel/proxy-tunnel.ts';
import { type DialPhase, toDialError } from './dial-errors.ts';
import { chooseProxy, type ReadVariable } from './proxy-choice.ts';
import { type ProxyServer, parseProxyUrl } from './proxy-server.ts';
import { planTunnel } from './proxy-tunnel-plan.ts';
import { isAddress, resolveClientTls } from './tls-options.ts';
import { type DialUrl, isUnixProtocol, usesTls } from './url.ts';

export interface DialOptions {
  readonly family?: 0 | 4 | 6 | undefined;
  readonly localAddress?: string | undefined;
  readonly lookup?: LookupFunction | undefined;
  /** Milliseconds that one of several addresses has before the next is tried beside it. */
  readonly attemptTimeoutMs?: number | undefined;
  readonly tlsOptions?: SocketTLSOptions | undefined;
  /** `'env'` for what the environment says. */
  readonly proxy?: ProxyServer | 'env' | undefined;
  /** For the connection to a proxy that is reached by TLS. */
  readonly proxyTlsOptions?: SocketTLSOptions | undefined;
  /** In place of the environment of the process. */
  readonly readVariable?: ReadVariable | undefined;
  /** Sent to an HTTP proxy; empty for none. */
  readonly userAgent: string;
  /** Bounds on the answer of an HTTP proxy. */
  readonly headLimits: HeadLimits;
  readonly signal: AbortSignal;
  readonly observer?: DialObserver | undefined;
}

/** Hears how a connection is being made. */
export interface DialObserver {
  /** A phase begins. */
  begin(phase: ConnectPhase): void;
  /** A proxy is used; its url comes without credentials. */
  onProxy(href: string): void;
  /** An address is connected to. */
  onAddress(address: string): void;
  /** The agreement of TLS with the server, also when its certificate is then refused. */
  onAgreed(agreed: TLSAgreement): void;
}

/** Makes the connection that a URL asks for. Rejects with a {@link ConnectError} that says how far it came. */
export function dial(url: DialUrl, options: DialOptions): Promise<Transport> {
  return attempt(url, options, (proxy, begin) => {
    if (proxy === undefined) return connect(url, options, begin);
    options.observer?.onProxy(proxy.href);
    return connectByProxy(url, proxy, options, begin);
  });
}

/**
 * Connects to the HTTP proxy of `options` itself, for requests in absolute form that it passes on (RFC 9112 section
 * 3.2.2). Rejects as {@link dial} does.
 */
export function dialForwardProxy(url: DialUrl, options: DialOptions): Promise<Transport> {
  return attempt(url, options, (proxy, begin) => {
    if (proxy === undefined) return connect(url, options, begin);
    options.observer?.onProxy(proxy.href);
    const { host, port, protocol } = proxy;
    const tls = protocol === 'https' ? resolveClientTls(host, options.proxyTlsOptions) : undefined;
    const tcp = tcpOptions(host, port, options, begin);
    beginConnecting(host, begin);
    return tls === undefined ? connectTcp(tcp) : connectTls({ ...tcp, ...tls, onConnected: () => begin('proxy') });
  });
}

async function attempt(
  url: DialUrl,
  options: DialOptions,
  connectBy: (proxy: ProxyServer | undefined, begin: (phase: DialPhase) => void) => Promise<Transport>,
): Promise<Transport> {
  let phase: DialPhase = 'connect';
  const begin = (next: DialPhase): void => {
    phase = next;
    options.observer?.begin(next);
  };
  let proxy: ProxyServer | undefined;
  try {
    proxy = resolveProxy(url, options);
    return await connectBy(proxy, begin);
  } catch (error) {
    if (error instanceof ConnectError || options.signal.aborted) throw error;
    throw toDialError(error, phase, { target: describeTarget(url), proxy: proxy?.href });
  }
}

/** The target of an attempt, for messages. */
export function describeTarget(url: DialUrl): string {
  return url.socketPath ?? `${url.host} on port ${url.port}`;
}

/**
 * The proxy by which a URL is reached, if any.
 *
 * @throws ConnectError (`invalidProxy`) when the environment names something that is none
 */
export function resolveProxy(
  url: DialUrl,
  { proxy, readVariable = environmentVariable }: Pick<DialOptions, 'proxy' | 'readVariable'>,
): ProxyServer | undefined {
  if (isUnixProtocol(url.protocol)) return undefined;
  if (proxy !== 'env') return proxy;
  const chosen = chooseProxy(url, readVariable);
  if (chosen === undefined) return undefined;
  // `HTTP_PROXY=host:3128` is common, and means an HTTP proxy.
  const parsed = parseProxyUrl(chosen.url.includes('://') ? chosen.url : `http://${chosen.url}`);
  if (parsed.ok) return parsed.proxy;
  throw new ConnectError('invalidProxy', 'url', `${chosen.variable} is not the URL of a proxy: ${parsed.reason}`);
}

async function connect(url: DialUrl, options: DialOptions, begin: (phase: DialPhase) => void): Promise<Transport> {
  const { host, port, socketPath } = url;
  const { signal, observer } = options;
  if (socketPath !== undefined) {
    begin('connect');
    if (isSocketPathTooLong(socketPath)) {
      throw new ConnectError('invalidUrl', 'url', `Unable to connect to ${socketPath}: the path is too long`);
    }
    return connectUnix(socketPath, signal);
  }
  // A fault in the options is said before anything is sent.
  const tls = usesTls(url.protocol) ? resolveClientTls(host, options.tlsOptions) : undefined;
  const tcp = tcpOptions(host, port, options, begin);
  beginConnecting(host, begin);
  return tls === undefined
    ? connectTcp(tcp)
    : connectTls({
        ...tcp,
        ...tls,
        onAgreed: (agreed) => observer?.onAgreed(agreed),
        onConnected: () => begin('tls'),
      });
}

function connectByProxy(
  { protocol, host, port }: DialUrl,
  proxy: ProxyServer,
  options: DialOptions,
  begin: (phase: DialPhase) => void,
): Promise<Transport> {
  const { tlsOptions, observer } = options;
  const tls = usesTls(protocol) ? resolveClientTls(host, tlsOptions) : undefined;
  const request = planTunnel(proxy, options);
  beginConnecting(proxy.host, begin);
  return connectThroughTunnel({
    proxy: tcpOptions(proxy.host, proxy.port, options, begin),
    request,
    // A zone (RFC 4007) means something on this machine only.
    host: host.replace(/%.*$/s, ''),
    port,
    tls,
    onAgreed: (agreed) => observer?.onAgreed(agreed),
    onProxyConnected: () => begin('proxy'),
    onTunnel: () => begin('tls'),
  });
}

/** An address is not looked up. */
function beginConnecting(host: string, begin: (phase: DialPhase) => void): void {
  begin(isAddress(host) ? 'connect' : 'lookup');
}

function tcpOptions(
  host: string,
  port: number,
  options: DialOptions,
  begin: (phase: DialPhase) => void,
): TcpConnectOptions {
  const { family, localAddress, lookup, attemptTimeoutMs, signal, observer } = options;
  const onLookup = (address: string): void => {
    begin('connect');
    if (address) observer?.onAddress(address);
  };
  return { host, port, family, localAddress, lookup, attemptTimeoutMs, signal, onLookup };
}

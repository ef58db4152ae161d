import type { HeadLimits } from '../protocol/http1/head/head-limits.ts';
import type { SocketTLSOptions } from '../transport/tls/tls-options.ts';
import type { TunnelRequest } from '../transport/tunnel/proxy-tunnel.ts';
import type { ProxyServer } from './proxy-server.ts';
import { resolveClientTls } from './tls-options.ts';

interface TunnelPlanOptions {
  readonly proxyTlsOptions?: SocketTLSOptions | undefined;
  readonly userAgent: string;
  readonly headLimits: HeadLimits;
}

/**
 * The request to a proxy, in the protocol of its URL.
 *
 * Throws a `ConnectError` whose code begins with `tlsOptions`.
 */
export function planTunnel(
  proxy: ProxyServer,
  { proxyTlsOptions, userAgent, headLimits }: TunnelPlanOptions,
): TunnelRequest {
  const credentials = proxy.credentials();
  switch (proxy.protocol) {
    case 'http':
    case 'https':
      return {
        kind: 'http',
        tls: proxy.protocol === 'https' ? resolveClientTls(proxy.host, proxyTlsOptions) : undefined,
        authorization: credentials && basicAuthorization(credentials.username, credentials.password),
        userAgent,
        headLimits,
      };
    case 'socks5':
      return { kind: 'socks', version: 5, username: credentials?.username, password: credentials?.password };
    case 'socks4a':
      return { kind: 'socks', version: 4, username: credentials?.username, password: undefined };
  }
}

/** Credentials as HTTP sends them (RFC 7617). */
export function basicAuthorization(username: string, password: string): string {
  return `Basic ${Buffer.from(`${username}:${password}`, 'utf8').toString('base64')}`;
}

import { parseAuthority } from '../../protocol/http1/authority.ts';
import { isLoopback } from '../../protocol/websocket/handshake/origin-policy.ts';
import type { ResolvedServerOptions } from '../server-options.ts';
import type { Client } from './client-identity.ts';

type HostOptions = Pick<ResolvedServerOptions<never>, 'allowedHosts' | 'host' | 'socketPath' | 'proxyProtocol'>;

/** The names that a server goes by. */
export class HostRule {
  /** `undefined` is the names and addresses of loopback. */
  private readonly allowed: readonly string[] | undefined;
  /** The host that was allowed last: most requests name the same. */
  private latest: string | undefined = undefined;

  private constructor(allowed: readonly string[] | undefined) {
    this.allowed = allowed;
  }

  /** The rule of a server; `undefined` when it goes by any name. */
  static of({ allowedHosts, host, socketPath, proxyProtocol }: HostOptions): HostRule | undefined {
    if (allowedHosts === '*') return undefined;
    if (allowedHosts !== undefined) return new HostRule(allowedHosts);
    // No page can reach a unix socket, or send a header of the PROXY protocol.
    const isReachable = socketPath === undefined && proxyProtocol === 'off';
    return isReachable && isLoopbackHost(host) ? new HostRule(undefined) : undefined;
  }

  /** Tells if the client asked for one of the names. `isOurs` says that the connection was accepted here. */
  allows({ host, isProxied }: Pick<Client, 'host' | 'isProxied'>, isOurs: boolean): boolean {
    if (host === this.latest) return true;
    const { allowed } = this;
    // The default is for what a page can be pointed at: it says what it wants, and comes without a proxy.
    if (allowed === undefined && (!isOurs || isProxied || host === '')) return true;
    if (!(allowed === undefined ? isLoopbackHost(host) : isAmong(host, allowed))) return false;
    if (!isProxied) this.latest = host;
    return true;
  }
}

function isLoopbackHost(text: string): boolean {
  const authority = parseAuthority(text.includes('::') && !text.startsWith('[') ? `[${text}]` : text);
  return authority !== undefined && isLoopback(authority.host);
}

/** The entries of `allowed` are in lower case. */
function isAmong(host: string, allowed: readonly string[]): boolean {
  const authority = parseAuthority(host);
  if (authority === undefined) return false;
  return allowed.some((entry) => {
    const wanted = parseAuthority(entry);
    if (wanted?.host !== authority.host) return false;
    return wanted.port === undefined || wanted.port === authority.port;
  });
}

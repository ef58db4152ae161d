import { isIpv4, isIpv6, parseAuthority } from '../../protocol/http1/authority.ts';
import type { HttpHeaders } from '../../protocol/http1/headers.ts';
import type { AddressSet } from '../../transport/address-range.ts';
import type { PeerAddress } from '../../transport/transport.ts';

/** The client that asks, and the server it asks for. */
export interface Client {
  /** Empty on a unix socket. */
  readonly remoteIp: string;
  /** 0 where it is not known. */
  readonly remotePort: number;
  /** The server's name and port in the words of the client; empty where it gave none. */
  readonly host: string;
  /** True when a trusted proxy speaks for it. */
  readonly isProxied: boolean;
}

/**
 * Identifies the client of a request. What it says of that itself counts only as far as trusted proxies vouch for it: each of
 * them adds the address of its own peer at the end of `X-Forwarded-For`, so the list is read from there.
 */
export function identifyClient(peer: PeerAddress, headers: HttpHeaders, trusted: AddressSet | undefined): Client {
  const { remoteAddress, remotePort } = peer;
  const host = headers.get('Host') ?? '';
  if (trusted?.has(remoteAddress) !== true) return { remoteIp: remoteAddress, remotePort, host, isProxied: false };
  const client = forwardedClient(headers.get('X-Forwarded-For'), trusted);
  return {
    remoteIp: client?.ip ?? remoteAddress,
    remotePort: client === undefined ? remotePort : client.port,
    host: forwardedHost(headers) ?? host,
    isProxied: true,
  };
}

interface Forwarded {
  readonly ip: string;
  readonly port: number;
}

/** The last address that is none of a trusted proxy. What stands before something unreadable is nobody's word. */
function forwardedClient(list: string | undefined, trusted: AddressSet): Forwarded | undefined {
  if (list === undefined) return undefined;
  let client: Forwarded | undefined;
  for (const entry of list.split(',').reverse()) {
    const next = readForwarded(entry.trim());
    if (next === undefined) break;
    client = next;
    if (!trusted.has(client.ip)) break;
  }
  return client;
}

/** An address as proxies write it: with or without a port, IPv6 with or without brackets. */
function readForwarded(entry: string): Forwarded | undefined {
  if (isIpv6(entry)) return { ip: canonical(entry), port: 0 };
  const authority = parseAuthority(entry);
  if (authority === undefined) return undefined;
  const { host, port = 0 } = authority;
  if (host.startsWith('[')) return { ip: canonical(host.slice(1, -1)), port };
  return isIpv4(host) ? { ip: host, port } : undefined;
}

/** The one spelling of an IPv6 address (RFC 5952); one that stands for an IPv4 address is that. */
function canonical(address: string): string {
  // A zone names an interface of another machine.
  if (!URL.canParse(`http://[${address}]/`)) return address.toLowerCase();
  const spelled = new URL(`http://[${address}]/`).hostname.slice(1, -1);
  const mapped = /^::ffff:([0-9a-f]{1,4}):([0-9a-f]{1,4})$/.exec(spelled);
  if (mapped === null) return spelled;
  const [high, low] = [mapped[1], mapped[2]].map((group) => Number.parseInt(group ?? '', 16));
  return [high ?? 0, low ?? 0].flatMap((group) => [group >> 8, group & 255]).join('.');
}

/** The host that the nearest proxy was asked for, in its words. */
function forwardedHost(headers: HttpHeaders): string | undefined {
  const last = headers.get('X-Forwarded-Host')?.split(',').at(-1)?.trim();
  return last !== undefined && parseAuthority(last) !== undefined ? last : undefined;
}

import { UsageError } from '../../errors.ts';
import { parseAuthority } from '../../protocol/http1/authority.ts';
import { checkOriginPolicy, type OriginPolicy } from '../../protocol/websocket/handshake/origin-policy.ts';
import { checkSubprotocols } from '../../protocol/websocket/handshake/subprotocols.ts';
import { AddressSet } from '../../transport/address-range.ts';
import { callback, choice, count, option, seconds } from '../../util/option-kinds.ts';
import type { OptionLines, Resolved } from '../../util/option-table.ts';
import { checkString } from '../../util/options.ts';
import type { SubprotocolChooser, UpgradeCallback } from './upgrade-request.ts';

/** The options that decide which clients are let in. */
export interface AdmissionOptions<D = unknown> {
  /**
   * The path of the URI that clients must ask for, such as `/chat`; for any other one they get 404. A query may follow.
   * @default any path
   */
  path?: string | undefined;
  /**
   * Decides about each opening handshake that is in order, and may wait for others to do so. See {@link UpgradeCallback}.
   * @default all are accepted
   */
  onUpgrade?: UpgradeCallback<D> | undefined;
  /**
   * Seconds that `onUpgrade` has to answer; then the client gets 503.
   * @default 10
   */
  upgradeTimeoutSecs?: number | undefined;
  /**
   * The subprotocols spoken here, most wanted first, or a function that picks one of those offered.
   * @default none is selected
   */
  subprotocols?: readonly string[] | SubprotocolChooser | undefined;
  /**
   * Which web pages may connect: `'*'` for all, a list of origins, or a function.
   * @default the page must come from the host and port of this server; loopback pages may connect to loopback
   */
  allowedOrigins?: OriginPolicy;
  /**
   * The names by which clients may call this server in `Host`: `example.com` with any port, `example.com:8080` with
   * that one, `'*'` for any name. For others they get 421. It keeps out pages whose DNS name was pointed at this machine
   * (DNS rebinding), which the rule about origins takes for pages of this server.
   * @default names and addresses of loopback on a server that listens on a loopback address, unless the request comes
   * from a trusted proxy; any name otherwise, and for requests that another HTTP server hands over
   */
  allowedHosts?: '*' | readonly string[] | undefined;
  /**
   * Addresses and ranges, such as `10.0.0.0/8`, of proxies whose word about the client is taken: the last address in
   * `X-Forwarded-For` that is none of them is the client's, and `X-Forwarded-Host` is the name it asked for. `'unix'`
   * stands for every peer on a unix socket.
   * @default none: such headers count for nothing
   */
  trustedProxies?: readonly string[] | undefined;
  /**
   * Tells if each connection begins with a header of the PROXY protocol, version 1 or 2, which says where it comes from.
   * With `'required'`, connections without one are dropped, and so are those of others than the `trustedProxies`, when
   * there is such a list.
   * @default 'off'
   */
  proxyProtocol?: 'off' | 'required' | undefined;
  /**
   * Open WebSockets of one address at a time, of one /64 network where it is IPv6; the next one gets 429. Loopback is
   * exempt.
   * @default no limit of its own: behind a proxy that is not trusted, all clients have the proxy's address
   */
  maxConnectionsPerIp?: number | undefined;
  /**
   * Opening handshakes of one address in a minute, refused ones included; more get 429. Addresses count as for
   * {@link maxConnectionsPerIp}.
   * @default no limit
   */
  maxHandshakesPerMinutePerIp?: number | undefined;
  /**
   * Seconds after which an open connection is closed with 1001, so that clients come back, perhaps to another server.
   * Each gets between 90 and 100 % of them, lest all come back at once.
   * @default no limit
   */
  maxConnectionAgeSecs?: number | undefined;
}

type NoDefault = Exclude<keyof AdmissionOptions, 'upgradeTimeoutSecs' | 'proxyProtocol'>;

/** Checked {@link AdmissionOptions} with all defaults filled in. */
export type ResolvedAdmissionOptions<D> = Readonly<
  Resolved<AdmissionOptions<D>, NoDefault, { trustedProxies: AddressSet | undefined }>
>;

export const admissionLines: OptionLines<ResolvedAdmissionOptions<unknown>> = {
  path: option<string | undefined>(undefined, checkPath),
  onUpgrade: callback(),
  upgradeTimeoutSecs: seconds(10),
  subprotocols: option<AdmissionOptions['subprotocols']>(undefined, checkSpoken),
  allowedOrigins: option<OriginPolicy>(undefined, checkOrigins),
  allowedHosts: option<'*' | readonly string[] | undefined>(undefined, checkHosts),
  trustedProxies: option<AddressSet | undefined>(undefined, readProxies),
  proxyProtocol: choice('off', ['off', 'required']),
  maxConnectionsPerIp: count(undefined),
  maxHandshakesPerMinutePerIp: count(undefined),
  maxConnectionAgeSecs: seconds(undefined),
};

function checkSpoken(name: string, value: unknown): AdmissionOptions['subprotocols'] {
  if (typeof value === 'function') return value as SubprotocolChooser;
  checkSubprotocols(value as readonly string[], name);
  return [...(value as readonly string[])];
}

function checkOrigins(name: string, value: unknown): OriginPolicy {
  checkOriginPolicy(value as OriginPolicy, name);
  return value as OriginPolicy;
}

/** A path as it stands in a request, so that what is compared can be equal. */
export function checkPath(option: string, value: unknown): string {
  const path = checkString(option, value);
  if (!/^\/[!-"$->@-~]*$/.test(path)) {
    throw new UsageError(option, "must begin with '/' and be encoded as in a URI, without '?' and '#'");
  }
  return path;
}

function checkHosts(name: string, hosts: unknown): '*' | readonly string[] {
  if (hosts === '*') return hosts;
  if (!Array.isArray(hosts)) throw new UsageError(name, "must be an array of host names, or '*'");
  return (hosts as readonly unknown[]).map((entry) => {
    if (typeof entry !== 'string' || parseAuthority(entry) === undefined) {
      throw new UsageError(name, 'every entry must be a host name such as example.com, or with a port');
    }
    return entry.toLowerCase();
  });
}

function readProxies(name: string, entries: unknown): AddressSet {
  if (!Array.isArray(entries)) throw new UsageError(name, 'must be an array of addresses and ranges');
  const set = new AddressSet();
  for (const entry of entries as readonly unknown[]) {
    if (typeof entry === 'string' && (entry === 'unix' ? set.addUnix() : set.add(entry))) continue;
    throw new UsageError(name, "every entry must be an address, a range such as 10.0.0.0/8, or 'unix'");
  }
  return set;
}

import { UsageError } from '../../../errors.ts';
import { isIpv4, parseAuthority } from '../../http1/authority.ts';
import type { Refusal } from '../../http1/head/refusal.ts';
import type { RequestHead } from '../../http1/head/request-head.ts';

/**
 * Which pages may connect. `'*'`: all of them. A list: those origins, such as `https://example.com`. A function
 * decides, also about requests without `Origin`, and may be async; only `true` lets in. Undefined is the default rule.
 */
export type OriginPolicy =
  | '*'
  | readonly string[]
  | ((origin: string | undefined, head: RequestHead) => boolean | PromiseLike<boolean>)
  | undefined;

/** A policy that needs nobody to be asked. */
export type OriginRule = '*' | readonly string[] | undefined;

interface Origin {
  readonly scheme: string;
  readonly host: string;
  /** `undefined` when the scheme has no default that we know. */
  readonly port: number | undefined;
}

/**
 * Checks a policy that the user gave. A list entry that no browser could send, such as a bare host name, would
 * silently match nothing.
 *
 * @throws UsageError (`invalidOption`)
 */
export function checkOriginPolicy(policy: OriginPolicy, option = 'allowedOrigins'): void {
  if (policy === undefined || policy === '*' || typeof policy === 'function') return;
  if (!Array.isArray(policy)) throw new UsageError(option, "must be '*', an array of origins or a function");
  for (const entry of policy as readonly unknown[]) {
    const isOrigin = typeof entry === 'string' && (entry === 'null' || parseOrigin(entry) !== undefined);
    if (!isOrigin) throw new UsageError(option, 'every entry must be an origin such as https://example.com');
  }
}

/**
 * Tells whether a request with this `Origin` may open a WebSocket on the server that it calls `host`.
 *
 * Browsers let any page connect anywhere and always say which page it is (RFC 6455 10.2), so a server that a browser
 * is logged in to must look. By default the origin must name the host and port that the request was sent to. Its
 * scheme only supplies the port where none is written, so that ws and http count as equal. A loopback page may speak
 * to a loopback server on any port, as development servers do. Without `Origin` it is no browser, and passes.
 *
 * @param host the `Host` of the request
 */
export function isOriginAllowed(origin: string | undefined, host: string | undefined, policy: OriginRule): boolean {
  if (policy === '*') return true;
  if (origin === undefined) return true;
  const parsed = parseOrigin(origin);
  if (policy !== undefined)
    return policy.some((allowed) => allowed === origin || isSameOrigin(parseOrigin(allowed), parsed));
  // `null` is what sandboxed frames and local files send, and anyone can be one.
  if (parsed === undefined || parsed.port === undefined || host === undefined) return false;
  const server = parseAuthority(host);
  if (server === undefined) return false;
  if (isLoopback(parsed.host) && isLoopback(server.host)) return true;
  return parsed.host === server.host && parsed.port === (server.port ?? defaultPort(parsed.scheme));
}

/** The answer to a request whose origin may not connect; it tells the developer what to change. */
export function originRefusal(origin: string | undefined, host: string | undefined): Refusal {
  const shown = origin === undefined ? 'without Origin' : `from Origin ${origin.slice(0, 256)}`;
  return {
    status: 403,
    code: 'originNotAllowed',
    reason:
      `A connection ${shown} to ${host ?? 'this server'} is not allowed. By default the origin must name the host and ` +
      "port of the server; the server's option allowedOrigins takes a list of origins, a function, or '*' for all.",
  };
}

/** Scheme, host and port of a serialized origin (RFC 6454 6.2), or `undefined` for `null` and everything else. */
function parseOrigin(text: string): Origin | undefined {
  const colon = text.indexOf('://');
  if (colon <= 0) return undefined;
  const authority = parseAuthority(text.slice(colon + 3));
  if (authority === undefined) return undefined;
  const scheme = text.slice(0, colon).toLowerCase();
  return { scheme, host: authority.host, port: authority.port ?? defaultPort(scheme) };
}

function isSameOrigin(a: Origin | undefined, b: Origin | undefined): boolean {
  return a !== undefined && b !== undefined && a.scheme === b.scheme && a.host === b.host && a.port === b.port;
}

function defaultPort(scheme: string): number | undefined {
  if (scheme === 'http' || scheme === 'ws') return 80;
  if (scheme === 'https' || scheme === 'wss') return 443;
  return undefined;
}

/**
 * Tells if a host, as `parseAuthority` gives it, is a name or an address of this machine alone (RFC 6761 6.3, RFC 1122
 * 3.2.1.3, RFC 4291 2.5.3 and 2.5.5.2). A dot at the end makes a name absolute.
 */
export function isLoopback(host: string): boolean {
  const name = host.endsWith('.') ? host.slice(0, -1) : host;
  if (name === 'localhost' || name.endsWith('.localhost')) return true;
  if (host === '[::1]' || /^\[::ffff:7f[0-9a-f]{2}:[0-9a-f]{1,4}\]$/.test(host)) return true;
  const address = host.startsWith('[::ffff:') ? host.slice('[::ffff:'.length, -1) : host;
  return address.startsWith('127.') && isIpv4(address);
}

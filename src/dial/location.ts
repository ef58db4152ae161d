import { HttpHeaders } from '../protocol/http1/headers.ts';
import type { SocketTLSOptions } from '../transport/tls/tls-options.ts';
import { whatwgUrl } from '../util/whatwg-url.ts';
import { type DialUrl, isUnixProtocol, type UrlResult, usesTls } from './url.ts';

/** RFC 9110 section 15.4; 300 and 304 leave the choice to somebody, and 305 is deprecated. */
const REDIRECTS: ReadonlySet<number> = new Set([301, 302, 303, 307, 308]);

/** Tells whether a response with this status asks to go elsewhere. */
export function isRedirect(status: number): boolean {
  return REDIRECTS.has(status);
}

/**
 * The URL that a `Location` leads to (RFC 9110 section 10.2.2), the name of its scheme when that is not one of ours, or
 * `undefined` when it is no URL. Credentials in it are dropped: they would be the redirecting server's word for who we are.
 */
export function resolveLocation<U extends DialUrl>(
  location: string,
  from: U,
  parse: (text: string) => UrlResult<U>,
): U | string | undefined {
  // Servers send UTF-8 as it is, which reads as latin1.
  const text = Buffer.from(location, 'latin1').toString('utf8');
  const base = `${usesTls(from.protocol) ? 'https' : 'http'}://${from.hostHeader}${from.path}`;
  const isWebSocket = from.protocol === 'ws' || from.protocol === 'wss';
  const relative = isWebSocket ? text.replace(/^ws(?=s?:)/i, 'http') : text;
  const found = whatwgUrl(relative, base);
  if (found === undefined) return undefined;
  found.hash = '';
  found.username = '';
  found.password = '';
  if (found.protocol !== 'http:' && found.protocol !== 'https:') return found.protocol.replace(/:$/, '');
  if (from.socketPath !== undefined && found.origin === new URL(base).origin) return onSameSocket(from, found);
  const parsed = parse(found.href);
  return parsed.ok ? parsed.url : undefined;
}

function onSameSocket<U extends DialUrl>(from: U, { pathname, search }: URL): U {
  const path = `${pathname}${search}`;
  const stem = from.href.slice(0, from.href.length - from.path.length);
  return { ...from, href: `${stem}${path}`, path, query: search.replace(/^\?/, '') };
}

/** Why a redirect must not be followed, whoever asks, if so. */
export function unsafeRedirect(from: DialUrl, to: DialUrl): string | undefined {
  if (usesTls(from.protocol) && !usesTls(to.protocol)) return `${to.href}, which would give up the encryption`;
  if (isUnixProtocol(from.protocol) && !isUnixProtocol(to.protocol)) {
    return `${to.href}, which leads from a unix socket to the network`;
  }
  return undefined;
}

/** Tells whether two URLs are of the same origin (RFC 6454): what is secret to one may be shown to the other. */
export function isSameOrigin(a: DialUrl, b: DialUrl): boolean {
  return a.protocol === b.protocol && a.host === b.host && a.port === b.port && a.socketPath === b.socketPath;
}

/** `to` with the credentials of `from`, which is of the same origin. */
export function withCredentialsOf<U extends DialUrl>(from: U, to: U): U {
  const { username, password } = from;
  return {
    ...to,
    ...(username === undefined ? {} : { username }),
    ...(password === undefined ? {} : { password }),
  };
}

/** Headers that say who we are, or that were meant for the other server. */
const PRIVATE_HEADERS: readonly string[] = ['Authorization', 'Cookie', 'Proxy-Authorization', 'Host'];

/** The headers that another origin may see. */
export function withoutPrivateHeaders(headers: HttpHeaders): HttpHeaders {
  const others = HttpHeaders.from(headers);
  for (const name of PRIVATE_HEADERS) others.delete(name);
  return others;
}

/** The TLS options for another origin: the name to check is that of the new server, and our certificate was not meant for it. */
export function withoutIdentity(options: SocketTLSOptions): SocketTLSOptions {
  const { certFile: _certFile, keyFile: _keyFile, passphrase: _passphrase, serverName: _serverName, ...rest } = options;
  return rest;
}

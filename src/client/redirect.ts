import { parseWebSocketUrl, type WebSocketUrl } from '../dial/url.ts';
import { HttpHeaders } from '../protocol/http1/headers.ts';
import type { ResponseHead } from '../protocol/http1/response-head.ts';
import type { SocketTLSOptions } from '../transport/tls-options.ts';

/** What a handshake is sent to, and with. */
export interface HandshakeTarget {
  readonly url: WebSocketUrl;
  readonly extraHeaders: HttpHeaders;
  readonly tlsOptions: SocketTLSOptions | undefined;
}

/** What to do about a response: nothing when it is no redirect that could be followed. */
export type RedirectDecision =
  | { readonly kind: 'none' }
  | { readonly kind: 'follow'; readonly target: HandshakeTarget }
  | {
      readonly kind: 'refuse';
      readonly code: 'redirectRefused' | 'redirectLoop' | 'tooManyRedirects';
      readonly reason: string;
      readonly httpStatus: number;
    };

type Refused = Extract<RedirectDecision, { readonly kind: 'refuse' }>;

/** The redirects of an attempt so far. */
export interface RedirectHistory {
  /** The `href` of every url that was asked for. */
  readonly visited: ReadonlySet<string>;
  readonly maxRedirects: number;
}

/** RFC 9110 section 15.4; 300 and 304 leave the choice to somebody, and 305 is deprecated. */
const REDIRECTS: ReadonlySet<number> = new Set([301, 302, 303, 307, 308]);

const none: RedirectDecision = Object.freeze({ kind: 'none' });

/** Decides what becomes of a response to an upgrade request. */
export function decideRedirect(
  head: ResponseHead,
  target: HandshakeTarget,
  { visited, maxRedirects }: RedirectHistory,
): RedirectDecision {
  if (!REDIRECTS.has(head.status) || maxRedirects === 0) return none;
  const locations = head.headers.getAll('Location');
  const [location] = locations;
  if (location === undefined || locations.length > 1) return none;
  const from = target.url;
  const found = resolveLocation(location, from);
  if (found === undefined) return none;
  const refusal = refusalOf(found, from, { visited, maxRedirects });
  if (refusal !== undefined) {
    const [code, why] = refusal;
    const reason = `Not following the redirect from ${from.href} to ${why}`;
    return { kind: 'refuse', code, reason, httpStatus: head.status };
  }
  return typeof found === 'string' ? none : { kind: 'follow', target: redirected(target, found) };
}

/** Why a redirect must not be followed, if so. */
function refusalOf(
  found: WebSocketUrl | string,
  from: WebSocketUrl,
  { visited, maxRedirects }: RedirectHistory,
): readonly [Refused['code'], string] | undefined {
  if (typeof found === 'string') return ['redirectRefused', `the scheme ${found}, which is not WebSocket`];
  const { href, protocol } = found;
  if (from.protocol === 'wss' && protocol === 'ws') {
    return ['redirectRefused', `${href}, which would give up the encryption`];
  }
  if (from.protocol === 'ws+unix' && protocol !== 'ws+unix') {
    return ['redirectRefused', `${href}, which leads from a unix socket to the network`];
  }
  if (visited.has(href)) return ['redirectLoop', `${href}, which has been asked already`];
  if (visited.size > maxRedirects) return ['tooManyRedirects', `${href}, after ${maxRedirects} others`];
  return undefined;
}

/**
 * Where a `Location` leads (RFC 9110 section 10.2.2), the name of its scheme when that is not one of ours, or
 * `undefined` when it is no URL. Credentials in it are dropped: they would be the redirecting server's word for who we are.
 */
function resolveLocation(location: string, from: WebSocketUrl): WebSocketUrl | string | undefined {
  // Servers send UTF-8 as it is, which reads as latin1.
  const text = Buffer.from(location, 'latin1').toString('utf8');
  const base = `${from.protocol === 'wss' ? 'https' : 'http'}://${from.hostHeader}${from.path}`;
  const relative = from.socketPath === undefined ? text.replace(/^ws(?=s?:)/i, 'http') : text;
  if (!URL.canParse(relative, base)) return undefined;
  const found = new URL(relative, base);
  found.hash = '';
  found.username = '';
  found.password = '';
  if (found.protocol !== 'http:' && found.protocol !== 'https:') return found.protocol.replace(/:$/, '');
  if (from.socketPath !== undefined && found.origin === new URL(base).origin) return onSameSocket(from, found);
  const parsed = parseWebSocketUrl(found.href);
  return parsed.ok ? parsed.url : undefined;
}

function onSameSocket(from: WebSocketUrl, { pathname, search }: URL): WebSocketUrl {
  const path = `${pathname}${search}`;
  const stem = from.href.slice(0, from.href.length - from.path.length);
  return { ...from, href: `${stem}${path}`, path, query: search.replace(/^\?/, '') };
}

/** Headers that say who we are, or that were meant for the other server. */
const PRIVATE_HEADERS: readonly string[] = ['Authorization', 'Cookie', 'Proxy-Authorization', 'Host'];

/** The next target. Another origin (RFC 6454) learns no secret that was meant for the first. */
function redirected({ url, extraHeaders, tlsOptions }: HandshakeTarget, next: WebSocketUrl): HandshakeTarget {
  const isSameOrigin = url.protocol === next.protocol && url.host === next.host && url.port === next.port;
  if (isSameOrigin) {
    const { username, password } = url;
    const userInfo = {
      ...(username === undefined ? {} : { username }),
      ...(password === undefined ? {} : { password }),
    };
    return { url: { ...next, ...userInfo }, extraHeaders, tlsOptions };
  }
  const headers = HttpHeaders.from(extraHeaders);
  for (const name of PRIVATE_HEADERS) headers.delete(name);
  return { url: next, extraHeaders: headers, tlsOptions: tlsOptions && withoutIdentity(tlsOptions) };
}

/** The name to check is that of the new server, and our certificate was not meant for it. */
function withoutIdentity(options: SocketTLSOptions): SocketTLSOptions {
  const { certFile: _certFile, keyFile: _keyFile, passphrase: _passphrase, serverName: _serverName, ...rest } = options;
  return rest;
}

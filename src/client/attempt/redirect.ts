import {
  isRedirect,
  isSameOrigin,
  resolveLocation,
  unsafeRedirect,
  withCredentialsOf,
  withoutIdentity,
  withoutPrivateHeaders,
} from '../../dial/location.ts';
import { parseWebSocketUrl, type WebSocketUrl } from '../../dial/url.ts';
import type { ResponseHead } from '../../protocol/http1/head/response-head.ts';
import type { HttpHeaders } from '../../protocol/http1/headers.ts';
import type { SocketTLSOptions } from '../../transport/tls/tls-options.ts';

/** The URL that a handshake is sent to, and what it is sent with. */
export interface HandshakeTarget {
  readonly url: WebSocketUrl;
  readonly extraHeaders: HttpHeaders;
  readonly tlsOptions: SocketTLSOptions | undefined;
}

/** The decision about a response: nothing when it is no redirect that could be followed. */
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

const none: RedirectDecision = Object.freeze({ kind: 'none' });

/** Decides what becomes of a response to an upgrade request. */
export function decideRedirect(
  head: ResponseHead,
  target: HandshakeTarget,
  { visited, maxRedirects }: RedirectHistory,
): RedirectDecision {
  if (!isRedirect(head.status) || maxRedirects === 0) return none;
  const [location, ...others] = new Set(head.headers.getAll('Location'));
  if (location === undefined || others.length > 0) return none;
  const from = target.url;
  const found = resolveLocation(location, from, parseWebSocketUrl);
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
  const unsafe = unsafeRedirect(from, found);
  if (unsafe !== undefined) return ['redirectRefused', unsafe];
  const { href } = found;
  if (visited.has(href)) return ['redirectLoop', `${href}, which has been asked already`];
  if (visited.size > maxRedirects) return ['tooManyRedirects', `${href}, after ${maxRedirects} others`];
  return undefined;
}

/** The next target. Another origin learns no secret that was meant for the first. */
function redirected({ url, extraHeaders, tlsOptions }: HandshakeTarget, next: WebSocketUrl): HandshakeTarget {
  if (isSameOrigin(url, next)) return { url: withCredentialsOf(url, next), extraHeaders, tlsOptions };
  return {
    url: next,
    extraHeaders: withoutPrivateHeaders(extraHeaders),
    tlsOptions: tlsOptions && withoutIdentity(tlsOptions),
  };
}

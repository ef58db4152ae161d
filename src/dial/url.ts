import { whatwgUrl } from '../util/whatwg-url.ts';

/** The target of a URL, taken apart once so that DNS, TLS, `Host` and logs all see the same strings. */
export interface DialUrl {
  /** The whole URL in normal form, without user name, password and fragment: fit for logs. */
  readonly href: string;
  readonly protocol: DialProtocol;
  /** The name or address to connect to: lower case, punycode, no brackets; an IPv6 zone stays (`fe80::1%eth0`). */
  readonly host: string;
  /** For the `Host` header: brackets around IPv6, no zone (RFC 6874 section 1), the port unless it is the default. */
  readonly hostHeader: string;
  /** 0 for a unix socket. */
  readonly port: number;
  /** The request target: path and query, percent-encoded where needed and otherwise as written; never empty. */
  readonly path: string;
  /** The part of `path` after the first `?`. */
  readonly query: string;
  /** Percent-decoded. Absent when the URL names no user; a password alone comes with an empty user name. */
  readonly username?: string;
  readonly password?: string;
  /** Only for a unix socket. */
  readonly socketPath?: string;
}

export type WebSocketProtocol = 'ws' | 'wss' | 'ws+unix';
export type HttpProtocol = 'http' | 'https' | 'http+unix';
export type DialProtocol = WebSocketProtocol | HttpProtocol;

export function usesTls(protocol: DialProtocol): boolean {
  return protocol === 'wss' || protocol === 'https';
}

export function isUnixProtocol(protocol: DialProtocol): boolean {
  return protocol === 'ws+unix' || protocol === 'http+unix';
}

export interface WebSocketUrl extends DialUrl {
  readonly protocol: WebSocketProtocol;
}

export interface HttpUrl extends DialUrl {
  readonly protocol: HttpProtocol;
}

export type UrlResult<U extends DialUrl> =
  | { readonly ok: true; readonly url: U }
  | { readonly ok: false; readonly reason: string };

/** The URLs that a protocol takes. */
interface UrlForm<P extends DialProtocol> {
  readonly schemes: ReadonlyMap<string, { readonly protocol: P; readonly defaultPort: number }>;
  readonly unix: P & `${string}+unix`;
  readonly wantsStart: string;
  readonly wantsScheme: string;
  /** True when a fragment is dropped; otherwise it is refused. */
  readonly dropsFragment: boolean;
}

const webSocketForm: UrlForm<WebSocketProtocol> = {
  schemes: new Map([
    ['ws', { protocol: 'ws', defaultPort: 80 }],
    ['http', { protocol: 'ws', defaultPort: 80 }],
    ['wss', { protocol: 'wss', defaultPort: 443 }],
    ['https', { protocol: 'wss', defaultPort: 443 }],
  ]),
  unix: 'ws+unix',
  wantsStart: 'it must start with ws:// or wss://',
  wantsScheme: 'its scheme is not ws, wss, http, https or ws+unix',
  // RFC 6455 section 3: fragments mean nothing here and must not be used.
  dropsFragment: false,
};

const httpForm: UrlForm<HttpProtocol> = {
  schemes: new Map([
    ['http', { protocol: 'http', defaultPort: 80 }],
    ['https', { protocol: 'https', defaultPort: 443 }],
  ]),
  unix: 'http+unix',
  wantsStart: 'it must start with http:// or https://',
  wantsScheme: 'its scheme is not http, https or http+unix',
  // RFC 9110 section 7.1: the fragment is for whoever asked, and never sent.
  dropsFragment: true,
};

/** Why a URL is refused. It never leaves this file, and its message never quotes the URL. */
class Refusal extends Error {}

/**
 * Parses the URL of a WebSocket: `ws`, `wss`, `http` and `https` (RFC 6455 section 3), and `ws+unix:/socket:/path`.
 *
 * Stricter than the WHATWG parser, which repairs what is more likely a mistake: it drops surrounding spaces,
 * takes `ws:host` and `ws:///host` for `ws://host`, and accepts a second `@` and a colon without a port.
 * Hosts alone go through it, for IDN and the many ways to write an address.
 *
 * @param pathAsIs keeps the dot segments of the path, which are removed otherwise (RFC 3986 section 5.2.4)
 */
export function parseWebSocketUrl(text: string, pathAsIs: boolean = false): UrlResult<WebSocketUrl> {
  return parseUrl(text, webSocketForm, pathAsIs);
}

/** Parses the URL of an HTTP request by the same rules: `http`, `https`, and `http+unix:/socket:/path`. */
export function parseHttpUrl(text: string, pathAsIs: boolean = false): UrlResult<HttpUrl> {
  return parseUrl(text, httpForm, pathAsIs);
}

type UrlIn<P extends DialProtocol> = DialUrl & { readonly protocol: P };

function parseUrl<P extends DialProtocol>(text: string, form: UrlForm<P>, pathAsIs: boolean): UrlResult<UrlIn<P>> {
  try {
    return { ok: true, url: parse(text, form, pathAsIs) };
  } catch (error) {
    if (!(error instanceof Refusal)) throw error;
    return { ok: false, reason: `Could not parse url: '${redact(text)}' (${error.message})` };
  }
}

function parse<P extends DialProtocol>(given: string, form: UrlForm<P>, pathAsIs: boolean): UrlIn<P> {
  if (given === '') throw new Refusal('it is empty');
  if (!given.isWellFormed()) throw new Refusal('it contains a lone surrogate');
  if (/\p{Cc}/u.test(given)) throw new Refusal('it contains a control character');
  if (given.trim() !== given) throw new Refusal('it has leading or trailing spaces');
  const text = form.dropsFragment ? given.replace(/#.*$/s, '') : given;
  if (text.includes('#')) throw new Refusal("it has a fragment; write '#' as %23");

  const isUnix = text.slice(0, form.unix.length + 1).toLowerCase() === `${form.unix}:`;
  if (isUnix) return parseUnix(form.unix, text.slice(form.unix.length + 1), pathAsIs);

  const [, scheme, authority, target] = /^([a-z][a-z0-9+.-]*):\/\/([^/?]*)(.*)$/is.exec(text) ?? [];
  if (scheme === undefined || authority === undefined || target === undefined) throw new Refusal(form.wantsStart);
  // For WHATWG it ends the host, for RFC 3986 it is nothing: who is asked, and who was checked, would be two hosts.
  if (authority.includes('\\')) throw new Refusal("it has a '\\' before its path; write it as %5C");
  const known = form.schemes.get(scheme.toLowerCase());
  if (known === undefined) throw new Refusal(form.wantsScheme);
  return parseNetwork(known, authority, parseTarget(target, pathAsIs));
}

function parseNetwork<P extends DialProtocol>(
  { protocol, defaultPort }: { readonly protocol: P; readonly defaultPort: number },
  authority: string,
  { path, query }: RequestTarget,
): UrlIn<P> {
  const parts = authority.split('@');
  if (parts.length > 2) throw new Refusal("it has more than one '@' before its path; write '@' as %40");
  const [hostAndPort = '', userInfo = ''] = parts.reverse();
  const { name, portText } = splitPort(hostAndPort);
  const { host, hostInHeader, hostInHref } = name.startsWith('[') ? parseIPv6(name.slice(1, -1)) : parseName(name);
  const port = portText === undefined ? defaultPort : parsePort(portText);
  const portSuffix = port === defaultPort ? '' : `:${port}`;
  return {
    href: `${protocol}://${hostInHref}${portSuffix}${path}`,
    protocol,
    host,
    hostHeader: hostInHeader + portSuffix,
    port,
    path,
    query,
    ...parseUserInfo(userInfo),
  };
}

/** `ws+unix:/path/of/socket:/uri`, also with the empty authority of `ws+unix:///path`. */
function parseUnix<P extends DialProtocol>(protocol: P, rest: string, pathAsIs: boolean): UrlIn<P> {
  const [, encodedPath = '', target = ''] = /^(?:\/\/(?=\/))?(.*?)(?::([/?].*)?)?$/s.exec(rest) ?? [];
  if (!encodedPath.startsWith('/') || encodedPath.startsWith('//')) {
    throw new Refusal(`the path of its socket must be absolute, as in ${protocol}:/path/of/socket:/uri`);
  }
  if (encodedPath.includes('?')) throw new Refusal("write '?' in the path of its socket as %3F");
  const socketPath = decode(encodedPath, 'the path of its socket');
  const { path, query } = parseTarget(target, pathAsIs);
  return {
    href: `${protocol}:${encodeTarget(encodedPath)}:${path}`,
    protocol,
    host: 'localhost',
    hostHeader: 'localhost',
    port: 0,
    path,
    query,
    socketPath,
  };
}

function splitPort(hostAndPort: string): { name: string; portText: string | undefined } {
  const [, name, portText] = /^(\[[^\]]*\]|[^:[\]]*)(?::(.*))?$/s.exec(hostAndPort) ?? [];
  if (name === undefined) throw new Refusal('the brackets of its host are not closed, or surrounded by something');
  if (portText?.includes(':')) throw new Refusal('it has a colon too many; an IPv6 address needs brackets');
  if (name === '' || name === '[]') throw new Refusal('it has no host');
  return { name, portText };
}

function parsePort(text: string): number {
  if (text === '') throw new Refusal('it has a colon but no port');
  if (!/^[0-9]+$/.test(text)) throw new Refusal('its port is not a number');
  const port = Number(text);
  if (port < 1 || port > 65535) throw new Refusal('its port is not between 1 and 65535');
  return port;
}

interface HostForms {
  readonly host: string;
  readonly hostInHeader: string;
  readonly hostInHref: string;
}

function parseName(name: string): HostForms {
  // The WHATWG parser would decode %2e or %00 in a host.
  if (/[%\s]/.test(name)) throw new Refusal('its host contains a character that no host has');
  const host = normalizeHost(name);
  // The empty labels are left; one trailing dot is the root and fine.
  if (host === '' || host.startsWith('.') || host.includes('..')) throw new Refusal('its host has an empty label');
  return { host, hostInHeader: host, hostInHref: host };
}

function parseIPv6(text: string): HostForms {
  const [address = '', ...zoneParts] = text.split('%25');
  if (!/^[0-9a-f:.]+$/i.test(address)) {
    throw new Refusal('its brackets do not hold an IPv6 address, with the zone, if any, as %25zone');
  }
  const bracketed = normalizeHost(`[${address}]`);
  const normal = bracketed.slice(1, -1);
  if (zoneParts.length === 0) return { host: normal, hostInHeader: bracketed, hostInHref: bracketed };
  const zone = zoneParts.join('%25');
  if (!/^[\w.~-]+$/.test(zone)) throw new Refusal('the zone of its IPv6 address is not valid');
  return { host: `${normal}%${zone}`, hostInHeader: bracketed, hostInHref: `[${normal}%25${zone}]` };
}

/** Lower case, punycode, and one spelling for each address. */
function normalizeHost(host: string): string {
  const url = whatwgUrl(`http://${host}/`);
  if (url === undefined) throw new Refusal('its host is not valid');
  return url.hostname;
}

function parseUserInfo(userInfo: string): { username?: string; password?: string } {
  if (userInfo === '' || userInfo === ':') return {};
  const colon = userInfo.indexOf(':');
  const username = decode(colon < 0 ? userInfo : userInfo.slice(0, colon), 'its user name');
  // RFC 7617 section 2: Basic credentials end the user name at the first colon.
  if (username.includes(':')) throw new Refusal('its user name contains a colon');
  if (colon < 0) return { username };
  return { username, password: decode(userInfo.slice(colon + 1), 'its password') };
}

function decode(text: string, what: string): string {
  let decoded: string;
  try {
    decoded = decodeURIComponent(text);
  } catch {
    throw new Refusal(`${what} is not percent-encoded UTF-8; write '%' as %25`);
  }
  if (/\p{Cc}/u.test(decoded)) throw new Refusal(`${what} contains a control character`);
  return decoded;
}

interface RequestTarget {
  readonly path: string;
  readonly query: string;
}

function parseTarget(target: string, pathAsIs: boolean): RequestTarget {
  const encoded = encodeTarget(target.startsWith('/') ? target : `/${target}`);
  const path = pathAsIs ? encoded : removeDotSegments(encoded);
  const question = path.indexOf('?');
  return { path, query: question < 0 ? '' : path.slice(question + 1) };
}

/** RFC 3986 section 5.2.4, in the path alone. `%2e` is a dot (section 6.2.2.2), as it is to browsers. */
function removeDotSegments(target: string): string {
  if (!/\/(?:\.|%2e)/i.test(target)) return target;
  const [, path = '', query = ''] = /^\/([^?]*)(.*)$/s.exec(target) ?? [];
  const kept: string[] = [];
  const segments = path.split('/');
  for (const [index, segment] of segments.entries()) {
    const dots = segment.replace(/%2e/gi, '.');
    if (dots === '..') kept.pop();
    else if (dots !== '.') {
      kept.push(segment);
      continue;
    }
    if (index === segments.length - 1) kept.push('');
  }
  return `/${kept.join('/')}${query}`;
}

/**
 * Encodes what RFC 3986 section 3.3 and 3.4 leave out, but for the square brackets: browsers send them as they are,
 * and servers may tell `a[]` from `a%5B%5D`. A `%` is never touched, or what is encoded already would change.
 */
function encodeTarget(target: string): string {
  return target.replace(/[^\w\-.~!$&'()*+,;=:@/?%[\]]+/g, encodeURIComponent);
}

const longestShown = 256;

/**
 * The URL for an error message. It could not be parsed, so everything up to its last `@` (in any width that
 * IDNA takes for one) may be a password; control characters must not reach a terminal or split a log line.
 */
function redact(text: string): string {
  const visible = text.replace(/^([a-z+.-]+:\/\/)?.*[@\uFF20\uFE6B]/is, '$1***@');
  const shown = visible.length > longestShown ? `${visible.slice(0, longestShown)}…` : visible;
  return shown.replace(/[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/gu, (character) => {
    return `\\u{${(character.codePointAt(0) ?? 0).toString(16)}}`;
  });
}

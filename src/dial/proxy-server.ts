import { whatwgUrl } from '../util/whatwg-url.ts';

/** The protocols that a proxy may speak. */
export type ProxyProtocol = 'http' | 'https' | 'socks5' | 'socks4a';

export interface ProxyCredentials {
  readonly username: string;
  readonly password: string;
}

/** A proxy, taken from its URL. The credentials are where neither `inspect` nor JSON finds them. */
export class ProxyServer {
  readonly protocol: ProxyProtocol;
  /** In lower case, without brackets. */
  readonly host: string;
  readonly port: number;
  /** The URL without credentials: fit for logs. */
  readonly href: string;
  readonly #credentials: ProxyCredentials | undefined;

  constructor(protocol: ProxyProtocol, host: string, port: number, credentials: ProxyCredentials | undefined) {
    this.protocol = protocol;
    this.host = host;
    this.port = port;
    this.href = `${protocol}://${host.includes(':') ? `[${host}]` : host}:${port}`;
    this.#credentials = credentials;
  }

  /** A method, so that nothing that walks over properties comes by. */
  credentials(): ProxyCredentials | undefined {
    return this.#credentials;
  }

  toString(): string {
    return this.href;
  }
}

export type ProxyServerResult =
  | { readonly ok: true; readonly proxy: ProxyServer }
  | { readonly ok: false; readonly reason: string };

const schemes: ReadonlyMap<string, { readonly protocol: ProxyProtocol; readonly defaultPort: number }> = new Map([
  ['http', { protocol: 'http', defaultPort: 80 }],
  ['https', { protocol: 'https', defaultPort: 443 }],
  ['socks5', { protocol: 'socks5', defaultPort: 1080 }],
  // The name that curl has for the one that resolves names itself: ours always does.
  ['socks5h', { protocol: 'socks5', defaultPort: 1080 }],
  ['socks4a', { protocol: 'socks4a', defaultPort: 1080 }],
]);

/** SOCKS gives each of them a length of one byte (RFC 1929 section 2). */
const MAX_SOCKS_CREDENTIAL_BYTES = 255;

/** Why a URL is refused. Its message quotes nothing of the URL, since anything in it may be a password. */
class Refusal extends Error {}

/** Parses the URL of a proxy, such as `http://user:password@host:3128` or `socks5://host`. */
export function parseProxyUrl(text: string): ProxyServerResult {
  try {
    return { ok: true, proxy: parse(text) };
  } catch (error) {
    if (!(error instanceof Refusal)) throw error;
    return { ok: false, reason: error.message };
  }
}

function parse(text: string): ProxyServer {
  const [, scheme, authority, rest] = /^([a-z][a-z0-9+.-]*):\/\/([^/?#]*)(.*)$/is.exec(text) ?? [];
  const known = schemes.get(scheme?.toLowerCase() ?? '');
  if (known === undefined || authority === undefined) {
    throw new Refusal('it must start with http://, https://, socks5:// or socks4a://');
  }
  if (authority.includes('\\')) throw new Refusal("it has a '\\'; write it as %5C");
  if (rest !== '' && rest !== '/') throw new Refusal('it has something behind its host and port');
  const at = authority.lastIndexOf('@');
  const [, name = '', portText] = /^(\[[^\]]*\]|[^:]*)(?::(\d+))?$/.exec(authority.slice(at + 1)) ?? [];
  const url = name === '' || /[%\s]/.test(name) ? undefined : whatwgUrl(`http://${name}/`);
  if (url === undefined) throw new Refusal('its host or port is not valid');
  const port = portText === undefined ? known.defaultPort : Number(portText);
  if (port < 1 || port > 65535) throw new Refusal('its port is not between 1 and 65535');
  const credentials = at < 0 ? undefined : parseCredentials(authority.slice(0, at));
  if (credentials !== undefined) checkCredentials(known.protocol, credentials);
  const host = url.hostname.replace(/^\[|\]$/g, '');
  return new ProxyServer(known.protocol, host, port, credentials);
}

function parseCredentials(userInfo: string): ProxyCredentials | undefined {
  const colon = userInfo.indexOf(':');
  const username = decode(colon < 0 ? userInfo : userInfo.slice(0, colon));
  const password = colon < 0 ? '' : decode(userInfo.slice(colon + 1));
  return username === '' && password === '' ? undefined : { username, password };
}

function decode(text: string): string {
  let decoded: string;
  try {
    decoded = decodeURIComponent(text);
  } catch {
    throw new Refusal("its user name or password is not percent-encoded UTF-8; write '%' as %25");
  }
  if (/\p{Cc}/u.test(decoded)) throw new Refusal('its user name or password contains a control character');
  return decoded;
}

function checkCredentials(protocol: ProxyProtocol, { username, password }: ProxyCredentials): void {
  switch (protocol) {
    case 'http':
    case 'https':
      // RFC 7617 section 2: the user name ends at the first colon.
      if (username.includes(':')) throw new Refusal('its user name contains a colon');
      return;
    case 'socks4a':
      if (password !== '') throw new Refusal('SOCKS4 knows no passwords');
      return;
    case 'socks5':
      if (username === '' || password === '') throw new Refusal('SOCKS5 needs both a user name and a password');
      if (new TextEncoder().encode(username).length > MAX_SOCKS_CREDENTIAL_BYTES)
        throw new Refusal('its user name is too long');
      if (new TextEncoder().encode(password).length > MAX_SOCKS_CREDENTIAL_BYTES)
        throw new Refusal('its password is too long');
      return;
    default:
      protocol satisfies never;
  }
}

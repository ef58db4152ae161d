import { UsageError } from '../errors.ts';
import { userAgent } from '../platform/user-agent.ts';
import { checkFieldValue } from '../protocol/http1/field-value.ts';
import { headLines } from '../protocol/http1/head/head-limits.ts';
import type { LookupFunction } from '../transport/tcp/tcp-connect.ts';
import { type SocketTLSOptions, tlsOption } from '../transport/tls/tls-options.ts';
import { callback, choice, flag, milliseconds, option, text } from '../util/option-kinds.ts';
import type { OptionLines, Resolved } from '../util/option-table.ts';
import { checkString } from '../util/options.ts';
import { type ProxyServer, parseProxyUrl } from './proxy-server.ts';

/** The options of every client for its connections. */
export interface DialOptions {
  /**
   * The local address to connect from.
   * @default the system's choice
   */
  localAddress?: string | undefined;
  /**
   * 4 or 6 for addresses of one family only; 0 for both, tried as Happy Eyeballs does (RFC 8305).
   * @default 0
   */
  family?: 0 | 4 | 6 | undefined;
  /**
   * Resolves host names in place of the system.
   * @default dns.lookup
   */
  lookup?: LookupFunction | undefined;
  /**
   * Milliseconds that one of several addresses has before the next is tried beside it (RFC 8305 section 5).
   * @default Node's: 250
   */
  addressAttemptTimeoutMs?: number | undefined;
  /**
   * The security of connections to `wss://` and `https://`. See {@link SocketTLSOptions}.
   * @default the authorities of the system are trusted, and the certificate must be for the host of the URL
   */
  tlsOptions?: SocketTLSOptions | undefined;
  /**
   * A proxy to connect through: `http://user:password@host:port`, or with `https:`, `socks5:` or `socks4a:`. It resolves
   * the name of the server. `'env'` takes it from `HTTP_PROXY`, `HTTPS_PROXY`, `ALL_PROXY` and `NO_PROXY`.
   * @default none
   */
  proxy?: string | undefined;
  /**
   * The security of the connection to a proxy at `https://`; {@link tlsOptions} are for the server behind it.
   * @default the authorities of the system are trusted, and the certificate must be for the host of the proxy
   */
  proxyTlsOptions?: SocketTLSOptions | undefined;
  /**
   * The value of `User-Agent`, for servers and HTTP proxies alike; empty to send none. One among extra headers counts
   * before this.
   * @default 'ixwebsocket/0.1.0'
   */
  userAgent?: string | undefined;
  /**
   * Bytes of the head of a response, which one line alone may reach. A longer one is refused.
   * @default 16384
   */
  maxHeadBytes?: number | undefined;
  /**
   * Fields in the head of a response. More are refused.
   * @default 100
   */
  maxHeaders?: number | undefined;
  /**
   * Sends the path of a URL as it is written; without this, dot segments (`/./`, `/../`) are removed as RFC 3986 section
   * 5.2.4 says.
   * @default false
   */
  pathAsIs?: boolean | undefined;
}

/** Checked {@link DialOptions} with all defaults filled in. */
export type ResolvedDialOptions = Resolved<
  DialOptions,
  Exclude<keyof DialOptions, 'family' | 'userAgent' | 'maxHeadBytes' | 'maxHeaders' | 'pathAsIs'>,
  { proxy: ProxyServer | 'env' | undefined }
>;

export const dialLines: OptionLines<ResolvedDialOptions> = {
  localAddress: text(undefined),
  family: choice(0, [0, 4, 6]),
  lookup: callback(),
  addressAttemptTimeoutMs: milliseconds(undefined, 10),
  tlsOptions: tlsOption(),
  proxy: option<ProxyServer | 'env' | undefined>(undefined, checkProxy),
  proxyTlsOptions: tlsOption(),
  userAgent: option(userAgent, checkFieldValue),
  ...headLines,
  pathAsIs: flag(false),
};

/** The URL of a proxy, or `'env'`. What is refused is not quoted. */
function checkProxy(name: string, value: unknown): ProxyServer | 'env' {
  const text = checkString(name, value);
  if (text === 'env') return 'env';
  const parsed = parseProxyUrl(text);
  if (!parsed.ok) throw new UsageError(name, `must be the URL of a proxy, or 'env': ${parsed.reason}`);
  return parsed.proxy;
}

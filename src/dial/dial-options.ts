import { UsageError } from '../errors.ts';
import type { LookupFunction } from '../transport/tcp/tcp-connect.ts';
import { type SocketTLSOptions, tlsOption } from '../transport/tls/tls-options.ts';
import { callback, choice, milliseconds, option, text } from '../util/option-kinds.ts';
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
   * How connections to `wss://` and `https://` are secured. See {@link SocketTLSOptions}.
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
   * How the connection to a proxy at `https://` is secured; {@link tlsOptions} are for the server behind it.
   * @default the authorities of the system are trusted, and the certificate must be for the host of the proxy
   */
  proxyTlsOptions?: SocketTLSOptions | undefined;
}

/** Checked {@link DialOptions} with all defaults filled in. */
export type ResolvedDialOptions = Resolved<
  DialOptions,
  Exclude<keyof DialOptions, 'family'>,
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
};

/** The URL of a proxy, or `'env'`. What is refused is not quoted. */
function checkProxy(name: string, value: unknown): ProxyServer | 'env' {
  const text = checkString(name, value);
  if (text === 'env') return 'env';
  const parsed = parseProxyUrl(text);
  if (!parsed.ok) throw new UsageError(name, `must be the URL of a proxy, or 'env': ${parsed.reason}`);
  return parsed.proxy;
}

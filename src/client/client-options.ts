import {
  type ConnectionOptions,
  checkSeconds,
  connectionOptionNames,
  type ResolvedConnectionOptions,
  resolveConnectionOptions,
} from '../connection/connection-options.ts';
import { checkProxy } from '../dial/proxy-option.ts';
import type { ProxyServer } from '../dial/proxy-server.ts';
import { HttpHeaders, type HttpHeadersInit } from '../protocol/http1/headers.ts';
import { checkUpgradeHeaders } from '../protocol/websocket/handshake/handshake-client.ts';
import { checkSubprotocols } from '../protocol/websocket/handshake/subprotocols.ts';
import type { LookupFunction } from '../transport/tcp/tcp-connect.ts';
import { checkTLSOptions, type SocketTLSOptions } from '../transport/tls/tls-options.ts';
import {
  checkFunction,
  checkInteger,
  checkOneOf,
  checkSignal,
  checkString,
  rejectUnknownOptions,
} from '../util/options.ts';
import { type OutboxOptions, type ResolvedOutboxOptions, resolveOutboxOptions } from './outbox.ts';
import type { Provider } from './provider.ts';
import {
  type ReconnectionOptions,
  type ResolvedReconnectionOptions,
  reconnectionOptionNames,
  resolveReconnectionOptions,
} from './reconnection-options.ts';

/**
 * The options of a client. Most have a setter as well, as in the seed library. `url`, `extraHeaders` and
 * `subprotocols` may be functions, which are called for each attempt to connect; one that fails is a failed attempt.
 *
 * @example
 * new WebSocket({ url: 'wss://example.com', extraHeaders: async () => ({ Authorization: `Bearer ${await getToken()}` }) });
 */
export interface WebSocketOptions extends ConnectionOptions, ReconnectionOptions {
  /** Where to connect to: `ws://host:port/path?query`. It may also be set later, before `start()`. */
  url?: string | Provider<string> | undefined;
  /**
   * More headers for the opening handshake; `Host`, `Origin` and `User-Agent` replace the library's own.
   * @default none
   */
  extraHeaders?: HttpHeadersInit | Provider<HttpHeadersInit> | undefined;
  /**
   * The subprotocols to offer, most wanted first.
   * @default none
   */
  subprotocols?: readonly string[] | Provider<readonly string[]> | undefined;
  /**
   * Seconds an attempt may take, from the lookup of the name to the end of the opening handshake.
   * @default 20
   */
  handshakeTimeoutSecs?: number | undefined;
  /**
   * Keeps what is sent while a started client is not connected, in order, and sends it behind `open`. See
   * {@link OutboxOptions}.
   * @default off: such a send fails with `closed`
   */
  outbox?: OutboxOptions | undefined;
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
   * How connections to `wss://` are secured. See {@link SocketTLSOptions}.
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
  /**
   * How many redirects an attempt follows; 0 for none. No header that holds credentials goes to another origin.
   * @default 10
   */
  maxRedirects?: number | undefined;
  /**
   * Milliseconds that one of several addresses has before the next is tried beside it (RFC 8305 section 5).
   * @default Node's: 250
   */
  addressAttemptTimeoutMs?: number | undefined;
  /**
   * Stops the client, as `stop()` does, when it is aborted; such a client does not start again.
   * @default none
   */
  signal?: AbortSignal | undefined;
}

/** Checked options with all defaults filled in, as they are for one attempt. */
export interface ResolvedClientOptions extends ResolvedConnectionOptions, ResolvedReconnectionOptions {
  url: string;
  extraHeaders: HttpHeaders;
  subprotocols: readonly string[];
  handshakeTimeoutSecs: number;
  outbox: ResolvedOutboxOptions | undefined;
  localAddress: string | undefined;
  family: 0 | 4 | 6;
  lookup: LookupFunction | undefined;
  tlsOptions: SocketTLSOptions | undefined;
  proxy: ProxyServer | 'env' | undefined;
  proxyTlsOptions: SocketTLSOptions | undefined;
  maxRedirects: number;
  addressAttemptTimeoutMs: number | undefined;
  signal: AbortSignal | undefined;
}

/** The same before functions were called for their values; the setters replace single ones. */
export interface ClientSettings extends Omit<ResolvedClientOptions, 'url' | 'extraHeaders' | 'subprotocols'> {
  url: string | Provider<string>;
  extraHeaders: HttpHeaders | Provider<HttpHeadersInit>;
  subprotocols: readonly string[] | Provider<readonly string[]>;
}

const defaults = Object.freeze({
  url: '',
  handshakeTimeoutSecs: 20,
  family: 0,
  maxRedirects: 10,
});

const KNOWN: readonly string[] = [
  ...connectionOptionNames,
  ...reconnectionOptionNames,
  ...Object.keys(defaults),
  'extraHeaders',
  'subprotocols',
  'outbox',
  'localAddress',
  'lookup',
  'tlsOptions',
  'proxy',
  'proxyTlsOptions',
  'addressAttemptTimeoutMs',
  'signal',
];

const MAX_TIMER_MS = 2 ** 31 - 1;

/** Checks the options of a client; throws {@link UsageError} naming the first that is wrong. */
export function resolveClientOptions(options: WebSocketOptions): ClientSettings {
  rejectUnknownOptions('a WebSocket', options, KNOWN);
  const given = <K extends keyof typeof defaults>(key: K): unknown => options[key] ?? defaults[key];
  const { localAddress, lookup, tlsOptions, proxy, proxyTlsOptions, addressAttemptTimeoutMs } = options;
  return {
    ...resolveConnectionOptions('client', options),
    ...resolveReconnectionOptions(options),
    url: checkUrl(options.url ?? defaults.url),
    extraHeaders: checkHeadersOption(options.extraHeaders),
    subprotocols: checkSubprotocolsOption(options.subprotocols ?? []),
    handshakeTimeoutSecs: checkSeconds('handshakeTimeoutSecs', given('handshakeTimeoutSecs')),
    outbox: resolveOutboxOptions(options.outbox),
    localAddress: localAddress === undefined ? undefined : checkString('localAddress', localAddress),
    family: checkOneOf('family', given('family'), [0, 4, 6] as const),
    lookup: lookup && checkFunction('lookup', lookup),
    tlsOptions: tlsOptions && checkTLSOptions(tlsOptions),
    proxy: proxy === undefined ? undefined : checkProxy(proxy),
    proxyTlsOptions: proxyTlsOptions && checkTLSOptions(proxyTlsOptions),
    signal: options.signal && checkSignal('signal', options.signal),
    maxRedirects: checkInteger('maxRedirects', given('maxRedirects'), { min: 0, max: 100 }),
    addressAttemptTimeoutMs:
      addressAttemptTimeoutMs === undefined
        ? undefined
        : checkInteger('addressAttemptTimeoutMs', addressAttemptTimeoutMs, { min: 10, max: MAX_TIMER_MS }),
  };
}

export function checkUrl(url: string | Provider<string>): string | Provider<string> {
  return typeof url === 'function' ? url : checkString('url', url);
}

export function checkHeadersOption(
  init: HttpHeadersInit | Provider<HttpHeadersInit> | undefined,
): HttpHeaders | Provider<HttpHeadersInit> {
  return typeof init === 'function' ? init : checkExtraHeaders(init);
}

export function checkSubprotocolsOption(
  subprotocols: readonly string[] | Provider<readonly string[]>,
): readonly string[] | Provider<readonly string[]> {
  return typeof subprotocols === 'function' ? subprotocols : checkOfferedSubprotocols(subprotocols);
}

export function checkExtraHeaders(init: HttpHeadersInit | undefined): HttpHeaders {
  const headers = HttpHeaders.from(init, 'extraHeaders');
  checkUpgradeHeaders(headers);
  return headers;
}

export function checkOfferedSubprotocols(subprotocols: readonly string[]): readonly string[] {
  checkSubprotocols(subprotocols);
  return [...subprotocols];
}

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
import { checkUpgradeHeaders } from '../protocol/websocket/handshake-client.ts';
import { checkSubprotocols } from '../protocol/websocket/subprotocols.ts';
import type { LookupFunction } from '../transport/tcp-connect.ts';
import { checkTLSOptions, type SocketTLSOptions } from '../transport/tls-options.ts';
import {
  checkBoolean,
  checkFunction,
  checkInteger,
  checkOneOf,
  checkString,
  rejectUnknownOptions,
} from '../util/options.ts';

/** The options of a client. Each has a setter as well, as in the seed library. */
export interface WebSocketOptions extends ConnectionOptions {
  /** Where to connect to: `ws://host:port/path?query`. It may also be set later, before `start()`. */
  url?: string | undefined;
  /**
   * More headers for the opening handshake; `Host`, `Origin` and `User-Agent` replace the library's own.
   * @default none
   */
  extraHeaders?: HttpHeadersInit | undefined;
  /**
   * The subprotocols to offer, most wanted first.
   * @default none
   */
  subprotocols?: readonly string[] | undefined;
  /**
   * Seconds an attempt may take, from the lookup of the name to the end of the opening handshake.
   * @default 20
   */
  handshakeTimeoutSecs?: number | undefined;
  /**
   * Whether a lost connection is made again, and a failed attempt repeated.
   * @default true
   */
  automaticReconnection?: boolean | undefined;
  /**
   * Milliseconds that are waited at the most between two attempts.
   * @default 10000
   */
  maxWaitBetweenReconnectionRetries?: number | undefined;
  /**
   * Milliseconds that are waited at the least between two attempts.
   * @default 1
   */
  minWaitBetweenReconnectionRetries?: number | undefined;
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
}

/** Checked options with all defaults filled in; the setters replace single ones. */
export interface ResolvedClientOptions extends ResolvedConnectionOptions {
  url: string;
  extraHeaders: HttpHeaders;
  subprotocols: readonly string[];
  handshakeTimeoutSecs: number;
  automaticReconnection: boolean;
  maxWaitBetweenReconnectionRetries: number;
  minWaitBetweenReconnectionRetries: number;
  localAddress: string | undefined;
  family: 0 | 4 | 6;
  lookup: LookupFunction | undefined;
  tlsOptions: SocketTLSOptions | undefined;
  proxy: ProxyServer | 'env' | undefined;
  proxyTlsOptions: SocketTLSOptions | undefined;
  maxRedirects: number;
  addressAttemptTimeoutMs: number | undefined;
}

const defaults = Object.freeze({
  url: '',
  handshakeTimeoutSecs: 20,
  automaticReconnection: true,
  maxWaitBetweenReconnectionRetries: 10_000,
  minWaitBetweenReconnectionRetries: 1,
  family: 0,
  maxRedirects: 10,
});

const KNOWN: readonly string[] = [
  ...connectionOptionNames,
  ...Object.keys(defaults),
  'extraHeaders',
  'subprotocols',
  'localAddress',
  'lookup',
  'tlsOptions',
  'proxy',
  'proxyTlsOptions',
  'addressAttemptTimeoutMs',
];

const MAX_TIMER_MS = 2 ** 31 - 1;

/** Checks the options of a client; throws {@link UsageError} naming the first that is wrong. */
export function resolveClientOptions(options: WebSocketOptions): ResolvedClientOptions {
  rejectUnknownOptions('a WebSocket', options, KNOWN);
  const given = <K extends keyof typeof defaults>(key: K): unknown => options[key] ?? defaults[key];
  const { localAddress, lookup, tlsOptions, proxy, proxyTlsOptions, addressAttemptTimeoutMs } = options;
  return {
    ...resolveConnectionOptions('client', options),
    url: checkString('url', given('url')),
    extraHeaders: checkExtraHeaders(options.extraHeaders),
    subprotocols: checkOfferedSubprotocols(options.subprotocols ?? []),
    handshakeTimeoutSecs: checkSeconds('handshakeTimeoutSecs', given('handshakeTimeoutSecs')),
    automaticReconnection: checkBoolean('automaticReconnection', given('automaticReconnection')),
    maxWaitBetweenReconnectionRetries: checkWait(
      'maxWaitBetweenReconnectionRetries',
      given('maxWaitBetweenReconnectionRetries'),
    ),
    minWaitBetweenReconnectionRetries: checkWait(
      'minWaitBetweenReconnectionRetries',
      given('minWaitBetweenReconnectionRetries'),
    ),
    localAddress: localAddress === undefined ? undefined : checkString('localAddress', localAddress),
    family: checkOneOf('family', given('family'), [0, 4, 6] as const),
    lookup: lookup && checkFunction('lookup', lookup),
    tlsOptions: tlsOptions && checkTLSOptions(tlsOptions),
    proxy: proxy === undefined ? undefined : checkProxy(proxy),
    proxyTlsOptions: proxyTlsOptions && checkTLSOptions(proxyTlsOptions),
    maxRedirects: checkInteger('maxRedirects', given('maxRedirects'), { min: 0, max: 100 }),
    addressAttemptTimeoutMs:
      addressAttemptTimeoutMs === undefined
        ? undefined
        : checkInteger('addressAttemptTimeoutMs', addressAttemptTimeoutMs, { min: 10, max: MAX_TIMER_MS }),
  };
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

export function checkWait(name: string, value: unknown): number {
  return checkInteger(name, value, { min: 0, max: MAX_TIMER_MS });
}

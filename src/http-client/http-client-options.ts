import { checkProxy } from '../dial/proxy-option.ts';
import type { ProxyServer } from '../dial/proxy-server.ts';
import type { LookupFunction } from '../transport/tcp/tcp-connect.ts';
import { checkTLSOptions, type SocketTLSOptions } from '../transport/tls/tls-options.ts';
import {
  checkBoolean,
  checkFunction,
  checkInteger,
  checkNumber,
  checkOneOf,
  checkString,
  rejectUnknownOptions,
} from '../util/options.ts';

/** The options of an HTTP client: what all of its requests share. */
export interface HttpClientOptions {
  /**
   * Whether `performRequest` may be used.
   * @default false
   */
  async?: boolean | undefined;
  /**
   * How many requests of the queue of `performRequest` run at a time.
   * @default 1
   */
  concurrency?: number | undefined;
  /**
   * How connections to `https://` are secured. See {@link SocketTLSOptions}.
   * @default the authorities of the system are trusted, and the certificate must be for the host of the URL
   */
  tlsOptions?: SocketTLSOptions | undefined;
  /**
   * A proxy for all requests: `http://user:password@host:port`, or with `https:`, `socks5:` or `socks4a:`. `'env'` takes
   * it from `HTTP_PROXY`, `HTTPS_PROXY`, `ALL_PROXY` and `NO_PROXY`.
   * @default none
   */
  proxy?: string | undefined;
  /**
   * How the connection to a proxy at `https://` is secured; {@link tlsOptions} are for the server behind it.
   * @default the authorities of the system are trusted, and the certificate must be for the host of the proxy
   */
  proxyTlsOptions?: SocketTLSOptions | undefined;
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
   * Connections to one origin at a time. Further requests wait, in order.
   * @default 64
   */
  maxConnectionsPerOrigin?: number | undefined;
  /**
   * Connections that are kept for the next request, to all origins together; 0 for a new connection for each request.
   * @default 256
   */
  maxIdleConnections?: number | undefined;
  /**
   * Seconds a connection is kept for the next request. A server that announces less (`Keep-Alive: timeout`) is obeyed.
   * @default 4
   */
  keepAliveSecs?: number | undefined;
  /**
   * Gets what callbacks throw or reject with.
   * @default it is thrown again, as an uncaught exception
   */
  onCallbackError?: ((error: unknown) => void) | undefined;
}

export interface ResolvedHttpClientOptions {
  readonly async: boolean;
  readonly concurrency: number;
  readonly tlsOptions: SocketTLSOptions | undefined;
  readonly proxy: ProxyServer | 'env' | undefined;
  readonly proxyTlsOptions: SocketTLSOptions | undefined;
  readonly localAddress: string | undefined;
  readonly family: 0 | 4 | 6;
  readonly lookup: LookupFunction | undefined;
  readonly addressAttemptTimeoutMs: number | undefined;
  readonly maxConnectionsPerOrigin: number;
  readonly maxIdleConnections: number;
  readonly idleTimeoutMs: number;
  readonly onCallbackError: ((error: unknown) => void) | undefined;
}

const KNOWN: readonly (keyof HttpClientOptions)[] = [
  'async',
  'concurrency',
  'tlsOptions',
  'proxy',
  'proxyTlsOptions',
  'localAddress',
  'family',
  'lookup',
  'addressAttemptTimeoutMs',
  'maxConnectionsPerOrigin',
  'maxIdleConnections',
  'keepAliveSecs',
  'onCallbackError',
];

const MAX_TIMER_MS = 2 ** 31 - 1;
const MOST_CONNECTIONS = 65_536;

/** Checks the options of a client; throws {@link UsageError} naming the first that is wrong. */
export function resolveHttpClientOptions(options: HttpClientOptions): ResolvedHttpClientOptions {
  rejectUnknownOptions('an HttpClient', options, KNOWN);
  const { tlsOptions, proxy, proxyTlsOptions, localAddress, lookup, addressAttemptTimeoutMs, onCallbackError } =
    options;
  const count = (name: keyof HttpClientOptions, fallback: number, min: number): number =>
    checkInteger(name, options[name] ?? fallback, { min, max: MOST_CONNECTIONS });
  return {
    async: checkBoolean('async', options.async ?? false),
    concurrency: count('concurrency', 1, 1),
    tlsOptions: tlsOptions && checkTLSOptions(tlsOptions),
    proxy: proxy === undefined ? undefined : checkProxy(proxy),
    proxyTlsOptions: proxyTlsOptions && checkTLSOptions(proxyTlsOptions),
    localAddress: localAddress === undefined ? undefined : checkString('localAddress', localAddress),
    family: checkOneOf('family', options.family ?? 0, [0, 4, 6] as const),
    lookup: lookup && checkFunction('lookup', lookup),
    addressAttemptTimeoutMs:
      addressAttemptTimeoutMs === undefined
        ? undefined
        : checkInteger('addressAttemptTimeoutMs', addressAttemptTimeoutMs, { min: 10, max: MAX_TIMER_MS }),
    maxConnectionsPerOrigin: count('maxConnectionsPerOrigin', 64, 1),
    maxIdleConnections: count('maxIdleConnections', 256, 0),
    idleTimeoutMs: checkNumber('keepAliveSecs', options.keepAliveSecs ?? 4, { min: 0, max: 86_400 }) * 1000,
    onCallbackError: onCallbackError && checkFunction('onCallbackError', onCallbackError),
  };
}

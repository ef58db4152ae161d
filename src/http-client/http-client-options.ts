import { proxyOption } from '../dial/proxy-option.ts';
import type { ProxyServer } from '../dial/proxy-server.ts';
import { type CallbackErrors, checkCallbackErrors } from '../platform/callback-errors.ts';
import type { LookupFunction } from '../transport/tcp/tcp-connect.ts';
import { type SocketTLSOptions, tlsOption, tlsTable } from '../transport/tls/tls-options.ts';
import { callback, choice, count, flag, fraction, milliseconds, option, text } from '../util/option-kinds.ts';
import {
  type ForeignNames,
  foreignNames,
  foreignUnder,
  type OptionTable,
  optionTable,
  type Resolved,
  resolveOptions,
} from '../util/option-table.ts';
import { requestOptions } from './request/request-options.ts';

/** The options of an HTTP client: what all of its requests share. */
export interface HttpClientOptions {
  /**
   * Allows `performRequest`.
   * @default false
   */
  async?: boolean | undefined;
  /**
   * Requests of the queue of `performRequest` that run at a time.
   * @default 1
   */
  concurrency?: number | undefined;
  /**
   * Security of connections to `https://`. See {@link SocketTLSOptions}.
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
   * Security of the connection to a proxy at `https://`; {@link tlsOptions} are for the server behind it.
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
   * Gets what callbacks throw or reject with; `'throw'` throws it again, as an uncaught exception.
   * @default it is written to the standard error stream, and the process goes on
   */
  onCallbackError?: CallbackErrors;
}

type NoDefault =
  | 'tlsOptions'
  | 'proxyTlsOptions'
  | 'localAddress'
  | 'lookup'
  | 'addressAttemptTimeoutMs'
  | 'onCallbackError';

/** Checked options with all defaults filled in. */
export interface ResolvedHttpClientOptions extends Readonly<Resolved<Omit<HttpClientOptions, 'proxy'>, NoDefault>> {
  readonly proxy: ProxyServer | 'env' | undefined;
}

/** The habits of those who know undici, axios, got or Node's agents, for what all requests share. */
const foreign: ForeignNames = {
  ...Object.fromEntries(
    Object.keys(requestOptions.lines).map((name) => [name, `it belongs to a request: get(url, { ${name}: … })`]),
  ),
  ...foreignUnder('tlsOptions', tlsTable),
  ...foreignNames({
    maxConnectionsPerOrigin: 'maxSockets connections maxConnections pipelining',
    maxIdleConnections: 'maxFreeSockets maxTotalSockets poolSize',
    keepAliveSecs: 'keepAlive keepAliveTimeout keepAliveMaxTimeout keepAliveMsecs freeSocketTimeout',
    "a proxy is given as 'proxy', and TLS as 'tlsOptions'": 'agent dispatcher httpAgent httpsAgent connect',
    'it belongs to a request: get(url, { extraHeaders: … })': 'headers header',
    'it belongs to a request: get(url, { transferTimeout: … })': 'timeout bodyTimeout headersTimeout',
    'it belongs to a request: get(url, { verb: … })': 'method',
    'every request names its whole url': 'url baseURL baseUrl prefixUrl host hostname port path',
    "credentials belong to a request, in its url or in 'extraHeaders'": 'auth user username password token',
  }),
};

const connections = { min: 1, max: 65_536 };

export const httpClientOptions: OptionTable<ResolvedHttpClientOptions> = optionTable(
  'an HttpClient',
  {
    async: flag(false),
    concurrency: count(1, connections),
    tlsOptions: tlsOption(),
    proxy: proxyOption(),
    proxyTlsOptions: tlsOption(),
    localAddress: text(undefined),
    family: choice(0, [0, 4, 6]),
    lookup: callback(),
    addressAttemptTimeoutMs: milliseconds(undefined, 10),
    maxConnectionsPerOrigin: count(64, connections),
    maxIdleConnections: count(256, { ...connections, min: 0 }),
    keepAliveSecs: fraction(4, { min: 0, max: 86_400 }, 's'),
    onCallbackError: option<CallbackErrors>(undefined, checkCallbackErrors),
  },
  { foreign, example: '{ proxy: … }' },
);

/** Checks the options of a client; throws {@link UsageError} naming the first that is wrong. */
export function resolveHttpClientOptions(options: HttpClientOptions): ResolvedHttpClientOptions {
  return resolveOptions(httpClientOptions, options);
}

import { type DialOptions, dialLines, type ResolvedDialOptions } from '../dial/dial-options.ts';
import { type CallbackErrors, checkCallbackErrors } from '../platform/callback-errors.ts';
import { tlsTable } from '../transport/tls/tls-options.ts';
import { count, flag, fraction, option } from '../util/option-kinds.ts';
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
export interface HttpClientOptions extends DialOptions {
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

/** Checked options with all defaults filled in. */
export type ResolvedHttpClientOptions = Readonly<Resolved<HttpClientOptions, 'onCallbackError', ResolvedDialOptions>>;

/** The habits of those who know undici, axios, got or Node's agents, for what all requests share. */
const foreign: ForeignNames = {
  ...Object.fromEntries(
    Object.keys(requestOptions.lines).map((name) => [name, `it belongs to a request: get(url, { ${name}: … })`]),
  ),
  ...foreignUnder('tlsOptions', tlsTable),
  ...foreignNames({
    maxConnectionsPerOrigin: 'maxSockets connections maxConnections pipelining',
    maxIdleConnections: 'maxFreeSockets maxTotalSockets poolSize',
    maxHeadBytes: 'maxHeaderSize maxHeadersSize',
    maxHeaders: 'maxHeadersCount',
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
    ...dialLines,
    async: flag(false),
    concurrency: count(1, connections),
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

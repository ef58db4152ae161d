import { UsageError } from '../errors.ts';
import type { RequestHead } from '../protocol/http1/head/request-head.ts';
import { defaultMessageLimits, type MessageLimits } from '../protocol/http1/message/message-limits.ts';
import type { ConnectionState } from '../server/connection-state.ts';
import { foreignServerNames } from '../server/foreign-server-options.ts';
import {
  completeServerOptions,
  type ResolvedServerOptions,
  type SocketServerOptions,
  serverLines,
} from '../server/server-options.ts';
import { bytes, count, flag, option, seconds, secondsOrNever } from '../util/option-kinds.ts';
import {
  type ForeignNames,
  foreignNames,
  type OptionLines,
  type OptionTable,
  optionTable,
  type Resolved,
  resolveOptions,
} from '../util/option-table.ts';

/** The options of an HTTP server, beyond those of every server. All of them have a default that is safe. */
export interface HttpServerOptions<S extends ConnectionState = ConnectionState> extends SocketServerOptions<S> {
  /**
   * Seconds that a body may take without getting on. A request's body that comes slower than 500 bytes a second over
   * this long is answered with 408; a response of which the client takes nothing for this long is cut off.
   * @default 30
   */
  timeoutSecs?: number | undefined;
  /**
   * Seconds after which a connection is closed on which no request is under way.
   * @default 60
   */
  keepAliveTimeoutSecs?: number | undefined;
  /**
   * Seconds that the callback may take for a response; then the request is answered with 503 and its signal aborted.
   * -1 is no bound, for long polling.
   * @default -1
   */
  handlerTimeoutSecs?: number | undefined;
  /**
   * Bytes of a request's body, before and after decoding. A longer one is answered with 413. It does not apply to
   * requests that are streamed.
   * @default 1048576 (1 MiB)
   */
  maxBodySize?: number | undefined;
  /**
   * Requests that are served on one connection; the last response says `Connection: close`.
   * @default 1000
   */
  maxRequestsPerConnection?: number | undefined;
  /**
   * True to call the callback as soon as the head of a request is there, which reads the body from
   * `request.stream`; or a function that says so for each request that has a body.
   * @default false: the callback is called when the whole body is in `request.body`
   */
  streamRequests?: boolean | ((head: RequestHead) => boolean) | undefined;
  /**
   * True to have bodies with a `Content-Encoding` decoded before the callback sees them: gzip, deflate, br and zstd. One
   * that cannot be decoded is answered with 400 or 415. It does not apply to requests that are streamed.
   * @default true
   */
  decodeRequests?: boolean | undefined;
  /**
   * True to compress responses with br or gzip for clients that accept it: those of a type that becomes smaller,
   * of 1 KiB or more, and without a `Content-Encoding` of their own.
   * @default true
   */
  compression?: boolean | undefined;
}

/** The options that only an HTTP server has. */
type OwnOptions = Pick<HttpServerOptions, Exclude<keyof HttpServerOptions, keyof SocketServerOptions>>;

const ownLines: OptionLines<Resolved<OwnOptions>> = {
  timeoutSecs: seconds(30),
  keepAliveTimeoutSecs: seconds(60),
  handlerTimeoutSecs: secondsOrNever(-1),
  maxBodySize: bytes(1024 * 1024, { min: 0 }),
  maxRequestsPerConnection: count(1000),
  streamRequests: option<boolean | ((head: RequestHead) => boolean)>(false, checkStreaming),
  decodeRequests: flag(true),
  compression: flag(true),
};

/** More habits of those who know Node's `http`, Express, Fastify or Bun. */
const foreign: ForeignNames = {
  ...foreignServerNames,
  ...foreignNames({
    timeoutSecs: 'timeout bodyTimeout socketTimeout',
    handshakeTimeoutSecs: 'headersTimeout requestTimeout connectionTimeout',
    keepAliveTimeoutSecs: 'keepAlive keepAliveTimeout idleTimeout',
    handlerTimeoutSecs: 'handlerTimeout responseTimeout',
    maxBodySize: 'bodyLimit limit maxRequestBodySize maxFileSize',
    maxRequestsPerConnection: 'maxRequestsPerSocket',
    compression: 'compress gzip',
    "'serveFiles' of the package makes a callback that serves the files of a directory": 'root dir static public',
    'setOnConnectionCallback() sets the function that answers requests':
      'fetch handler onRequest requestListener routes',
    'fields of a response go into the HttpResponse': 'headers extraHeaders',
  }),
};

type ResolvedOptions<S extends ConnectionState> = ResolvedServerOptions<S> & Resolved<OwnOptions>;

export const httpServerOptions: OptionTable<ResolvedOptions<ConnectionState>> = optionTable(
  'an HTTP server',
  { ...serverLines, ...ownLines },
  { foreign, example: '{ port: … }' },
);

/** The settings of a connection that serves requests. */
export interface HttpSettings extends Resolved<OwnOptions> {
  readonly timeoutMs: number;
  readonly headTimeoutMs: number;
  readonly keepAliveTimeoutMs: number;
  /** The time that `stop()` waits for requests being served. */
  readonly finishTimeoutMs: number;
  readonly messageLimits: MessageLimits;
  readonly serverHeader: string;
  /** The same as a line; empty to send none. */
  readonly serverLine: string;
}

/** Checks the options of an HTTP server; throws {@link UsageError} naming the first that is wrong. */
export function resolveHttpServerOptions<S extends ConnectionState>(
  options: HttpServerOptions<S>,
): ResolvedServerOptions<S> & HttpSettings {
  const resolved = completeServerOptions(options, resolveOptions(httpServerOptions, options)) as ResolvedOptions<S>;
  const { maxHeadBytes, maxHeaders, serverHeader } = resolved;
  return {
    ...resolved,
    timeoutMs: resolved.timeoutSecs * 1000,
    headTimeoutMs: resolved.handshakeTimeoutSecs * 1000,
    keepAliveTimeoutMs: resolved.keepAliveTimeoutSecs * 1000,
    finishTimeoutMs: resolved.closeTimeoutSecs * 1000,
    messageLimits: { ...defaultMessageLimits, maxHeadBytes, maxHeaders },
    serverLine: serverHeader === '' ? '' : `Server: ${serverHeader}\r\n`,
  };
}

function checkStreaming(name: string, value: unknown): HttpSettings['streamRequests'] {
  if (typeof value !== 'boolean' && typeof value !== 'function') {
    throw new UsageError(name, 'must be true, false or a function');
  }
  return value as HttpSettings['streamRequests'];
}

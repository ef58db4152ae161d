import { UsageError } from '../errors.ts';
import type { RequestHead } from '../protocol/http1/head/request-head.ts';
import type { ConnectionState } from '../server/connection-state.ts';
import { type SocketServerOptions, serverOptionNames } from '../server/server-options.ts';
import { checkBoolean, checkInteger, checkNumber, rejectUnknownOptions } from '../util/options.ts';

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
   * Whether the callback is called as soon as the head of a request is there, and reads the body from
   * `request.stream`; or a function that says so for each request that has a body.
   * @default false: the callback is called when the whole body is in `request.body`
   */
  streamRequests?: boolean | ((head: RequestHead) => boolean) | undefined;
  /**
   * Whether bodies with a `Content-Encoding` are decoded before the callback sees them: gzip, deflate, br and zstd. One
   * that cannot be decoded is answered with 400 or 415. It does not apply to requests that are streamed.
   * @default true
   */
  decodeRequests?: boolean | undefined;
  /**
   * Whether responses are compressed with br or gzip for clients that accept it: those of a type that becomes smaller,
   * of 1 KiB or more, and without a `Content-Encoding` of their own.
   * @default true
   */
  compression?: boolean | undefined;
}

/** What {@link HttpServerOptions} adds, checked, with all defaults filled in. */
export interface HttpSettings {
  readonly timeoutMs: number;
  readonly headTimeoutMs: number;
  readonly keepAliveTimeoutMs: number;
  /** `undefined` is no bound. */
  readonly handlerTimeoutMs: number | undefined;
  /** How long `stop()` waits for what is being served. */
  readonly finishTimeoutMs: number;
  readonly maxBodySize: number;
  readonly maxRequestsPerConnection: number;
  readonly streamRequests: boolean | ((head: RequestHead) => boolean);
  readonly decodeRequests: boolean;
  readonly compression: boolean;
}

/** The options that only an HTTP server has. */
type OwnOption = Exclude<keyof HttpServerOptions, keyof SocketServerOptions>;

const defaults: Readonly<Required<Pick<HttpServerOptions, OwnOption>>> = Object.freeze({
  timeoutSecs: 30,
  keepAliveTimeoutSecs: 60,
  handlerTimeoutSecs: -1,
  maxBodySize: 1024 * 1024,
  maxRequestsPerConnection: 1000,
  streamRequests: false,
  decodeRequests: true,
  compression: true,
});

const OWN: readonly string[] = Object.keys(defaults);
const MAX_TIMER_SECS = (2 ** 31 - 1) / 1000;

/** What of `options` every server has. Throws {@link UsageError} for a name that none has. */
export function serverPartOf<S extends ConnectionState>(options: HttpServerOptions<S>): SocketServerOptions<S> {
  rejectUnknownOptions('an HTTP server', options, [...serverOptionNames, ...OWN]);
  const part: Record<string, unknown> = {};
  for (const [name, value] of Object.entries(options)) {
    if (!OWN.includes(name)) part[name] = value;
  }
  return part;
}

/** Checks what an HTTP server adds; throws {@link UsageError} naming the first option that is wrong. */
export function resolveHttpSettings(
  options: Pick<HttpServerOptions, OwnOption>,
  server: { readonly handshakeTimeoutSecs: number; readonly closeTimeoutSecs: number },
): HttpSettings {
  const given = (key: OwnOption): unknown => options[key] ?? defaults[key];
  const milliseconds = (key: OwnOption): number =>
    1000 * checkNumber(key, given(key), { min: 0.001, max: MAX_TIMER_SECS });
  return {
    timeoutMs: milliseconds('timeoutSecs'),
    headTimeoutMs: server.handshakeTimeoutSecs * 1000,
    keepAliveTimeoutMs: milliseconds('keepAliveTimeoutSecs'),
    handlerTimeoutMs: given('handlerTimeoutSecs') === -1 ? undefined : milliseconds('handlerTimeoutSecs'),
    finishTimeoutMs: server.closeTimeoutSecs * 1000,
    maxBodySize: checkInteger('maxBodySize', given('maxBodySize'), { min: 0 }),
    maxRequestsPerConnection: checkInteger('maxRequestsPerConnection', given('maxRequestsPerConnection'), { min: 1 }),
    streamRequests: checkStreaming(options.streamRequests ?? false),
    decodeRequests: checkBoolean('decodeRequests', given('decodeRequests')),
    compression: checkBoolean('compression', given('compression')),
  };
}

function checkStreaming(value: HttpSettings['streamRequests']): HttpSettings['streamRequests'] {
  if (typeof value !== 'boolean' && typeof value !== 'function') {
    throw new UsageError('streamRequests', 'must be true, false or a function');
  }
  return value;
}

import type { Readable } from 'node:stream';
import { UsageError } from '../../errors.ts';
import type { HttpHeadersInit } from '../../protocol/http1/headers.ts';
import {
  bytes,
  callback,
  count,
  flag,
  fraction,
  type Option,
  option,
  signal,
  text,
  unchecked,
} from '../../util/option-kinds.ts';
import { type OptionTable, optionTable, type Resolved } from '../../util/option-table.ts';
import { checkNumber } from '../../util/options.ts';
import { foreignRequestNames } from './foreign-request-options.ts';
import type { HttpRequestObserver } from './request-observer.ts';

/**
 * A body that a request can carry: text, which leaves as UTF-8, bytes, a `Blob`, a source of either that is read as fast as
 * the server takes it, or a file, which is never in memory as a whole.
 */
export type HttpRequestBody =
  | string
  | ArrayBufferView
  | ArrayBuffer
  | SharedArrayBuffer
  | Blob
  | FormData
  | URLSearchParams
  | Readable
  | ReadableStream<string | Uint8Array>
  | AsyncIterable<string | Uint8Array>
  | { readonly path: string };

/**
 * Hears how much of a response has arrived; `total` is 0 when the server did not say. Only `false`, or a promise of it,
 * cancels the request.
 */
export type OnHttpProgress = (current: number, total: number) => boolean | void | Promise<boolean | void>;

/** A piece of the body, decoded. A promise holds up the next piece until it settles. */
export type OnChunk = (chunk: Buffer) => unknown;

/** Settings of a request. Times are in seconds, and -1 stands for no limit. */
export interface HttpRequestOptions {
  /** The URL: `http://host:port/path?query`, `https://`, or `http+unix:/path/of/socket:/path`. For `performRequest`. */
  url?: string | undefined;
  /**
   * The method. For `performRequest`.
   * @default 'GET'
   */
  verb?: string | undefined;
  /**
   * More headers. `Host`, `Accept`, `Accept-Encoding`, `User-Agent`, `Authorization` and `Content-Type` replace the
   * library's own; what frames a message, such as `Transfer-Encoding`, is refused.
   * @default none
   */
  extraHeaders?: HttpHeadersInit | undefined;
  /**
   * Names of fields that are left out although the client would send them: `Accept`, `Accept-Encoding`, `Authorization`,
   * `Content-Type`, `User-Agent`, and `Host`, without which servers must refuse a request (RFC 9112 section 3.2).
   * @default none
   */
  omitHeaders?: readonly string[] | undefined;
  /**
   * The body, where the call names none.
   * @default none
   */
  body?: HttpRequestBody | undefined;
  /**
   * The boundary of multipart form data.
   * @default a random one
   */
  multipartBoundary?: string | undefined;
  /**
   * Seconds that making a connection may take: lookup, TCP, proxy and TLS together.
   * @default 60
   */
  connectTimeout?: number | undefined;
  /**
   * Seconds that the whole request may take, from the call to the last byte of the body, redirects and retries included.
   * @default 1800
   */
  transferTimeout?: number | undefined;
  /**
   * Seconds that the lookup of the name may take.
   * @default -1
   */
  lookupTimeout?: number | undefined;
  /**
   * Seconds that the TLS handshake may take.
   * @default -1
   */
  tlsTimeout?: number | undefined;
  /**
   * Seconds that the server may think: from the last byte of the request to the first of the response.
   * @default -1
   */
  firstByteTimeout?: number | undefined;
  /**
   * Seconds in which nothing at all may arrive or leave once the request has begun to leave.
   * @default -1
   */
  idleTimeout?: number | undefined;
  /**
   * Follows redirects.
   * @default true
   */
  followRedirects?: boolean | undefined;
  /**
   * Redirects that are followed at most.
   * @default 5
   */
  maxRedirects?: number | undefined;
  /**
   * Asks for compressed responses.
   * @default true
   */
  compress?: boolean | undefined;
  /**
   * Sends the body as gzip. Few servers take it.
   * @default false
   */
  compressRequest?: boolean | undefined;
  /**
   * Decodes a response as its `Content-Encoding` says.
   * @default true
   */
  decompress?: boolean | undefined;
  /**
   * The most bytes of a body that is kept in memory, received and decoded; there is no limit for streams and chunks.
   * @default 67108864
   */
  maxBodySize?: number | undefined;
  /**
   * Waits for the server's consent (`100 Continue`), up to a second, before a body leaves.
   * @default false
   */
  expectContinue?: boolean | undefined;
  /**
   * Retries of a request that can be repeated, when the connection failed, or the server answered 429,
   * 502, 503 or 504.
   * @default 0
   */
  retries?: number | undefined;
  /**
   * The shortest wait before a retry; the wait doubles from 0.1 to 10 seconds otherwise.
   * @default 0
   */
  minRetryWait?: number | undefined;
  /**
   * The longest wait before a retry. A server that asks for a longer one (`Retry-After`) gets none.
   * @default 60
   */
  maxRetryWait?: number | undefined;
  /**
   * Connects to this unix socket, in place of the host of the URL.
   * @default none
   */
  socketPath?: string | undefined;
  /**
   * Tells {@link logger} what is sent and received, without credentials.
   * @default false
   */
  verbose?: boolean | undefined;
  /** Gets what `verbose` has to say. */
  logger?: ((message: string) => void) | undefined;
  /** Hears how the request is made: see {@link HttpRequestObserver}. */
  observer?: HttpRequestObserver | undefined;
  /** Called as the body arrives. */
  onProgressCallback?: OnHttpProgress | undefined;
  /** Gets the body as it arrives; that of the result is empty then. */
  onChunkCallback?: OnChunk | undefined;
  /** Cancels the request when it is aborted. */
  signal?: AbortSignal | undefined;
}

/** The options that have no default. */
export type OptionWithoutDefault =
  | 'extraHeaders'
  | 'omitHeaders'
  | 'body'
  | 'multipartBoundary'
  | 'socketPath'
  | 'logger'
  | 'observer'
  | 'onProgressCallback'
  | 'onChunkCallback'
  | 'signal';

/** A request with all defaults filled in. */
export type RequestSettings = Readonly<Resolved<HttpRequestOptions, OptionWithoutDefault>>;

/** The longest body that fits into a `Buffer` of every supported Node. */
const MOST_BODY_BYTES = 2 ** 32;

const most100 = { min: 0, max: 100 };

export const requestOptions: OptionTable<RequestSettings> = optionTable(
  'a request',
  {
    url: text(''),
    verb: text('GET'),
    // A fault in one of these is found when the request is made, and is its result.
    extraHeaders: unchecked(),
    omitHeaders: option<readonly string[] | undefined>(undefined, checkOmitted),
    body: unchecked(),
    multipartBoundary: text(undefined),
    connectTimeout: secondsOrNone(60),
    transferTimeout: secondsOrNone(1800),
    lookupTimeout: secondsOrNone(-1),
    tlsTimeout: secondsOrNone(-1),
    firstByteTimeout: secondsOrNone(-1),
    idleTimeout: secondsOrNone(-1),
    followRedirects: flag(true),
    maxRedirects: count(5, most100),
    compress: flag(true),
    compressRequest: flag(false),
    decompress: flag(true),
    maxBodySize: bytes(64 * 1024 * 1024, { min: 0, max: MOST_BODY_BYTES }),
    expectContinue: flag(false),
    retries: count(0, most100),
    minRetryWait: fraction(0, { min: 0, max: 86_400 }, 's'),
    maxRetryWait: secondsOrNone(60),
    socketPath: text(undefined),
    verbose: flag(false),
    logger: callback(),
    observer: option<HttpRequestObserver | undefined>(undefined, checkObserver),
    onProgressCallback: callback(),
    onChunkCallback: callback(),
    signal: signal(),
  },
  { foreign: foreignRequestNames, example: '{ url: …, extraHeaders: … }' },
);

/** The fields that a client sends of itself, and that frame nothing. */
const omittable: readonly string[] = [
  'accept',
  'accept-encoding',
  'authorization',
  'content-type',
  'host',
  'user-agent',
];

function checkOmitted(name: string, value: unknown): readonly string[] {
  if (!Array.isArray(value)) throw new UsageError(name, 'must be a list of names');
  return value.map((item: unknown) => {
    const lower = typeof item === 'string' ? item.toLowerCase() : '';
    if (!omittable.includes(lower)) throw new UsageError(name, `may hold ${omittable.join(', ')}`);
    return lower;
  });
}

function secondsOrNone(fallback: number): Option<number> {
  return option(fallback, checkSecondsOrNone, 's');
}

function checkSecondsOrNone(name: string, value: unknown): number {
  if (value === -1) return value;
  const seconds = checkNumber(name, value, { min: 0, max: 10_000_000 });
  if (seconds === 0) throw new UsageError(name, 'must be a number of seconds, or -1 for no limit, got 0');
  return seconds;
}

function checkObserver(name: string, value: unknown): HttpRequestObserver {
  if (typeof value !== 'object') throw new UsageError(name, 'must be an object with callbacks');
  return value as HttpRequestObserver;
}

import type { Readable } from 'node:stream';
import { UsageError } from '../../errors.ts';
import type { HttpHeadersInit } from '../../protocol/http1/headers.ts';
import {
  checkBoolean,
  checkFunction,
  checkInteger,
  checkNumber,
  checkSignal,
  checkString,
  rejectUnknownOptions,
} from '../../util/options.ts';
import type { HttpRequestObserver } from './request-observer.ts';

/**
 * What a request can carry: text, which leaves as UTF-8, bytes, a `Blob`, a source of either that is read as fast as
 * the server takes it, or a file, which is never in memory as a whole.
 */
export type HttpRequestBody =
  | string
  | Uint8Array
  | ArrayBuffer
  | Blob
  | Readable
  | AsyncIterable<string | Uint8Array>
  | { readonly path: string };

/** How much of a response has arrived; `total` is 0 when the server did not say. Only `false` cancels the request. */
export type OnHttpProgress = (current: number, total: number) => boolean | void;

/** A piece of the body, decoded. A promise holds up the next piece until it settles. */
export type OnChunk = (chunk: Buffer) => unknown;

/** How a request is made. Times are in seconds, and -1 stands for no limit. */
export interface HttpRequestOptions {
  /** Where to: `http://host:port/path?query`, `https://`, or `http+unix:/path/of/socket:/path`. For `performRequest`. */
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
   * How long making a connection may take: lookup, TCP, proxy and TLS together.
   * @default 60
   */
  connectTimeout?: number | undefined;
  /**
   * How long the whole request may take, from the call to the last byte of the body, redirects and retries included.
   * @default 1800
   */
  transferTimeout?: number | undefined;
  /**
   * How long the lookup of the name may take.
   * @default -1
   */
  lookupTimeout?: number | undefined;
  /**
   * How long the TLS handshake may take.
   * @default -1
   */
  tlsTimeout?: number | undefined;
  /**
   * How long the server may think: from the last byte of the request to the first of the response.
   * @default -1
   */
  firstByteTimeout?: number | undefined;
  /**
   * How long nothing at all may arrive or leave once the request has begun to leave.
   * @default -1
   */
  idleTimeout?: number | undefined;
  /**
   * Whether redirects are followed.
   * @default true
   */
  followRedirects?: boolean | undefined;
  /**
   * How many of them.
   * @default 5
   */
  maxRedirects?: number | undefined;
  /**
   * Whether compressed responses are asked for.
   * @default true
   */
  compress?: boolean | undefined;
  /**
   * Whether the body leaves as gzip. Few servers take it.
   * @default false
   */
  compressRequest?: boolean | undefined;
  /**
   * Whether a response is decoded as its `Content-Encoding` says.
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
   * How often a request that can be repeated is made again when the connection failed, or the server answered 429,
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

/** A request with all defaults filled in. */
export interface RequestSettings {
  readonly url: string;
  readonly verb: string;
  readonly extraHeaders: HttpHeadersInit | undefined;
  readonly body: HttpRequestBody | undefined;
  readonly multipartBoundary: string | undefined;
  readonly connectTimeout: number;
  readonly transferTimeout: number;
  readonly lookupTimeout: number;
  readonly tlsTimeout: number;
  readonly firstByteTimeout: number;
  readonly idleTimeout: number;
  readonly followRedirects: boolean;
  readonly maxRedirects: number;
  readonly compress: boolean;
  readonly compressRequest: boolean;
  readonly decompress: boolean;
  readonly maxBodySize: number;
  readonly expectContinue: boolean;
  readonly retries: number;
  readonly minRetryWait: number;
  readonly maxRetryWait: number;
  readonly socketPath: string | undefined;
  readonly verbose: boolean;
  readonly logger: ((message: string) => void) | undefined;
  readonly observer: HttpRequestObserver | undefined;
  readonly onProgressCallback: OnHttpProgress | undefined;
  readonly onChunkCallback: OnChunk | undefined;
  readonly signal: AbortSignal | undefined;
}

export const defaultRequestSettings: RequestSettings = Object.freeze({
  url: '',
  verb: 'GET',
  extraHeaders: undefined,
  body: undefined,
  multipartBoundary: undefined,
  connectTimeout: 60,
  transferTimeout: 1800,
  lookupTimeout: -1,
  tlsTimeout: -1,
  firstByteTimeout: -1,
  idleTimeout: -1,
  followRedirects: true,
  maxRedirects: 5,
  compress: true,
  compressRequest: false,
  decompress: true,
  maxBodySize: 64 * 1024 * 1024,
  expectContinue: false,
  retries: 0,
  minRetryWait: 0,
  maxRetryWait: 60,
  socketPath: undefined,
  verbose: false,
  logger: undefined,
  observer: undefined,
  onProgressCallback: undefined,
  onChunkCallback: undefined,
  signal: undefined,
});

/** The longest body that fits into a `Buffer` of every supported Node. */
const MOST_BODY_BYTES = 2 ** 32;

const isSeconds = (name: string, value: unknown): unknown => {
  if (value === -1) return value;
  const seconds = checkNumber(name, value, { min: 0, max: 10_000_000 });
  if (seconds === 0) throw new UsageError(name, 'must be a number of seconds, or -1 for no limit, got 0');
  return seconds;
};
const isFunction = (name: string, value: unknown): unknown => checkFunction(name, value as () => unknown);
const isObserver = (name: string, value: unknown): unknown => {
  if (typeof value !== 'object' || value === null) throw new UsageError(name, 'must be an object with callbacks');
  return value;
};
const isCount = (name: string, value: unknown): unknown => checkInteger(name, value, { min: 0, max: 100 });
/** What is wrong with one of these is found when the request is made, and is its result. */
const isAnything = (_name: string, value: unknown): unknown => value;

const checks: Readonly<Record<keyof RequestSettings, (name: string, value: unknown) => unknown>> = {
  url: checkString,
  verb: checkString,
  extraHeaders: isAnything,
  body: isAnything,
  multipartBoundary: checkString,
  connectTimeout: isSeconds,
  transferTimeout: isSeconds,
  lookupTimeout: isSeconds,
  tlsTimeout: isSeconds,
  firstByteTimeout: isSeconds,
  idleTimeout: isSeconds,
  followRedirects: checkBoolean,
  maxRedirects: isCount,
  compress: checkBoolean,
  compressRequest: checkBoolean,
  decompress: checkBoolean,
  maxBodySize: (name, value) => checkInteger(name, value, { min: 0, max: MOST_BODY_BYTES }),
  expectContinue: checkBoolean,
  retries: isCount,
  minRetryWait: (name, value) => checkNumber(name, value, { min: 0, max: 86_400 }),
  maxRetryWait: isSeconds,
  socketPath: checkString,
  verbose: checkBoolean,
  logger: isFunction,
  observer: isObserver,
  onProgressCallback: isFunction,
  onChunkCallback: isFunction,
  signal: checkSignal,
};

const KNOWN: readonly string[] = Object.keys(checks);

/** Checks one option; `undefined` stands for its default. */
export function checkRequestOption<K extends keyof RequestSettings>(name: K, value: unknown): RequestSettings[K] {
  if (value === undefined) return defaultRequestSettings[name];
  return checks[name](name, value) as RequestSettings[K];
}

/** Checks the options of a request; throws {@link UsageError} naming the first that is wrong. */
export function resolveRequestOptions(options: HttpRequestOptions): RequestSettings {
  rejectUnknownOptions('a request', options, KNOWN);
  const settings: Record<string, unknown> = { ...defaultRequestSettings };
  for (const [name, value] of Object.entries(options)) {
    settings[name] = checkRequestOption(name as keyof RequestSettings, value);
  }
  return settings as unknown as RequestSettings;
}

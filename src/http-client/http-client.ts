import { UsageError } from '../errors.ts';
import { formatForm, type HttpParameters } from '../http/form/form.ts';
import { createBoundary, MultipartBody } from '../http/form/multipart.ts';
import type { HttpFormDataParameters } from '../http/form/multipart-part.ts';
import { HttpErrorCode } from '../http/http-error-code.ts';
import { HttpResponse } from '../http/http-response.ts';
import { afterThisCallback } from '../platform/turn.ts';
import { checkTLSOptions, type SocketTLSOptions } from '../transport/tls/tls-options.ts';
import { callSafely } from '../util/call-safely.ts';
import { checkBoolean, checkFunction, checkString } from '../util/options.ts';
import { ClientCore } from './client-core.ts';
import { Download, type HttpDownloadOptions, type Perform } from './download.ts';
import {
  type HttpClientOptions,
  type ResolvedHttpClientOptions,
  resolveHttpClientOptions,
} from './http-client-options.ts';
import { type HttpStream, StreamSource } from './http-stream.ts';
import { HttpRequestArgs } from './request/request-args.ts';
import { callOf, callWithBody, type HttpRequestInit, type RequestCall } from './request/request-call.ts';
import { Cancellation } from './request/request-cancellation.ts';
import type { HttpRequestBody } from './request/request-options.ts';
import { RequestQueue } from './request-queue.ts';
import { noBytes } from './response/response-sink.ts';

/** Gets the result of a queued request. */
export type OnResponseCallback = (response: HttpResponse<Buffer>) => unknown;

/** Arguments stand here where they come alone and have the body. */
type Body = HttpRequestBody | HttpParameters | FormData | HttpRequestArgs;
type Result = Promise<HttpResponse<Buffer>>;

/**
 * Makes HTTP requests. Connections are kept for a few seconds and used again.
 *
 * Nothing rejects for what a network may do: how a request ended is in the `errorCode` of its result. What could not
 * be sent, such as a header with a line break, ends with `Invalid`; arguments of the wrong type throw at the call.
 *
 * @example
 * const httpClient = new HttpClient();
 * const out = await httpClient.get('https://www.example.com');
 * if (out.errorCode === HttpErrorCode.Ok) console.log(out.statusCode, out.text());
 * else console.error(out.errorMsg);
 */
export class HttpClient {
  static readonly kGet = 'GET';
  static readonly kPost = 'POST';
  static readonly kHead = 'HEAD';
  static readonly kPut = 'PUT';
  static readonly kPatch = 'PATCH';
  static readonly kDelete = 'DELETE';

  readonly #options: ResolvedHttpClientOptions;
  readonly #core: ClientCore;
  readonly #queue: RequestQueue;

  /**
   * @param async whether `performRequest` may be used
   * @throws UsageError naming the first option that is wrong
   */
  constructor(async?: boolean, options?: HttpClientOptions);
  constructor(options?: HttpClientOptions);
  constructor(async: boolean | HttpClientOptions = false, options: HttpClientOptions = {}) {
    const all = typeof async === 'boolean' ? { ...options, async } : async;
    this.#options = resolveHttpClientOptions(all);
    this.#core = new ClientCore(this.#options);
    this.#queue = new RequestQueue(this.#options.concurrency);
  }

  /** Arguments for requests, with their defaults. */
  createRequest(url = '', verb: string = HttpClient.kGet): HttpRequestArgs {
    return new HttpRequestArgs({ url, verb });
  }

  get(url: string, args?: HttpRequestInit): Result {
    return this.#perform(callOf(url, HttpClient.kGet, args));
  }

  head(url: string, args?: HttpRequestInit): Result {
    return this.#perform(callOf(url, HttpClient.kHead, args));
  }

  delete(url: string, args?: HttpRequestInit): Result {
    return this.#perform(callOf(url, HttpClient.kDelete, args));
  }

  /**
   * Sends a body, or parameters as an urlencoded form; with form data, everything as a multipart form. With `args`
   * alone, their `body`.
   */
  post(url: string, body?: Body, args?: HttpRequestInit): Result;
  post(url: string, parameters: HttpParameters, formData: FormFiles, args?: HttpRequestInit): Result;
  post(url: string, ...given: readonly unknown[]): Result {
    return this.#perform(callWithBody(url, HttpClient.kPost, given));
  }

  /** As {@link post}. */
  put(url: string, body?: Body, args?: HttpRequestInit): Result;
  put(url: string, parameters: HttpParameters, formData: FormFiles, args?: HttpRequestInit): Result;
  put(url: string, ...given: readonly unknown[]): Result {
    return this.#perform(callWithBody(url, HttpClient.kPut, given));
  }

  /** As {@link post}. */
  patch(url: string, body?: Body, args?: HttpRequestInit): Result;
  patch(url: string, parameters: HttpParameters, formData: FormFiles, args?: HttpRequestInit): Result;
  patch(url: string, ...given: readonly unknown[]): Result {
    return this.#perform(callWithBody(url, HttpClient.kPatch, given));
  }

  /** A request with any method. */
  request(url: string, verb: string, body?: Body, args?: HttpRequestInit): Result;
  request(url: string, verb: string, parameters: HttpParameters, formData: FormFiles, args?: HttpRequestInit): Result;
  request(url: string, verb: string, ...given: readonly unknown[]): Result {
    return this.#perform(callWithBody(url, verb, given));
  }

  /**
   * A request whose response is read as it comes. It resolves when the response has begun, or the request has failed.
   *
   * @param args `verb` and `body` say what is sent; a GET by default
   */
  stream(url: string, args?: HttpRequestInit): Promise<HttpStream> {
    const verb = args?.verb ?? HttpClient.kGet;
    const source = new StreamSource();
    const run = this.#core.begin(callOf(url, verb, args), source);
    source.cancel = () => run.cancel();
    void run.result.then((response) => source.onResult(response));
    return source.opened.promise;
  }

  /**
   * A GET whose response goes into a file, which is there when it is whole, and not before. With `resume`, a download
   * that broke off goes on where it ended, unless the server has another version by then.
   *
   * @returns the result, with an empty body; the file is there when `errorCode` is `Ok` and the status 200 or 206
   * @example
   * const out = await httpClient.download('https://www.example.com/image.iso', 'image.iso', { resume: true });
   */
  download(url: string, path: string, args: HttpRequestInit & HttpDownloadOptions = {}): Result {
    const { init, resume } = splitDownloadOptions(args);
    const perform: Perform = (call, taker) => this.#core.begin(call, taker).result;
    return new Download(callOf(url, HttpClient.kGet, init), checkString('path', path), resume, perform).run();
  }

  /**
   * Puts a request into the queue of an asynchronous client; `callback` gets its result. Requests run in the order in
   * which they were made, one at a time unless the option `concurrency` says more.
   *
   * @returns whether the client is asynchronous; otherwise nothing happens
   */
  performRequest(args: HttpRequestInit, callback: OnResponseCallback): boolean {
    checkFunction('callback', callback);
    if (!this.#options.async) return false;
    const call = callOf(args.url ?? '', args.verb ?? HttpClient.kGet, args);
    this.#enqueue(call, callback);
    return true;
  }

  /** Sets how connections to `https://` are secured from now on. */
  setTLSOptions(tlsOptions: SocketTLSOptions): void {
    this.#core.useTlsOptions(checkTLSOptions(tlsOptions));
  }

  /** Makes requests of every method say how long their body is, also where there is none. */
  setForceBody(value: boolean): void {
    this.#core.forcesBody = checkBoolean('value', value);
  }

  /** Cancels all requests, those in the queue included, and closes all connections. The client may be used again. */
  async stop(): Promise<void> {
    this.#queue.clear();
    await this.#core.stop();
  }

  /** Percent-encodes everything but letters, digits, `-`, `_`, `.` and `~`. */
  static urlEncode(value: string): string {
    return encodeURIComponent(checkString('value', value).toWellFormed()).replace(/[!'()*]/g, percentEncode);
  }

  /** Parameters as the body of an urlencoded form. */
  static serializeHttpParameters(parameters: HttpParameters): string {
    return formatForm(parameters);
  }

  /** A multipart form as a body. @throws UsageError when a part of it is not in memory */
  static serializeHttpFormDataParameters(
    multipartBoundary: string,
    formData: HttpFormDataParameters,
    parameters: HttpParameters = {},
  ): Buffer {
    const whole = new MultipartBody(parameters, formData, multipartBoundary).whole();
    if (whole === undefined) throw new UsageError('formData', 'must be in memory as a whole');
    return whole;
  }

  /** A boundary that nobody can guess. */
  static generateMultipartBoundary(): string {
    return createBoundary();
  }

  #perform(call: RequestCall): Result {
    return this.#core.begin(call).result;
  }

  #enqueue(call: RequestCall, callback: OnResponseCallback): void {
    const core = this.#core;
    const answer = (response: HttpResponse<Buffer>): void =>
      callSafely(
        () => callback(response),
        (error) => core.onCallbackError(error),
      );
    const cancellation = Cancellation.watch(call, () => {
      if (this.#queue.remove(queued)) queued.cancel();
    });
    const queued = {
      run: async (): Promise<void> => {
        cancellation?.release();
        answer(await core.begin(call).result);
      },
      cancel: (): void => {
        cancellation?.release();
        afterThisCallback(answer, cancelledResponse());
      },
    };
    this.#queue.add(queued);
  }
}

function splitDownloadOptions(args: HttpRequestInit & HttpDownloadOptions): {
  readonly init: HttpRequestInit;
  readonly resume: boolean;
} {
  if (args instanceof HttpRequestArgs) return { init: args, resume: false };
  const { resume = false, ...init } = args;
  return { init, resume: checkBoolean('resume', resume) };
}

type FormFiles = HttpFormDataParameters | FormData | undefined;

function cancelledResponse(): HttpResponse<Buffer> {
  return new HttpResponse(0, '', HttpErrorCode.Cancelled, {}, noBytes, 'Request cancelled');
}

function percentEncode(character: string): string {
  return `%${character.charCodeAt(0).toString(16).toUpperCase()}`;
}

import type { HttpHeadersInit } from '../../protocol/http1/headers.ts';
import { DenseSet, type Slotted } from '../../util/dense-set.ts';
import { checkBoolean } from '../../util/options.ts';
import type { HttpRequestObserver } from './request-observer.ts';
import {
  checkRequestOption,
  defaultRequestSettings,
  type HttpRequestBody,
  type HttpRequestOptions,
  type OnChunk,
  type OnHttpProgress,
  type RequestSettings,
  resolveRequestOptions,
} from './request-options.ts';

/** Who is told that a request is cancelled. */
export interface CancelWatcher extends Slotted {
  onCancel(): void;
}

type Settings = { -readonly [K in keyof RequestSettings]: RequestSettings[K] };

/**
 * How a request is made, as `createRequest()` gives it. Everything is read when the request is made, but for
 * {@link cancel}, which acts at once. {@link HttpRequestOptions} says what each of them is for.
 *
 * @example
 * const args = httpClient.createRequest();
 * args.extraHeaders = { Accept: 'application/json' };
 * args.transferTimeout = 30;
 * const out = await httpClient.get('https://www.example.com', args);
 */
export class HttpRequestArgs implements HttpRequestOptions {
  #settings: Settings;
  /** Settings that were given to a request must stay as they are. */
  #isShared = false;
  #isCancelled = false;
  readonly #running: DenseSet<CancelWatcher> = new DenseSet();

  constructor(options: HttpRequestOptions = {}) {
    this.#settings = { ...resolveRequestOptions(options) };
  }

  /** What a request is made with. */
  static settingsOf(args: HttpRequestArgs): RequestSettings {
    args.#isShared = true;
    return args.#settings;
  }

  /** Tells `watcher` when `cancel` is set to true. */
  static watch(args: HttpRequestArgs, watcher: CancelWatcher): void {
    args.#running.add(watcher);
  }

  static unwatch(args: HttpRequestArgs, watcher: CancelWatcher): void {
    args.#running.delete(watcher);
  }

  /**
   * Set it to `true` to end every request that is running or queued with these arguments. It does nothing to those that
   * have completed; new ones end at once, until it is `false` again.
   */
  get cancel(): boolean {
    return this.#isCancelled;
  }

  set cancel(value: boolean) {
    this.#isCancelled = checkBoolean('cancel', value);
    if (value) for (const watcher of this.#running.all()) watcher.onCancel();
  }

  get url(): string {
    return this.#settings.url;
  }

  set url(value: string) {
    this.#set('url', value);
  }

  get verb(): string {
    return this.#settings.verb;
  }

  set verb(value: string) {
    this.#set('verb', value);
  }

  get extraHeaders(): HttpHeadersInit | undefined {
    return this.#settings.extraHeaders;
  }

  set extraHeaders(value: HttpHeadersInit | undefined) {
    this.#set('extraHeaders', value);
  }

  get body(): HttpRequestBody | undefined {
    return this.#settings.body;
  }

  set body(value: HttpRequestBody | undefined) {
    this.#set('body', value);
  }

  get multipartBoundary(): string | undefined {
    return this.#settings.multipartBoundary;
  }

  set multipartBoundary(value: string | undefined) {
    this.#set('multipartBoundary', value);
  }

  get connectTimeout(): number {
    return this.#settings.connectTimeout;
  }

  set connectTimeout(value: number) {
    this.#set('connectTimeout', value);
  }

  get transferTimeout(): number {
    return this.#settings.transferTimeout;
  }

  set transferTimeout(value: number) {
    this.#set('transferTimeout', value);
  }

  get lookupTimeout(): number {
    return this.#settings.lookupTimeout;
  }

  set lookupTimeout(value: number) {
    this.#set('lookupTimeout', value);
  }

  get tlsTimeout(): number {
    return this.#settings.tlsTimeout;
  }

  set tlsTimeout(value: number) {
    this.#set('tlsTimeout', value);
  }

  get firstByteTimeout(): number {
    return this.#settings.firstByteTimeout;
  }

  set firstByteTimeout(value: number) {
    this.#set('firstByteTimeout', value);
  }

  get idleTimeout(): number {
    return this.#settings.idleTimeout;
  }

  set idleTimeout(value: number) {
    this.#set('idleTimeout', value);
  }

  get followRedirects(): boolean {
    return this.#settings.followRedirects;
  }

  set followRedirects(value: boolean) {
    this.#set('followRedirects', value);
  }

  get maxRedirects(): number {
    return this.#settings.maxRedirects;
  }

  set maxRedirects(value: number) {
    this.#set('maxRedirects', value);
  }

  get compress(): boolean {
    return this.#settings.compress;
  }

  set compress(value: boolean) {
    this.#set('compress', value);
  }

  get compressRequest(): boolean {
    return this.#settings.compressRequest;
  }

  set compressRequest(value: boolean) {
    this.#set('compressRequest', value);
  }

  get decompress(): boolean {
    return this.#settings.decompress;
  }

  set decompress(value: boolean) {
    this.#set('decompress', value);
  }

  get maxBodySize(): number {
    return this.#settings.maxBodySize;
  }

  set maxBodySize(value: number) {
    this.#set('maxBodySize', value);
  }

  get expectContinue(): boolean {
    return this.#settings.expectContinue;
  }

  set expectContinue(value: boolean) {
    this.#set('expectContinue', value);
  }

  get retries(): number {
    return this.#settings.retries;
  }

  set retries(value: number) {
    this.#set('retries', value);
  }

  get minRetryWait(): number {
    return this.#settings.minRetryWait;
  }

  set minRetryWait(value: number) {
    this.#set('minRetryWait', value);
  }

  get maxRetryWait(): number {
    return this.#settings.maxRetryWait;
  }

  set maxRetryWait(value: number) {
    this.#set('maxRetryWait', value);
  }

  get socketPath(): string | undefined {
    return this.#settings.socketPath;
  }

  set socketPath(value: string | undefined) {
    this.#set('socketPath', value);
  }

  get verbose(): boolean {
    return this.#settings.verbose;
  }

  set verbose(value: boolean) {
    this.#set('verbose', value);
  }

  get logger(): ((message: string) => void) | undefined {
    return this.#settings.logger;
  }

  set logger(value: ((message: string) => void) | undefined) {
    this.#set('logger', value);
  }

  get observer(): HttpRequestObserver | undefined {
    return this.#settings.observer;
  }

  set observer(value: HttpRequestObserver | undefined) {
    this.#set('observer', value);
  }

  get onProgressCallback(): OnHttpProgress | undefined {
    return this.#settings.onProgressCallback;
  }

  set onProgressCallback(value: OnHttpProgress | undefined) {
    this.#set('onProgressCallback', value);
  }

  get onChunkCallback(): OnChunk | undefined {
    return this.#settings.onChunkCallback;
  }

  set onChunkCallback(value: OnChunk | undefined) {
    this.#set('onChunkCallback', value);
  }

  get signal(): AbortSignal | undefined {
    return this.#settings.signal;
  }

  set signal(value: AbortSignal | undefined) {
    this.#set('signal', value);
  }

  #set<K extends keyof RequestSettings>(name: K, value: RequestSettings[K] | undefined): void {
    const checked = checkRequestOption(name, value);
    if (this.#isShared) this.#settings = { ...this.#settings };
    this.#isShared = false;
    this.#settings[name] = checked;
  }
}

/** What a call was given: arguments, plain options, or neither. */
export function settingsFrom(given: HttpRequestArgs | HttpRequestOptions | undefined): RequestSettings {
  if (given === undefined) return defaultRequestSettings;
  return given instanceof HttpRequestArgs ? HttpRequestArgs.settingsOf(given) : resolveRequestOptions(given);
}

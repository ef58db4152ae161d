import { statSync } from 'node:fs';
import {
  type HttpClient,
  type HttpRequestOptions,
  type HttpResponse,
  type ObservedInterim,
  type ObservedResponse,
  UsageError,
  type WebSocketHttpHeaders,
} from '../../index.ts';
import { WrongUsage } from '../terminal/cli-errors.ts';
import type { Environment } from '../terminal/environment.ts';
import { CurlExitCode, ExitCode } from '../terminal/exit-codes.ts';
import { reportError } from '../terminal/output.ts';
import { createProgress, type Progress } from '../terminal/progress-bar.ts';
import { type LoadedBody, loadData } from './body.ts';
import { COMMAND, CurlFailure, failureOf } from './failure.ts';
import { fieldsOf, headOf, Observation } from './observation.ts';
import { FileSink, type Sink, standardOutput } from './output.ts';
import { nameFromHeader, nameFromUrl } from './output-names.ts';
import type { CurlPlan, TargetPlan, UrlPlan } from './plan.ts';
import { Trace } from './trace.ts';
import { withQuery } from './url-query.ts';
import { writeOut } from './write-out.ts';

/** The parts that all transfers of a command line share. */
export interface TransferContext {
  readonly plan: CurlPlan;
  readonly environment: Environment;
  readonly client: HttpClient;
  readonly body: LoadedBody;
  /** All of them, with what was secret. */
  readonly headers: readonly (readonly [string, string])[];
  readonly headerSink: Sink | undefined;
  readonly writeOutFormat: string | undefined;
  /** The command is to end. */
  readonly signal: AbortSignal;
}

/** One URL: from the request to the last byte of its output. */
export class Transfer {
  private readonly context: TransferContext;
  private readonly url: string;
  private readonly index: number;
  private readonly target: TargetPlan;
  private readonly trace: Trace | undefined;
  private readonly observation: Observation;
  private readonly ender = new AbortController();
  private sink: Sink | undefined;
  private filename: string | undefined;
  private offset = 0;
  /** The outputs, in order. */
  private written: Promise<void> = Promise.resolve();
  private showsBody = false;
  private failure: CurlFailure | undefined;
  /** Nothing more is wanted, and all is well. */
  private isDone = false;
  private progress: Progress | undefined;
  private hasProgress = false;

  constructor(context: TransferContext, { url }: UrlPlan, index: number) {
    this.context = context;
    this.url = url;
    this.index = index;
    const { output } = context.plan;
    this.target = output.targets[index] ?? { kind: 'stdout', isRaw: false };
    this.trace = output.isVerbose ? new Trace(context.environment.stderr) : undefined;
    this.observation = new Observation(context.environment, {
      onRequest: (request) => this.trace?.request(request),
      onResponse: (response) => this.onResponse(response),
      onInterim: (response) => this.onInterim(response),
      onTrailers: (trailers) => this.onTrailers(trailers),
    });
  }

  async run(): Promise<ExitCode> {
    const { plan, environment, signal } = this.context;
    const onAbort = (): void => this.ender.abort();
    signal.addEventListener('abort', onAbort, { once: true });
    let response: HttpResponse<Buffer> | undefined;
    try {
      this.prepareTarget();
      this.progress = this.createProgress();
      response = await this.request();
      this.trace?.sizes(response);
      await this.written;
      this.failure ??= this.failureOf(response);
    } catch (error) {
      if (!(error instanceof CurlFailure)) throw error;
      this.failure ??= error;
    } finally {
      signal.removeEventListener('abort', onAbort);
      if (this.hasProgress) this.progress?.stop();
    }
    await this.endOutput();
    const { failure } = this;
    if (failure !== undefined && plan.output.showsErrors && !signal.aborted) reportError(environment, failure);
    this.writeFigures(response);
    return failure?.exitCode ?? ExitCode.Done;
  }

  private async endOutput(): Promise<void> {
    // The resource is as it was before, and so is the file (RFC 9110 section 15.4.5).
    const isUnchanged = this.observation.response?.status === 304;
    const isWhole = this.failure === undefined && this.offset === 0 && this.showsBody && !isUnchanged;
    try {
      await this.sink?.end(isWhole);
    } catch (error) {
      if (!(error instanceof CurlFailure)) throw error;
      this.failure ??= error;
    }
  }

  /** The name is known before the request, but for that which the server gives. */
  private prepareTarget(): void {
    const { target, context } = this;
    const { environment, plan } = context;
    const { offset } = plan.output;
    switch (target.kind) {
      case 'stdout':
        this.sink = standardOutput(environment, target.isRaw);
        break;
      case 'file':
        this.filename = target.path;
        break;
      case 'remote':
        if (!target.asServerSays) this.filename = nameFromUrl(this.url, environment.platform);
        break;
      default:
        target satisfies never;
    }
    this.offset = offset === 'auto' ? sizeOf(this.filename) : (offset ?? 0);
    if (this.filename === undefined) return;
    this.sink = new FileSink(this.filename, this.offset > 0 ? 'append' : 'replace', target.kind === 'file');
  }

  private async request(): Promise<HttpResponse<Buffer>> {
    const { client, body, plan, environment } = this.context;
    const { method, body: bodyPlan, putsDataIntoUrl } = plan.request;
    let { url } = this;
    if (putsDataIntoUrl && bodyPlan.kind === 'data') {
      url = withQuery(url, (await loadData(bodyPlan.pieces, bodyPlan.joint, environment)).toString('utf8'));
    }
    const options = this.options();
    try {
      if (body.kind === 'none' || putsDataIntoUrl) return await client.request(url, method, undefined, options);
      if (body.kind === 'form') return await client.request(url, method, body.fields, body.parts, options);
      return await client.request(url, method, undefined, { ...options, body: body.body });
    } catch (error) {
      if (error instanceof UsageError) throw new WrongUsage(COMMAND, error.message, undefined, { cause: error });
      throw error;
    }
  }

  private options(): HttpRequestOptions {
    const { request } = this.context.plan;
    const { retryDelaySecs, asksForCompression, retries } = request;
    return {
      extraHeaders: [
        ...this.context.headers,
        ...(this.offset > 0 ? [['Range', `bytes=${this.offset}-`] as const] : []),
      ],
      omitHeaders: request.omittedHeaders,
      followRedirects: request.follows,
      maxRedirects: request.maxRedirects,
      connectTimeout: request.connectTimeout,
      transferTimeout: request.transferTimeout,
      compress: asksForCompression,
      decompress: asksForCompression,
      compressRequest: request.compressesRequest,
      socketPath: request.socketPath,
      retries,
      ...(retryDelaySecs !== undefined && {
        minRetryWait: retryDelaySecs,
        maxRetryWait: Math.max(60, retryDelaySecs),
      }),
      observer: this.observation,
      onChunkCallback: (chunk) => (this.showsBody ? this.write(chunk) : undefined),
      onProgressCallback: (current, total) => this.onProgress(current, total),
      signal: this.ender.signal,
    };
  }

  private onResponse(response: ObservedResponse): void {
    const { output } = this.context.plan;
    const { isFinal, status, headers } = response;
    this.trace?.response(response);
    try {
      if (isFinal && this.sink === undefined) this.sink = this.fileNamedBy(headers);
    } catch (error) {
      this.fail(error);
      return;
    }
    const isHttpError = isFinal && status >= 400 && output.onHttpError !== 'show' && !this.isAllThere(response);
    const isRefused = isHttpError && output.onHttpError === 'fail';
    this.writeHead(headOf(response), output.showsHeaders && !isRefused);
    if (isHttpError) {
      const why = `The requested URL returned error: ${status}`;
      this.failure ??= new CurlFailure(CurlExitCode.HttpError, why);
    }
    if (isRefused) this.leave();
    else if (isFinal) this.beginBody(response);
  }

  /** Interim responses are part of what was answered, as curl has it. */
  private onInterim(response: ObservedInterim): void {
    this.trace?.response(response);
    // There is no file yet where the answer names it.
    this.writeHead(headOf(response), this.context.plan.output.showsHeaders && this.sink !== undefined);
  }

  private onTrailers(trailers: WebSocketHttpHeaders): void {
    this.trace?.trailers(trailers);
    this.writeHead(fieldsOf(trailers), this.context.plan.output.showsHeaders && this.showsBody);
  }

  private writeHead(octets: string, showsIt: boolean): void {
    const { headerSink } = this.context;
    const bytes = Buffer.from(octets, 'latin1');
    if (headerSink !== undefined) void this.queue(() => headerSink.write(bytes));
    if (showsIt) void this.write(bytes);
  }

  /** The file is whole already: there is no rest, or the server does not know parts. */
  private isAllThere({ status, headers }: ObservedResponse): boolean {
    const { offset } = this;
    if (offset === 0) return false;
    if (status === 416) {
      // curl takes any 416 for the end of a download, unless -f asks for more.
      if (this.context.plan.output.onHttpError === 'show') return true;
      return headers.get('Content-Range')?.trim().toLowerCase() === `bytes */${offset}`;
    }
    return status === 200 && headers.get('Content-Length') === String(offset);
  }

  private beginBody(response: ObservedResponse): void {
    const { status, headers } = response;
    this.showsBody = !this.context.plan.output.hasNoBody;
    const { offset } = this;
    if (offset === 0) return;
    if (this.isAllThere(response)) {
      this.showsBody = false;
      this.isDone = true;
      this.leave();
    } else if (status !== 206 || rangeStart(headers) !== offset) {
      const why = 'the server sent something else than the rest of the file';
      const hint = 'Download all of it without -C.';
      this.fail(new CurlFailure(CurlExitCode.RangeError, why, hint));
    }
  }

  private fileNamedBy(headers: WebSocketHttpHeaders): Sink {
    const { environment, plan } = this.context;
    const { mayReplace } = plan.output;
    const given = nameFromHeader(headers.get('Content-Disposition'), environment.platform);
    this.filename = given ?? nameFromUrl(this.url, environment.platform);
    return new FileSink(this.filename, mayReplace ? 'replace' : 'create', false);
  }

  private write(bytes: Buffer): Promise<void> {
    return this.queue(async () => this.sink?.write(bytes));
  }

  /** Does one thing after the other; when one fails, the rest is left. */
  private queue(task: () => Promise<void>): Promise<void> {
    this.written = this.written.then(async () => {
      if (this.ender.signal.aborted) return;
      try {
        await task();
      } catch (error) {
        this.fail(error);
      }
    });
    return this.written;
  }

  private fail(error: unknown): void {
    if (!(error instanceof CurlFailure)) throw error;
    this.failure = error;
    this.showsBody = false;
    this.leave();
  }

  /** Ends the request, behind what is being done for it now. */
  private leave(): void {
    this.showsBody = false;
    void this.written.then(() => this.ender.abort());
  }

  private failureOf(response: HttpResponse<Buffer>): CurlFailure | undefined {
    if (response.errorCode === 'Ok' || this.isDone) return undefined;
    if (response.errorCode === 'Invalid' && this.observation.request === undefined) {
      throw new WrongUsage(COMMAND, response.errorMsg);
    }
    return failureOf(response);
  }

  /** A bar would be in the way of output that is shown on the terminal. */
  private createProgress(): Progress | undefined {
    const { environment, plan } = this.context;
    const { output } = plan;
    const isSeen = this.target.kind === 'stdout' && environment.stdout.isTTY === true;
    if (isSeen || !output.showsProgress || output.isVerbose) return undefined;
    return createProgress(environment, false);
  }

  private onProgress(current: number, total: number): void {
    const { progress, filename } = this;
    if (progress === undefined || total === 0 || !this.showsBody) return;
    if (!this.hasProgress) progress.start(filename ?? this.url, total);
    this.hasProgress = true;
    progress.update(current);
  }

  private writeFigures(response: HttpResponse<Buffer> | undefined): void {
    const { context, observation, failure, url, index, filename } = this;
    const { writeOutFormat, environment } = context;
    if (writeOutFormat === undefined) return;
    const exitCode = failure?.exitCode ?? ExitCode.Done;
    const totalMs = observation.elapsedMs;
    const errorMessage = failure?.message;
    writeOut(
      writeOutFormat,
      { url, index, exitCode, errorMessage, response, observation, totalMs, filename },
      environment,
    );
  }
}

function sizeOf(path: string | undefined): number {
  return path === undefined ? 0 : (statSync(path, { throwIfNoEntry: false })?.size ?? 0);
}

function rangeStart(headers: WebSocketHttpHeaders): number | undefined {
  const first = /^bytes (\d{1,15})-/i.exec(headers.get('Content-Range') ?? '')?.[1];
  return first === undefined ? undefined : Number(first);
}

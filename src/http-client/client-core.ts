import type { HttpResponse } from '../http/http-response.ts';
import { reportCallbackError } from '../platform/callback-errors.ts';
import { nodeClock } from '../platform/node-clock.ts';
import { sharedWheel } from '../platform/shared-wheel.ts';
import type { SocketTLSOptions } from '../transport/tls/tls-options.ts';
import { isThenable } from '../util/call-safely.ts';
import type { Clock } from '../util/clock.ts';
import { DenseSet } from '../util/dense-set.ts';
import type { TimerWheel } from '../util/timer-wheel.ts';
import type { ResolvedHttpClientOptions } from './http-client-options.ts';
import { ConnectionPool } from './pool/connection-pool.ts';
import { KnownUrls } from './pool/known-urls.ts';
import type { ClientServices } from './request/client-services.ts';
import type { RequestCall } from './request/request-call.ts';
import type { OnChunk, RequestSettings } from './request/request-options.ts';
import { RequestRun } from './request/request-run.ts';
import type { BodyTaker } from './response/response-reception.ts';

/** The parts that the requests of one client share. */
export class ClientCore implements ClientServices {
  pool: ConnectionPool;
  urls: KnownUrls;
  readonly clock: Clock = nodeClock;
  readonly wheel: TimerWheel = sharedWheel;
  forcesBody = false;
  readonly userAgent: string;
  private readonly options: ResolvedHttpClientOptions;
  private readonly onOver = (run: RequestRun): void => void this.runs.delete(run);
  private readonly runs: DenseSet<RequestRun> = new DenseSet();

  constructor(options: ResolvedHttpClientOptions) {
    this.options = options;
    this.userAgent = options.userAgent;
    this.pool = new ConnectionPool(options, this.wheel);
    this.urls = new KnownUrls(options);
  }

  onCallbackError(error: unknown): void {
    reportCallbackError(this.options.onCallbackError, error);
  }

  /** Begins a request. Its body goes to `taker`, or to the callback of its settings, or into the result. */
  begin(call: RequestCall, taker: BodyTaker | undefined = this.takerOf(call.settings)): RequestRun {
    const run = new RequestRun(this, call, taker, this.onOver);
    this.runs.add(run);
    run.start();
    return run;
  }

  /** From now on connections are made with these options. */
  useTlsOptions(tlsOptions: SocketTLSOptions): void {
    this.urls = new KnownUrls({ ...this.options, tlsOptions });
    this.renewPool();
  }

  /** Cancels what is running, and drops all connections. */
  async stop(): Promise<void> {
    const results: Promise<HttpResponse<Buffer>>[] = [];
    for (const run of this.runs.all()) {
      run.cancel();
      results.push(run.result);
    }
    this.renewPool();
    await Promise.all(results);
  }

  private renewPool(): void {
    this.pool.retire();
    this.pool = new ConnectionPool(this.options, this.wheel);
  }

  private takerOf({ onChunkCallback }: RequestSettings): BodyTaker | undefined {
    if (onChunkCallback === undefined) return undefined;
    return { onHead: () => undefined, consume: (chunk) => this.giveChunk(onChunkCallback, chunk) };
  }

  /** Passes a piece on. An error of the callback is reported, and the request goes on. */
  private giveChunk(onChunk: OnChunk, chunk: Buffer): void | Promise<void> {
    try {
      const result = onChunk(chunk);
      if (isThenable(result)) {
        return Promise.resolve(result).then(
          () => undefined,
          (error: unknown) => this.onCallbackError(error),
        );
      }
    } catch (error) {
      this.onCallbackError(error);
    }
    return undefined;
  }
}

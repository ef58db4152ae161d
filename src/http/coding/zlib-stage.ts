import type { Transform } from 'node:stream';
import { Deferred } from '../../util/deferred.ts';
import { BodyError } from '../body-error.ts';
import type { ByteConsumer, DecodingStage } from './decoding-stage.ts';

/** The part of a `node:zlib` stream that is used here. */
export type ZlibStream = Transform & { readonly bytesWritten: number };

export interface ZlibStageOptions {
  /** For decoders: no input at all is no output, not a truncated stream. */
  readonly allowsNothing?: boolean;
  /** For gzip decoders. */
  readonly allowsZeroPadding?: boolean;
}

/**
 * A stream of `node:zlib` as a {@link DecodingStage}. What the streams leave open is settled here: bytes behind the end
 * of the data are an error, but for zeros behind gzip, which tape drives and some servers leave there; several gzip
 * members are one body (RFC 1952 2.2); nothing at all is an empty body, whatever coding it claims to have.
 */
export class ZlibStage implements DecodingStage {
  private readonly stream: ZlibStream;
  private readonly consumer: ByteConsumer;
  private readonly options: ZlibStageOptions;
  private waiting: Deferred<void> | undefined;
  private failure: { readonly error: unknown } | undefined;
  private bytesIn = 0;
  private hasEnded = false;
  private consuming: Deferred<void> | undefined;
  private isEnding = false;
  private lastChunk: Buffer | undefined;

  constructor(stream: ZlibStream, consumer: ByteConsumer, options: ZlibStageOptions = {}) {
    this.stream = stream;
    this.consumer = consumer;
    this.options = options;
    stream.on('data', (chunk: Buffer) => this.consume(chunk));
    stream.on('error', (error) => this.fail(bodyErrorOf(error)));
    stream.on('end', () => {
      this.hasEnded = true;
      this.settleEnd();
    });
  }

  async write(chunk: Buffer): Promise<void> {
    this.throwFailure();
    if (chunk.length === 0) return;
    this.bytesIn += chunk.length;
    if (!this.hasEnded) {
      const written = this.startWaiting();
      this.stream.write(chunk, (error) => (error ? this.fail(bodyErrorOf(error)) : written.resolve(undefined)));
      await written.promise;
      await this.consuming?.promise;
      this.throwFailure();
    }
    this.lastChunk = chunk;
    this.checkTrailing(chunk);
  }

  /** Makes the engine give out all it holds back; for encoders. */
  async flush(kind: number): Promise<void> {
    this.throwFailure();
    const stream = this.stream as ZlibStream & { flush(kind: number, callback: () => void): void };
    const flushed = this.startWaiting();
    stream.flush(kind, () => flushed.resolve(undefined));
    await flushed.promise;
  }

  async end(): Promise<void> {
    this.throwFailure();
    const isNothing = this.bytesIn === 0 && this.options.allowsNothing === true;
    if (!isNothing && (!this.hasEnded || this.consuming !== undefined)) {
      this.isEnding = true;
      const ended = this.startWaiting();
      this.stream.end();
      await ended.promise;
    }
    this.stream.destroy();
    // The end of the data may turn out only now, if the consumer was slow.
    if (this.lastChunk !== undefined) this.checkTrailing(this.lastChunk);
  }

  destroy(): void {
    this.fail(new BodyError('contentTruncated', 'decoding was stopped'));
  }

  private consume(chunk: Buffer): void {
    if (this.failure !== undefined) return;
    let taken: void | Promise<void>;
    try {
      taken = this.consumer(chunk);
    } catch (error) {
      this.fail(error);
      return;
    }
    if (taken === undefined) return;
    const consuming = new Deferred<void>();
    this.consuming = consuming;
    this.stream.pause();
    taken.then(
      () => {
        this.consuming = undefined;
        consuming.resolve(undefined);
        if (this.failure !== undefined) return;
        this.stream.resume();
        this.settleEnd();
      },
      (error: unknown) => this.fail(error),
    );
  }

  private settleEnd(): void {
    if (this.isEnding && this.hasEnded && this.consuming === undefined) this.waiting?.resolve(undefined);
  }

  private startWaiting(): Deferred<void> {
    this.waiting = new Deferred<void>();
    return this.waiting;
  }

  private fail(error: unknown): void {
    if (this.failure !== undefined) return;
    this.failure = { error };
    this.stream.destroy();
    this.waiting?.reject(error);
    this.consuming?.resolve(undefined);
  }

  private throwFailure(): void {
    if (this.failure !== undefined) throw this.failure.error;
  }

  /** The stream ends itself where its data end, and drops what comes behind them. */
  private checkTrailing(chunk: Buffer): void {
    const left = this.bytesIn - this.stream.bytesWritten;
    if (!this.hasEnded || left === 0) return;
    const rest = chunk.subarray(Math.max(0, chunk.length - left));
    if (this.options.allowsZeroPadding === true && rest.every((byte) => byte === 0)) return;
    this.fail(trailingBytesError());
    this.throwFailure();
  }
}

function trailingBytesError(): BodyError {
  return new BodyError('contentCorrupt', 'bytes follow the end of the compressed data');
}

function bodyErrorOf(error: unknown): BodyError {
  if (error instanceof BodyError) return error;
  const { code, message } = error as { code?: unknown; message?: unknown };
  if (code === 'Z_BUF_ERROR') return new BodyError('contentTruncated', 'compressed data end too early', error);
  return new BodyError('contentCorrupt', `compressed data are damaged: ${String(message)}`, error);
}

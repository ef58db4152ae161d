import type { ContentCoding } from '../../http/coding/content-coding.ts';
import { ContentDecoder } from '../../http/coding/content-decoder.ts';
import type { ByteConsumer } from '../../http/coding/decoding-stage.ts';
import { Deferred } from '../../util/deferred.ts';

/** Bytes that wait for a slow consumer before no more is read. */
const HIGH_WATER_BYTES = 128 * 1024;

/** Reading, as whoever passes a body on may hold it up. */
export interface Reading {
  pause(): void;
  resume(): void;
}

/** Passes a body on as it comes, decoded, and holds up the connection while the consumer is behind. */
export class PipedBody {
  private readonly consume: ByteConsumer;
  private readonly decoder: ContentDecoder | undefined;
  private readonly reading: Reading;
  private queue: Buffer[] = [];
  private queuedBytes = 0;
  private isBusy = false;
  private isPaused = false;
  private isEnded = false;
  private isDestroyed = false;
  private readonly done = new Deferred<void>();

  constructor(codings: readonly ContentCoding[], consume: ByteConsumer, reading: Reading) {
    this.reading = reading;
    this.decoder =
      codings.length === 0
        ? undefined
        : new ContentDecoder(codings, { maxBytes: Number.POSITIVE_INFINITY, onData: consume });
    this.consume = consume;
    // Nobody may be there to hear of it.
    this.done.promise.catch(() => undefined);
  }

  /** Rejects as soon as a piece could not be decoded, or with what the consumer threw. */
  get finished(): Promise<void> {
    return this.done.promise;
  }

  /** Takes bytes that are used again afterwards. */
  add(buffer: Buffer, start: number, end: number): void {
    const chunk = Buffer.from(buffer.subarray(start, end));
    if (!this.isBusy) {
      this.pass(chunk);
      return;
    }
    this.queue.push(chunk);
    this.queuedBytes += chunk.length;
    if (this.queuedBytes < HIGH_WATER_BYTES || this.isPaused) return;
    this.isPaused = true;
    this.reading.pause();
  }

  /** The body is over: {@link finished} settles when everything was passed on. */
  end(): void {
    this.isEnded = true;
    if (!this.isBusy) this.finish();
  }

  /** Passes nothing on any more. */
  destroy(): void {
    this.isDestroyed = true;
    this.queue = [];
    this.decoder?.destroy();
    this.done.resolve();
  }

  private pass(chunk: Buffer): void {
    try {
      const passed = this.decoder === undefined ? this.consume(chunk) : this.decoder.write(chunk);
      if (passed === undefined) return;
      this.isBusy = true;
      passed.then(this.passNext, this.fail);
    } catch (error) {
      this.fail(error);
    }
  }

  private readonly passNext = (): void => {
    this.isBusy = false;
    while (!this.isBusy && !this.isDestroyed) {
      const chunk = this.queue.shift();
      if (chunk === undefined) break;
      this.queuedBytes -= chunk.length;
      this.pass(chunk);
    }
    if (this.isBusy || this.isDestroyed) return;
    if (this.isPaused) {
      this.isPaused = false;
      this.reading.resume();
    }
    if (this.isEnded) this.finish();
  };

  private finish(): void {
    if (this.isDestroyed) return;
    this.isBusy = true;
    if (this.decoder === undefined) this.done.resolve();
    else this.decoder.end().then(() => this.done.resolve(), this.fail);
  }

  private readonly fail = (error: unknown): void => {
    this.done.reject(error);
    this.destroy();
  };
}

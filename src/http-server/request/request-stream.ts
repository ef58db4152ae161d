import { UsageError } from '../../errors.ts';
import { AsyncQueue } from '../../util/async-queue.ts';

/** The most that is kept for a loop that is slower than the client, before reading stops. */
const MAX_WAITING_CHUNKS = 64;
const MAX_WAITING_BYTES = 128 * 1024;

/** The connection that a {@link RequestStream} is read from. */
export interface RequestStreamOwner {
  /** Somebody reads: a client that waits for `100 Continue` may send. */
  onBodyWanted(): void;
  /** Reading from the socket should stop, or may go on. */
  setBodyReading(isWanted: boolean): void;
}

/** The body of a request for one `for await` loop; the peer is slowed down to its pace. */
export class RequestStream implements AsyncIterable<Buffer> {
  /** The error that reading failed with. */
  error: unknown = undefined;
  private readonly owner: RequestStreamOwner;
  private readonly queue: AsyncQueue<Buffer>;
  private isTaken = false;
  private isAbandoned = false;

  constructor(owner: RequestStreamOwner) {
    this.owner = owner;
    this.queue = new AsyncQueue<Buffer>({
      maxItems: MAX_WAITING_CHUNKS,
      maxBytes: MAX_WAITING_BYTES,
      onFull: () => this.owner.setBodyReading(false),
      onDrained: () => {
        if (!this.isAbandoned) this.owner.setBodyReading(true);
      },
    });
  }

  /** Adds a copy of what arrived. */
  push(buffer: Buffer, start: number, end: number): void {
    if (this.isAbandoned) return;
    this.queue.push(Buffer.from(buffer.subarray(start, end)), end - start);
  }

  /** The body is complete. */
  end(): void {
    this.queue.end();
  }

  /** The body will not be complete; what arrived is still delivered. */
  fail(error: unknown): void {
    if (this.queue.isEnded) return;
    this.error = error;
    this.queue.fail(error);
  }

  [Symbol.asyncIterator](): AsyncIterator<Buffer, undefined> {
    if (this.isTaken) throw new UsageError('stream', 'the body of a request can be read once');
    this.isTaken = true;
    this.owner.onBodyWanted();
    return {
      next: () => this.queue.take(),
      return: () => {
        this.abandon();
        return Promise.resolve({ value: undefined, done: true });
      },
    };
  }

  /** The loop was left: nothing more is kept, and nothing read until the response has been sent. */
  private abandon(): void {
    const wasComplete = this.queue.isEnded;
    this.isAbandoned = true;
    this.queue.end();
    this.queue.clear();
    if (!wasComplete) this.owner.setBodyReading(false);
  }
}

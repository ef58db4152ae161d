import { assert } from './assert.ts';
import { Deferred } from './deferred.ts';

export interface AsyncQueueOptions {
  readonly maxItems: number;
  readonly maxBytes: number;
  /** The queue has just become full: stop producing. What is pushed all the same is still kept. */
  readonly onFull?: () => void;
  /** A queue that was full is below half of both limits again: go on producing. */
  readonly onDrained?: () => void;
}

/** Below this many consumed slots, moving the rest down costs more than the slots. */
const compactionThreshold = 64;

/**
 * First in, first out, between a producer that pushes and a consumer that awaits.
 *
 * The limits are signals, not walls: a producer learns through `onFull` that it should pause, and nothing that was
 * received is dropped. One item larger than `maxBytes` passes, and fills the queue by itself.
 */
export class AsyncQueue<T> {
  readonly #options: AsyncQueueOptions;
  // Two plain arrays and a head index: shifting a long array would cost its length each time.
  #items: (T | undefined)[] = [];
  #sizes: number[] = [];
  #head = 0;
  #sizeBytes = 0;
  #waiting: Deferred<IteratorResult<T, undefined>>[] = [];
  #announcedFull = false;
  #ended = false;
  #failure: { readonly error: unknown } | undefined;

  constructor(options: AsyncQueueOptions) {
    assert(options.maxItems > 0 && options.maxBytes > 0, 'the limits of a queue must be positive');
    this.#options = options;
  }

  /** Items waiting to be taken. */
  get length(): number {
    return this.#items.length - this.#head;
  }

  /** Sum of the sizes given with the waiting items. */
  get sizeBytes(): number {
    return this.#sizeBytes;
  }

  get isFull(): boolean {
    return this.length >= this.#options.maxItems || this.#sizeBytes >= this.#options.maxBytes;
  }

  /** Tells whether `end` or `fail` was called. Items may still be waiting. */
  get isEnded(): boolean {
    return this.#ended;
  }

  /** Adds an item, or hands it to the consumer who is waiting. Ignored after `end` and `fail`. */
  push(item: T, sizeBytes = 0): void {
    if (this.#ended) return;
    const waiting = this.#waiting.shift();
    if (waiting !== undefined) {
      waiting.resolve({ value: item, done: false });
      return;
    }
    this.#items.push(item);
    this.#sizes.push(sizeBytes);
    this.#sizeBytes += sizeBytes;
    if (!this.#announcedFull && this.isFull) {
      this.#announcedFull = true;
      this.#options.onFull?.();
    }
  }

  /** Nothing more will come. What is queued is still delivered, then `take` reports `done`. */
  end(): void {
    if (this.#ended) return;
    this.#ended = true;
    for (const waiting of this.#waiting.splice(0)) waiting.resolve({ value: undefined, done: true });
  }

  /** Like `end`, but one `take` rejects with `error` after the last item: what arrived before the failure is good. */
  fail(error: unknown): void {
    if (this.#ended) return;
    const [first] = this.#waiting.splice(0, 1);
    if (first === undefined) this.#failure = { error };
    else first.reject(error);
    this.end();
  }

  /** The next item. An item already here costs no more than the one turn of a resolved promise. */
  take(): Promise<IteratorResult<T, undefined>> {
    if (this.length > 0) return Promise.resolve({ value: this.#shift(), done: false });
    if (this.#failure !== undefined) {
      const { error } = this.#failure;
      this.#failure = undefined;
      return Promise.reject(error);
    }
    if (this.#ended) return Promise.resolve({ value: undefined, done: true });
    const waiting = new Deferred<IteratorResult<T, undefined>>();
    this.#waiting.push(waiting);
    return waiting.promise;
  }

  /** Drops what is queued. */
  clear(): void {
    this.#items = [];
    this.#sizes = [];
    this.#head = 0;
    this.#sizeBytes = 0;
    this.#announceDrained();
  }

  #shift(): T {
    const head = this.#head++;
    const item = this.#items[head] as T;
    this.#items[head] = undefined; // so that it can be collected before the array is compacted
    this.#sizeBytes -= this.#sizes[head] ?? 0;
    this.#compact();
    this.#announceDrained();
    return item;
  }

  #compact(): void {
    if (this.#head === this.#items.length) {
      this.#items = [];
      this.#sizes = [];
      this.#head = 0;
    } else if (this.#head >= compactionThreshold && this.#head * 2 >= this.#items.length) {
      this.#items = this.#items.slice(this.#head);
      this.#sizes = this.#sizes.slice(this.#head);
      this.#head = 0;
    }
  }

  #announceDrained(): void {
    if (!this.#announcedFull) return;
    const { maxItems, maxBytes } = this.#options;
    if (this.length * 2 >= maxItems || this.#sizeBytes * 2 >= maxBytes) return;
    this.#announcedFull = false;
    this.#options.onDrained?.();
  }
}

/**
 * A promise and its switch, for results that arrive through a callback.
 *
 * The first of `resolve` and `reject` counts, the rest is ignored: timers, sockets and callers may all race to settle
 * it.
 */
export class Deferred<T> {
  readonly promise: Promise<T>;
  #settled = false;
  #resolve: (value: T | PromiseLike<T>) => void = ignore;
  #reject: (error: unknown) => void = ignore;

  constructor() {
    this.promise = new Promise<T>((resolve, reject) => {
      this.#resolve = resolve;
      this.#reject = reject;
    });
  }

  /** Tells whether `resolve` or `reject` was called; unlike the promise's own state it can be asked at once. */
  get settled(): boolean {
    return this.#settled;
  }

  resolve(value: T | PromiseLike<T>): void {
    if (this.#settled) return;
    this.#settled = true;
    this.#resolve(value);
  }

  reject(error: unknown): void {
    if (this.#settled) return;
    this.#settled = true;
    this.#reject(error);
  }
}

/** Stands in until the promise, which calls back at once, has given the real ones. */
function ignore(): void {}

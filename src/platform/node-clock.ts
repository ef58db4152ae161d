import { clearTimeout, setTimeout } from 'node:timers';
import { assert } from '../util/assert.ts';
import type { Clock, Timer } from '../util/clock.ts';

/** Node turns longer delays into 1 ms. */
const longestDelayMs = 2 ** 31 - 1;

/**
 * A timer that waits in as many parts as it takes, and is never early: Node counts in whole milliseconds from the
 * start of a turn of the event loop and may call up to one too soon.
 */
class NodeTimer implements Timer {
  readonly #dueMs: number;
  readonly #fn: () => void;
  #handle: NodeJS.Timeout | undefined;
  #isRef = true;

  constructor(delayMs: number, fn: () => void) {
    this.#dueMs = performance.now() + delayMs;
    this.#fn = fn;
    this.#arm(delayMs);
  }

  cancel(): void {
    clearTimeout(this.#handle);
    this.#handle = undefined;
  }

  ref(): void {
    this.#isRef = true;
    this.#handle?.ref();
  }

  unref(): void {
    this.#isRef = false;
    this.#handle?.unref();
  }

  #arm(delayMs: number): void {
    this.#handle = setTimeout(() => this.#onTimeout(), Math.min(Math.ceil(delayMs), longestDelayMs));
    if (!this.#isRef) this.#handle.unref();
  }

  #onTimeout(): void {
    const remainingMs = this.#dueMs - performance.now();
    if (remainingMs > 0) {
      this.#arm(remainingMs);
      return;
    }
    this.#handle = undefined;
    this.#fn();
  }
}

/** Time on Node: the monotonic clock and its timers. */
export const nodeClock: Clock = {
  now: () => performance.now(),
  setTimer(delayMs, fn) {
    assert(!Number.isNaN(delayMs), 'a delay must be a number');
    return new NodeTimer(Math.max(0, delayMs), fn);
  },
};

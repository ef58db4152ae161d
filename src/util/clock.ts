/**
 * The only source of time. Passing it in keeps everything above testable without a sleep.
 */
export interface Clock {
  /** Monotonic milliseconds, with fractions, since an arbitrary moment. Never the time of day, which may jump. */
  now(): number;
  /** Calls `fn` once, no earlier than `delayMs` from now and never before this call has returned. */
  setTimer(delayMs: number, fn: () => void): Timer;
}

/** One pending call. All methods are harmless after it has run or was cancelled. */
export interface Timer {
  cancel(): void;
  /** Lets the pending call keep the process alive, as it does from the start. */
  ref(): void;
  /** Lets the process end although the call is pending. */
  unref(): void;
}

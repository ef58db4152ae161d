import type { Clock, Timer } from '../../src/util/clock.ts';

interface PendingTimer {
  readonly dueMs: number;
  readonly fn: () => void;
  isRef: boolean;
}

/** A real clock would move on; here two timers that wait for nothing would hang the test. */
const mostRunsAtOnce = 100_000;

/** Time that passes only when told to. */
export class FakeClock implements Clock {
  #nowMs: number;
  /** In the order of creation. */
  readonly #pending: Set<PendingTimer> = new Set();

  constructor(startMs = 0) {
    this.#nowMs = startMs;
  }

  get pendingTimers(): number {
    return this.#pending.size;
  }

  /** Tells whether a real process would stay alive for the sake of the pending timers. */
  get keepsProcessAlive(): boolean {
    return [...this.#pending].some((timer) => timer.isRef);
  }

  now(): number {
    return this.#nowMs;
  }

  setTimer(delayMs: number, fn: () => void): Timer {
    if (Number.isNaN(delayMs)) throw new Error('a delay must be a number');
    const timer: PendingTimer = { dueMs: this.#nowMs + Math.max(0, delayMs), fn, isRef: true };
    this.#pending.add(timer);
    return {
      cancel: () => {
        this.#pending.delete(timer);
      },
      ref: () => {
        timer.isRef = true;
      },
      unref: () => {
        timer.isRef = false;
      },
    };
  }

  /** Lets time pass smoothly: each due timer runs at its own moment, those set meanwhile included. */
  advance(ms: number): void {
    const endMs = this.#nowMs + ms;
    let runsAtOnce = 0;
    for (let timer = this.#nextDue(endMs); timer !== undefined; timer = this.#nextDue(endMs)) {
      if (timer.dueMs > this.#nowMs) {
        this.#nowMs = timer.dueMs;
        runsAtOnce = 0;
      }
      if (++runsAtOnce > mostRunsAtOnce) throw new Error('timers set timers for ever, without any time passing');
      this.#run(timer);
    }
    this.#nowMs = endMs;
  }

  /** Lets time pass as if something had blocked the event loop: what was due meanwhile runs late, at the end. */
  block(ms: number): void {
    this.#nowMs += ms;
    this.advance(0);
  }

  #run(timer: PendingTimer): void {
    this.#pending.delete(timer);
    timer.fn();
  }

  #nextDue(untilMs: number): PendingTimer | undefined {
    let next: PendingTimer | undefined;
    for (const timer of this.#pending) {
      if (timer.dueMs <= untilMs && (next === undefined || timer.dueMs < next.dueMs)) next = timer;
    }
    return next;
  }
}

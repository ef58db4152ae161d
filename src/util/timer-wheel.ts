import { assert } from './assert.ts';
import type { Clock, Timer } from './clock.ts';

/**
 * Something with a deadline. The wheel links entries to each other, so that scheduling allocates nothing;
 * the `wheel…` fields are its own. An entry is on one wheel, once, at a time.
 */
export interface WheelEntry {
  wheelOwner: TimerWheel | undefined;
  wheelPrevious: WheelEntry | undefined;
  wheelNext: WheelEntry | undefined;
  wheelDueTick: number;
  /** The entry is off the wheel when this is called, so it may schedule itself again. */
  onTimeout(nowMs: number): void;
}

/** An entry that calls `onTimeout`, for those who do not implement {@link WheelEntry} themselves. */
export function createWheelEntry(onTimeout: (nowMs: number) => void): WheelEntry {
  return { wheelOwner: undefined, wheelPrevious: undefined, wheelNext: undefined, wheelDueTick: 0, onTimeout };
}

export interface TimerWheelOptions {
  /** Gets what callbacks throw, after all that were due have run. Without it the clock's timer throws. */
  readonly onError?: (error: unknown) => void;
}

const slotCount = 512;

/**
 * Deadlines of thousands of connections on one timer: a hashed wheel of `slotCount` lists.
 *
 * Deadlines are rounded up to the next tick, so an entry is up to one tick late and never early.
 * The timer exists only while something is scheduled, sleeps until the next list that is not empty,
 * and does not keep the process alive: the sockets do that.
 */
export class TimerWheel {
  /** Deadlines are met to this many milliseconds. */
  readonly granularityMs: number;
  readonly #clock: Clock;
  readonly #onError: ((error: unknown) => void) | undefined;
  readonly #originMs: number;
  readonly #slots: readonly WheelEntry[] = Array.from({ length: slotCount }, createListHead);
  /** Entries taken off their slot whose callbacks are about to run; they can still be cancelled. */
  readonly #firing: WheelEntry = createListHead();
  /** All deadlines up to this tick have been dealt with. */
  #doneTick = 0;
  #size = 0;
  #timer: Timer | undefined;
  #timerTick = 0;

  constructor(clock: Clock, tickMs = 100, options: TimerWheelOptions = {}) {
    assert(Number.isFinite(tickMs) && tickMs > 0, 'the tick of a timer wheel must be positive');
    this.granularityMs = tickMs;
    this.#clock = clock;
    this.#onError = options.onError;
    this.#originMs = clock.now();
  }

  /** Scheduled entries. */
  get size(): number {
    return this.#size;
  }

  isScheduled(entry: WheelEntry): boolean {
    return entry.wheelOwner === this;
  }

  /** Sets the entry's deadline, in place of one it may have. A delay of 0 or less means the next tick. */
  schedule(entry: WheelEntry, delayMs: number): void {
    assert(Number.isFinite(delayMs), 'a delay must be a finite number');
    assert(entry.wheelOwner === undefined || entry.wheelOwner === this, 'an entry cannot be on two wheels');
    if (entry.wheelOwner === this) unlink(entry);
    else this.#size++;
    entry.wheelOwner = this;
    const nowMs = this.#clock.now();
    entry.wheelDueTick = Math.max(this.#firstTickAt(nowMs + Math.max(0, delayMs)), this.#doneTick + 1);
    append(this.#slotOf(entry.wheelDueTick), entry);
    this.#arm(entry.wheelDueTick, nowMs);
  }

  /** Milliseconds on the clock of the wheel. */
  now(): number {
    return this.#clock.now();
  }

  /** Takes the entry off the wheel. Harmless when it is not on it. */
  cancel(entry: WheelEntry): void {
    if (entry.wheelOwner !== this) return;
    this.#detach(entry);
    if (this.#size === 0) this.#disarm();
  }

  #detach(entry: WheelEntry): void {
    unlink(entry);
    entry.wheelOwner = undefined;
    this.#size--;
  }

  #onTimer(): void {
    this.#timer = undefined;
    const nowMs = this.#clock.now();
    this.#collect(this.#lastTickAt(nowMs));
    const errors: unknown[] = [];
    for (let entry = firstOf(this.#firing); entry !== undefined; entry = firstOf(this.#firing)) {
      this.#detach(entry);
      try {
        entry.onTimeout(nowMs);
      } catch (error) {
        errors.push(error);
      }
    }
    this.#armForNext();
    this.#report(errors);
  }

  /**
   * Moves what is due to the firing list. After a stall of more than a whole turn each slot is visited once;
   * only then may entries run in another order than that of their deadlines.
   */
  #collect(tick: number): void {
    const steps = Math.min(tick - this.#doneTick, slotCount);
    for (let step = 1; step <= steps; step++) {
      const slot = this.#slotOf(this.#doneTick + step);
      for (let entry = firstOf(slot); entry !== undefined; ) {
        const next: WheelEntry | undefined = entry.wheelNext;
        if (entry.wheelDueTick <= tick) {
          unlink(entry);
          append(this.#firing, entry);
        }
        entry = next === slot ? undefined : next;
      }
    }
    this.#doneTick = Math.max(this.#doneTick, tick);
  }

  #armForNext(): void {
    if (this.#size === 0) {
      this.#disarm(); // a callback may have scheduled what a later one cancelled
      return;
    }
    // Every entry is in some slot, and all slots come up within one turn.
    let tick = this.#doneTick + 1;
    while (firstOf(this.#slotOf(tick)) === undefined) tick++;
    this.#arm(tick, this.#clock.now());
  }

  /** Makes the timer run at this tick at the latest. Once too early is harmless: it looks for the next list then. */
  #arm(tick: number, nowMs: number): void {
    if (this.#timer !== undefined && this.#timerTick <= tick) return;
    this.#disarm();
    this.#timerTick = tick;
    this.#timer = this.#clock.setTimer(Math.max(0, this.#timeOf(tick) - nowMs), () => {
      this.#onTimer();
    });
    this.#timer.unref();
  }

  #disarm(): void {
    this.#timer?.cancel();
    this.#timer = undefined;
  }

  #report(errors: readonly unknown[]): void {
    if (this.#onError !== undefined) for (const error of errors) this.#onError(error);
    else if (errors.length === 1) throw errors[0];
    else if (errors.length > 1) throw new AggregateError(errors, 'timeout callbacks failed');
  }

  #slotOf(tick: number): WheelEntry {
    const slot = this.#slots[tick % slotCount];
    assert(slot !== undefined, 'a tick must be a whole number');
    return slot;
  }

  #timeOf(tick: number): number {
    return this.#originMs + tick * this.granularityMs;
  }

  /** The first tick that is not before `timeMs`. */
  #firstTickAt(timeMs: number): number {
    const tick = this.#lastTickAt(timeMs);
    return this.#timeOf(tick) < timeMs ? tick + 1 : tick;
  }

  /**
   * The last tick that is not after `timeMs`, by the very numbers the timer is set to. The division alone may round
   * to either side: entries would be early, or a timer that ran at its time would find its tick not reached.
   */
  #lastTickAt(timeMs: number): number {
    const tick = Math.floor((timeMs - this.#originMs) / this.granularityMs);
    if (this.#timeOf(tick) > timeMs) return tick - 1;
    return this.#timeOf(tick + 1) <= timeMs ? tick + 1 : tick;
  }
}

/** Lists are circular through a head that is never called, so that linking needs no special cases. */
function createListHead(): WheelEntry {
  const head = createWheelEntry(() => undefined);
  head.wheelPrevious = head;
  head.wheelNext = head;
  return head;
}

function firstOf(head: WheelEntry): WheelEntry | undefined {
  return head.wheelNext === head ? undefined : head.wheelNext;
}

function append(head: WheelEntry, entry: WheelEntry): void {
  const last = head.wheelPrevious ?? head;
  last.wheelNext = entry;
  entry.wheelPrevious = last;
  entry.wheelNext = head;
  head.wheelPrevious = entry;
}

function unlink(entry: WheelEntry): void {
  if (entry.wheelPrevious !== undefined) entry.wheelPrevious.wheelNext = entry.wheelNext;
  if (entry.wheelNext !== undefined) entry.wheelNext.wheelPrevious = entry.wheelPrevious;
  entry.wheelPrevious = undefined;
  entry.wheelNext = undefined;
}

import type { TimerWheel, WheelEntry } from '../util/timer-wheel.ts';

/** Looks in a timeout: between two of them, bytes that leave are noticed by the second. */
const LOOKS_PER_TIMEOUT = 8;

/** A writer that is watched; a `BatchWriter` is one. */
export interface WatchedOutput {
  readonly unsentBytes: number;
  /** Of those, the bytes that the system was given and has not taken. */
  readonly inFlightBytes: number;
}

export interface OutputPatience {
  /** Milliseconds without progress until the output is given up. */
  readonly timeoutMs: number;
  /**
   * Milliseconds until it is given up all the same: against a peer that takes a little now and then.
   * @default no limit
   */
  readonly maxMs?: number | undefined;
  /**
   * Gives up also when everything has left, because the peer is to answer then.
   * @default false
   */
  readonly isAnswerWanted?: boolean | undefined;
}

/**
 * Gives up a connection whose peer takes nothing of what is sent to it. Progress is that bytes in flight leave; what is
 * sent meanwhile waits behind them, and says nothing about them. It is on the wheel only while there is something to
 * wait for, and gives up a tick late, so that a process that was held up does not blame the peer.
 */
export class OutputWatch implements WheelEntry {
  wheelOwner: TimerWheel | undefined = undefined;
  wheelPrevious: WheelEntry | undefined = undefined;
  wheelNext: WheelEntry | undefined = undefined;
  wheelDueTick = 0;
  private readonly wheel: TimerWheel;
  private readonly output: WatchedOutput;
  private readonly patience: OutputPatience;
  private readonly giveUp: () => void;
  private inFlightBytes = 0;
  private startedMs = 0;
  private movedMs = 0;
  /** The time is over, and sockets are read once more before that counts: timers run in front of them. */
  private isLastLook = false;

  constructor(wheel: TimerWheel, output: WatchedOutput, patience: OutputPatience, giveUp: () => void) {
    this.wheel = wheel;
    this.output = output;
    this.patience = patience;
    this.giveUp = giveUp;
  }

  /** Something is to leave. Does nothing while it watches already. */
  start(): void {
    if (this.wheel.isScheduled(this)) return;
    const nowMs = this.wheel.now();
    this.startedMs = nowMs;
    this.mark(nowMs);
    this.lookAgain(nowMs);
  }

  /** Everything that had been written has left; more may follow. */
  onDrain(): void {
    if (this.wheel.isScheduled(this)) this.mark(this.wheel.now());
  }

  stop(): void {
    this.wheel.cancel(this);
  }

  /** Part of {@link WheelEntry}. */
  onTimeout(nowMs: number): void {
    const { output, patience } = this;
    if (patience.isAnswerWanted !== true && output.unsentBytes === 0) return;
    if (output.inFlightBytes !== this.inFlightBytes) this.mark(nowMs);
    if (nowMs < this.endMs) this.lookAgain(nowMs);
    else if (this.isLastLook || nowMs >= this.lastMs) this.giveUp();
    else {
      this.isLastLook = true;
      this.wheel.schedule(this, 0);
    }
  }

  private get endMs(): number {
    return Math.min(this.movedMs + this.patience.timeoutMs, this.lastMs);
  }

  private get lastMs(): number {
    return this.startedMs + (this.patience.maxMs ?? Number.POSITIVE_INFINITY);
  }

  private mark(nowMs: number): void {
    this.movedMs = nowMs;
    this.isLastLook = false;
    this.inFlightBytes = this.output.inFlightBytes;
  }

  private lookAgain(nowMs: number): void {
    this.wheel.schedule(this, Math.min(this.patience.timeoutMs / LOOKS_PER_TIMEOUT, this.endMs - nowMs));
  }
}

import type { BatchWriter } from '../../transport/batch-writer.ts';
import type { Clock } from '../../util/clock.ts';
import type { TimerWheel, WheelEntry } from '../../util/timer-wheel.ts';

/** What waits is looked at this often in a timeout, so that it is at most as late as the inverse. */
const LOOKS_PER_TIMEOUT = 8;

/** Ends a connection whose output does not move (`sendTimeoutSecs`). It is on the wheel only while something waits. */
export class SendWatch implements WheelEntry {
  wheelOwner: TimerWheel | undefined = undefined;
  wheelPrevious: WheelEntry | undefined = undefined;
  wheelNext: WheelEntry | undefined = undefined;
  wheelDueTick = 0;
  private readonly host: { readonly drains: number; readonly writer: BatchWriter };
  private readonly clock: Clock;
  private readonly wheel: TimerWheel;
  private readonly timeoutMs: number;
  private readonly giveUp: () => void;
  private drains = 0;
  private inFlightBytes = 0;
  private movedMs = 0;

  constructor(
    host: { readonly drains: number; readonly writer: BatchWriter },
    clock: Clock,
    wheel: TimerWheel,
    timeoutMs: number,
    giveUp: () => void,
  ) {
    this.host = host;
    this.clock = clock;
    this.wheel = wheel;
    this.timeoutMs = timeoutMs;
    this.giveUp = giveUp;
  }

  /** Something was sent. */
  start(): void {
    if (this.wheel.isScheduled(this)) return;
    this.mark(this.clock.now());
    this.lookAgain();
  }

  stop(): void {
    this.wheel.cancel(this);
  }

  /** Part of {@link WheelEntry}. */
  onTimeout(nowMs: number): void {
    const { writer, drains } = this.host;
    if (writer.unsentBytes === 0) return;
    // What is sent meanwhile waits behind what is in flight, and says nothing about it.
    if (drains !== this.drains || writer.inFlightBytes !== this.inFlightBytes) this.mark(nowMs);
    if (nowMs - this.movedMs >= this.timeoutMs) this.giveUp();
    else this.lookAgain();
  }

  private mark(nowMs: number): void {
    this.movedMs = nowMs;
    this.drains = this.host.drains;
    this.inFlightBytes = this.host.writer.inFlightBytes;
  }

  private lookAgain(): void {
    this.wheel.schedule(this, this.timeoutMs / LOOKS_PER_TIMEOUT);
  }
}

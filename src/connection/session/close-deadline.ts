import type { BatchWriter } from '../../transport/batch-writer.ts';
import type { TimerWheel, WheelEntry } from '../../util/timer-wheel.ts';

/** Progress extends a closing handshake to this many times its timeout: a peer that reads a little now and then. */
export const MOST_CLOSE_TIMEOUTS = 12;

/** The time a closing handshake may take; it starts anew as long as bytes leave, up to a limit (limit L14). */
export class CloseDeadline implements WheelEntry {
  wheelOwner: TimerWheel | undefined = undefined;
  wheelPrevious: WheelEntry | undefined = undefined;
  wheelNext: WheelEntry | undefined = undefined;
  wheelDueTick = 0;
  private readonly wheel: TimerWheel;
  private readonly writer: BatchWriter;
  private readonly timeoutMs: number;
  private readonly giveUp: () => void;
  private timeoutsLeft = MOST_CLOSE_TIMEOUTS;
  private drains = 0;
  private drainsAtStart = 0;
  private unsentAtStart = 0;

  constructor(wheel: TimerWheel, writer: BatchWriter, timeoutMs: number, giveUp: () => void) {
    this.wheel = wheel;
    this.writer = writer;
    this.timeoutMs = timeoutMs;
    this.giveUp = giveUp;
  }

  start(): void {
    this.drainsAtStart = this.drains;
    this.unsentAtStart = this.writer.unsentBytes;
    this.wheel.schedule(this, this.timeoutMs);
  }

  /** Everything that had been written has left; more may follow. */
  onDrain(): void {
    this.drains++;
  }

  cancel(): void {
    this.wheel.cancel(this);
  }

  /** Part of {@link WheelEntry}. */
  onTimeout(): void {
    const hasMoved = this.drains !== this.drainsAtStart || this.writer.unsentBytes < this.unsentAtStart;
    if (hasMoved && --this.timeoutsLeft > 0) this.start();
    else this.giveUp();
  }
}

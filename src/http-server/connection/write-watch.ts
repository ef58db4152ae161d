import type { BatchWriter } from '../../transport/batch-writer.ts';
import type { TimerWheel, WheelEntry } from '../../util/timer-wheel.ts';

/** Ends a connection whose peer takes nothing of what is sent to it for as long as `timeoutMs`. */
export class WriteWatch implements WheelEntry {
  wheelOwner: TimerWheel | undefined = undefined;
  wheelPrevious: WheelEntry | undefined = undefined;
  wheelNext: WheelEntry | undefined = undefined;
  wheelDueTick = 0;
  private readonly wheel: TimerWheel;
  private readonly writer: BatchWriter;
  private readonly timeoutMs: number;
  private readonly giveUp: () => void;
  private drains = 0;
  private drainsAtStart = 0;
  private unsentAtStart = 0;

  constructor(wheel: TimerWheel, writer: BatchWriter, timeoutMs: number, giveUp: () => void) {
    this.wheel = wheel;
    this.writer = writer;
    this.timeoutMs = timeoutMs;
    this.giveUp = giveUp;
  }

  /** To be called when something could not be written at once. Watches until everything has left. */
  start(): void {
    if (!this.wheel.isScheduled(this)) this.watch();
  }

  /** Everything that had been written has left; more may follow. */
  onDrain(): void {
    this.drains++;
  }

  cancel(): void {
    this.wheel.cancel(this);
  }

  /** @internal WheelEntry */
  onTimeout(): void {
    const { writer } = this;
    if (writer.bufferedBytes === 0) return;
    const hasMoved = this.drains !== this.drainsAtStart || writer.unsentBytes < this.unsentAtStart;
    if (hasMoved) this.watch();
    else this.giveUp();
  }

  private watch(): void {
    this.drainsAtStart = this.drains;
    this.unsentAtStart = this.writer.unsentBytes;
    this.wheel.schedule(this, this.timeoutMs);
  }
}

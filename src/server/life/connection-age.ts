import type { TimerWheel, WheelEntry } from '../../util/timer-wheel.ts';

/** Ends a connection that has been open for its time: `maxConnectionAgeSecs`. */
export class ConnectionAge implements WheelEntry {
  wheelOwner: TimerWheel | undefined = undefined;
  wheelPrevious: WheelEntry | undefined = undefined;
  wheelNext: WheelEntry | undefined = undefined;
  wheelDueTick = 0;
  private readonly wheel: TimerWheel;
  private readonly connection: { close(code: number, reason: string): void };

  /** The connection gets between 90 and 100 % of `maxAgeMs`: those that came together shall not go together. */
  constructor(connection: { close(code: number, reason: string): void }, maxAgeMs: number, wheel: TimerWheel) {
    this.connection = connection;
    this.wheel = wheel;
    wheel.schedule(this, maxAgeMs * (0.9 + Math.random() / 10));
  }

  cancel(): void {
    this.wheel.cancel(this);
  }

  /** Part of {@link WheelEntry}. */
  onTimeout(): void {
    this.connection.close(1001, 'Connection age limit');
  }
}

/** Pings that are remembered while their answer has not come. */
const MAX_WAITING = 10_000;

/** Of all answers, in milliseconds; `mdev` is the standard deviation. */
export interface RoundTripSummary {
  readonly min: number;
  readonly avg: number;
  readonly max: number;
  readonly mdev: number;
}

/** Measures pings by their payload, and sums up like ping(8). */
export class RoundTrips {
  private readonly waiting: { readonly payload: string; readonly sentAtMs: number }[] = [];
  private sentPings = 0;
  private receivedPongs = 0;
  private strayPongs = 0;
  private sum = 0;
  private squares = 0;
  private min = Number.POSITIVE_INFINITY;
  private max = 0;

  get sent(): number {
    return this.sentPings;
  }

  get received(): number {
    return this.receivedPongs;
  }

  /** Pongs that belong to no ping, or to one that was answered before. */
  get stray(): number {
    return this.strayPongs;
  }

  /** Pings that may still be answered. */
  get missing(): number {
    return this.waiting.length;
  }

  onPing(payload: string, sentAtMs: number): void {
    this.sentPings++;
    this.waiting.push({ payload, sentAtMs });
    if (this.waiting.length > MAX_WAITING) this.waiting.shift();
  }

  /**
   * Milliseconds it took; `undefined` when nothing like it was sent, or it was answered before. A peer may answer only
   * the latest of several pings (RFC 6455 section 5.5.3), so those before it are waited for no longer.
   */
  onPong(payload: string, nowMs: number): number | undefined {
    const index = this.waiting.findIndex((ping) => ping.payload === payload);
    const answered = this.waiting[index];
    if (answered === undefined) {
      this.strayPongs++;
      return undefined;
    }
    this.waiting.splice(0, index + 1);
    const time = nowMs - answered.sentAtMs;
    this.receivedPongs++;
    this.sum += time;
    this.squares += time * time;
    this.min = Math.min(this.min, time);
    this.max = Math.max(this.max, time);
    return time;
  }

  /** `undefined` without any answer. */
  summary(): RoundTripSummary | undefined {
    const { receivedPongs, sum, squares, min, max } = this;
    if (receivedPongs === 0) return undefined;
    const avg = sum / receivedPongs;
    return { min, avg, max, mdev: Math.sqrt(Math.max(0, squares / receivedPongs - avg * avg)) };
  }
}

/** The time that the latest ping took to come back. Only one ping is followed at a time, the latest. */
export class RoundTrip {
  /** Milliseconds; `undefined` until a pong has come back. */
  latestMs: number | undefined;
  private awaited: Buffer | undefined;
  private sentMs = 0;

  onPing(payload: Buffer, nowMs: number): void {
    this.awaited = Buffer.from(payload);
    this.sentMs = nowMs;
  }

  /** Others than ours are allowed, and say nothing (RFC 6455 section 5.5.3). */
  onPong(payload: Buffer, nowMs: number): void {
    if (this.awaited === undefined || !this.awaited.equals(payload)) return;
    this.awaited = undefined;
    this.latestMs = nowMs - this.sentMs;
  }

  /** The connection is over: what it did not answer will not be. */
  reset(): void {
    this.awaited = undefined;
    this.latestMs = undefined;
  }
}

const FIRST_BYTES = 64 * 1024;
/** An output buffer that has grown further is not kept for the next message. */
const KEPT_BYTES = 2 * 1024 * 1024;

const EMPTY: Buffer = Buffer.alloc(0);

/** The buffer that engines write to, one for all of them, since a result is taken out before the next one. */
export class EngineOutput {
  bytes: Buffer = EMPTY;

  /** Makes room for `room` bytes behind the first `length`, which stay; there will never be more than `maxBytes`. */
  reserve(length: number, room: number, maxBytes: number): void {
    const needed = length + room;
    const { bytes } = this;
    if (needed <= bytes.length) return;
    const grown = Math.max(FIRST_BYTES, Math.min(maxBytes, bytes.length * 2), needed);
    this.bytes = Buffer.allocUnsafeSlow(grown);
    bytes.copy(this.bytes, 0, 0, length);
  }

  /** The output so far, as one of its own. */
  detach(): EngineOutput {
    const detached = new EngineOutput();
    detached.bytes = this.bytes;
    this.bytes = EMPTY;
    return detached;
  }

  /** Lets go of a buffer that is larger than most messages need. */
  release(): void {
    if (this.bytes.length > KEPT_BYTES) this.bytes = EMPTY;
  }
}

export const deflaterOutput: EngineOutput = new EngineOutput();
export const inflaterOutput: EngineOutput = new EngineOutput();

import { WriteQueue } from '../../transport/write-queue.ts';
import type { ByteSink } from '../../util/byte-sink.ts';

const SCRATCH_BYTES = 16 * 1024;

/** Frames are encoded here one at a time and copied out at once, so all connections share it. */
const scratch = Buffer.allocUnsafeSlow(SCRATCH_BYTES);

/** Keeps the frames of messages that have to wait, because a message before them is still leaving in fragments. */
export class HoldingSink implements ByteSink {
  readonly bytes: Buffer = scratch;
  readonly maxReserve: number = SCRATCH_BYTES;
  private readonly queue = new WriteQueue();

  /** Bytes that wait. */
  get heldBytes(): number {
    return this.queue.bytes;
  }

  reserve(): number {
    return 0;
  }

  commit(end: number): void {
    this.queue.copy(scratch, 0, end);
  }

  writeThrough(bytes: Buffer): void {
    this.queue.append(bytes);
  }

  writeShared(bytes: Buffer): void {
    this.queue.add(bytes);
  }

  /** Passes on everything that waited, in order. */
  releaseTo(sink: ByteSink): void {
    for (const bytes of this.queue.takeAll()) sink.writeThrough(bytes);
  }
}

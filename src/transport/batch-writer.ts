import { afterThisCallback, onProcessExit } from '../platform/turn.ts';
import type { ByteSink } from '../util/byte-sink.ts';
import { MAX_FRAME_BYTES, SLAB_BYTES, Slab } from './slab.ts';
import type { Transport } from './transport.ts';
import { WriteQueue } from './write-queue.ts';

/*
 * All that is sent while one read is being parsed, or in one turn of the event loop, leaves in one write: sixteen sends
 * cost 5.9 µs so, against 70 µs one by one.
 */

/** This much is written at once: a larger batch saves nothing more, and the peer can begin. */
const FLUSH_AT_BYTES = 16 * 1024;

/** A shared frame from this length on is not copied to wait: the others that wait refer to it as well. */
const HELD_BYTES = 1024;

const slab = new Slab();
let isExitHooked = false;

function hookExit(): void {
  isExitHooked = true;
  // `send(); process.exit()` is a habit; what is in the slab then would be lost.
  onProcessExit(() => {
    flushSharing();
    slab.owner?.flush();
  });
}

/**
 * Those that were given frames which others get as well, and have not written them. A broadcast goes from connection
 * to connection; each of them taking the slab would make the one before it write, for every broadcast anew.
 */
let sharing: BatchWriter[] = [];

function flushSharing(): void {
  const writers = sharing;
  sharing = [];
  for (const writer of writers) writer.flush();
}

function flushLater(writer: BatchWriter): void {
  writer.flushScheduled();
}

/** The output side of one connection: batches, and queues what a congested socket does not take. */
export class BatchWriter implements ByteSink {
  readonly maxReserve: number = MAX_FRAME_BYTES;
  /**
   * The longest stretch of {@link reserve} for a message that is copied whole: one write of it is cheaper than two
   * pieces in one.
   */
  readonly maxWholeReserve: number = SLAB_BYTES / 2;
  private readonly transport: Transport;
  /** Bytes that were sent when the transport took no more. */
  droppedBytes = 0;
  private queue: WriteQueue | undefined;
  /** Shared frames behind everything written and in front of everything to come; none while the slab is ours. */
  private shared: Buffer | Buffer[] | undefined;
  private sharedBytes = 0;
  private isInBatch = false;
  private isScheduled = false;
  private isClosed = false;
  private isEnding = false;

  constructor(transport: Transport) {
    this.transport = transport;
  }

  get bytes(): Buffer {
    return slab.bytes;
  }

  /** Bytes that the operating system has not taken yet, those of the running batch included. */
  get bufferedBytes(): number {
    const batched = slab.owner === this ? slab.position - slab.base : 0;
    return batched + this.sharedBytes + (this.queue === undefined ? 0 : this.queue.bytes) + this.transport.pendingBytes;
  }

  /** {@link bufferedBytes} for watching progress: what the system has taken of a write under way counts as gone. */
  get unsentBytes(): number {
    return this.bufferedBytes - this.transport.pendingBytes + this.transport.unsentBytes;
  }

  /** Bytes of writes under way that the system has not taken; what is sent meanwhile waits behind them. */
  get inFlightBytes(): number {
    return this.transport.unsentBytes;
  }

  /** Tells whether a buffer that was written may be changed once {@link bufferedBytes} is 0. */
  get releasesBuffers(): boolean {
    return this.transport.releasesBuffers;
  }

  /** Tells whether the peer does not read. */
  get isStalled(): boolean {
    return this.transport.isStalled;
  }

  /** Tells whether the socket does not keep up: what is sent now waits, if only for a moment. */
  get isCongested(): boolean {
    return this.queue !== undefined || this.transport.pendingBytes > 0;
  }

  reserve(length: number): number {
    if (slab.owner !== this) this.takeSlab();
    if (slab.position + length > SLAB_BYTES) {
      this.flush();
      slab.owner = this;
      if (slab.position + length > SLAB_BYTES) slab.renew();
    }
    return slab.position;
  }

  commit(end: number): void {
    slab.position = end;
    if (end - slab.base >= FLUSH_AT_BYTES) this.flush();
    else if (!this.isInBatch && !this.isScheduled) {
      this.isScheduled = true;
      if (!isExitHooked) hookExit();
      afterThisCallback(flushLater, this);
    }
  }

  writeThrough(bytes: Buffer): void {
    const { transport } = this;
    if (this.hasGathered && !this.mustQueue && transport.isWritable && !this.isClosed) {
      // Header and payload leave in one system call, without being joined.
      const from = slab.base;
      transport.writeAll([slab.take(transport.releasesBuffers), bytes]);
      this.afterWrite(from);
      return;
    }
    this.flush();
    if (!transport.isWritable || this.isClosed) {
      this.droppedBytes += bytes.length;
      return;
    }
    if (this.mustQueue) this.queued.append(bytes);
    else transport.write(bytes);
  }

  writeShared(bytes: Buffer): void {
    const { length } = bytes;
    if (length > MAX_FRAME_BYTES) {
      this.writeThrough(bytes);
    } else if (slab.owner === this && (this.isInBatch || this.isScheduled) && !this.mustQueue) {
      // Behind what this connection has just been sent by itself.
      const at = this.reserve(length);
      bytes.copy(slab.bytes, at);
      this.commit(at + length);
    } else {
      if (slab.owner === this) {
        this.flush();
        slab.owner = undefined;
      }
      if (this.isClosed) this.droppedBytes += length;
      else if (length >= HELD_BYTES && this.mustQueue) {
        this.flush();
        this.queued.append(bytes);
      } else this.share(bytes);
    }
  }

  /** Opens a batch: until {@link endBatch}, small sends only gather. */
  beginBatch(): void {
    this.isInBatch = true;
  }

  /** Closes the batch and writes it. */
  endBatch(): void {
    this.isInBatch = false;
    this.flush();
  }

  /** Writes what has gathered. */
  flush(): void {
    if (this.shared !== undefined) this.flushShared(this.shared);
    if (!this.hasGathered) return;
    const { transport } = this;
    if (!transport.isWritable || this.isClosed) {
      this.droppedBytes += slab.position - slab.base;
      slab.discard();
      return;
    }
    if (this.mustQueue) {
      this.queued.copy(slab.bytes, slab.base, slab.position);
      slab.discard();
      return;
    }
    const from = slab.base;
    transport.write(slab.take(transport.releasesBuffers));
    this.afterWrite(from);
  }

  /** @internal The end of the turn in which something was sent outside of a batch. */
  flushScheduled(): void {
    this.isScheduled = false;
    this.flush();
  }

  /** To be called when the transport has drained: writes what had to wait. */
  onDrain(): void {
    const { queue, transport } = this;
    if (queue === undefined) return;
    this.queue = undefined;
    if (!transport.isWritable) return;
    transport.writeAll(queue.takeAll());
    if (this.isEnding) transport.end();
  }

  /** Ends the stream behind everything that was sent. */
  end(): void {
    if (this.isEnding) return;
    this.flush();
    this.isEnding = true;
    if (this.queue === undefined) this.transport.end();
  }

  /** Forgets what was not written, and everything sent from now on. */
  close(): void {
    if (slab.owner === this) {
      slab.discard();
      slab.owner = undefined;
    }
    this.isClosed = true;
    this.queue = undefined;
    this.shared = undefined;
    this.sharedBytes = 0;
  }

  private takeSlab(): void {
    slab.giveTo(this);
    const { shared, sharedBytes } = this;
    if (shared === undefined) return;
    this.shared = undefined;
    this.sharedBytes = 0;
    if (SLAB_BYTES - slab.position < sharedBytes) slab.renew();
    if (!Array.isArray(shared)) slab.append(shared);
    else for (const bytes of shared) slab.append(bytes);
  }

  private share(bytes: Buffer): void {
    const { shared } = this;
    if (shared === undefined) {
      // One frame needs no list: that is how most broadcasts are.
      this.shared = bytes;
      if (sharing.length === 0) {
        if (!isExitHooked) hookExit();
        afterThisCallback(flushSharing, undefined);
      }
      sharing.push(this);
    } else if (Array.isArray(shared)) shared.push(bytes);
    else this.shared = [shared, bytes];
    this.sharedBytes += bytes.length;
    if (this.sharedBytes >= FLUSH_AT_BYTES) this.flush();
  }

  /** Writes the shared frame if there is one, and has several in the slab as one piece. */
  private flushShared(shared: Buffer | Buffer[]): void {
    const { transport } = this;
    if (Array.isArray(shared) || this.mustQueue || !transport.isWritable) {
      this.takeSlab();
      return;
    }
    this.shared = undefined;
    this.sharedBytes = 0;
    transport.write(shared);
  }

  private get mustQueue(): boolean {
    return this.queue !== undefined || this.transport.pendingBytes > 0;
  }

  private get queued(): WriteQueue {
    this.queue ??= new WriteQueue();
    return this.queue;
  }

  private get hasGathered(): boolean {
    return slab.owner === this && slab.position > slab.base;
  }

  /** Uses the range from `from` on again, unless the socket still refers to it, or more was sent during the write. */
  private afterWrite(from: number): void {
    if (!this.transport.releasesBuffers || this.transport.pendingBytes === 0) {
      if (slab.owner !== this || slab.position !== slab.base) return;
      slab.base = from;
      slab.position = from;
      return;
    }
    if (SLAB_BYTES - slab.base < MAX_FRAME_BYTES) slab.renew();
  }
}

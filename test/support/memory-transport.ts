import type { Transport, TransportHandler } from '../../src/transport/transport.ts';

/** The way in which time passes between both ends of {@link createMemoryPair}; the default is a microtask. */
export type Scheduler = (task: () => void) => void;

export interface MemoryPairOptions {
  readonly schedule?: Scheduler | undefined;
  /** Pieces are cut to this many bytes at the most when they are delivered; unlimited by default. */
  readonly maxReadBytes?: number | undefined;
}

/** Two transports, each the peer of the other, without a socket. Nothing is ever delivered inside a write. */
export function createMemoryPair(options: MemoryPairOptions = {}): [MemoryTransport, MemoryTransport] {
  const first = new MemoryTransport(options);
  const second = new MemoryTransport(options);
  first.connectTo(second);
  second.connectTo(first);
  return [first, second];
}

/** One end of a connection in memory. What a paused peer does not read counts as pending, as with a full socket. */
export class MemoryTransport implements Transport {
  readonly isEncrypted: boolean = false;
  readonly releasesBuffers: boolean = true;
  readonly remoteAddress: string = '127.0.0.1';
  readonly remotePort: number = 0;
  private readonly schedule: Scheduler;
  private readonly maxReadBytes: number;
  private peer: MemoryTransport | undefined;
  private handler: TransportHandler | undefined;
  private inbox: Buffer[] = [];
  private inboxBytes = 0;
  private isPaused = false;
  private isScheduled = false;
  private hasEnded = false;
  private peerHasEnded = false;
  private endIsReported = false;
  private isDestroyed = false;
  private awaitsDrain = false;

  constructor(options: MemoryPairOptions) {
    this.schedule = options.schedule ?? queueMicrotask;
    this.maxReadBytes = options.maxReadBytes ?? Number.POSITIVE_INFINITY;
  }

  /** @internal */
  connectTo(peer: MemoryTransport): void {
    this.peer = peer;
  }

  get isWritable(): boolean {
    return !this.hasEnded && !this.isDestroyed;
  }

  get pendingBytes(): number {
    const { peer } = this;
    return peer !== undefined && peer.isPaused ? peer.inboxBytes : 0;
  }

  get isStalled(): boolean {
    return this.pendingBytes > 0;
  }

  get unsentBytes(): number {
    return this.pendingBytes;
  }

  start(handler: TransportHandler): void {
    this.handler = handler;
    this.deliverLater();
  }

  write(bytes: Buffer): void {
    const { peer } = this;
    if (!this.isWritable || peer === undefined || peer.isDestroyed) return;
    // The writer may use its buffer again at once.
    peer.inbox.push(Buffer.from(bytes));
    peer.inboxBytes += bytes.length;
    if (this.pendingBytes > 0) this.awaitsDrain = true;
    peer.deliverLater();
  }

  writeAll(pieces: readonly Buffer[]): void {
    for (const piece of pieces) this.write(piece);
  }

  pause(): void {
    this.isPaused = true;
    // Bytes that the peer had written before count as pending from now on, and it waits to hear that they left.
    if (this.inboxBytes > 0 && this.peer !== undefined) this.peer.awaitsDrain = true;
  }

  resume(): void {
    this.isPaused = false;
    this.deliverLater();
  }

  end(): void {
    if (!this.isWritable) return;
    this.hasEnded = true;
    const { peer } = this;
    if (peer === undefined) return;
    peer.peerHasEnded = true;
    peer.deliverLater();
    // The other end was first, and waited for this one.
    if (this.endIsReported) this.destroy();
  }

  destroy(error?: Error): void {
    if (this.isDestroyed) return;
    this.isDestroyed = true;
    this.inbox = [];
    this.inboxBytes = 0;
    this.schedule(() => this.reportClosed(error));
    const { peer } = this;
    if (peer === undefined || peer.isDestroyed) return;
    peer.peerHasEnded = true;
    peer.deliverLater();
  }

  ref(): void {}

  unref(): void {}

  private deliverLater(): void {
    if (this.isScheduled || this.handler === undefined) return;
    this.isScheduled = true;
    this.schedule(() => {
      this.isScheduled = false;
      this.deliver();
    });
  }

  private deliver(): void {
    while (!this.isPaused && !this.isDestroyed && this.handler !== undefined) {
      const next = this.inbox.shift();
      if (next === undefined) break;
      const size = Math.min(next.length, this.maxReadBytes);
      if (size < next.length) this.inbox.unshift(next.subarray(size));
      this.inboxBytes -= size;
      this.handler.onBytes(next, 0, size);
    }
    if (this.isDestroyed || this.inbox.length > 0) return;
    this.peer?.reportDrain();
    if (!this.peerHasEnded || this.endIsReported || this.isPaused) return;
    this.endIsReported = true;
    this.handler?.onEnd();
    if (this.hasEnded) this.destroy();
  }

  private reportDrain(): void {
    if (!this.awaitsDrain || this.isDestroyed) return;
    this.awaitsDrain = false;
    this.handler?.onDrain();
  }

  private reportClosed(error: Error | undefined): void {
    const { handler } = this;
    this.handler = undefined;
    handler?.onClosed(error);
  }
}

import type { Transport, TransportHandler } from '../../src/transport/transport.ts';

interface Written {
  readonly bytes: Buffer;
  /** What `bytes` held when it was written. */
  readonly snapshot: Buffer;
}

/**
 * A transport whose operating system takes everything at once, or nothing while it is stalled. It complains when
 * what was written is changed too early, and about everything that `Transport` forbids.
 */
export class ScriptedTransport implements Transport {
  readonly isEncrypted: boolean = false;
  readonly remoteAddress: string = '192.0.2.1';
  readonly remotePort: number = 1;
  readonly releasesBuffers: boolean;
  isWritable = true;
  isStalled = false;
  hasEnded = false;
  /** How much of what is pending has left already, as exactly as the system tells. */
  movedBytes = 0;
  /** The pieces of each system call, as they were. */
  readonly calls: Buffer[][] = [];
  #received: Buffer[] = [];
  #pending: Written[] = [];
  /** What must not change any more, ever. */
  readonly #given: Written[] = [];

  constructor(options: { releasesBuffers?: boolean } = {}) {
    this.releasesBuffers = options.releasesBuffers ?? true;
  }

  get pendingBytes(): number {
    return this.#pending.reduce((sum, { bytes }) => sum + bytes.length, 0);
  }

  get unsentBytes(): number {
    return this.pendingBytes - this.movedBytes;
  }

  /** Everything that the operating system took. */
  get received(): Buffer {
    this.#received = [Buffer.concat(this.#received)];
    return this.#received[0] ?? Buffer.alloc(0);
  }

  /** Bytes of all the memory that is pinned by what is pending. */
  get pinnedBytes(): number {
    const pinned = new Set(this.#pending.map(({ bytes }) => bytes.buffer));
    return [...pinned].reduce((sum, buffer) => sum + buffer.byteLength, 0);
  }

  write(bytes: Buffer): void {
    this.#take([bytes]);
  }

  writeAll(pieces: readonly Buffer[]): void {
    this.#take(pieces);
  }

  /** The operating system takes what is pending; `onDrain` is the caller's to call. Whether there was anything. */
  takePending(): boolean {
    const pending = this.#pending;
    this.#pending = [];
    this.movedBytes = 0;
    for (const { bytes, snapshot } of pending) {
      if (!bytes.equals(snapshot)) throw new Error('bytes changed before they had left');
      this.#received.push(snapshot);
    }
    return pending.length > 0;
  }

  /** Fails when something changed that belonged to the transport for good. */
  checkGiven(): void {
    for (const { bytes, snapshot } of this.#given) {
      if (!bytes.equals(snapshot)) throw new Error('bytes changed that belonged to the transport');
    }
  }

  end(): void {
    if (this.hasEnded) throw new Error('ended twice');
    this.hasEnded = true;
    this.isWritable = false;
  }

  start(_handler: TransportHandler): void {}
  pause(): void {}
  resume(): void {}
  destroy(): void {
    this.isWritable = false;
  }
  ref(): void {}
  unref(): void {}

  #take(pieces: readonly Buffer[]): void {
    if (!this.isWritable) throw new Error('written to a transport that is not writable');
    if (pieces.length === 0) throw new Error('nothing written');
    const written = pieces.map((bytes) => ({ bytes, snapshot: Buffer.from(bytes) }));
    if (written.some(({ bytes }) => bytes.length === 0)) throw new Error('zero bytes written');
    this.calls.push(written.map(({ snapshot }) => snapshot));
    if (!this.releasesBuffers) this.#given.push(...written);
    if (this.isStalled || this.#pending.length > 0) this.#pending.push(...written);
    else this.#received.push(...written.map(({ snapshot }) => snapshot));
  }
}

import type { TLSConnectionInfo } from './tls/tls-info.ts';

/** The other end, as far as the transport knows. */
export interface PeerAddress {
  readonly remoteAddress: string;
  readonly remotePort: number;
}

/** The receiver of what a {@link Transport} reports. */
export interface TransportHandler {
  /**
   * Bytes arrived at `start` to `end` of `buffer`. The buffer may be changed, and is used again for the next read, on
   * any connection, as soon as this returns: what is kept must be copied.
   */
  onBytes(buffer: Buffer, start: number, end: number): void;
  /** The peer will send no more. */
  onEnd(): void;
  /** Everything that was written has been taken by the operating system, after it had not been at once. */
  onDrain(): void;
  /** The transport is gone; nothing is reported after this. `error` when it was not closed in order. */
  onClosed(error: Error | undefined): void;
}

/** A two-way stream of bytes with callbacks. Reading starts when {@link start} is called. */
export interface Transport extends PeerAddress {
  /** True when it is TLS. */
  readonly isEncrypted: boolean;
  /** The result of the TLS handshake. */
  readonly tls?: TLSConnectionInfo | undefined;
  /** True when bytes may still be written. */
  readonly isWritable: boolean;
  /** Bytes written that the operating system has not taken. */
  readonly pendingBytes: number;
  /** {@link pendingBytes} as exactly as the system tells, for watching whether anything moves. */
  readonly unsentBytes: number;
  /** True while the system takes nothing more of what was written, because the peer does not read. */
  readonly isStalled: boolean;
  /**
   * True when a buffer given to {@link write} may be changed once {@link pendingBytes} is 0. Without it, a buffer that
   * was written belongs to the transport for good.
   */
  readonly releasesBuffers: boolean;
  /** Begins to report to `handler`; called again, it replaces the handler. */
  start(handler: TransportHandler): void;
  /** Writes bytes that nobody changes until they have left. Never call it with none. */
  write(bytes: Buffer): void;
  /** The same for several pieces, with one system call where possible. */
  writeAll(pieces: readonly Buffer[]): void;
  pause(): void;
  resume(): void;
  /** Sends what was written, then the end of the stream. Reading goes on. */
  end(): void;
  /** Drops everything at once. */
  destroy(error?: Error): void;
  ref(): void;
  unref(): void;
}

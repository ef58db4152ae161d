import type { TLSSocket } from 'node:tls';
import { afterThisCallback } from '../../platform/turn.ts';
import { addressOf } from '../tcp/peer-address.ts';
import { isKernelFull, systemQueueBytes } from '../tcp/socket-handle.ts';
import type { PeerAddress, Transport, TransportHandler } from '../transport.ts';
import { readTlsInfo, type TLSConnectionInfo } from './tls-info.ts';

/**
 * A TLS connection whose handshake is complete.
 *
 * Two things differ from TCP. A write while a record is being delivered may make OpenSSL deliver the next one inside
 * of it, into the same buffer, so writes wait until the handler has returned. And pausing stops the socket, not the
 * records that were decrypted from what it had already received, so those are kept until reading goes on.
 */
export class TlsTransport implements Transport {
  readonly isEncrypted: boolean = true;
  /** A write is copied into records, but not at once, and `writableLength` does not tell when. */
  readonly releasesBuffers: boolean = false;
  readonly remoteAddress: string;
  readonly remotePort: number;
  private readonly socket: TLSSocket;
  private readonly readsIntoOwnBuffer: boolean;
  private info: TLSConnectionInfo | undefined;
  private handler: TransportHandler | undefined;
  /** Read, and not delivered yet. */
  private held: Buffer[] = [];
  private endIsHeld = false;
  /** Written while the handler was running. */
  private deferred: Buffer[] = [];
  private deferredBytes = 0;
  private isDelivering = false;
  private isEnding = false;
  private isPaused = false;
  private isStarted = false;
  private isClosed = false;
  private awaitsDrain = false;
  private error: Error | undefined;

  /**
   * With `readsIntoOwnBuffer` the socket was made with `onread`, and {@link onRead} is its callback. `peer` is who is
   * at the other end, where that is not who the socket is connected to.
   */
  constructor(socket: TLSSocket, readsIntoOwnBuffer: boolean, peer?: PeerAddress) {
    this.socket = socket;
    this.readsIntoOwnBuffer = readsIntoOwnBuffer;
    this.remoteAddress = peer?.remoteAddress ?? addressOf(socket);
    this.remotePort = peer?.remotePort ?? socket.remotePort ?? 0;
    // An alert that comes after the handshake is reported, and nothing else is done about it.
    socket.on('error', (error: Error) => this.destroy(error));
    socket.on('end', () => this.onEnd());
    socket.on('close', () => this.onClose());
  }

  get tls(): TLSConnectionInfo {
    this.info ??= readTlsInfo(this.socket);
    return this.info;
  }

  get isWritable(): boolean {
    return !this.isEnding && this.socket.writable && !this.socket.destroyed;
  }

  get pendingBytes(): number {
    return this.socket.writableLength + this.deferredBytes;
  }

  get isStalled(): boolean {
    return isKernelFull(this.socket);
  }

  get unsentBytes(): number {
    // Of what was encrypted; the rest of a write follows in a moment, unless the handler is running.
    return (systemQueueBytes(this.socket) ?? this.socket.writableLength) + this.deferredBytes;
  }

  start(handler: TransportHandler): void {
    this.handler = handler;
    if (this.isStarted) return;
    this.isStarted = true;
    if (this.isClosed) afterThisCallback(reportClosed, this);
    else if (this.readsIntoOwnBuffer) this.deliverLater();
    else {
      this.socket.on('data', (chunk: Buffer) => this.onChunk(chunk, chunk.length));
      if (!this.isPaused) this.socket.resume();
    }
  }

  write(bytes: Buffer): void {
    this.awaitsDrain = true;
    if (this.isDelivering) {
      this.deferred.push(bytes);
      this.deferredBytes += bytes.length;
    } else this.socket.write(bytes, this.onWritten);
  }

  writeAll(pieces: readonly Buffer[]): void {
    const { socket } = this;
    socket.cork();
    for (const piece of pieces) this.write(piece);
    socket.uncork();
  }

  pause(): void {
    this.isPaused = true;
    this.socket.pause();
  }

  resume(): void {
    this.isPaused = false;
    this.deliverLater();
    this.socket.resume();
  }

  end(): void {
    if (this.isEnding) return;
    this.isEnding = true;
    if (!this.isDelivering) this.socket.end();
  }

  destroy(error?: Error): void {
    this.error ??= error;
    this.socket.destroy();
  }

  ref(): void {
    this.socket.ref();
  }

  unref(): void {
    this.socket.unref();
  }

  /** The callback of a socket that was made with `onread`. It reads on: what a pause leaves over is kept. */
  readonly onRead = (length: number, buffer: Uint8Array): boolean => {
    this.onChunk(buffer as Buffer, length);
    return !this.isPaused;
  };

  private onChunk(buffer: Buffer, length: number): void {
    if (this.isDelivering) {
      // The buffer that is being parsed has been overwritten: better no connection than a wrong message.
      this.destroy(new Error('a TLS record was delivered inside of another'));
    } else if (!this.isStarted || this.isPaused || this.held.length > 0) {
      this.held.push(Buffer.from(buffer.subarray(0, length)));
    } else this.deliver(buffer, length);
  }

  private deliver(buffer: Buffer, length: number): void {
    this.isDelivering = true;
    try {
      this.handler?.onBytes(buffer, 0, length);
    } finally {
      this.isDelivering = false;
      this.writeDeferred();
    }
  }

  private writeDeferred(): void {
    const { deferred, socket } = this;
    if (deferred.length > 0) {
      this.deferred = [];
      this.deferredBytes = 0;
      if (!socket.destroyed) this.writeAll(deferred);
    }
    if (this.isEnding) socket.end();
  }

  private deliverLater(): void {
    if (this.held.length > 0 || this.endIsHeld) afterThisCallback(deliverHeld, this);
  }

  /** @internal Delivers what was held, unless reading has stopped again. */
  deliverHeld(): void {
    while (this.canDeliver) {
      const chunk = this.held.shift();
      if (chunk === undefined) break;
      this.deliver(chunk, chunk.length);
    }
    if (this.endIsHeld && this.held.length === 0) this.onEnd();
  }

  private get canDeliver(): boolean {
    return this.isStarted && !this.isPaused && !this.isDelivering && !this.isClosed;
  }

  private onEnd(): void {
    // An alert ends the stream as well; it is reported when the socket has closed.
    if (this.error !== undefined) return;
    this.endIsHeld = !this.canDeliver || this.held.length > 0;
    if (!this.endIsHeld) this.handler?.onEnd();
  }

  private readonly onWritten = (): void => {
    if (!this.awaitsDrain || this.isClosed || this.pendingBytes > 0 || this.socket.destroyed) return;
    this.awaitsDrain = false;
    this.handler?.onDrain();
  };

  /** @internal */
  onClose(): void {
    this.isClosed = true;
    this.held = [];
    const { handler } = this;
    if (!this.isStarted) return;
    this.handler = undefined;
    handler?.onClosed(this.error);
  }
}

function reportClosed(transport: TlsTransport): void {
  transport.onClose();
}

function deliverHeld(transport: TlsTransport): void {
  transport.deliverHeld();
}

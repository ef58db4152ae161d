import type net from 'node:net';
import { afterThisCallback } from '../platform/turn.ts';
import { sharedReadBuffer } from './read-buffer.ts';
import { canMoveHandle, moveHandle, systemQueueBytes } from './socket-handle.ts';
import type { Transport, TransportHandler } from './transport.ts';

/**
 * After this many reads a connection is taken to be busy, and its handle is moved to read into the shared buffer. A
 * move costs about as much as ten reads save, and 0.9 KiB for as long as the connection lives.
 */
const MOVE_AFTER_READS = 8;

export interface TcpTransportOptions {
  /** Whether the handle may move into a socket of ours: true for sockets that we accepted and nobody else holds. */
  readonly mayMove: boolean;
  /** Whether the socket was made to read into the shared buffer; then {@link TcpTransport.onRead} is its callback. */
  readonly readsIntoSharedBuffer: boolean;
}

/** A TCP connection, or any stream of Node's that has the shape of one. */
export class TcpTransport implements Transport {
  readonly isEncrypted: boolean = false;
  readonly releasesBuffers: boolean = true;
  readonly remoteAddress: string;
  readonly remotePort: number;
  readonly localAddress: string;
  readonly localPort: number;
  private socket: net.Socket;
  private handler: TransportHandler | undefined;
  private readsUntilMove: number;
  private readonly readsIntoSharedBuffer: boolean;
  private isPaused = false;
  private isStarted = false;
  private isClosed = false;
  private awaitsDrain = false;
  private written: (() => void) | undefined;
  private error: Error | undefined;

  constructor(socket: net.Socket, options: TcpTransportOptions) {
    this.socket = socket;
    this.readsUntilMove = options.mayMove && canMoveHandle(socket) ? MOVE_AFTER_READS : 0;
    this.readsIntoSharedBuffer = options.readsIntoSharedBuffer;
    this.remoteAddress = socket.remoteAddress ?? '';
    this.remotePort = socket.remotePort ?? 0;
    this.localAddress = socket.localAddress ?? '';
    this.localPort = socket.localPort ?? 0;
    this.listen(socket);
  }

  get isWritable(): boolean {
    return this.socket.writable && !this.socket.destroyed;
  }

  get pendingBytes(): number {
    return this.socket.writableLength;
  }

  get unsentBytes(): number {
    return systemQueueBytes(this.socket) ?? this.socket.writableLength;
  }

  start(handler: TransportHandler): void {
    this.handler = handler;
    if (this.isStarted) return;
    this.isStarted = true;
    if (this.isClosed) {
      afterThisCallback(reportClosed, this);
      return;
    }
    if (this.readsIntoSharedBuffer) this.socket.resume();
    else this.socket.on('data', (chunk: Buffer) => this.onData(chunk));
  }

  write(bytes: Buffer): void {
    this.written ??= () => this.onWritten();
    this.socket.write(bytes, this.written);
    if (this.socket.writableLength > 0) this.awaitsDrain = true;
  }

  writeAll(pieces: readonly Buffer[]): void {
    const { socket } = this;
    this.written ??= () => this.onWritten();
    socket.cork();
    for (const piece of pieces) socket.write(piece, this.written);
    socket.uncork();
    if (socket.writableLength > 0) this.awaitsDrain = true;
  }

  pause(): void {
    this.isPaused = true;
    this.socket.pause();
  }

  resume(): void {
    this.isPaused = false;
    this.socket.resume();
  }

  end(): void {
    this.socket.end();
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

  /** The callback of a socket that was made with `onread`; it reads on unless told to pause. */
  readonly onRead = (length: number, buffer: Uint8Array): boolean => {
    this.handler?.onBytes(buffer as Buffer, 0, length);
    return !this.isPaused;
  };

  private onData(chunk: Buffer): void {
    this.handler?.onBytes(chunk, 0, chunk.length);
    if (this.readsUntilMove > 0 && --this.readsUntilMove === 0) this.move();
  }

  /** Lazily, in a read, when nothing is on its way in either direction that the old socket would have to finish. */
  private move(): void {
    const { socket } = this;
    if (
      this.isPaused ||
      socket.destroyed ||
      !socket.writable ||
      socket.writableLength > 0 ||
      socket.readableLength > 0
    ) {
      this.readsUntilMove = 1;
      return;
    }
    const moved = moveHandle(socket, sharedReadBuffer, this.onRead);
    if (moved === undefined) return;
    this.socket = moved;
    this.listen(moved);
  }

  private listen(socket: net.Socket): void {
    socket.on('error', (error) => {
      this.error ??= error;
    });
    socket.on('end', () => this.handler?.onEnd());
    socket.on('close', () => this.onClose());
  }

  private onWritten(): void {
    if (!this.awaitsDrain || this.socket.writableLength > 0) return;
    this.awaitsDrain = false;
    this.handler?.onDrain();
  }

  /** @internal */
  onClose(): void {
    this.isClosed = true;
    const { handler } = this;
    this.handler = undefined;
    handler?.onClosed(this.error);
  }
}

function reportClosed(transport: TcpTransport): void {
  transport.onClose();
}

import type net from 'node:net';
import { afterThisCallback } from '../../platform/turn.ts';
import type { PeerAddress, Transport, TransportHandler } from '../transport.ts';
import { addressOf } from './peer-address.ts';
import { sharedReadBuffer } from './read-buffer.ts';
import { canMoveHandle, isKernelFull, moveHandle, systemQueueBytes } from './socket-handle.ts';

/**
 * After this many reads a connection is taken to be busy, and its handle is moved to read into the shared buffer. A
 * move costs about as much as ten reads save, and 0.9 KiB for as long as the connection lives.
 */
const MOVE_AFTER_READS = 8;

export interface TcpTransportOptions {
  /** True when the handle may move into a socket of ours: for sockets that we accepted and nobody else holds. */
  readonly mayMove: boolean;
  /** True when the socket was made to read into the shared buffer; then {@link TcpTransport.onRead} is its callback. */
  readonly readsIntoSharedBuffer: boolean;
  /** The other end, where that is not what the socket is connected to. */
  readonly peer?: PeerAddress | undefined;
}

/**
 * The transport of a socket. Listeners that find it there are shared by all sockets: one closure for each event would
 * cost an idle connection 0.3 KiB.
 */
const owner = Symbol('transport');

interface OwnedSocket extends net.Socket {
  [owner]?: TcpTransport;
}

function onSocketData(this: OwnedSocket, chunk: Buffer): void {
  this[owner]?.onData(chunk);
}

function onSocketError(this: OwnedSocket, error: Error): void {
  this[owner]?.onError(error);
}

function onSocketEnd(this: OwnedSocket): void {
  this[owner]?.onEnd();
}

function onSocketClose(this: OwnedSocket): void {
  this[owner]?.onClose();
}

/** A TCP connection, or any stream of Node's that has the shape of one. */
export class TcpTransport implements Transport {
  readonly isEncrypted: boolean = false;
  readonly releasesBuffers: boolean = true;
  readonly remoteAddress: string;
  readonly remotePort: number;
  private socket: net.Socket;
  private handler: TransportHandler | undefined;
  private readsUntilMove: number;
  private readonly readsIntoSharedBuffer: boolean;
  private isPaused = false;
  private isStarted = false;
  private isClosed = false;
  private awaitsDrain = false;
  private endIsHeld = false;
  /** Bytes that had not left when it was last looked at. */
  private lastPending = 0;
  private written: (() => void) | undefined;
  private error: Error | undefined;

  constructor(socket: net.Socket, options: TcpTransportOptions) {
    this.socket = socket;
    this.readsUntilMove = options.mayMove && canMoveHandle(socket) ? MOVE_AFTER_READS : 0;
    this.readsIntoSharedBuffer = options.readsIntoSharedBuffer;
    this.remoteAddress = options.peer?.remoteAddress ?? addressOf(socket);
    this.remotePort = options.peer?.remotePort ?? socket.remotePort ?? 0;
    this.listen(socket);
  }

  get isWritable(): boolean {
    return this.socket.writable && !this.socket.destroyed;
  }

  get pendingBytes(): number {
    const { socket } = this;
    // A destroyed socket forgets what it had not sent.
    return socket.destroyed ? this.lastPending : socket.writableLength;
  }

  get isStalled(): boolean {
    return isKernelFull(this.socket);
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
    if (!this.readsIntoSharedBuffer) this.socket.on('data', onSocketData);
    // One that came out of a tunnel is paused, and a listener alone would leave it so.
    if (!this.isPaused) this.socket.resume();
  }

  write(bytes: Buffer): void {
    this.written ??= () => this.onWritten();
    this.socket.write(bytes, this.written);
    this.notePending();
  }

  writeAll(pieces: readonly Buffer[]): void {
    const { socket } = this;
    this.written ??= () => this.onWritten();
    socket.cork();
    for (const piece of pieces) socket.write(piece, this.written);
    socket.uncork();
    this.notePending();
  }

  pause(): void {
    this.isPaused = true;
    this.socket.pause();
  }

  resume(): void {
    this.isPaused = false;
    if (this.endIsHeld) afterThisCallback(reportHeldEnd, this);
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

  /** To be called by the `onread` of a socket that has one; tells whether to read on. */
  onRead(length: number, buffer: Uint8Array): boolean {
    this.handler?.onBytes(buffer as Buffer, 0, length);
    return !this.isPaused;
  }

  /** @internal */
  onData(chunk: Buffer): void {
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
    const moved = moveHandle(socket, sharedReadBuffer, (length, buffer) => this.onRead(length, buffer));
    if (moved === undefined) return;
    this.socket = moved;
    this.listen(moved);
  }

  private listen(socket: OwnedSocket): void {
    socket[owner] = this;
    socket.on('error', onSocketError);
    socket.on('end', onSocketEnd);
    socket.on('close', onSocketClose);
  }

  /** @internal */
  onError(error: Error): void {
    this.error ??= error;
  }

  /** @internal */
  onEnd(): void {
    // The end of a paused stream is reported when what came before it has been read.
    this.endIsHeld = this.isPaused;
    if (!this.endIsHeld) this.handler?.onEnd();
  }

  private notePending(): void {
    this.lastPending = this.socket.writableLength;
    if (this.lastPending > 0) this.awaitsDrain = true;
  }

  private onWritten(): void {
    const { socket } = this;
    if (!this.awaitsDrain || socket.destroyed) return;
    this.lastPending = socket.writableLength;
    if (this.lastPending > 0) return;
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

function reportHeldEnd(transport: TcpTransport): void {
  transport.onEnd();
}

function reportClosed(transport: TcpTransport): void {
  transport.onClose();
}

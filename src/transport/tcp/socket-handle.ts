import net from 'node:net';

/** The part of the object behind a socket that is used. It is not documented, hence {@link canMoveHandle}. */
interface StreamHandle {
  readonly useUserBuffer?: unknown;
  readonly writeQueueSize?: unknown;
  /** Of a TLS socket, the handle below that. */
  readonly _parent?: StreamHandle | null;
}

interface SocketWithHandle {
  _handle?: StreamHandle | null;
}

/** Receives the length of each read into the shared buffer; it returns whether to go on reading. */
export type ReadCallback = (length: number, buffer: Uint8Array) => boolean;

let isMovable: boolean | undefined;

/**
 * Tells whether this runtime lets the handle of an accepted socket move into a socket that reads into a buffer of ours.
 * It is found out on the first accepted socket: a runtime without the method would be deaf after the move.
 */
export function canMoveHandle(socket: net.Socket): boolean {
  isMovable ??= typeof (socket as SocketWithHandle)._handle?.useUserBuffer === 'function';
  return isMovable;
}

/** @internal Makes this process find out anew, or decides for it: both ways run under the same tests. */
export function overrideHandleMoving(value: boolean | undefined): void {
  isMovable = value;
}

/**
 * Moves the handle of an accepted socket into a new socket that reads into `buffer`. It saves a stream event and a
 * fresh 64 KiB buffer for each read, and costs about 6 µs once. The emptied socket is destroyed at once: it would
 * hold a place in its server's count, and its timeouts would still fire.
 */
export function moveHandle(socket: net.Socket, buffer: Buffer, callback: ReadCallback): net.Socket | undefined {
  const emptied = socket as net.Socket & SocketWithHandle;
  const handle = emptied._handle;
  if (handle === undefined || handle === null) return undefined;
  emptied._handle = null;
  const moved = new net.Socket({
    handle,
    allowHalfOpen: true,
    onread: { buffer, callback },
  } as net.SocketConstructorOpts);
  socket.removeAllListeners();
  socket.on('error', ignore);
  socket.destroy();
  return moved;
}

/** Bytes of writes under way that the kernel has not taken; a large write shows no other sign of progress. */
export function systemQueueBytes(socket: net.Socket): number | undefined {
  const size = (socket as SocketWithHandle)._handle?.writeQueueSize;
  return typeof size === 'number' ? size : undefined;
}

/**
 * Tells whether the kernel does not take what was written: the peer does not read. A TLS socket counts bytes as unsent
 * for a moment after each write, but not the one below it.
 */
export function isKernelFull(socket: net.Socket): boolean {
  const handle = (socket as SocketWithHandle)._handle;
  const size = (handle?._parent ?? handle)?.writeQueueSize;
  return typeof size === 'number' ? size > 0 : socket.writableLength > 0;
}

/** An emptied socket has nothing to report, but an error event without a listener would end the process. */
function ignore(): void {}

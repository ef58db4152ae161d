import type net from 'node:net';
import { Deferred } from '../../util/deferred.ts';

export interface SocketConnectOptions<T> {
  /** Makes the socket, which begins to connect. */
  readonly create: () => net.Socket;
  /** The event that says it is done. */
  readonly event: 'connect' | 'secureConnect';
  /** Ends the attempt; the promise rejects with the signal's reason. */
  readonly signal: AbortSignal | undefined;
  /** Called when the name was resolved, with one of its addresses. */
  readonly onLookup?: ((address: string) => void) | undefined;
  /** Called inside the event. */
  readonly finish: () => T;
}

/** Waits until a socket is connected. Rejects with the system's error, and leaves nothing behind then. */
export async function connectSocket<T>(options: SocketConnectOptions<T>): Promise<T> {
  const { signal } = options;
  signal?.throwIfAborted();
  const connected = new Deferred<T>();
  const socket = options.create();
  const onLookup = (_error: Error | null, address: string): void => options.onLookup?.(address);
  const onAbort = (): void => {
    socket.destroy();
    settle();
    connected.reject(signal?.reason);
  };
  const onError = (error: Error): void => {
    settle();
    connected.reject(error);
  };
  const settle = (): void => {
    signal?.removeEventListener('abort', onAbort);
    socket.removeListener('error', onError);
    socket.removeListener('lookup', onLookup);
    // A destroyed socket may still report why; nobody is interested any more.
    if (socket.destroyed) socket.on('error', () => undefined);
  };
  socket.once('lookup', onLookup);
  socket.once('error', onError);
  socket.once(options.event, () => {
    settle();
    connected.resolve(options.finish());
  });
  signal?.addEventListener('abort', onAbort, { once: true });
  return connected.promise;
}

import type { LookupFunction } from 'node:net';
import net from 'node:net';
import { sharedReadBuffer } from './read-buffer.ts';
import { TcpTransport } from './tcp-transport.ts';

export type { LookupFunction } from 'node:net';

export interface TcpConnectOptions {
  readonly host: string;
  readonly port: number;
  /** 4 or 6 to use addresses of one family only; 0, the default, tries both as Happy Eyeballs does (RFC 8305). */
  readonly family?: 0 | 4 | 6 | undefined;
  readonly localAddress?: string | undefined;
  readonly lookup?: LookupFunction | undefined;
  /** Ends the attempt; the promise rejects with the signal's reason. */
  readonly signal?: AbortSignal | undefined;
  /** Called when the name was resolved, with one of its addresses. */
  readonly onLookup?: ((address: string) => void) | undefined;
}

/** Connects by TCP. Rejects with the system's error. Reading begins when the transport is started. */
export function connectTcp(options: TcpConnectOptions): Promise<TcpTransport> {
  const { signal } = options;
  return new Promise((resolve, reject) => {
    if (signal?.aborted === true) {
      reject(signal.reason);
      return;
    }
    let transport: TcpTransport | undefined;
    const socket = net.connect({
      host: options.host,
      port: options.port,
      family: options.family ?? 0,
      ...(options.localAddress === undefined ? {} : { localAddress: options.localAddress }),
      ...(options.lookup === undefined ? {} : { lookup: options.lookup }),
      noDelay: true,
      allowHalfOpen: true,
      onread: { buffer: sharedReadBuffer, callback: (length, buffer) => transport?.onRead(length, buffer) ?? false },
    });
    socket.pause();
    const onLookup = (_error: Error | null, address: string): void => options.onLookup?.(address);
    const onAbort = (): void => {
      socket.destroy();
      settle();
      reject(signal?.reason);
    };
    const onError = (error: Error): void => {
      settle();
      reject(error);
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
    socket.once('connect', () => {
      settle();
      transport = new TcpTransport(socket, { mayMove: false, readsIntoSharedBuffer: true });
      resolve(transport);
    });
    signal?.addEventListener('abort', onAbort, { once: true });
  });
}

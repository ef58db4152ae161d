import type { LookupFunction } from 'node:net';
import net from 'node:net';
import { guardedLookup } from './guarded-lookup.ts';
import { sharedReadBuffer } from './read-buffer.ts';
import { connectSocket } from './socket-connect.ts';
import { TcpTransport } from './tcp-transport.ts';

export type { LookupFunction } from 'node:net';

export interface TcpConnectOptions {
  readonly host: string;
  readonly port: number;
  /** 4 or 6 to use addresses of one family only; 0, the default, tries both as Happy Eyeballs does (RFC 8305). */
  readonly family?: 0 | 4 | 6 | undefined;
  readonly localAddress?: string | undefined;
  readonly lookup?: LookupFunction | undefined;
  /** Milliseconds that one of several addresses has before the next is tried beside it; Node's default without. */
  readonly attemptTimeoutMs?: number | undefined;
  /** Ends the attempt; the promise rejects with the signal's reason. */
  readonly signal?: AbortSignal | undefined;
  /** Called when the name was resolved, with one of its addresses. */
  readonly onLookup?: ((address: string) => void) | undefined;
}

/** Connects by TCP. Rejects with the system's error. Reading begins when the transport is started. */
export function connectTcp(options: TcpConnectOptions): Promise<TcpTransport> {
  return connectStream({ ...toNetOptions(options), noDelay: true }, options);
}

/** Connects to a unix socket. Rejects with the system's error. */
export function connectUnix(path: string, signal?: AbortSignal): Promise<TcpTransport> {
  return connectStream({ path }, { signal });
}

/** @internal What TLS needs as well. */
export function toNetOptions(options: TcpConnectOptions): net.TcpNetConnectOpts {
  return {
    host: options.host,
    port: options.port,
    family: options.family ?? 0,
    ...(options.localAddress === undefined ? {} : { localAddress: options.localAddress }),
    ...(options.lookup === undefined ? {} : { lookup: guardedLookup(options.lookup) }),
    ...(options.attemptTimeoutMs === undefined ? {} : { autoSelectFamilyAttemptTimeout: options.attemptTimeoutMs }),
    allowHalfOpen: true,
  };
}

function connectStream(
  netOptions: net.NetConnectOpts,
  { signal, onLookup }: Pick<TcpConnectOptions, 'signal' | 'onLookup'>,
): Promise<TcpTransport> {
  let transport: TcpTransport | undefined;
  let socket: net.Socket;
  return connectSocket({
    event: 'connect',
    signal,
    onLookup,
    create: () => {
      socket = net.connect({
        ...netOptions,
        allowHalfOpen: true,
        onread: { buffer: sharedReadBuffer, callback: (length, buffer) => transport?.onRead(length, buffer) ?? false },
      });
      socket.pause();
      return socket;
    },
    finish: () => (transport = new TcpTransport(socket, { mayMove: false, readsIntoSharedBuffer: true })),
  });
}

import type net from 'node:net';
import type { TLSSocket } from 'node:tls';
import { UsageError } from '../errors.ts';
import { TcpTransport } from './tcp/tcp-transport.ts';
import { TlsTransport } from './tls/tls-transport.ts';
import type { Transport } from './transport.ts';

/**
 * The transport of a socket that somebody else made, such as Node's HTTP server. Its handle stays where it is, since
 * others may hold the socket; and what they had set in motion to time it out is stopped: from now on the deadlines are
 * ours.
 *
 * @throws UsageError (`invalidOption`) for what is no socket
 */
export function adoptSocket(socket: unknown): Transport {
  if (!isSocket(socket)) throw new UsageError('socket', 'must be the socket of an HTTP server');
  socket.setTimeout(0);
  socket.setNoDelay(true);
  if ('encrypted' in socket && socket.encrypted === true) return new TlsTransport(socket as TLSSocket, false);
  return new TcpTransport(socket, { mayMove: false, readsIntoSharedBuffer: false });
}

const USED = ['on', 'write', 'end', 'destroy', 'pause', 'resume', 'setTimeout', 'setNoDelay', 'ref', 'unref'] as const;

function isSocket(value: unknown): value is net.Socket {
  if (typeof value !== 'object' || value === null) return false;
  return USED.every((name) => name in value && typeof (value as Record<string, unknown>)[name] === 'function');
}

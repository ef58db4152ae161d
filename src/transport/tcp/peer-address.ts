import type net from 'node:net';

const MAPPED_PREFIX = '::ffff:';

/** The peer's address; one of IPv4 is written as such, also when it came in on a socket that accepts both families. */
export function addressOf(socket: net.Socket): string {
  const address = socket.remoteAddress ?? '';
  return address.startsWith(MAPPED_PREFIX) && address.includes('.') ? address.slice(MAPPED_PREFIX.length) : address;
}

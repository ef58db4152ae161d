import { type LookupAddress, lookup } from 'node:dns';
import { isIP, type LookupFunction } from 'node:net';
import type { Address } from './option-readers.ts';

/**
 * Resolves names as `--resolve` says, and others as the system does.
 *
 * @param port of the URL that is being requested; an entry for another one does not count
 */
export function createLookup(addresses: readonly Address[], port: () => number): LookupFunction | undefined {
  if (addresses.length === 0) return undefined;
  return (hostname, options, callback) => {
    const name = hostname.toLowerCase();
    const found = addresses.findLast(({ host, port: only }) => (host === name || host === '*') && only === port());
    if (found === undefined) {
      lookup(hostname, options, callback);
      return;
    }
    const wanted = options.family === 4 || options.family === 6 ? options.family : 0;
    const entries = found.addresses
      .map((address): LookupAddress => ({ address, family: isIP(address) }))
      .filter(({ family }) => wanted === 0 || family === wanted);
    const [first] = entries;
    queueMicrotask(() => {
      if (first === undefined) callback(notFound(hostname), '', 0);
      else if (options.all === true) callback(null, entries);
      else callback(null, first.address, first.family);
    });
  };
}

function notFound(hostname: string): NodeJS.ErrnoException {
  const message = `--resolve has no such address for ${hostname}`;
  return Object.assign(new Error(message), { code: 'ENOTFOUND', syscall: 'getaddrinfo' });
}

import { type LookupAddress, type LookupOptions, lookup } from 'node:dns';
import { BlockList, isIP, type LookupFunction } from 'node:net';

/**
 * Addresses that lead to the machine's surroundings and not to servers of somebody's own: link-local ones, where clouds
 * answer with the credentials of a machine, and others that are known for the same.
 */
const surroundings = new BlockList();
surroundings.addSubnet('169.254.0.0', 16, 'ipv4');
surroundings.addAddress('100.100.100.200', 'ipv4');
surroundings.addAddress('192.0.0.192', 'ipv4');
surroundings.addSubnet('224.0.0.0', 3, 'ipv4');
surroundings.addSubnet('fe80::', 10, 'ipv6');
surroundings.addSubnet('ff00::', 8, 'ipv6');
surroundings.addAddress('fd00:ec2::254', 'ipv6');
surroundings.addAddress('fd20:ce::254', 'ipv6');

export function isForbiddenAddress(address: string): boolean {
  const family = isIP(address);
  if (family === 0) return false;
  return surroundings.check(address, family === 6 ? 'ipv6' : 'ipv4');
}

/** The host of a URL, when it is written as an address that is forbidden. */
export function forbiddenHostOf(url: string): string | undefined {
  // The parser brings every notation of an address, such as 0xa9fea9fe, into the usual one.
  const special = new URL(url.replace(/^ws/i, 'http'));
  const host = special.hostname.replace(/^\[|\]$/g, '');
  return isForbiddenAddress(host) ? host : undefined;
}

export class ForbiddenAddress extends Error {
  readonly code = 'ENOTFOUND';
}

/** Resolves names as the system does, without forbidden addresses: a name may point anywhere. */
export const guardedLookup: LookupFunction = (hostname, options, callback) => {
  const all: LookupOptions & { all: true } = { ...options, all: true };
  lookup(hostname, all, (error, addresses) => {
    if (error !== null) {
      callback(error, '', 0);
      return;
    }
    const allowed = addresses.filter(({ address }) => !isForbiddenAddress(address));
    const first: LookupAddress | undefined = allowed[0];
    if (first === undefined) callback(new ForbiddenAddress(`${hostname} has a link-local address only`), '', 0);
    else if (options.all === true) callback(null, allowed);
    else callback(null, first.address, first.family);
  });
};

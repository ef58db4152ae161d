import net from 'node:net';

/**
 * Tells whether `address` is `range`, or within it when that is written with a prefix length, as in `10.0.0.0/8` or
 * `fd00::/8`. False when either of them is no address; an IPv4 address in IPv6 form is the IPv4 address.
 */
export function isInRange(address: string, range: string): boolean {
  const set = new AddressSet();
  return set.add(range) && set.has(address);
}

/** Addresses and ranges of them, to look others up in. */
export class AddressSet {
  private readonly list = new net.BlockList();
  private hasUnix = false;

  /** Adds an address or a range; false when it is neither. */
  add(range: string): boolean {
    const [base = '', prefix, ...more] = range.split('/');
    const family = familyOf(base);
    if (family === undefined || more.length > 0) return false;
    const bits = family === 'ipv4' ? 32 : 128;
    if (prefix !== undefined && (!/^\d{1,3}$/.test(prefix) || Number(prefix) > bits)) return false;
    this.list.addSubnet(base, prefix === undefined ? bits : Number(prefix), family);
    return true;
  }

  /** Adds the peers of unix sockets, which have no address. */
  addUnix(): boolean {
    this.hasUnix = true;
    return true;
  }

  /** Tells whether `address`, which is empty for a peer on a unix socket, is in the set. */
  has(address: string): boolean {
    if (address === '') return this.hasUnix;
    const family = familyOf(address);
    return family !== undefined && this.list.check(address, family);
  }
}

/**
 * The key that an address is counted by: an IPv4 address is one client, and of IPv6 a client has a /64 network to
 * itself (RFC 6177). `undefined` for loopback, for unix sockets, and for what is no address.
 */
export function addressKey(address: string): string | undefined {
  if (net.isIPv4(address)) return address.startsWith('127.') ? undefined : address;
  if (!net.isIPv6(address)) return undefined;
  const groups = ipv6Groups(address);
  if (groups.slice(0, 5).every((group) => group === 0)) {
    // ::1, and the IPv4 addresses in IPv6 form, which would otherwise be one client together.
    const [high = 0, low = 0] = groups.slice(6);
    if (groups[5] === 0xffff) return addressKey(`${high >> 8}.${high & 0xff}.${low >> 8}.${low & 0xff}`);
    if (groups[5] === 0 && high === 0 && low === 1) return undefined;
  }
  return groups
    .slice(0, 4)
    .map((group) => group.toString(16))
    .join(':');
}

/** The eight groups of a valid IPv6 address. */
function ipv6Groups(address: string): number[] {
  const [text = ''] = address.split('%');
  const plain = text.replace(/(\d+)\.(\d+)\.(\d+)\.(\d+)$/, (_match, ...parts: string[]) => {
    const [a = 0, b = 0, c = 0, d = 0] = parts.slice(0, 4).map(Number);
    return `${((a << 8) | b).toString(16)}:${((c << 8) | d).toString(16)}`;
  });
  const [left = [], right = []] = plain.split('::').map((half) => half.split(':').filter((group) => group !== ''));
  const zeros = Array.from({ length: Math.max(0, 8 - left.length - right.length) }, () => '0');
  return [...left, ...zeros, ...right].map((group) => Number.parseInt(group, 16));
}

function familyOf(address: string): 'ipv4' | 'ipv6' | undefined {
  if (net.isIPv4(address)) return 'ipv4';
  return net.isIPv6(address) ? 'ipv6' : undefined;
}

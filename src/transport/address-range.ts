import net from 'node:net';

/**
 * Whether `address` is `range`, or within it when that is written with a prefix length, as in `10.0.0.0/8` or
 * `fd00::/8`. False when either of them is no address; an IPv4 address in IPv6 form is the IPv4 address.
 */
export function isInRange(address: string, range: string): boolean {
  const [base = '', prefix, ...more] = range.split('/');
  const family = familyOf(base);
  const isOne = familyOf(address);
  if (family === undefined || isOne === undefined || more.length > 0) return false;
  const bits = family === 'ipv4' ? 32 : 128;
  if (prefix !== undefined && (!/^\d{1,3}$/.test(prefix) || Number(prefix) > bits)) return false;
  const list = new net.BlockList();
  list.addSubnet(base, prefix === undefined ? bits : Number(prefix), family);
  return list.check(address, isOne);
}

function familyOf(address: string): 'ipv4' | 'ipv6' | undefined {
  if (net.isIPv4(address)) return 'ipv4';
  return net.isIPv6(address) ? 'ipv6' : undefined;
}

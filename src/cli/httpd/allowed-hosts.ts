import { isIP } from 'node:net';

/**
 * Decides for a server on loopback to answer a request for this host. A page on the Internet can let its own name lead to
 * this machine, and would then read what is served as its own (DNS rebinding); a browser sends that name as `Host`.
 *
 * @param header the field `Host`; programs that send none are no browsers
 * @param names lower case, beside those of loopback
 */
export function isAllowedHost(header: string | undefined, names: readonly string[]): boolean {
  if (header === undefined) return true;
  const host = header.replace(/:\d*$/, '').replace(/\.$/, '').toLowerCase();
  if (host === 'localhost' || host.endsWith('.localhost')) return true;
  // Nobody can let an address lead elsewhere.
  return isIP(host.replace(/^\[(.*)\]$/, '$1')) !== 0 || names.includes(host);
}

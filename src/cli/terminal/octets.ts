import { isUtf8 } from 'node:buffer';

/** Values of headers are octets, one character each. Text that was typed goes out as the bytes that were typed. */
export function toOctets(text: string): string {
  return /^[\0-\x7f]*$/.test(text) ? text : Buffer.from(text, 'utf8').toString('latin1');
}

/** Octets for people: UTF-8 where they are that, and else one character each (ISO 8859-1). */
export function fromOctets(octets: string): string {
  if (/^[\0-\x7f]*$/.test(octets)) return octets;
  const bytes = Buffer.from(octets, 'latin1');
  return isUtf8(bytes) ? bytes.toString('utf8') : octets;
}

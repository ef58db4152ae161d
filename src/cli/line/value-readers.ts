import type { Secret } from '../terminal/files/secrets.ts';
import { toOctets } from '../terminal/octets.ts';
import { BadValue } from './command-table.ts';

/** Reads of option values: text in, value out, {@link BadValue} for what makes no sense. */
export function readText(text: string): string {
  return text;
}

export function readPath(text: string): string {
  if (text === '') throw new BadValue('must not be empty');
  return text;
}

/** A whole number from `min` to `max`, in decimal. */
export function readInteger(min: number, max: number): (text: string) => number {
  return (text) => {
    const number = /^[+-]?\d+$/.test(text) ? Number(text) : Number.NaN;
    if (number >= min && number <= max) return number;
    throw new BadValue(`must be a whole number from ${min} to ${max}, not '${text}'`);
  };
}

export const readPort: (text: string) => number = readInteger(0, 65_535);

/** A number of seconds, fractions allowed. */
export function readSeconds(text: string): number {
  const seconds = /^(\d+\.?\d*|\.\d+)$/.test(text) ? Number(text) : Number.NaN;
  if (seconds <= 86_400) return seconds;
  throw new BadValue(`must be a number of seconds from 0 to 86400, not '${text}'`);
}

const unitBytes: ReadonlyMap<string, number> = new Map([
  ['', 1],
  ['K', 1024],
  ['M', 1024 ** 2],
  ['G', 1024 ** 3],
]);

/** The longest message that fits into one buffer. */
const MOST_BYTES = 2 ** 32 - 1;

/** A number of bytes: `16777216`, `16384K`, `16M`, `16MiB`, `1G`. */
export function readByteSize(text: string): number {
  const [, digits = '', unit = ''] = /^(\d+(?:\.\d+)?) ?([kmg]?)(?:i?b)?$/i.exec(text) ?? [];
  const bytes = digits === '' ? Number.NaN : Math.floor(Number(digits) * (unitBytes.get(unit.toUpperCase()) ?? 1));
  if (bytes >= 1 && bytes <= MOST_BYTES) return bytes;
  throw new BadValue(`must be a number of bytes such as 65536, 16M or 1G, and less than 4G, not '${text}'`);
}

/**
 * `Name: value`, split at the first colon and trimmed; `Name;` is one with an empty value, as in curl. The value has the
 * bytes that were typed, one character each.
 */
export function readHeader(text: string): readonly [name: string, value: string] {
  const empty = text.slice(0, -1);
  if (text.endsWith(';') && isToken(empty)) return [empty, ''];
  const colon = text.indexOf(':');
  const name = text.slice(0, colon).trim();
  // A word that was meant as a header may be a secret, so it is not repeated here.
  if (colon < 1 || !isToken(name)) throw new BadValue("must look like 'Name: value'");
  const content = toOctets(text.slice(colon + 1).trim());
  if (/[^\t\x20-\x7e\x80-\xff]/.test(content)) throw new BadValue(`the value of '${name}' has a character not allowed`);
  return [name, content];
}

function isToken(text: string): boolean {
  return /^[!#$%&'*+.^_`|~0-9a-z-]+$/i.test(text);
}

/** Names separated by commas. */
export function readNames(text: string): readonly string[] {
  const names = text.split(',').map((name) => name.trim());
  if (names.includes('')) throw new BadValue('must be names separated by commas');
  return names;
}

/** One of a few words. */
export function readOneOf<T extends string>(words: readonly T[]): (text: string) => T {
  return (text) => {
    const found = words.find((word) => word === text);
    if (found !== undefined) return found;
    throw new BadValue(`must be one of ${words.join(', ')}, not '${text}'`);
  };
}

/** A number of seconds, or -1 for without an end. */
export function readSecondsOrForever(text: string): number {
  return text === '-1' ? Number.POSITIVE_INFINITY : readSeconds(text);
}

/** An address to listen at: `PORT`, or `ADDRESS:PORT` with an IPv6 address in brackets. */
export function readListenAddress(text: string): { readonly host: string; readonly port: number } {
  const [, bracketed, plain, port = ''] = /^(?:\[([^\]]+)\]:|([^:[\]]+):)?(\d+)$/.exec(text) ?? [];
  if (port === '') throw new BadValue(`must be a port or ADDRESS:PORT, not '${text}'`);
  return { host: bracketed ?? plain ?? '127.0.0.1', port: readPort(port) };
}

/** The place of a value that may be secret; nothing is looked up yet. */
export function readSecret(text: string): Secret {
  if (!text.startsWith('@')) return { kind: 'text', text };
  const source = text.slice(1);
  const name = /^env:(.*)$/s.exec(source)?.[1];
  if (source === '' || name === '') throw new BadValue('must be @FILE or @env:NAME where it begins with @');
  return name === undefined ? { kind: 'file', path: source } : { kind: 'variable', name };
}

/** The name of a host, in lower case. */
export function readHost(text: string): string {
  if (/^(\[[0-9a-f:.]+\]|[a-z0-9._-]+)$/i.test(text)) return text.toLowerCase();
  throw new BadValue(`must be a name such as example.com, without a port, not '${text}'`);
}

import { isIP } from 'node:net';
import { BadValue } from '../line/command-table.ts';

/** One `-F`. */
export interface FormPart {
  readonly name: string;
  readonly source:
    | { readonly kind: 'text'; readonly text: string }
    /** The text of a field is in a file. */
    | { readonly kind: 'content'; readonly path: string }
    /** A file is uploaded; `-` is standard input. */
    | { readonly kind: 'file'; readonly path: string };
  readonly type: string | undefined;
  readonly filename: string | undefined;
}

/** One `--resolve`. */
export interface Address {
  /** Lower case, without brackets; `*` for every host. */
  readonly host: string;
  readonly port: number;
  readonly addresses: readonly string[];
}

function splitForm(text: string): readonly [name: string, content: string] {
  const equals = text.indexOf('=');
  if (equals < 1) throw new BadValue('must look like NAME=CONTENT');
  return [text.slice(0, equals), text.slice(equals + 1)];
}

export function readStringForm(text: string): FormPart {
  const [name, content] = splitForm(text);
  return { name, source: { kind: 'text', text: content }, type: undefined, filename: undefined };
}

/** `name=content`, `name=@file;type=…;filename=…`, `name=<file`. */
export function readForm(text: string): FormPart {
  const [name, whole] = splitForm(text);
  const sign = whole.charAt(0);
  const [content, attributes] = splitAttributes(whole);
  const [type, filename] = [attributes.get('type'), attributes.get('filename')];
  if (sign !== '@' && sign !== '<') return { name, source: { kind: 'text', text: content }, type, filename };
  const path = unquoted(content.slice(1));
  if (path === '') throw new BadValue(`has no file behind ${sign}`);
  return { name, source: { kind: sign === '@' ? 'file' : 'content', path }, type, filename };
}

/**
 * Takes attributes off the end, last first. Only those that are known count: texts have semicolons too.
 *
 * @returns what is left, and the attributes
 */
function splitAttributes(text: string): readonly [content: string, attributes: ReadonlyMap<string, string>] {
  const attributes = new Map<string, string>();
  let rest = text;
  for (;;) {
    const [, before, name = '', value = ''] = lastAttribute.exec(rest) ?? [];
    if (before === undefined) return [rest, attributes];
    if (!attributes.has(name.toLowerCase())) attributes.set(name.toLowerCase(), unquoted(value));
    rest = before;
  }
}

/** Quoted, or to the next semicolon; but the one before `charset=` is part of a type. */
const lastAttribute = /^(.*);\s*(type|filename)=("(?:[^"\\]|\\.)*"|[^";]*(?:;\s*charset=[^";]*)?)\s*$/is;

function unquoted(text: string): string {
  const quoted = /^"((?:[^"\\]|\\.)*)"$/s.exec(text.trim())?.[1];
  return quoted === undefined ? text : quoted.replace(/\\(["\\])/g, '$1');
}

/** A method, which is a token (RFC 9110 section 9.1). */
export function readToken(text: string): string {
  if (/^[!#$%&'*+.^_`|~0-9a-z-]+$/i.test(text)) return text;
  throw new BadValue(`must be a method such as PUT, not '${text}'`);
}

/** Ranges as in the field `Range`, without their unit. */
export function readRange(text: string): string {
  if (/^(\d+-\d*|-\d+)(,(\d+-\d*|-\d+))*$/.test(text)) return text;
  throw new BadValue(`must be a range such as 0-499, 500- or -500, not '${text}'`);
}

export function readOffset(text: string): number | 'auto' {
  if (text === '-') return 'auto';
  const offset = /^\d{1,15}$/.test(text) ? Number(text) : Number.NaN;
  if (offset >= 0) return offset;
  throw new BadValue(`must be a number of bytes, or - for the size of the file, not '${text}'`);
}

/** `host:port:address[,address…]`; IPv6 addresses may be in brackets. */
export function readAddress(text: string): Address {
  const [, host = '', port = '', given = ''] = /^(\[[^\]]+\]|[^:]+):(\d{1,5}):(.+)$/.exec(text) ?? [];
  const addresses = given.split(',').map((address) => address.trim().replace(/^\[(.*)\]$/, '$1'));
  const isRight = host !== '' && Number(port) <= 65_535 && addresses.every((address) => isIP(address) !== 0);
  if (!isRight) throw new BadValue(`must look like example.com:443:127.0.0.1, not '${text}'`);
  return { host: host.replace(/^\[(.*)\]$/, '$1').toLowerCase(), port: Number(port), addresses };
}

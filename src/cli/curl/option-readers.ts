import { isIP } from 'node:net';
import { BadValue } from '../line/command-table.ts';
import { readHeader, readSecret } from '../line/value-readers.ts';
import type { HeaderSource } from '../terminal/files/secrets.ts';

/** A file of a form; `-` is standard input. */
export interface FormFile {
  readonly path: string;
  readonly type: string | undefined;
  readonly filename: string | undefined;
}

/** One `-F`. */
export interface FormPart {
  readonly name: string;
  readonly source:
    | { readonly kind: 'text'; readonly text: string }
    /** The text of a field is in a file. */
    | { readonly kind: 'content'; readonly path: string }
    /** Several files are one part, of the type multipart/mixed. */
    | { readonly kind: 'files'; readonly files: readonly FormFile[] };
  readonly type: string | undefined;
  readonly filename: string | undefined;
}

/** A field that is not sent although it would be: `-H 'Accept:'`. */
export interface RemovedHeader {
  readonly kind: 'removed';
  readonly name: string;
}

/** One `-H`: a field, where fields are, or `Name:` for one that is left out. `Name;` has an empty value. */
export function readCurlHeader(text: string): HeaderSource | RemovedHeader {
  if (text.startsWith('@')) return readSecret(text);
  const [name, content] = readHeader(text);
  return content === '' && !text.endsWith(';') ? { kind: 'removed', name } : [name, content];
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

/** `name=content`, `name=@file;type=…;filename=…,file`, `name=<file`. */
export function readForm(typed: string): FormPart {
  const [name, whole] = splitForm(typed);
  const sign = whole.charAt(0);
  if (sign === '@') {
    const files: FormFile[] = [];
    for (let position = 1; position <= whole.length; position++) {
      const item = readItem(whole, position, ',');
      if (item.content === '') throw new BadValue('has no file behind @');
      files.push({ path: item.content, type: item.type, filename: item.filename });
      position = item.end;
    }
    return { name, source: { kind: 'files', files }, type: undefined, filename: undefined };
  }
  if (sign === '<') {
    const { content, type, filename } = readItem(whole, 1, '');
    if (content === '') throw new BadValue('has no file behind <');
    return { name, source: { kind: 'content', path: content }, type, filename };
  }
  const [content, attributes] = splitAttributes(whole);
  const [type, filename] = [attributes.get('type'), attributes.get('filename')];
  const text = unquoted(content);
  return { name, source: { kind: 'text', text }, type: type === undefined ? undefined : typeOf(type), filename };
}

interface FormItem {
  readonly content: string;
  readonly type: string | undefined;
  readonly filename: string | undefined;
  /** The position of what ended it, or the length of the text. */
  readonly end: number;
}

/**
 * A word and its attributes, to the end or to `separator`. Behind `type=`, attributes that are none of ours belong to
 * the type, such as `charset=`.
 */
function readItem(text: string, start: number, separator: string): FormItem {
  const first = readWord(text, start, separator);
  let { end } = first;
  let [type, filename]: (string | undefined)[] = [];
  let isInType = false;
  while (text[end] === ';') {
    const from = end + 1 + (/^\s*/.exec(text.slice(end + 1))?.[0].length ?? 0);
    const key = /^(type|filename)=/i.exec(text.slice(from))?.[1]?.toLowerCase();
    const word = readWord(text, from + (key === undefined ? 0 : key.length + 1), separator);
    if (key === 'filename') filename ??= word.content;
    else if (key === 'type' && type === undefined) type = typeOf(word.content);
    else if (key === undefined && isInType) type = `${type}${text.slice(end, word.end).trimEnd()}`;
    else if (key === undefined)
      throw new BadValue(`has '${word.content}' behind a semicolon; put names with one into quotes`);
    isInType = key === 'type' || (isInType && key === undefined);
    ({ end } = word);
  }
  return { content: first.content, type, filename, end };
}

function typeOf(text: string): string {
  if (!/^[^/\s]+\/[^/\s]/.test(text)) throw new BadValue(`has a type that looks like no media type: '${text}'`);
  return text;
}

/** Text in quotes, in which a backslash stands before quotes and backslashes, or text to the next separator. */
function readWord(text: string, start: number, separator: string): { readonly content: string; readonly end: number } {
  const [, space = '', quoted] = /^(\s*)(?:"((?:[^"\\]|\\.)*)")?/s.exec(text.slice(start)) ?? [];
  const from = start + space.length;
  const rest = from + (quoted === undefined ? 0 : quoted.length + 2);
  const length = text.slice(rest).search(separator === '' ? /;/ : /[;,]/);
  const end = length < 0 ? text.length : rest + length;
  if (quoted === undefined) return { content: text.slice(from, end).trimEnd(), end };
  if (text.slice(rest, end).trim() !== '') throw new BadValue(`has '${text.slice(rest, end)}' behind a closing quote`);
  return { content: quoted.replace(/\\(["\\])/g, '$1'), end };
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

import { UsageError } from '../../../errors.ts';
import { isToken, isTokenByte } from '../../http1/tokens.ts';

/** A parameter of an extension: its name, and its value, or `true` when it has none. */
export type ExtensionParam = readonly [name: string, value: string | true];

/** One element of `Sec-WebSocket-Extensions`. Parameters are in their order, and repeated ones are kept. */
export interface ParsedExtension {
  readonly name: string;
  readonly params: readonly ExtensionParam[];
}

const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const SP = 0x20;
const HTAB = 0x09;
const COMMA = 0x2c;
const SEMICOLON = 0x3b;
const EQUALS = 0x3d;

/** A position in the text. Every method moves it forward only, so the whole is linear. */
class Cursor {
  private readonly text: string;
  private at = 0;

  constructor(text: string) {
    this.text = text;
  }

  get isAtEnd(): boolean {
    return this.at >= this.text.length;
  }

  skipWhiteSpace(): void {
    for (;;) {
      const code = this.text.charCodeAt(this.at);
      if (code !== SP && code !== HTAB) return;
      this.at++;
    }
  }

  /** Tells whether `code` comes next, white space around it aside; if so, moves past it. */
  skip(code: number): boolean {
    this.skipWhiteSpace();
    if (this.text.charCodeAt(this.at) !== code) return false;
    this.at++;
    this.skipWhiteSpace();
    return true;
  }

  /** The token that starts here; empty when there is none. */
  token(): string {
    const start = this.at;
    while (this.at < this.text.length && isTokenCode(this.text.charCodeAt(this.at))) this.at++;
    return this.text.slice(start, this.at);
  }

  /** A token, or a quoted string that is a token once it is unquoted (RFC 6455 9.1); else empty. */
  tokenOrQuoted(): string {
    if (this.text.charCodeAt(this.at) !== QUOTE) return this.token();
    this.at++;
    let value = '';
    while (this.at < this.text.length) {
      let code = this.text.charCodeAt(this.at++);
      if (code === QUOTE) return value;
      if (code === BACKSLASH) code = this.text.charCodeAt(this.at++);
      if (!isTokenCode(code)) return '';
      value += String.fromCharCode(code);
    }
    return '';
  }
}

function isTokenCode(code: number): boolean {
  return code < 0x80 && isTokenByte(code);
}

/**
 * The extensions in a `Sec-WebSocket-Extensions` value (RFC 6455 9.1), or `undefined` when it is malformed. Empty list
 * elements are skipped (RFC 9110 5.6.1.2), but there must be one extension at least.
 */
export function parseExtensions(value: string): ParsedExtension[] | undefined {
  const cursor = new Cursor(value);
  const extensions: ParsedExtension[] = [];
  while (skipCommas(cursor)) {
    const extension = parseExtension(cursor);
    if (extension === undefined) return undefined;
    extensions.push(extension);
    if (!cursor.isAtEnd && !cursor.skip(COMMA)) return undefined;
  }
  return extensions.length > 0 ? extensions : undefined;
}

/** Moves to the next list element; whether there is one. */
function skipCommas(cursor: Cursor): boolean {
  while (cursor.skip(COMMA));
  return !cursor.isAtEnd;
}

function parseExtension(cursor: Cursor): ParsedExtension | undefined {
  const name = cursor.token();
  if (name === '') return undefined;
  const params: ExtensionParam[] = [];
  while (cursor.skip(SEMICOLON)) {
    const paramName = cursor.token();
    if (paramName === '') return undefined;
    if (cursor.skip(EQUALS)) {
      const paramValue = cursor.tokenOrQuoted();
      if (paramValue === '') return undefined;
      params.push([paramName, paramValue]);
    } else {
      params.push([paramName, true]);
    }
  }
  return { name, params };
}

/**
 * The header value for these extensions; empty for none.
 *
 * @throws UsageError (`invalidOption`) when a name or value is no token
 */
export function serializeExtensions(extensions: readonly ParsedExtension[]): string {
  return extensions.map(serializeExtension).join(', ');
}

function serializeExtension(extension: ParsedExtension): string {
  let text = checkToken(extension.name);
  for (const [name, value] of extension.params) {
    text += `; ${checkToken(name)}`;
    if (value !== true) text += `=${checkToken(value)}`;
  }
  return text;
}

function checkToken(text: string): string {
  if (typeof text !== 'string' || !isToken(text)) {
    throw new UsageError('extensions', 'names and values of extensions and their parameters must be tokens');
  }
  return text;
}

import { UsageError } from '../../errors.ts';
import { equalsIgnoringCase, isFieldValue, isToken, trimOws } from './tokens.ts';

/** What headers can be made from: a plain record, pairs (an array, a `Map`, a fetch `Headers`), or other headers. */
export type HttpHeadersInit = Readonly<Record<string, string>> | Iterable<readonly [string, string]> | HttpHeaders;

/**
 * The fields of one HTTP message: found by name in any case, in the order they were received or added, with names
 * spelled as they came, and repeatable (RFC 9110 5.2 and 5.3).
 *
 * Names and values are checked when they are added: a name must be a token, a value may hold no CR, LF, NUL or other
 * control character and nothing above U+00FF, and neither is ever converted from another type. So nothing in here can
 * split a message. Spaces around a value are dropped, as they would be by the receiver.
 *
 * @example
 * const headers = HttpHeaders.from({ 'X-Id': '1' });
 * headers.append('x-id', '2');
 * headers.get('X-ID'); // '1, 2'
 */
export class HttpHeaders implements Iterable<[string, string]> {
  // Name, value, name, value… A message has a dozen fields: scanning this beats a map, which would have to be built
  // (and every name lowered) for each request.
  private readonly list: string[] = [];

  /**
   * Headers holding a checked copy of `init`.
   *
   * @param option the name errors are reported under
   * @throws UsageError (`invalidOption`) for anything that is not a valid name and value
   */
  static from(init?: HttpHeadersInit, option = 'headers'): HttpHeaders {
    const headers = new HttpHeaders();
    if (init === undefined) return headers;
    if (init instanceof HttpHeaders) {
      for (const item of init.list) headers.list.push(item);
      return headers;
    }
    if (typeof init !== 'object' || init === null) {
      throw new UsageError(option, 'must be an object, pairs or headers');
    }
    for (const pair of pairsOf(init)) {
      if (!Array.isArray(pair) || pair.length !== 2) throw new UsageError(option, 'every pair must be [name, value]');
      headers.list.push(checkName(pair[0], option), checkValue(pair[1], pair[0], option));
    }
    return headers;
  }

  /** The number of fields, repeated ones counted each. */
  get size(): number {
    return this.list.length / 2;
  }

  /** The value of `name`, repeated ones joined with `', '` (RFC 9110 5.3); `undefined` when there is none. */
  get(name: string): string | undefined {
    const list = this.list;
    let found: string | undefined;
    for (let i = 0; i < list.length; i += 2) {
      if (!equalsIgnoringCase(list[i] as string, name)) continue;
      const value = list[i + 1] as string;
      found = found === undefined ? value : `${found}, ${value}`;
    }
    return found;
  }

  /** Every value of `name`, in order. For fields that cannot be joined, such as `Set-Cookie`. */
  getAll(name: string): string[] {
    const values: string[] = [];
    for (let i = 0; i < this.list.length; i += 2) {
      if (equalsIgnoringCase(this.list[i] as string, name)) values.push(this.list[i + 1] as string);
    }
    return values;
  }

  has(name: string): boolean {
    return this.indexOf(name) >= 0;
  }

  /** How often `name` occurs. */
  count(name: string): number {
    let count = 0;
    for (let i = 0; i < this.list.length; i += 2) {
      if (equalsIgnoringCase(this.list[i] as string, name)) count++;
    }
    return count;
  }

  /**
   * Adds a field after the others, whether or not the name occurs already.
   *
   * @throws UsageError (`invalidOption`) when name or value is no string or could not be sent
   */
  append(name: string, value: string): void {
    this.list.push(checkName(name, 'name'), checkValue(value, name, 'value'));
  }

  /**
   * Makes `name` occur once, in the place of its first occurrence, or at the end.
   *
   * @throws UsageError (`invalidOption`) when name or value is no string or could not be sent
   */
  set(name: string, value: string): void {
    const checkedName = checkName(name, 'name');
    const checkedValue = checkValue(value, name, 'value');
    const index = this.indexOf(checkedName);
    if (index < 0) {
      this.list.push(checkedName, checkedValue);
      return;
    }
    this.list[index] = checkedName;
    this.list[index + 1] = checkedValue;
    this.removeFrom(index + 2, checkedName);
  }

  /** Removes every field of that name; tells whether there was one. */
  delete(name: string): boolean {
    const before = this.list.length;
    this.removeFrom(0, name);
    return this.list.length < before;
  }

  *entries(): IterableIterator<[string, string]> {
    for (let i = 0; i < this.list.length; i += 2) yield [this.list[i] as string, this.list[i + 1] as string];
  }

  /** The names as they were received or added, one for each field. */
  *keys(): IterableIterator<string> {
    for (let i = 0; i < this.list.length; i += 2) yield this.list[i] as string;
  }

  *values(): IterableIterator<string> {
    for (let i = 1; i < this.list.length; i += 2) yield this.list[i] as string;
  }

  [Symbol.iterator](): IterableIterator<[string, string]> {
    return this.entries();
  }

  /**
   * Adds a field whose bytes the head reader has checked already.
   *
   * @internal
   */
  appendParsed(name: string, value: string): void {
    this.list.push(name, value);
  }

  private indexOf(name: string): number {
    for (let i = 0; i < this.list.length; i += 2) {
      if (equalsIgnoringCase(this.list[i] as string, name)) return i;
    }
    return -1;
  }

  /** One pass that moves what stays, so that removing many is linear. */
  private removeFrom(start: number, name: string): void {
    const list = this.list;
    let kept = start;
    for (let i = start; i < list.length; i += 2) {
      if (equalsIgnoringCase(list[i] as string, name)) continue;
      list[kept] = list[i] as string;
      list[kept + 1] = list[i + 1] as string;
      kept += 2;
    }
    list.length = kept;
  }
}

function pairsOf(init: object): Iterable<unknown> {
  return Symbol.iterator in init ? (init as Iterable<unknown>) : Object.entries(init);
}

function checkName(name: unknown, option: string): string {
  if (typeof name !== 'string') throw new UsageError(option, `a header name must be a string, not ${typeof name}`);
  if (!isToken(name)) throw new UsageError(option, `${quoteName(name)} is not a valid header name`);
  return name;
}

/** The message names the header but never shows the value, which may be a secret. */
function checkValue(value: unknown, name: unknown, option: string): string {
  if (typeof value !== 'string') {
    throw new UsageError(option, `the value of header ${quoteName(name)} must be a string, not ${typeof value}`);
  }
  if (!isFieldValue(value)) {
    throw new UsageError(
      option,
      `the value of header ${quoteName(name)} holds a line break, a control character or a character above U+00FF`,
    );
  }
  return trimOws(value);
}

function quoteName(name: unknown): string {
  return JSON.stringify(String(name).slice(0, 80));
}

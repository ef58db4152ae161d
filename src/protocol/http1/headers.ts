import { UsageError } from '../../errors.ts';
import { inspection, oneLine, showBy, withoutSecrets } from '../../util/inspection.ts';
import { equalsAt, equalsIgnoringCase, isFieldValue, isToken, sliceTrimmed, trimOws } from './tokens.ts';

/** A source of headers: a plain record, pairs (an array, a `Map`, a fetch `Headers`), or other headers. */
export type HttpHeadersInit = Readonly<Record<string, string>> | Iterable<readonly [string, string]> | HttpHeaders;

const NO_MARKS: readonly number[] = Object.freeze([]);
const CRLF_LENGTH = 2;

/** Fields that are shown. */
const MAX_SHOWN_FIELDS = 10;
const MAX_SHOWN_VALUE = 60;
/** Names of fields whose values may be secrets; tokens are handed over as subprotocols as well. */
const SECRET_NAME = /auth|cookie|token|secret|key|session|password|signature|credential|protocol|forwarded|jwt/i;
/** Names of fields whose values are URLs. */
const URL_NAME = /^(?:.*location|referer|link|refresh|origin|.*-ur[il])$/i;

function describeHeaders(headers: HttpHeaders): object {
  const shown: [string, unknown][] = [...headers].slice(0, MAX_SHOWN_FIELDS).map(([name, value]) => {
    if (SECRET_NAME.test(name)) return [name, '(hidden)'];
    return [name, oneLine(URL_NAME.test(name) ? withoutSecrets(value) : value, MAX_SHOWN_VALUE)];
  });
  if (headers.size > shown.length) shown.push(['…', `${headers.size} fields in all`]);
  return Object.fromEntries(shown);
}

/**
 * The fields of one HTTP message: found by name in any case, in the order they were received or added, with names
 * spelled as they came, and repeatable (RFC 9110 5.2 and 5.3).
 *
 * Names and values are checked when they are added: a name must be a token, a value may hold no CR, LF, NUL or other
 * control character and nothing above U+00FF, and neither is ever converted from another type. So nothing in here can
 * split a message. Spaces around a value are dropped, as they would be by the receiver.
 *
 * @example
 * const headers = new HttpHeaders({ 'X-Id': '1' });
 * headers.append('x-id', '2');
 * headers.get('X-ID'); // '1, 2'
 */
export class HttpHeaders implements Iterable<[string, string]> {
  // Name, value, name, value… A message has a dozen fields: scanning this beats a map, which would have to be built
  // (and every name lowered) for each request. Received fields stay where they are in the text of their head, and are
  // looked up there, until something needs the list: most of them are never asked for.
  private list: string[] | undefined = [];
  private text = '';
  /** For each field in the text: the offset of its colon, and of the end of its line. */
  private marks: readonly number[] = NO_MARKS;
  /** The offset of the first field in the text. */
  private first = 0;

  static {
    showBy(HttpHeaders.prototype, inspection(describeHeaders));
  }

  /**
   * Headers holding a checked copy of `init`; none without it.
   *
   * @throws UsageError (`invalidOption`) for anything that is not a valid name and value
   */
  constructor(init?: HttpHeadersInit) {
    if (init !== undefined) this.take(init, 'headers');
  }

  /**
   * The same, with a name for the errors.
   *
   * @param option the name errors are reported under
   * @throws UsageError (`invalidOption`) for anything that is not a valid name and value
   */
  static from(init?: HttpHeadersInit, option = 'headers'): HttpHeaders {
    const headers = new HttpHeaders();
    if (init !== undefined) headers.take(init, option);
    return headers;
  }

  /**
   * The fields in `text` that the head reader has checked and marked, the first of which begins at `first`.
   *
   * @internal
   */
  static parsed(text: string, marks: readonly number[], first: number): HttpHeaders {
    const headers = new HttpHeaders();
    headers.list = undefined;
    headers.text = text;
    headers.marks = marks;
    headers.first = first;
    return headers;
  }

  /** The number of fields, repeated ones counted each. */
  get size(): number {
    return (this.list ?? this.marks).length / 2;
  }

  /** The value of `name`, repeated ones joined with `', '` (RFC 9110 5.3); `undefined` when there is none. */
  get(name: string): string | undefined {
    let index = this.find(name, 0);
    if (index < 0) return undefined;
    let value = this.valueAt(index);
    for (;;) {
      index = this.find(name, index + 2);
      if (index < 0) return value;
      value = `${value}, ${this.valueAt(index)}`;
    }
  }

  /** Every value of `name`, in order. For fields that cannot be joined, such as `Set-Cookie`. */
  getAll(name: string): string[] {
    const values: string[] = [];
    for (let i = this.find(name, 0); i >= 0; i = this.find(name, i + 2)) values.push(this.valueAt(i));
    return values;
  }

  has(name: string): boolean {
    return this.find(name, 0) >= 0;
  }

  /** Counts the fields called `name`. */
  count(name: string): number {
    let count = 0;
    for (let i = this.find(name, 0); i >= 0; i = this.find(name, i + 2)) count++;
    return count;
  }

  /**
   * Adds a field after the others, whether or not the name occurs already.
   *
   * @throws UsageError (`invalidOption`) when name or value is no string or could not be sent
   */
  append(name: string, value: string): void {
    this.ownList().push(checkName(name, 'name'), checkValue(value, name, 'value'));
  }

  /**
   * Makes `name` occur once, in the place of its first occurrence, or at the end.
   *
   * @throws UsageError (`invalidOption`) when name or value is no string or could not be sent
   */
  set(name: string, value: string): void {
    const checkedName = checkName(name, 'name');
    const checkedValue = checkValue(value, name, 'value');
    const list = this.ownList();
    const index = this.find(checkedName, 0);
    if (index < 0) {
      list.push(checkedName, checkedValue);
      return;
    }
    list[index] = checkedName;
    list[index + 1] = checkedValue;
    removeFrom(list, index + 2, checkedName);
  }

  /** Removes every field of that name; tells whether there was one. */
  delete(name: string): boolean {
    const index = this.find(name, 0);
    if (index < 0) return false;
    removeFrom(this.ownList(), index, name);
    return true;
  }

  *entries(): IterableIterator<[string, string]> {
    const list = this.ownList();
    for (let i = 0; i < list.length; i += 2) yield [list[i] as string, list[i + 1] as string];
  }

  /** The names as they were received or added, one for each field. */
  *keys(): IterableIterator<string> {
    const list = this.ownList();
    for (let i = 0; i < list.length; i += 2) yield list[i] as string;
  }

  *values(): IterableIterator<string> {
    const list = this.ownList();
    for (let i = 1; i < list.length; i += 2) yield list[i] as string;
  }

  [Symbol.iterator](): IterableIterator<[string, string]> {
    return this.entries();
  }

  /**
   * The fields as lines, each with its CRLF (RFC 9112 5).
   *
   * @internal
   */
  format(): string {
    const list = this.ownList();
    let text = '';
    for (let i = 0; i < list.length; i += 2) text += `${list[i]}: ${list[i + 1]}\r\n`;
    return text;
  }

  /**
   * Name, value, name, value… for writers on the hot path, where an iterator costs more than the write.
   *
   * @internal
   */
  get flat(): readonly string[] {
    return this.ownList();
  }

  private take(init: HttpHeadersInit, option: string): void {
    if (init instanceof HttpHeaders) {
      this.list = init.list?.slice();
      this.text = init.text;
      this.marks = init.marks;
      this.first = init.first;
      return;
    }
    if (typeof init !== 'object' || init === null) {
      throw new UsageError(option, 'must be an object, pairs or headers');
    }
    const list: string[] = [];
    for (const pair of pairsOf(init)) {
      if (!Array.isArray(pair) || pair.length !== 2) throw new UsageError(option, 'every pair must be [name, value]');
      list.push(checkName(pair[0], option), checkValue(pair[1], pair[0], option));
    }
    this.list = list;
  }

  /**
   * Twice the index of the first field of that name, from the one that `from` is twice the index of; -1 if there is
   * none.
   */
  private find(name: string, from: number): number {
    const { list, text, marks } = this;
    if (list !== undefined) {
      for (let i = from; i < list.length; i += 2) if (equalsIgnoringCase(list[i] as string, name)) return i;
      return -1;
    }
    let start = from === 0 ? this.first : (marks[from - 1] as number) + CRLF_LENGTH;
    for (let i = from; i < marks.length; i += 2) {
      if ((marks[i] as number) - start === name.length && equalsAt(text, start, name)) return i;
      start = (marks[i + 1] as number) + CRLF_LENGTH;
    }
    return -1;
  }

  private valueAt(index: number): string {
    const { list, marks } = this;
    if (list !== undefined) return list[index + 1] as string;
    return sliceTrimmed(this.text, (marks[index] as number) + 1, marks[index + 1] as number);
  }

  /** The list, made of the text when that was not done before. */
  private ownList(): string[] {
    const { text, marks } = this;
    if (this.list !== undefined) return this.list;
    const list: string[] = [];
    let start = this.first;
    for (let i = 0; i < marks.length; i += 2) {
      list.push(text.slice(start, marks[i]), this.valueAt(i));
      start = (marks[i + 1] as number) + CRLF_LENGTH;
    }
    this.list = list;
    this.text = '';
    this.marks = NO_MARKS;
    return list;
  }
}

/** One pass that moves what stays, so that removing many is linear. */
function removeFrom(list: string[], start: number, name: string): void {
  let kept = start;
  for (let i = start; i < list.length; i += 2) {
    if (equalsIgnoringCase(list[i] as string, name)) continue;
    list[kept] = list[i] as string;
    list[kept + 1] = list[i + 1] as string;
    kept += 2;
  }
  list.length = kept;
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

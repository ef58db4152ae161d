/** One bit for each class of octet, so that the scanning loops do one table look-up for a byte. */
const TOKEN_CHAR = 1;
const FIELD_CHAR = 2;
const TARGET_CHAR = 4;

const SP = 0x20;
const HTAB = 0x09;
const COMMA = 0x2c;

/** Class bits of each octet value. */
const CLASSES: Uint8Array = buildClasses();

function buildClasses(): Uint8Array {
  const classes = new Uint8Array(256);
  for (let code = 0; code < 256; code++) {
    const isVisible = code > SP && code < 0x7f;
    let bits = 0;
    // RFC 9110 5.5: field-vchar is VCHAR or obs-text; SP and HTAB may stand between them.
    if (isVisible || code >= 0x80 || code === SP || code === HTAB) bits |= FIELD_CHAR;
    // RFC 9112 3.2 with RFC 3986: never a space, a control, or a non-ASCII octet; a fragment is not part of a target.
    // Browsers send some octets RFC 3986 wants escaped (`|`, `{`), so all other visible ones pass.
    if (isVisible && code !== 0x23) bits |= TARGET_CHAR;
    classes[code] = bits;
  }
  // RFC 9110 5.6.2: tchar.
  const tokenChars = "!#$%&'*+-.^_`|~0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ";
  for (let i = 0; i < tokenChars.length; i++) {
    const code = tokenChars.charCodeAt(i);
    classes[code] = (classes[code] ?? 0) | TOKEN_CHAR;
  }
  return classes;
}

/** RFC 9110 5.6.2 tchar. */
export function isTokenByte(byte: number): boolean {
  return ((CLASSES[byte] as number) & TOKEN_CHAR) !== 0;
}

/** Bytes that a field value may hold: HTAB, SP, VCHAR and obs-text (RFC 9110 5.5). */
export function isFieldByte(byte: number): boolean {
  return ((CLASSES[byte] as number) & FIELD_CHAR) !== 0;
}

// Most bytes of a head lie in runs of one class. Four of them cost one branch.

/** Offset of the first byte from `start` up to `stop` that a field value may not hold, or `stop`. */
export function skipFieldBytes(bytes: Buffer, start: number, stop: number): number {
  return skipRun(bytes, start, stop, FIELD_CHAR);
}

/** Offset of the first byte from `start` up to `stop` that a request target may not hold, or `stop`. */
export function skipTargetBytes(bytes: Buffer, start: number, stop: number): number {
  return skipRun(bytes, start, stop, TARGET_CHAR);
}

/** Offset of the first byte from `start` up to `stop` that a token may not hold, or `stop`. */
export function skipTokenBytes(bytes: Buffer, start: number, stop: number): number {
  return skipRun(bytes, start, stop, TOKEN_CHAR);
}

function skipRun(bytes: Buffer, start: number, stop: number, bit: number): number {
  const last = stop - 3;
  let at = start;
  while (at < last) {
    const first = (CLASSES[bytes[at] as number] as number) & (CLASSES[bytes[at + 1] as number] as number);
    const second = (CLASSES[bytes[at + 2] as number] as number) & (CLASSES[bytes[at + 3] as number] as number);
    if ((first & second & bit) === 0) break;
    at += 4;
  }
  while (at < stop && ((CLASSES[bytes[at] as number] as number) & bit) !== 0) at++;
  return at;
}

function consistsOf(text: string, bit: number): boolean {
  for (let i = 0; i < text.length; i++) {
    // A code above 255 is `undefined` in the table: no bit is set.
    if (((CLASSES[text.charCodeAt(i)] ?? 0) & bit) === 0) return false;
  }
  return true;
}

/** Tells whether `text` is a token: one or more tchar (RFC 9110 5.6.2). */
export function isToken(text: string): boolean {
  return text.length > 0 && consistsOf(text, TOKEN_CHAR);
}

/**
 * Tells whether every character may stand in a field value. Characters above U+00FF cannot: the wire carries octets.
 */
export function isFieldValue(text: string): boolean {
  return consistsOf(text, FIELD_CHAR);
}

/** Tells whether `text` may be sent as a request target as it stands. */
export function isTarget(text: string): boolean {
  return text.length > 0 && consistsOf(text, TARGET_CHAR);
}

function isOws(code: number): boolean {
  return code === SP || code === HTAB;
}

/** `text.slice(start, end)` without the optional whitespace (RFC 9110 5.6.3) around it. */
export function sliceTrimmed(text: string, start: number, end: number): string {
  let from = start;
  let to = end;
  while (from < to && isOws(text.charCodeAt(from))) from++;
  while (to > from && isOws(text.charCodeAt(to - 1))) to--;
  return text.slice(from, to);
}

/** `text` without leading and trailing SP and HTAB; unlike `String.prototype.trim` it leaves U+00A0 alone. */
export function trimOws(text: string): string {
  return sliceTrimmed(text, 0, text.length);
}

/**
 * Tells whether two strings differ in the case of ASCII letters only. `toLowerCase` would not do: it maps U+212A, the
 * Kelvin sign, to `k`.
 */
export function equalsIgnoringCase(a: string, b: string): boolean {
  return a === b || (a.length === b.length && equalsAt(a, 0, b));
}

/** Tells whether `text` goes on with `part` at `start`, but for the case of ASCII letters. */
export function equalsAt(text: string, start: number, part: string): boolean {
  const length = part.length;
  for (let i = 0; i < length; i++) {
    const x = text.charCodeAt(start + i);
    const y = part.charCodeAt(i);
    if (x === y) continue;
    const lower = x | 0x20;
    if (lower !== (y | 0x20) || lower < 0x61 || lower > 0x7a) return false;
  }
  return true;
}

/**
 * The elements of a comma-separated list, trimmed. Empty elements are skipped, as RFC 9110 5.6.1.2 asks of a
 * recipient. Only for lists whose elements hold no quoted strings.
 */
export function splitList(text: string): string[] {
  const elements: string[] = [];
  let start = 0;
  for (let i = 0; i <= text.length; i++) {
    if (i < text.length && text.charCodeAt(i) !== COMMA) continue;
    const element = sliceTrimmed(text, start, i);
    if (element !== '') elements.push(element);
    start = i + 1;
  }
  return elements;
}

/** The tokens of a `#token` list (RFC 9110 5.6.1), or `undefined` when an element is no token. */
export function parseTokenList(text: string): string[] | undefined {
  const elements = splitList(text);
  return elements.every(isToken) ? elements : undefined;
}

/** Tells whether a comma-separated list holds `element`, in any case. Only for lists without quoted strings. */
export function listIncludes(text: string, element: string): boolean {
  if (equalsIgnoringCase(text, element)) return true;
  for (let start = 0; start < text.length; ) {
    let end = text.indexOf(',', start);
    if (end < 0) end = text.length;
    if (end - start >= element.length && equalsIgnoringCase(sliceTrimmed(text, start, end), element)) return true;
    start = end + 1;
  }
  return false;
}

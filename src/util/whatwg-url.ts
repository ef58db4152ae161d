/**
 * A URL as WHATWG reads it, or `undefined` when it is none.
 *
 * `URL.canParse` would be shorter, but in Node 20 it says no to every text with a character from U+0080 to U+00FF
 * once the caller is optimized: its fast path takes latin1 for UTF-8.
 */
export function whatwgUrl(text: string, base?: string): URL | undefined {
  try {
    return new URL(text, base);
  } catch {
    return undefined;
  }
}

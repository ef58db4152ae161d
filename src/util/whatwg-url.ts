/**
 * A URL as WHATWG reads it, or `undefined` when it is none.
 *
 * `URL.canParse` would be shorter, but in Node 20 and 22 it says no to hosts with characters from U+0080 to U+00FF and
 * none beyond, once the caller is optimized: its fast path takes Latin-1 for UTF-8.
 */
export function whatwgUrl(text: string, base?: string): URL | undefined {
  try {
    return new URL(text, base);
  } catch {
    return undefined;
  }
}

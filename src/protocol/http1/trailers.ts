import type { HttpHeaders } from './headers.ts';
import { equalsIgnoringCase } from './tokens.ts';

// RFC 9110 6.5.1: framing, routing and what concerns the connection cannot come after the content. Fields of other
// kinds that make no sense in a trailer are harmless, because trailers are never merged with the headers.
const FORBIDDEN: readonly string[] = [
  'Transfer-Encoding',
  'Content-Length',
  'Host',
  'Connection',
  'Upgrade',
  'Trailer',
  'TE',
  'Expect',
  'Keep-Alive',
  'Proxy-Connection',
  'HTTP2-Settings',
];

/** Tells whether a field of that name must not be in a trailer section: it would change how the message is read. */
export function isForbiddenTrailer(name: string): boolean {
  return FORBIDDEN.some((forbidden) => equalsIgnoringCase(forbidden, name));
}

/** Tells whether one of the fields must not be in a trailer section. */
export function hasForbiddenTrailer(trailers: HttpHeaders): boolean {
  return FORBIDDEN.some((forbidden) => trailers.has(forbidden));
}

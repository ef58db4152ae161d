import { UsageError } from '../../../errors.ts';
import { formatFields } from '../head/head-writer.ts';
import type { HttpHeaders } from '../headers.ts';
import { isForbiddenTrailer } from '../trailers.ts';

/** The end of a chunk's data (RFC 9112 7.1). */
export const chunkEnd = '\r\n';

/** The end of a chunked body without trailers. */
export const lastChunk = '0\r\n\r\n';

/** The line in front of `byteLength` bytes of data; more than 0 of them, since a chunk of none ends the body. */
export function formatChunkHeader(byteLength: number): string {
  if (!Number.isSafeInteger(byteLength) || byteLength <= 0) {
    throw new UsageError('byteLength', 'must be a whole number above 0');
  }
  return `${byteLength.toString(16)}\r\n`;
}

/**
 * The end of a chunked body, with its trailers: write it as `latin1`.
 *
 * @throws UsageError (`invalidOption`) for a trailer that a receiver would have to refuse
 */
export function formatLastChunk(trailers?: HttpHeaders): string {
  if (trailers === undefined || trailers.size === 0) return lastChunk;
  for (const name of trailers.keys()) {
    if (isForbiddenTrailer(name)) throw new UsageError('trailers', `${name} must not be sent as a trailer`);
  }
  return `0\r\n${formatFields(trailers)}\r\n`;
}

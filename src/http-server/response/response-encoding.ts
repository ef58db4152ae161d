import { chooseCoding } from '../../http/coding/accept-encoding.ts';
import { type EncodableCoding, isCompressible, MIN_ENCODED_BYTES } from '../../http/coding/content-coding.ts';
import { listIncludes } from '../../protocol/http1/tokens.ts';
import type { HttpRequest } from '../request/http-request.ts';
import type { ResponseFields } from './response-fields.ts';

/** Best first, where a client weighs them equally. */
const codings: readonly EncodableCoding[] = ['br', 'gzip'];

/** Tells if the client's wishes decide how this response is encoded; caches have to be told so. */
export function isEncodable(status: number, fields: ResponseFields, byteLength: number | undefined): boolean {
  if (byteLength !== undefined && byteLength < MIN_ENCODED_BYTES) return false;
  if (!isCompressible(fields.contentType) || fields.contentEncoding !== undefined) return false;
  // A part of something is sent as it is (RFC 9110 14.4), and RFC 9111 5.2.2.6 lets the maker forbid it.
  if (status === 206 || fields.hasRange) return false;
  return fields.cacheControl === undefined || !listIncludes(fields.cacheControl, 'no-transform');
}

/** The coding to use for this client; `undefined` is none. */
export function codingFor(request: HttpRequest): EncodableCoding | undefined {
  const chosen = chooseCoding(request.headers.get('Accept-Encoding'), codings);
  return chosen === 'identity' ? undefined : chosen;
}

/** `Vary` with `Accept-Encoding` in it. */
export function varyLine(vary: string | undefined): string {
  if (vary === undefined) return 'Vary: Accept-Encoding\r\n';
  const isThere = vary === '*' || listIncludes(vary, 'Accept-Encoding');
  return isThere ? `Vary: ${vary}\r\n` : `Vary: ${vary}, Accept-Encoding\r\n`;
}

/** `ETag` of an encoded body: its bytes are not those that a strong one stands for (RFC 9110 8.8.3.3). */
export function encodedEtagLine(etag: string | undefined): string {
  if (etag === undefined) return '';
  return etag.startsWith('W/') ? `ETag: ${etag}\r\n` : `ETag: W/${etag}\r\n`;
}

import { splitList } from '../../protocol/http1/tokens.ts';
import { BodyError } from '../body-error.ts';

/** Codings that a body can be decoded from: the content codings of RFC 9110 8.4.1, RFC 7932 and RFC 8878. */
export type ContentCoding = 'gzip' | 'deflate' | 'br' | 'zstd';

/** Codings that a body can be encoded to. `deflate` is left out: half of the world reads it as zlib, half as raw. */
export type EncodableCoding = 'gzip' | 'br';

/** More codings on one body are nobody's honest response, and each multiplies what a small body can grow to. */
export const MAX_CONTENT_CODINGS = 5;

/**
 * The `Accept-Encoding` of a client that decodes: any of them, and gzip, the one of IXWebSocket, rather than others.
 */
export const decodableCodings = 'gzip, deflate;q=0.9, br;q=0.9, zstd;q=0.9';

/** Below this, encoding saves less than the header that tells of it costs. */
export const MIN_ENCODED_BYTES = 1024;

const codingsByName: ReadonlyMap<string, ContentCoding> = new Map<string, ContentCoding>([
  ['gzip', 'gzip'],
  ['x-gzip', 'gzip'],
  ['deflate', 'deflate'],
  ['br', 'br'],
  ['zstd', 'zstd'],
]);

/**
 * The codings of a `Content-Encoding`, in the order in which they were applied; to decode, start with the last one.
 * `identity`, which does not belong there, and `none`, which servers write for it, are skipped (RFC 9110 8.4).
 *
 * @param value all fields joined, or `undefined` when there is none
 * @returns an error for more than {@link MAX_CONTENT_CODINGS}, and for one that is not known
 */
export function parseContentEncoding(value: string | undefined): readonly ContentCoding[] | BodyError {
  if (value === undefined) return [];
  const codings: ContentCoding[] = [];
  for (const name of splitList(value)) {
    const lower = name.toLowerCase();
    if (lower === 'identity' || lower === 'none') continue;
    const coding = codingsByName.get(lower);
    if (coding === undefined) {
      return new BodyError('contentCodingUnsupported', `unknown content coding ${JSON.stringify(name.slice(0, 40))}`);
    }
    codings.push(coding);
    if (codings.length > MAX_CONTENT_CODINGS) {
      return new BodyError('tooManyContentCodings', `more than ${MAX_CONTENT_CODINGS} content codings on one body`);
    }
  }
  return codings;
}

const compressibleType =
  /^(?:text\/|application\/(?:json|javascript|x-javascript|ecmascript|xml|wasm|manifest|rtf|x-sh|toml|yaml|sql|graphql|x-www-form-urlencoded|vnd\.ms-fontobject)|[^/;\s]+\/[^;\s]*\+(?:json|xml|text|yaml)\b|image\/(?:svg|bmp|x-icon|vnd\.microsoft\.icon|x-ms-bmp)|font\/(?:ttf|otf|collection|sfnt))/i;

/** Tells whether a body of this `Content-Type` becomes smaller by encoding. What is compressed already does not. */
export function isCompressible(contentType: string | undefined): boolean {
  return contentType !== undefined && compressibleType.test(contentType);
}

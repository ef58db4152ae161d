import type { RequestHead } from '../head/request-head.ts';
import type { ResponseHead } from '../head/response-head.ts';
import type { HttpHeaders } from '../headers.ts';
import { equalsIgnoringCase, isToken, trimOws } from '../tokens.ts';
import { type MessageFailure, messageFailure } from './message-failure.ts';

/** The framing of a body, which tells its end (RFC 9112 6.3). */
export type BodyFraming =
  /** No body, or an empty one. */
  | { readonly kind: 'none' }
  /** As many bytes as `length` says: a safe integer above 0. */
  | { readonly kind: 'length'; readonly length: number }
  | { readonly kind: 'chunked' }
  /** Everything until the connection ends. Responses only. */
  | { readonly kind: 'untilClose' };

const NONE: BodyFraming = Object.freeze({ kind: 'none' });
const CHUNKED: BodyFraming = Object.freeze({ kind: 'chunked' });
const UNTIL_CLOSE: BodyFraming = Object.freeze({ kind: 'untilClose' });

const DIGIT_0 = 0x30;

/** The framing of a request's body. Any doubt is a failure: after it the connection cannot be used (RFC 9112 6.3). */
export function requestFraming(head: RequestHead): BodyFraming | MessageFailure {
  const framing = declaredFraming(head) ?? NONE;
  // RFC 9110 9.3.6: it has no content. Some programs take what follows for the tunnel, whatever the fields say.
  if (head.method === 'CONNECT' && framing !== NONE && !isFailure(framing)) return messageFailure('bodyInConnect');
  return framing;
}

/** The framing of the body of a response to a request of that method. */
export function responseFraming(head: ResponseHead, requestMethod: string): BodyFraming | MessageFailure {
  // RFC 9112 6.3, 1 and 2: these end with their head, whatever their fields say.
  if (isBodiless(head.status, requestMethod)) return NONE;
  return declaredFraming(head) ?? UNTIL_CLOSE;
}

/** Tells whether a failure was returned in place of a framing. */
export function isFailure(framing: BodyFraming | MessageFailure): framing is MessageFailure {
  return 'code' in framing;
}

function isBodiless(status: number, requestMethod: string): boolean {
  if (status < 200 || status === 204 || status === 304) return true;
  return requestMethod === 'HEAD' || (requestMethod === 'CONNECT' && status < 300);
}

/** The framing by Transfer-Encoding and Content-Length; `undefined` when there is neither. */
function declaredFraming(head: RequestHead | ResponseHead): BodyFraming | MessageFailure | undefined {
  const { headers } = head;
  const lengths = headers.count('Content-Length');
  const codings = headers.count('Transfer-Encoding');
  if (codings > 0) {
    // RFC 9112 6.1 lets a server process such a message or refuse it. It is how requests are smuggled.
    return lengths > 0 ? messageFailure('conflictingLength') : codedFraming(head, codings);
  }
  if (lengths === 0) return undefined;
  // RFC 9110 8.6 allows to accept equal repeated values, or to refuse them.
  if (lengths > 1) return messageFailure('repeatedContentLength');
  const length = parseContentLength(headers.get('Content-Length') ?? '');
  if (length === undefined) return messageFailure('invalidContentLength');
  return length === 0 ? NONE : { kind: 'length', length };
}

/** RFC 9112 6.1: nothing but `chunked`, once, is understood here; and HTTP/1.0 has no transfer codings. */
function codedFraming(head: RequestHead | ResponseHead, count: number): BodyFraming | MessageFailure {
  if (head.version === '1.0') return messageFailure('transferEncodingInHttp10');
  if (count > 1) return messageFailure('invalidTransferEncoding');
  const value = valueOf(head.headers);
  if (equalsIgnoringCase(value, 'chunked')) return CHUNKED;
  return messageFailure(endsWithChunked(value) ? 'unsupportedTransferCoding' : 'invalidTransferEncoding');
}

function valueOf(headers: HttpHeaders): string {
  return headers.get('Transfer-Encoding') ?? '';
}

/** Tells whether other codings stand before one final `chunked`: well-formed, but not implemented (501). */
function endsWithChunked(value: string): boolean {
  const codings = value.split(',').map(trimOws);
  if (!codings.every(isToken)) return false;
  return codings.findIndex((coding) => equalsIgnoringCase(coding, 'chunked')) === codings.length - 1;
}

/**
 * The number in a Content-Length field: digits only (RFC 9110 8.6), leading zeros among them, up to 2^53 - 1.
 * `undefined` for anything else, a list of equal numbers included.
 */
export function parseContentLength(text: string): number | undefined {
  if (text === '') return undefined;
  let length = 0;
  for (let i = 0; i < text.length; i++) {
    const digit = text.charCodeAt(i) - DIGIT_0;
    if (digit < 0 || digit > 9) return undefined;
    // Exact: below 2^53 the product and the sum are, and what passes it is noticed at once.
    length = length * 10 + digit;
    if (length > Number.MAX_SAFE_INTEGER) return undefined;
  }
  return length;
}

import type { HeadFailureCode } from '../head/head-failure.ts';

/**
 * Why a message was refused: its head (a `HeadFailure` is one as it stands), the framing that the head declares, or
 * its body. `status` is what a server answers with before it closes the connection; a client only reports the code.
 */
export interface MessageFailure {
  readonly status: 400 | 414 | 417 | 431 | 501 | 505;
  readonly code: HeadFailureCode | MessageFailureCode;
  /** A sentence for people; it repeats nothing the peer sent. */
  readonly reason: string;
}

/** Failures beyond the head; stable, camelCase. The table below says what each means. */
export type MessageFailureCode =
  | 'invalidContentLength'
  | 'repeatedContentLength'
  | 'conflictingLength'
  | 'invalidTransferEncoding'
  | 'transferEncodingInHttp10'
  | 'unsupportedTransferCoding'
  | 'bodyInConnect'
  | 'unsupportedExpectation'
  | 'invalidChunkSize'
  | 'invalidChunkExtension'
  | 'invalidChunkEnd'
  | 'bareLineFeed'
  | 'bareCarriageReturn'
  | 'chunkLineTooLong'
  | 'chunkExtensionsTooLarge'
  | 'forbiddenTrailer'
  | 'trailersTooLarge'
  | 'tooManyInterimResponses'
  | 'incompleteHead'
  | 'incompleteBody';

/** Every way in which a message with a valid head can be wrong: the HTTP status, and a sentence. */
const FAILURES: Readonly<Record<MessageFailureCode, readonly [MessageFailure['status'], string]>> = {
  invalidContentLength: [400, 'Invalid Content-Length header'],
  repeatedContentLength: [400, 'More than one Content-Length header'],
  conflictingLength: [400, 'Both Content-Length and Transfer-Encoding'],
  invalidTransferEncoding: [400, 'Invalid Transfer-Encoding header: only chunked is possible'],
  transferEncodingInHttp10: [400, 'Transfer-Encoding in an HTTP/1.0 message'],
  unsupportedTransferCoding: [501, 'Unsupported transfer coding: only chunked is implemented'],
  bodyInConnect: [400, 'A CONNECT request has no body'],
  unsupportedExpectation: [417, 'Unsupported Expect header: only 100-continue is implemented'],
  invalidChunkSize: [400, 'Invalid chunk size'],
  invalidChunkExtension: [400, 'Invalid chunk extension'],
  invalidChunkEnd: [400, 'Chunk data does not end where its size says'],
  bareLineFeed: [400, 'Line feed without carriage return'],
  bareCarriageReturn: [400, 'Carriage return without line feed'],
  chunkLineTooLong: [400, 'Chunk size line too long'],
  chunkExtensionsTooLarge: [400, 'Chunk extensions too large'],
  forbiddenTrailer: [400, 'A field that must not be sent as a trailer'],
  trailersTooLarge: [431, 'Trailers too large'],
  tooManyInterimResponses: [400, 'Too many interim responses'],
  incompleteHead: [400, 'The message ended within its head'],
  incompleteBody: [400, 'The message ended within its body'],
};

/** The failure of that code. */
export function messageFailure(code: MessageFailureCode): MessageFailure {
  const [status, reason] = FAILURES[code];
  return { status, code, reason };
}

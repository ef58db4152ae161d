/**
 * The end of a request of the HTTP client, apart from its status: the `errorCode` of an {@link HttpResponse}. A
 * response with status 404 is `Ok` here, because it came whole.
 *
 * A server does not look at it; `Ok` is what its responses hold.
 */
export const HttpErrorCode = {
  /** A whole response came, whatever its status. */
  Ok: 'Ok',
  /** Lookup, connection, proxy or TLS failed. */
  CannotConnect: 'CannotConnect',
  /** `connectTimeout` or `transferTimeout` passed. */
  Timeout: 'Timeout',
  /** The body could not be decoded, or grew beyond its bound while it was. */
  Gzip: 'Gzip',
  /** The URL, or the one a redirect named, is none that can be requested. */
  UrlMalformed: 'UrlMalformed',
  /** No socket could be made at all. */
  CannotCreateSocket: 'CannotCreateSocket',
  /** The connection broke, or the source of the body failed, while the request was being sent. */
  SendError: 'SendError',
  /** The connection was reset while the response was read. */
  ReadError: 'ReadError',
  /** The server closed the connection before the first line of a response. */
  CannotReadStatusLine: 'CannotReadStatusLine',
  /** The first line is no status line of HTTP/1.x. */
  MissingStatus: 'MissingStatus',
  /** The header section breaks the rules, is too large, or ended early. */
  HeaderParsingError: 'HeaderParsingError',
  /** Not used: a redirect without a `Location` is the result. IXWebSocket has it. */
  MissingLocation: 'MissingLocation',
  /** More redirects than `maxRedirects`. */
  TooManyRedirects: 'TooManyRedirects',
  /** A chunk of the body breaks the rules, or ended early. */
  ChunkReadError: 'ChunkReadError',
  /** The body ended before its announced length. */
  CannotReadBody: 'CannotReadBody',
  /** The request was cancelled. */
  Cancelled: 'Cancelled',
  /** The arguments were refused, such as a header with a line break. */
  Invalid: 'Invalid',
} as const;

export type HttpErrorCode = (typeof HttpErrorCode)[keyof typeof HttpErrorCode];

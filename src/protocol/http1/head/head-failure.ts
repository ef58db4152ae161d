/**
 * Why a head was refused. `status` is what a server answers with (a client only reports the code); the shape is that
 * of a `Refusal`.
 */
export interface HeadFailure {
  readonly status: 400 | 414 | 431 | 501 | 505;
  readonly code: HeadFailureCode;
  /** A sentence for people; it repeats nothing the peer sent. */
  readonly reason: string;
}

/** Stable, camelCase; the table below says what each means. */
export type HeadFailureCode =
  | 'tlsClientHello'
  | 'tlsRecord'
  | 'invalidRequestLine'
  | 'invalidMethod'
  | 'invalidTarget'
  | 'invalidVersion'
  | 'unsupportedVersion'
  | 'invalidStatusLine'
  | 'bareLineFeed'
  | 'bareCarriageReturn'
  | 'foldedHeader'
  | 'emptyHeaderName'
  | 'missingColon'
  | 'spaceBeforeColon'
  | 'invalidHeaderName'
  | 'invalidHeaderValue'
  | 'requestLineTooLong'
  | 'statusLineTooLong'
  | 'tooManyHeaders'
  | 'headTooLarge'
  | 'hiddenFraming'
  | 'missingHost'
  | 'repeatedHost'
  | 'invalidHost'
  | 'hostMismatch';

/** Every way in which a head can be wrong: the HTTP status, and a sentence. */
const FAILURES: Readonly<Record<HeadFailureCode, readonly [HeadFailure['status'], string]>> = {
  tlsClientHello: [400, 'This looks like a TLS handshake, but this port speaks plain HTTP'],
  tlsRecord: [400, 'The answer is TLS, so the port expects TLS and not plain text (wss:// or https://)'],
  invalidRequestLine: [400, 'Invalid request line: need method, target and version with single spaces between'],
  invalidMethod: [400, 'Invalid character in the HTTP method'],
  invalidTarget: [400, 'Invalid request target'],
  invalidVersion: [400, 'Invalid HTTP version'],
  unsupportedVersion: [505, 'Unsupported HTTP version, need HTTP/1.1'],
  invalidStatusLine: [400, 'Invalid HTTP status line'],
  bareLineFeed: [400, 'Line feed without carriage return'],
  bareCarriageReturn: [400, 'Carriage return without line feed'],
  foldedHeader: [400, 'Header line starts with white space'],
  emptyHeaderName: [400, 'Header without a name'],
  missingColon: [400, 'Header line without a colon'],
  spaceBeforeColon: [400, 'White space in or after a header name'],
  invalidHeaderName: [400, 'Invalid character in a header name'],
  invalidHeaderValue: [400, 'Invalid character in a header value'],
  requestLineTooLong: [414, 'Request line too long'],
  statusLineTooLong: [431, 'Status line too long'],
  tooManyHeaders: [431, 'Too many headers'],
  headTooLarge: [431, 'Headers too large'],
  hiddenFraming: [400, 'Tab around the value of Content-Length or Transfer-Encoding'],
  missingHost: [400, 'Missing Host header'],
  repeatedHost: [400, 'More than one Host header'],
  invalidHost: [400, 'Invalid Host header'],
  hostMismatch: [400, 'Host header and request target name different hosts'],
};

/** The failure of that code. */
export function headFailure(code: HeadFailureCode): HeadFailure {
  const [status, reason] = FAILURES[code];
  return { status, code, reason };
}

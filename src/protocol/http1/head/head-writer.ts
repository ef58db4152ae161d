import { UsageError } from '../../../errors.ts';
import type { HttpHeaders } from '../headers.ts';
import { isFieldValue, isTarget, isToken } from '../tokens.ts';

/** The parts of a request head. */
export interface RequestHeadInit {
  readonly method: string;
  readonly target: string;
  readonly headers: HttpHeaders;
}

/** The parts of a response head. */
export interface ResponseHeadInit {
  readonly status: number;
  /** @default the registered phrase of the status */
  readonly statusText?: string | undefined;
  readonly headers: HttpHeaders;
}

/**
 * The bytes of a request head as a string in which every character is one octet: write it as `latin1`.
 *
 * @throws UsageError (`invalidOption`) when method or target would not be read back as they are
 */
export function writeRequestHead(init: RequestHeadInit): string {
  return `${formatRequestLine(init.method, init.target)}${formatFields(init.headers)}\r\n`;
}

/**
 * The bytes of a response head, as `writeRequestHead` gives them.
 *
 * @throws UsageError (`invalidOption`) when status or phrase would not be read back as they are
 */
export function writeResponseHead(init: ResponseHeadInit): string {
  return `${formatResponseLine(init.status, init.statusText)}${formatFields(init.headers)}\r\n`;
}

/** Request line with its CRLF (RFC 9112 3). */
export function formatRequestLine(method: string, target: string): string {
  if (typeof method !== 'string' || !isToken(method)) throw new UsageError('method', 'must be a token such as GET');
  if (typeof target !== 'string' || !isTarget(target)) {
    throw new UsageError('target', 'must be visible ASCII without spaces and fragment: percent-encode the rest');
  }
  return `${method} ${target} HTTP/1.1\r\n`;
}

/** Status line with its CRLF (RFC 9112 4); the space before an empty phrase stays. */
export function formatResponseLine(status: number, statusText: string = reasonPhrase(status)): string {
  if (statusText === REASON_PHRASES.get(status)) return STATUS_LINES.get(status) as string;
  if (!Number.isInteger(status) || status < 100 || status > 599) {
    throw new UsageError('status', 'must be a whole number from 100 to 599');
  }
  if (typeof statusText !== 'string' || !isFieldValue(statusText)) {
    throw new UsageError('statusText', 'must be text without line breaks and control characters');
  }
  return `HTTP/1.1 ${status} ${statusText}\r\n`;
}

/** Field lines with their CRLFs. `HttpHeaders` has checked every name and value. */
export function formatFields(headers: HttpHeaders): string {
  return headers.format();
}

/** The phrases of the IANA registry of HTTP status codes. */
const REASON_PHRASES: ReadonlyMap<number, string> = new Map([
  [100, 'Continue'],
  [101, 'Switching Protocols'],
  [102, 'Processing'],
  [103, 'Early Hints'],
  [200, 'OK'],
  [201, 'Created'],
  [202, 'Accepted'],
  [203, 'Non-Authoritative Information'],
  [204, 'No Content'],
  [205, 'Reset Content'],
  [206, 'Partial Content'],
  [207, 'Multi-Status'],
  [208, 'Already Reported'],
  [226, 'IM Used'],
  [300, 'Multiple Choices'],
  [301, 'Moved Permanently'],
  [302, 'Found'],
  [303, 'See Other'],
  [304, 'Not Modified'],
  [305, 'Use Proxy'],
  [307, 'Temporary Redirect'],
  [308, 'Permanent Redirect'],
  [400, 'Bad Request'],
  [401, 'Unauthorized'],
  [402, 'Payment Required'],
  [403, 'Forbidden'],
  [404, 'Not Found'],
  [405, 'Method Not Allowed'],
  [406, 'Not Acceptable'],
  [407, 'Proxy Authentication Required'],
  [408, 'Request Timeout'],
  [409, 'Conflict'],
  [410, 'Gone'],
  [411, 'Length Required'],
  [412, 'Precondition Failed'],
  [413, 'Content Too Large'],
  [414, 'URI Too Long'],
  [415, 'Unsupported Media Type'],
  [416, 'Range Not Satisfiable'],
  [417, 'Expectation Failed'],
  [421, 'Misdirected Request'],
  [422, 'Unprocessable Content'],
  [423, 'Locked'],
  [424, 'Failed Dependency'],
  [425, 'Too Early'],
  [426, 'Upgrade Required'],
  [428, 'Precondition Required'],
  [429, 'Too Many Requests'],
  [431, 'Request Header Fields Too Large'],
  [451, 'Unavailable For Legal Reasons'],
  [500, 'Internal Server Error'],
  [501, 'Not Implemented'],
  [502, 'Bad Gateway'],
  [503, 'Service Unavailable'],
  [504, 'Gateway Timeout'],
  [505, 'HTTP Version Not Supported'],
  [506, 'Variant Also Negotiates'],
  [507, 'Insufficient Storage'],
  [508, 'Loop Detected'],
  [510, 'Not Extended'],
  [511, 'Network Authentication Required'],
]);

/** Nearly every response has one of these. */
const STATUS_LINES: ReadonlyMap<number, string> = new Map(
  [...REASON_PHRASES].map(([status, phrase]) => [status, `HTTP/1.1 ${status} ${phrase}\r\n`]),
);

/** The registered phrase of a status, or an empty one, which is valid (RFC 9112 4). */
export function reasonPhrase(status: number): string {
  return REASON_PHRASES.get(status) ?? '';
}

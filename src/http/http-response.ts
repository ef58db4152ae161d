import { UsageError } from '../errors.ts';
import { HttpHeaders, type HttpHeadersInit } from '../protocol/http1/headers.ts';
import { isFieldValue } from '../protocol/http1/tokens.ts';
import { bytesIn, isBytes } from '../util/bytes.ts';
import { inspection, oneLine, showBy } from '../util/inspection.ts';
import { checkInteger, checkOneOf, checkString } from '../util/options.ts';
import { HttpErrorCode } from './http-error-code.ts';
import { checkBody, type HttpBody } from './response-body.ts';

const errorCodes: readonly HttpErrorCode[] = Object.values(HttpErrorCode);

/**
 * A response: what a request of the HTTP client resolves with, and what the callback of an HTTP server returns.
 *
 * `B` is the type of the body. A received one is always a `Buffer`.
 *
 * @example
 * server.setOnConnectionCallback((request) =>
 *   new HttpResponse(200, 'OK', HttpErrorCode.Ok, { 'Content-Type': 'text/plain' }, request.uri));
 */
export class HttpResponse<B = HttpBody> {
  /** The status of HTTP, such as 200 or 404; 0 when no response came. */
  statusCode: number;
  /** The reason phrase beside the status, such as `Not Found`. It may be empty. */
  description: string;
  /** The end of the request on the client; see {@link HttpErrorCode}. */
  errorCode: HttpErrorCode;
  headers: HttpHeaders;
  body: B;
  /** The fault, in words for people; empty with `Ok`. */
  errorMsg: string;
  /**
   * The error behind {@link errorMsg} where there is one, such as a `ConnectError` with its own code and phase, or a
   * `BodyError`.
   */
  cause: unknown = undefined;
  /** Bytes of the whole request as sent, head included. */
  uploadSize: number;
  /** Bytes of the body as received, before decoding. */
  downloadSize: number;

  static {
    showBy(HttpResponse.prototype, inspection(describeResponse));
  }

  /**
   * @throws UsageError (`invalidOption`) for a status that is no integer from 0 to 999, headers or a description that
   * could not be sent, and a body of another type
   */
  // oxlint-disable-next-line max-params -- as IXWebSocket has them
  constructor(
    statusCode = 0,
    description = '',
    errorCode: HttpErrorCode = HttpErrorCode.Ok,
    headers: HttpHeadersInit = {},
    body?: B,
    errorMsg = '',
    uploadSize = 0,
    downloadSize = 0,
  ) {
    this.statusCode = checkInteger('statusCode', statusCode, { min: 0, max: 999 });
    this.description = checkDescription(description);
    this.errorCode = checkOneOf('errorCode', errorCode, errorCodes);
    this.headers = HttpHeaders.from(headers);
    this.body = (body === undefined ? '' : checkBody(body)) as B;
    this.errorMsg = checkString('errorMsg', errorMsg);
    this.uploadSize = checkInteger('uploadSize', uploadSize, { min: 0 });
    this.downloadSize = checkInteger('downloadSize', downloadSize, { min: 0 });
  }

  /**
   * The body as text: bytes are read as UTF-8, whatever the headers say, and what is not UTF-8 becomes U+FFFD.
   *
   * @throws UsageError (`invalidOption`) when the body is a stream, which can be read only once
   */
  text(): string {
    const body: unknown = this.body;
    if (typeof body === 'string') return body;
    const bytes = bytesIn(body, 'body');
    if (bytes !== undefined) return utf8.decode(bytes);
    throw new UsageError('body', 'is a stream: read it instead');
  }

  /**
   * The body read as JSON. `T` is the caller's word; nothing of it is checked.
   *
   * @throws SyntaxError when it is no JSON
   * @throws UsageError (`invalidOption`) when the body is a stream
   */
  json<T = unknown>(): T {
    return JSON.parse(this.text()) as T;
  }
}

const utf8 = new TextDecoder();

function describeResponse(response: HttpResponse<unknown>): object {
  const { statusCode, description, errorCode, headers, body, errorMsg, uploadSize, downloadSize } = response;
  const shown = { statusCode, description: oneLine(description), headers, body: describeBody(body) };
  if (errorCode !== HttpErrorCode.Ok) return { errorCode, errorMsg: oneLine(errorMsg), ...shown };
  return uploadSize + downloadSize > 0 ? { ...shown, uploadSize, downloadSize } : shown;
}

/** The size or the kind of a body, which may hold anything. */
function describeBody(body: unknown): string {
  if (typeof body === 'string') return `${body.length} characters`;
  return isBytes(body) ? `${body.byteLength} bytes` : 'a stream';
}

function checkDescription(description: unknown): string {
  const text = checkString('description', description);
  if (!isFieldValue(text)) {
    throw new UsageError('description', 'holds a line break, a control character or a character above U+00FF');
  }
  return text;
}

import { explainTlsError, isTlsAlert } from '../dial/tls-errors.ts';
import { ConnectError } from '../errors.ts';
import type { HttpErrorCode } from '../http/http-error-code.ts';
import type { MessageFailure } from '../protocol/http1/message/message-failure.ts';

/** Every way to fail. */
export type HttpFailureCode = Exclude<HttpErrorCode, 'Ok'>;

/** Why a request failed, as its result is going to say. */
export class HttpFailure extends Error {
  readonly errorCode: HttpFailureCode;
  /** True when the same request may do better at once or a little later. */
  readonly isTransient: boolean;
  /** The status of a response whose head did not come to its end; else 0. */
  statusCode = 0;

  constructor(errorCode: HttpFailureCode, message: string, isTransient = false, cause?: unknown) {
    super(message, { cause });
    this.errorCode = errorCode;
    this.isTransient = isTransient;
  }
}

/** The system has no descriptors left, or not the address to connect from. */
const socketCodes: ReadonlySet<unknown> = new Set(['EMFILE', 'ENFILE', 'EADDRNOTAVAIL', 'ENOBUFS']);

/** The failure of an attempt to connect; `href` has no credentials. */
export function ofConnecting(error: unknown, href: string): HttpFailure {
  const text = error instanceof Error ? error.message : String(error);
  // IXWebSocket has its own words for this one, which name the options.
  if (error instanceof ConnectError && error.code.startsWith('tlsOptions')) {
    return new HttpFailure('CannotCreateSocket', text, false, error);
  }
  const isTransient = !(error instanceof ConnectError) || error.retryable;
  const reason = text.replace(/^Unable to connect to .*?, error: /s, '');
  const message = `Cannot connect to url: ${href} / error : ${reason}`;
  return new HttpFailure(isSocketProblem(error) ? 'CannotCreateSocket' : 'CannotConnect', message, isTransient, error);
}

function isSocketProblem(error: unknown): boolean {
  if (!(error instanceof ConnectError)) return false;
  // The path of a unix socket that is too long for one.
  if (error.code === 'invalidUrl') return true;
  const { cause } = error;
  return cause instanceof Error && 'code' in cause && socketCodes.has(cause.code);
}

/** The part of a response in which something went wrong. */
export type ResponsePart = 'statusLine' | 'headers' | 'body' | 'chunk';

/** The peer sent what is no response. */
export function ofMessage(failure: MessageFailure, part: ResponsePart): HttpFailure {
  const { code, reason } = failure;
  switch (part) {
    case 'statusLine':
    case 'headers':
      return ofHead(code, reason);
    case 'chunk':
      return new HttpFailure('ChunkReadError', `Cannot read chunk: ${reason}`);
    case 'body':
      return new HttpFailure('CannotReadBody', `Cannot read http body: ${reason}`);
  }
}

const statusLineCodes: ReadonlySet<string> = new Set([
  'tlsRecord',
  'invalidStatusLine',
  'invalidVersion',
  'unsupportedVersion',
  'statusLineTooLong',
]);

function ofHead(code: MessageFailure['code'], reason: string): HttpFailure {
  if (statusLineCodes.has(code)) {
    return new HttpFailure('MissingStatus', `Cannot parse response code from status line: ${reason}`);
  }
  if (code === 'unsupportedTransferCoding') {
    return new HttpFailure('CannotReadBody', `Cannot read http body: ${reason}`);
  }
  return new HttpFailure('HeaderParsingError', `Cannot parse http headers: ${reason}`);
}

/** The peer hung up where more was to come; `circumstances` follow what happened in the message. */
export function ofEnd(part: ResponsePart, circumstances = ''): HttpFailure {
  const why = `the server closed the connection${circumstances}`;
  switch (part) {
    case 'statusLine':
      return new HttpFailure('CannotReadStatusLine', `Cannot retrieve status line: ${why}`, true);
    case 'headers':
      return new HttpFailure('HeaderParsingError', `Cannot parse http headers: ${why}`, true);
    case 'chunk':
      return new HttpFailure('ChunkReadError', `Cannot read chunk: ${why}`, true);
    case 'body':
      return new HttpFailure('CannotReadBody', `Cannot read http body: ${why}`, true);
  }
}

/** The connection broke. */
export function ofReset(error: Error, isSending: boolean, circumstances = ''): HttpFailure {
  // With TLS 1.3 a server looks at our certificate when the TLS handshake is over for us.
  if (isTlsAlert(error)) return new HttpFailure('CannotConnect', explainTlsError(error).reason, false, error);
  const what = 'code' in error && error.code === 'ECONNRESET' ? 'the connection was reset' : error.message;
  const why = `${what}${circumstances}`;
  return isSending
    ? new HttpFailure('SendError', `Cannot send request: ${why}`, true, error)
    : new HttpFailure('ReadError', `Cannot read response: ${why}`, true, error);
}

export function cancelled(): HttpFailure {
  return new HttpFailure('Cancelled', 'Request cancelled');
}

/** A server may change to another protocol when it was asked to (RFC 9110 section 15.2.2). */
export function unwantedSwitch(): HttpFailure {
  const why = 'Cannot parse http headers: the server changed to another protocol, which nobody had asked for';
  return new HttpFailure('HeaderParsingError', why);
}

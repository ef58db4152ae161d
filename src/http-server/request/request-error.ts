import { IxError } from '../../errors.ts';

/** The reasons for which the body of a request ends before its end, or is not what it should be. */
export type HttpRequestErrorCode = 'requestAborted' | 'requestTimeout' | 'requestMalformed' | 'invalidJson';

/** The client left, was too slow, or broke the protocol while `request.stream` was read, or its body is no JSON. */
export class HttpRequestError extends IxError {
  declare readonly code: HttpRequestErrorCode;

  constructor(code: HttpRequestErrorCode, message: string, cause?: unknown) {
    super(code, message, { cause });
  }
}

import { IxError } from '../../errors.ts';

/** Why the body of a request ended before its end. */
export type HttpRequestErrorCode = 'requestAborted' | 'requestTimeout' | 'requestMalformed';

/** Reading `request.stream` failed: the client left, was too slow, or broke the protocol. */
export class HttpRequestError extends IxError {
  declare readonly code: HttpRequestErrorCode;

  constructor(code: HttpRequestErrorCode, message: string) {
    super(code, message);
  }
}

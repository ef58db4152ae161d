import { IxError } from '../../errors.ts';

/** The reasons for which the body of a request ends before its end, or is not what it should be. */
export type HttpRequestErrorCode = 'requestAborted' | 'requestTimeout' | 'requestMalformed';

/** Reading `request.stream` failed: the client left, was too slow, or broke the protocol. */
export class HttpRequestError extends IxError {
  declare readonly code: HttpRequestErrorCode;

  constructor(code: HttpRequestErrorCode, message: string) {
    super(code, message);
  }
}

import type { TLSOptionsErrorCode } from '../errors.ts';

/** TLS options that cannot be used. Client and server each report it as an error of their own. */
export class TlsProblem extends Error {
  readonly code: TLSOptionsErrorCode;

  constructor(code: TLSOptionsErrorCode, message: string, cause?: unknown) {
    super(message, { cause });
    this.code = code;
  }

  /** The same, found in a part of the options. */
  within(part: string): TlsProblem {
    return new TlsProblem(this.code, `${part}: ${this.message}`, this.cause);
  }
}

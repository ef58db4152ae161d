import type { TLSOptionsErrorCode } from '../../errors.ts';

/** The reason in OpenSSL's words, without the numbers around it; the message of any other error. */
export function reasonOf(error: unknown): string {
  if (error instanceof Error && 'reason' in error && typeof error.reason === 'string') return error.reason;
  return error instanceof Error ? error.message : String(error);
}

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

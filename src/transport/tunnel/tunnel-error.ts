/**
 * A proxy was reached and gave no tunnel. `message` is made of our own words: what a proxy says may repeat the
 * credentials that it was sent.
 */
export class TunnelError extends Error {
  /** Whether the proxy said no, rather than something that cannot be understood. */
  readonly isRefusal: boolean;
  /** The status of an HTTP proxy, else 0. */
  readonly httpStatus: number;
  /** `Retry-After` of an HTTP proxy, as it was sent. */
  readonly retryAfter: string | undefined;

  constructor(message: string, details: { isRefusal: boolean; httpStatus?: number; retryAfter?: string | undefined }) {
    super(message);
    this.name = 'TunnelError';
    this.isRefusal = details.isRefusal;
    this.httpStatus = details.httpStatus ?? 0;
    this.retryAfter = details.retryAfter;
  }
}

export interface TunnelErrorDetails {
  readonly isRefusal: boolean;
  readonly httpStatus?: number;
  readonly retryAfter?: string | undefined;
  readonly socksReply?: number;
}

/**
 * A proxy was reached and gave no tunnel. `message` is made of our own words: what a proxy says may repeat the
 * credentials that it was sent.
 */
export class TunnelError extends Error {
  /** True when the proxy said no, rather than something that cannot be understood. */
  readonly isRefusal: boolean;
  /** The status of an HTTP proxy, else 0. */
  readonly httpStatus: number;
  /** `Retry-After` of an HTTP proxy, as it was sent. */
  readonly retryAfter: string | undefined;
  /** The reply of a SOCKS proxy (RFC 1928 section 6; from 91 on of SOCKS4), else 0. */
  readonly socksReply: number;

  constructor(message: string, details: TunnelErrorDetails) {
    super(message);
    this.name = 'TunnelError';
    this.isRefusal = details.isRefusal;
    this.httpStatus = details.httpStatus ?? 0;
    this.retryAfter = details.retryAfter;
    this.socksReply = details.socksReply ?? 0;
  }
}

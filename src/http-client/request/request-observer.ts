import type { ConnectPhase } from '../../errors.ts';
import type { HttpHeaders } from '../../protocol/http1/headers.ts';
import type { TLSConnectionInfo } from '../../transport/tls/tls-info.ts';

/** A request that is about to leave on a connection. */
export interface ObservedRequest {
  readonly method: string;
  /** The URL, without credentials. */
  readonly url: string;
  /** Request line and fields as they leave, but for the values that say who we are. */
  readonly head: string;
  /** Bytes of the head. */
  readonly headSize: number;
  /** The other end of the connection, which may be a proxy; empty for a unix socket. */
  readonly remoteAddress: string;
  readonly remotePort: number;
  /** True when the connection has had a request before. */
  readonly isReused: boolean;
  /** The version, cipher and certificates that TLS agreed on; `undefined` without it. */
  readonly tls: TLSConnectionInfo | undefined;
}

/** The head of an interim response, such as 100 or 103 (RFC 9110 section 15.2). */
export interface ObservedInterim {
  /** The URL that was asked for, without credentials. */
  readonly url: string;
  readonly version: '1.0' | '1.1';
  readonly status: number;
  readonly statusText: string;
  readonly headers: HttpHeaders;
}

/** The head of a response. */
export interface ObservedResponse extends ObservedInterim {
  /** True when it is the result, so that nothing follows it: no redirect, and no other attempt. */
  readonly isFinal: boolean;
}

/**
 * Hears how a request is made, redirects and retries included, for logs and measurements. What it throws goes to
 * `onCallbackError`.
 */
export interface HttpRequestObserver {
  /** A phase of making a connection begins. None does for a connection that is used again. */
  onPhase?(phase: ConnectPhase): void;
  onRequest?(request: ObservedRequest): void;
  /** It may be called several times, 32 at most, before {@link onResponse}. */
  onInterim?(response: ObservedInterim): void;
  /** It is called before anything of the body is passed on. */
  onResponse?(response: ObservedResponse): void;
  /** Gets the fields behind a chunked body, if there are any; before the result is there. */
  onTrailers?(trailers: HttpHeaders): void;
}

import type { ConnectPhase } from '../../errors.ts';
import type { HttpHeaders } from '../../protocol/http1/headers.ts';
import type { TLSCertificate } from '../../transport/tls/tls-info.ts';

/** One phase of an attempt; after a redirect they begin anew. */
export interface ConnectAttemptPhase {
  readonly phase: ConnectPhase;
  /** With fractions. */
  readonly durationMs: number;
}

/** The agreement of TLS with the server, also when its certificate was then refused. */
export interface ConnectAttemptTLS {
  /** `TLSv1.2` or `TLSv1.3`. */
  readonly version: string;
  /** The name of the cipher in OpenSSL's spelling. */
  readonly cipher: string;
  readonly certificate: TLSCertificate | undefined;
}

/** The request for the upgrade: a `GET` in HTTP/1.1. */
export interface ConnectAttemptRequest {
  /** Path and query. */
  readonly target: string;
  /**
   * All fields as they were sent, but that `(redacted)` stands for the values of `Authorization`,
   * `Proxy-Authorization` and `Cookie`.
   */
  readonly headers: HttpHeaders;
}

/** An interim response, such as 100, 102 or 103: it says nothing about the outcome (RFC 9110 section 15.2). */
export interface ConnectAttemptInterim {
  readonly version: '1.1' | '1.0';
  readonly status: number;
  readonly statusText: string;
  readonly headers: HttpHeaders;
}

/** The answer of a server; its status is 101 when it agreed. */
export interface ConnectAttemptResponse extends ConnectAttemptInterim {
  /**
   * Of a refusal, its first 64 KiB, or what came of them within a second; still compressed where the server did so
   * unasked. Empty for a redirect, whose body is not read.
   */
  readonly body: Buffer;
  /** True when there is more of the body. */
  readonly isTruncated: boolean;
}

/** A request with its answer that was not the last of its attempt. */
export interface ConnectAttemptExchange {
  /** Without credentials. */
  readonly url: string;
  readonly request: ConnectAttemptRequest;
  /** Interim responses that came before the answer, in order. */
  readonly interim: readonly ConnectAttemptInterim[];
  readonly response: ConnectAttemptResponse;
}

/** The record of an attempt to connect: how far it got, how long that took, and what was said. */
export interface ConnectAttempt {
  /** The URL that it led to in the end, without credentials; empty when the url could not be read. */
  readonly url: string;
  /**
   * The exchanges before that, in order: the urls that redirected, and the same url when it was asked again without
   * compression (`onBadNegotiation`).
   */
  readonly earlier: readonly ConnectAttemptExchange[];
  /** The url of the proxy, without credentials. */
  readonly proxy: string | undefined;
  readonly phases: readonly ConnectAttemptPhase[];
  /** Of all phases. */
  readonly durationMs: number;
  /** The address that was connected to, the proxy's where there is one; the first that the name led to before that. */
  readonly remoteAddress: string | undefined;
  readonly tls: ConnectAttemptTLS | undefined;
  /** The request to {@link url}; `undefined` when it did not get that far. */
  readonly request: ConnectAttemptRequest | undefined;
  /** Interim responses to it, in order; at most 33. */
  readonly interim: readonly ConnectAttemptInterim[];
  /** The answer to it, if there was one that could be read. */
  readonly response: ConnectAttemptResponse | undefined;
}

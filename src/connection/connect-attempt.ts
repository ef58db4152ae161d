import type { ConnectPhase } from '../errors.ts';
import type { HttpHeaders } from '../protocol/http1/headers.ts';
import type { TLSCertificate } from '../transport/tls-info.ts';

/** One phase of an attempt; after a redirect they begin anew. */
export interface ConnectAttemptPhase {
  readonly phase: ConnectPhase;
  /** With fractions. */
  readonly durationMs: number;
}

/** What TLS agreed on with the server, also when its certificate was then refused. */
export interface ConnectAttemptTLS {
  /** `TLSv1.2` or `TLSv1.3`. */
  readonly version: string;
  /** The name of the cipher in OpenSSL's spelling. */
  readonly cipher: string;
  readonly certificate: TLSCertificate | undefined;
}

/** What a server answered in place of the upgrade. */
export interface ConnectAttemptResponse {
  readonly status: number;
  readonly statusText: string;
  readonly headers: HttpHeaders;
  /** Its first 64 KiB, or what came of them within a second; still compressed where the server did so unasked. */
  readonly body: Buffer;
  /** Whether there is more of the body. */
  readonly isTruncated: boolean;
}

/** The record of an attempt to connect that failed: how far it got, and how long that took. */
export interface ConnectAttempt {
  /** Where it led in the end, without credentials; empty when the url could not be read. */
  readonly url: string;
  /** The urls that redirected, in order. */
  readonly redirectedFrom: readonly string[];
  /** The url of the proxy, without credentials. */
  readonly proxy: string | undefined;
  readonly phases: readonly ConnectAttemptPhase[];
  /** Of all phases. */
  readonly durationMs: number;
  /** The address that was connected to, the proxy's where there is one; the first that the name led to before that. */
  readonly remoteAddress: string | undefined;
  readonly tls: ConnectAttemptTLS | undefined;
  readonly response: ConnectAttemptResponse | undefined;
}

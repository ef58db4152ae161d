/**
 * Base of every error this library throws, rejects with, or reports.
 *
 * `code` is stable across releases and meant for programs; `message` is meant for people and may change.
 */
export class IxError extends Error {
  /** Stable, camelCase, documented in `docs/errors.md`. */
  readonly code: string;

  constructor(code: string, message: string, options?: { cause?: unknown }) {
    super(message, options);
    this.code = code;
    this.name = new.target.name;
  }
}

/** The caller misused the library: a wrong type, a value out of range, an unknown option. Thrown at the call. */
export class UsageError extends IxError {
  /** The option or argument that was wrong, such as `maxMessageSize`. */
  readonly option: string;

  constructor(option: string, message: string, options?: { cause?: unknown }) {
    super('invalidOption', `${option}: ${message}`, options);
    this.option = option;
  }
}

/** A fault of TLS options or of the files they name. It is found out before anything is sent. */
export type TLSOptionsErrorCode =
  | 'tlsOptionsDisabled'
  | 'tlsOptionsIncomplete'
  | 'tlsOptionsCertFile'
  | 'tlsOptionsKeyFile'
  | 'tlsOptionsKeyMismatch'
  | 'tlsOptionsPassphrase'
  | 'tlsOptionsCaFile'
  | 'tlsOptionsCiphers'
  | 'tlsOptionsRefused';

/** Why a TLS handshake failed. */
export type TLSHandshakeErrorCode =
  | 'tlsCertificateExpired'
  | 'tlsCertificateNotYetValid'
  | 'tlsCertificateInvalid'
  | 'tlsHostnameMismatch'
  | 'tlsSelfSigned'
  | 'tlsUnknownAuthority'
  | 'tlsClientCertificateRefused'
  | 'tlsHandshakeFailed';

/** Why a server could not listen. */
export type ListenErrorCode =
  | TLSOptionsErrorCode
  | 'addressInUse'
  | 'addressNotAvailable'
  | 'invalidHost'
  | 'invalidSocketPath'
  | 'permissionDenied'
  | 'alreadyListening'
  | 'stopped'
  | 'listenFailed';

/** A server could not listen: the `error` of the result of `listen()`. */
export class ListenError extends IxError {
  declare readonly code: ListenErrorCode;
  readonly host: string;
  readonly port: number;

  constructor(code: ListenErrorCode, message: string, where: { host: string; port: number }, cause?: unknown) {
    super(code, message, { cause });
    this.host = where.host;
    this.port = where.port;
  }
}

/** Why an attempt to connect failed. */
export type ConnectErrorCode =
  | TLSOptionsErrorCode
  | TLSHandshakeErrorCode
  | 'invalidUrl'
  | 'lookupFailed'
  | 'connectionRefused'
  | 'connectFailed'
  | 'timeout'
  | 'cancelled'
  | 'connectionLost'
  | 'malformedResponse'
  | 'badVersion'
  | 'badStatus'
  | 'invalidUpgrade'
  | 'invalidConnection'
  | 'invalidAccept'
  | 'invalidSubprotocol'
  | 'invalidExtensions'
  | 'invalidProxy'
  | 'proxyUnreachable'
  | 'proxyRefused'
  | 'proxyFailed'
  | 'redirectRefused'
  | 'redirectLoop'
  | 'tooManyRedirects'
  | 'providerFailed'
  | 'gaveUp';

/**
 * The stage that an attempt to connect had reached; `proxy` lasts from the open connection to a proxy to its answer.
 */
export type ConnectPhase = 'url' | 'lookup' | 'connect' | 'proxy' | 'tls' | 'handshake' | 'open';

/** The fields of a {@link ConnectError} beside its text. */
export interface ConnectErrorDetails {
  readonly httpStatus?: number | undefined;
  readonly retryAfterMs?: number | undefined;
  readonly cause?: unknown;
}

/** An attempt to connect failed: the `cause` of an `errorInfo`. */
export class ConnectError extends IxError {
  declare readonly code: ConnectErrorCode;
  readonly phase: ConnectPhase;
  /** The status of the response, or of the proxy's; 0 when there was none. */
  readonly httpStatus: number;
  /** The wait that the response asks for before another attempt (`Retry-After`, RFC 9110 section 10.2.3), in ms. */
  readonly retryAfterMs: number | undefined;
  /** True when the same attempt may succeed later. What is wrong with url, proxy or TLS options stays wrong. */
  readonly retryable: boolean;

  constructor(code: ConnectErrorCode, phase: ConnectPhase, message: string, details: ConnectErrorDetails = {}) {
    super(code, message, { cause: details.cause });
    this.phase = phase;
    this.httpStatus = details.httpStatus ?? 0;
    this.retryAfterMs = details.retryAfterMs;
    this.retryable = code !== 'invalidUrl' && code !== 'invalidProxy' && !code.startsWith('tlsOptions');
  }
}

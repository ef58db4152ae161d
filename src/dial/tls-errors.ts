import type { TLSHandshakeErrorCode } from '../errors.ts';
import { reasonOf } from '../transport/tls/tls-problem.ts';

/** The meaning of a TLS error, in a word for programs and in one for people. */
export interface TlsFailure {
  readonly code: TLSHandshakeErrorCode;
  readonly reason: string;
}

/** The codes of Node for a certificate whose verification failed, after OpenSSL's names. */
const certificateCodes: ReadonlyMap<string, TLSHandshakeErrorCode> = new Map([
  ['CERT_HAS_EXPIRED', 'tlsCertificateExpired'],
  ['CERT_NOT_YET_VALID', 'tlsCertificateNotYetValid'],
  ['ERR_TLS_CERT_ALTNAME_INVALID', 'tlsHostnameMismatch'],
  ['HOSTNAME_MISMATCH', 'tlsHostnameMismatch'],
  ['DEPTH_ZERO_SELF_SIGNED_CERT', 'tlsSelfSigned'],
  ['SELF_SIGNED_CERT_IN_CHAIN', 'tlsUnknownAuthority'],
  ['UNABLE_TO_GET_ISSUER_CERT', 'tlsUnknownAuthority'],
  ['UNABLE_TO_GET_ISSUER_CERT_LOCALLY', 'tlsUnknownAuthority'],
  ['UNABLE_TO_VERIFY_LEAF_SIGNATURE', 'tlsUnknownAuthority'],
  ['CERT_UNTRUSTED', 'tlsUnknownAuthority'],
  ['CERT_SIGNATURE_FAILURE', 'tlsCertificateInvalid'],
  ['CERT_REVOKED', 'tlsCertificateInvalid'],
  ['CERT_REJECTED', 'tlsCertificateInvalid'],
  ['CERT_CHAIN_TOO_LONG', 'tlsCertificateInvalid'],
  ['ERROR_IN_CERT_NOT_BEFORE_FIELD', 'tlsCertificateInvalid'],
  ['ERROR_IN_CERT_NOT_AFTER_FIELD', 'tlsCertificateInvalid'],
  ['UNABLE_TO_DECODE_ISSUER_PUBLIC_KEY', 'tlsCertificateInvalid'],
  ['UNABLE_TO_DECRYPT_CERT_SIGNATURE', 'tlsCertificateInvalid'],
  ['INVALID_CA', 'tlsCertificateInvalid'],
  ['INVALID_PURPOSE', 'tlsCertificateInvalid'],
  ['PATH_LENGTH_EXCEEDED', 'tlsCertificateInvalid'],
]);

const hints: Partial<Readonly<Record<TLSHandshakeErrorCode, string>>> = Object.freeze({
  tlsHostnameMismatch: 'connect by a name that the certificate is for',
  tlsSelfSigned: 'name it, or its authority, as caFile to trust it',
  tlsUnknownAuthority: 'name its authority as caFile to trust it',
  tlsClientCertificateRefused: 'the server asks for another certFile and keyFile, or for one at all',
});

/** Alerts by which a server says that it minds our certificate (RFC 8446 section 6.2). */
const REFUSED_CERTIFICATE =
  /ALERT_(?:CERTIFICATE_REQUIRED|BAD_CERTIFICATE|UNSUPPORTED_CERTIFICATE|CERTIFICATE_REVOKED|CERTIFICATE_EXPIRED|CERTIFICATE_UNKNOWN|UNKNOWN_CA|ACCESS_DENIED)$/;

const LONGEST_REASON = 400;

/** The outcome of a TLS handshake; the error is Node's. */
export function explainTlsError(error: unknown): TlsFailure {
  const systemCode = codeOf(error);
  const known = certificateCodes.get(systemCode);
  if (known !== undefined) return failure(known, `certificate verify failed: ${reasonOf(error)}`, hints[known]);
  if (REFUSED_CERTIFICATE.test(systemCode)) {
    const code = 'tlsClientCertificateRefused';
    return failure(code, reasonOf(error), hints[code]);
  }
  return failure('tlsHandshakeFailed', reasonOf(error), handshakeHint(systemCode));
}

/** True when an open connection ended with something that TLS said. With TLS 1.3 it may come after the handshake. */
export function isTlsAlert(error: unknown): boolean {
  return codeOf(error).startsWith('ERR_SSL_');
}

function handshakeHint(systemCode: string): string | undefined {
  switch (systemCode) {
    case 'ERR_SSL_WRONG_VERSION_NUMBER':
    case 'ERR_SSL_PACKET_LENGTH_TOO_LONG':
    case 'ERR_SSL_HTTP_REQUEST':
      return 'the server does not speak TLS there; is it http:// and not https://, or is it ws:// and not wss://?';
    case 'ERR_SSL_TLSV1_ALERT_PROTOCOL_VERSION':
    case 'ERR_SSL_UNSUPPORTED_PROTOCOL':
      return 'the two sides have no version of TLS in common; see minVersion';
    case 'ERR_SSL_SSLV3_ALERT_HANDSHAKE_FAILURE':
    case 'ERR_SSL_SSL/TLS_ALERT_HANDSHAKE_FAILURE':
      return 'the two sides may have no cipher in common, or the server wants a certificate';
    case 'ECONNRESET':
      return 'the server hung up; it may not speak TLS there';
    default:
      return undefined;
  }
}

function failure(code: TLSHandshakeErrorCode, reason: string, hint: string | undefined): TlsFailure {
  const oneLine = reason.replace(/\p{Cc}+/gu, ' ').trim();
  const shown = oneLine.length > LONGEST_REASON ? `${oneLine.slice(0, LONGEST_REASON)}…` : oneLine;
  return { code, reason: `OpenSSL failed - ${shown}${hint === undefined ? '' : ` (${hint})`}` };
}

function codeOf(error: unknown): string {
  return error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : '';
}

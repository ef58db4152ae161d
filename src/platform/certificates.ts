import { createHash, createPrivateKey, type KeyObject, X509Certificate } from 'node:crypto';

/** Tells whether `pem` is one certificate that can be parsed; whom it names, and until when, is not looked at. */
export function isCertificate(pem: string): boolean {
  try {
    return new X509Certificate(pem).subject !== undefined;
  } catch {
    return false;
  }
}

/** A certificate from its DER form; `undefined` when it is none. */
export function readCertificate(der: Buffer): X509Certificate | undefined {
  try {
    return new X509Certificate(der);
  } catch {
    return undefined;
  }
}

/**
 * Tells whether a certificate, in DER, names an IP address. It counts only where addresses belong, not among the names.
 */
export function isForAddress(certificate: Buffer, address: string): boolean {
  return new X509Certificate(certificate).checkIP(address) !== undefined;
}

/** The fault of a private key; `undefined` when it can be read and belongs to the certificate. */
export function findKeyProblem(
  certificatePem: string,
  keyPem: string,
  passphrase: string | undefined,
): 'unreadable' | 'mismatch' | undefined {
  let key: KeyObject;
  try {
    key = createPrivateKey({ key: keyPem, format: 'pem', ...(passphrase === undefined ? {} : { passphrase }) });
  } catch {
    return 'unreadable';
  }
  return new X509Certificate(certificatePem).checkPrivateKey(key) ? undefined : 'mismatch';
}

/** A short name for exactly these texts, which may be secrets: it does not lead back to them. */
export function digestOf(texts: readonly (string | undefined)[]): string {
  return createHash('sha256').update(JSON.stringify(texts)).digest('base64');
}

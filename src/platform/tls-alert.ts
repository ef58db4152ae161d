import { createCipheriv, createHmac } from 'node:crypto';

const ALERT = 0x15;
const APPLICATION_DATA = 0x17;
const FATAL = 2;
/** Record versions of TLS 1.2 and 1.3 alike. */
const VERSION = [3, 3];
const TAG_BYTES = 16;

interface Suite {
  readonly hash: 'sha256' | 'sha384';
  readonly cipher: 'aes-128-gcm' | 'aes-256-gcm' | 'chacha20-poly1305';
  readonly keyBytes: number;
}

/** The cipher suites of TLS 1.3 that Node speaks. */
const suites: Readonly<Record<string, Suite>> = {
  TLS_AES_128_GCM_SHA256: { hash: 'sha256', cipher: 'aes-128-gcm', keyBytes: 16 },
  TLS_AES_256_GCM_SHA384: { hash: 'sha384', cipher: 'aes-256-gcm', keyBytes: 32 },
  TLS_CHACHA20_POLY1305_SHA256: { hash: 'sha256', cipher: 'chacha20-poly1305', keyBytes: 32 },
};

/** A fatal alert in the clear, for a peer that has not seen our ChangeCipherSpec (RFC 5246 section 7.2). */
export function plainAlert(description: number): Buffer {
  return Buffer.from([ALERT, ...VERSION, 0, 2, FATAL, description]);
}

/**
 * A fatal alert as the first record under a traffic secret of TLS 1.3 (RFC 8446 sections 5.2 and 7.3); `undefined` for
 * a cipher suite that is not known.
 */
export function encryptedAlert(description: number, suiteName: string, secret: Buffer): Buffer | undefined {
  const suite = suites[suiteName];
  if (suite === undefined) return undefined;
  const key = expandLabel(suite.hash, secret, 'key', suite.keyBytes);
  // The nonce of record number 0 is the IV itself.
  const nonce = expandLabel(suite.hash, secret, 'iv', 12);
  const content = Buffer.from([FATAL, description, ALERT]);
  const header = Buffer.from([APPLICATION_DATA, ...VERSION, 0, content.length + TAG_BYTES]);
  const options = { authTagLength: TAG_BYTES };
  const cipher = createCipheriv(suite.cipher as 'aes-128-gcm', key, nonce, options);
  cipher.setAAD(header, { plaintextLength: content.length });
  return Buffer.concat([header, cipher.update(content), cipher.final(), cipher.getAuthTag()]);
}

/** HKDF-Expand-Label (RFC 8446 section 7.1) of no more than one block, with an empty context. */
function expandLabel(hash: Suite['hash'], secret: Buffer, label: string, length: number): Buffer {
  const full = Buffer.from(`tls13 ${label}`);
  const info = Buffer.concat([Buffer.from([0, length, full.length]), full, Buffer.from([0, 1])]);
  return createHmac(hash, secret).update(info).digest().subarray(0, length);
}

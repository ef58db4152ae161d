import { generateKeyPairSync, type KeyObject, randomBytes, sign, X509Certificate } from 'node:crypto';
import { isIPv4, isIPv6 } from 'node:net';
import { bits, bool, context, der, octets, oid, pem, sequence, set, time, utf8 } from './der.ts';

/** A certificate that vouches for itself, and its private key, as PEM text. */
export interface SelfSigned {
  readonly certFile: string;
  readonly keyFile: string;
  /** SHA-256 of the certificate, in hexadecimal with colons. */
  readonly fingerprint: string;
  readonly notAfter: Date;
}

const DAY_MS = 24 * 3600 * 1000;
const DAYS_VALID = 30;
const ecdsaWithSha256 = sequence(oid('1.2.840.10045.4.3.2'));

/**
 * Makes a certificate (RFC 5280) with a key on P-256, for trying TLS out: valid for 30 days, and for this machine alone
 * unless more names are given.
 */
export function createSelfSigned(now: Date, moreNames: readonly string[] = []): SelfSigned {
  const { publicKey, privateKey } = generateKeyPairSync('ec', { namedCurve: 'prime256v1' });
  const names = [...new Set(['localhost', '127.0.0.1', '::1', ...moreNames])];
  // A day back, for clocks that disagree.
  const validity = [new Date(now.getTime() - DAY_MS), new Date(now.getTime() + DAYS_VALID * DAY_MS)] as const;
  const certificate = certificateFor(publicKey, names, validity, (bytes) => sign('sha256', bytes, privateKey));
  return {
    certFile: pem('CERTIFICATE', certificate),
    keyFile: privateKey.export({ type: 'pkcs8', format: 'pem' }).toString(),
    fingerprint: new X509Certificate(certificate).fingerprint256,
    notAfter: validity[1],
  };
}

function certificateFor(
  publicKey: KeyObject,
  names: readonly string[],
  [notBefore, notAfter]: readonly [Date, Date],
  signBytes: (bytes: Buffer) => Buffer,
): Buffer {
  const name = sequence(set(sequence(oid('2.5.4.3'), utf8('ws --tls-self-signed'))));
  const serverAuthentication = sequence(oid('1.3.6.1.5.5.7.3.1'));
  const body = sequence(
    context(0, true, der(0x02, Buffer.from([2]))),
    der(0x02, serialNumber()),
    ecdsaWithSha256,
    name,
    sequence(time(notBefore), time(notAfter)),
    name,
    publicKey.export({ type: 'spki', format: 'der' }),
    context(
      3,
      true,
      sequence(
        // Basic constraints: it signs nobody else.
        sequence(oid('2.5.29.19'), bool(true), octets(sequence())),
        sequence(oid('2.5.29.37'), octets(serverAuthentication)),
        sequence(oid('2.5.29.17'), octets(sequence(...names.map(generalName)))),
      ),
    ),
  );
  return sequence(body, ecdsaWithSha256, bits(signBytes(body)));
}

/** Positive, unique, and not guessable: browsers refuse two certificates of one issuer with the same number. */
function serialNumber(): Buffer {
  const bytes = randomBytes(16);
  bytes[0] = 0x40 | ((bytes[0] ?? 0) & 0x3f);
  return bytes;
}

function generalName(name: string): Buffer {
  if (isIPv4(name)) return context(7, false, Buffer.from(name.split('.').map(Number)));
  if (isIPv6(name)) return context(7, false, ipv6Bytes(name));
  return context(2, false, Buffer.from(name, 'latin1'));
}

function ipv6Bytes(address: string): Buffer {
  // The parser of URLs knows every notation, mixed ones included, and gives hexadecimal groups.
  const [head = '', tail] = new URL(`http://[${address}]`).hostname.slice(1, -1).split('::');
  const groups = (text: string): string[] => (text === '' ? [] : text.split(':'));
  const before = groups(head);
  const after = groups(tail ?? '');
  const zeros = Array.from({ length: 8 - before.length - after.length }, () => '0');
  return Buffer.from([...before, ...zeros, ...after].map((group) => group.padStart(4, '0')).join(''), 'hex');
}

import { generateKeyPairSync, type KeyObject, sign } from 'node:crypto';
import { isIPv6 } from 'node:net';
import {
  bits,
  bool,
  context,
  integer,
  octets,
  oid,
  pem,
  sequence,
  set,
  time,
  utf8,
} from '../../src/cli/peers/self-signed/der.ts';

/*
 * X.509 certificates (RFC 5280), made on the spot: Node has no maker of them, and the packages that have bring a dozen
 * others along for what are a few nested tags.
 */

/** A certificate and its private key, as PEM text. */
export interface Identity {
  readonly certFile: string;
  readonly keyFile: string;
}

export interface CertificateFields {
  /** Host names and addresses that it is for; `dns:` in front makes a name of what looks like an address. */
  readonly names?: readonly string[] | undefined;
  readonly commonName?: string | undefined;
  readonly notBefore?: Date | undefined;
  readonly notAfter?: Date | undefined;
  readonly keyType?: 'ec' | 'rsa' | undefined;
  /** Encrypts the private key. */
  readonly passphrase?: string | undefined;
}

interface KeyPair {
  readonly publicKey: KeyObject;
  readonly privateKey: KeyObject;
}

const DAY_MS = 24 * 3600 * 1000;
const ecdsaWithSha256 = sequence(oid('1.2.840.10045.4.3.2'));

export function daysFromNow(days: number): Date {
  return new Date(Date.now() + days * DAY_MS);
}

/** An authority that signs certificates. */
export class Authority {
  /** Its own certificate. */
  readonly certificate: string;
  readonly #name: Buffer;
  readonly #keys: KeyPair = createKeys('ec');
  #serial = 1;

  constructor(commonName: string) {
    this.#name = distinguishedName(commonName);
    this.certificate = this.#sign(this.#name, this.#keys.publicKey, {}, [authorityExtension()]);
  }

  issue(fields: CertificateFields = {}): Identity {
    const {
      names = ['localhost', '127.0.0.1'],
      commonName = names[0] ?? 'client',
      keyType = 'ec',
      passphrase,
    } = fields;
    const keys = createKeys(keyType);
    const extensions = names.length === 0 ? [] : [namesExtension(names)];
    const certFile = this.#sign(distinguishedName(commonName), keys.publicKey, fields, extensions);
    return { certFile, keyFile: exportKey(keys.privateKey, passphrase) };
  }

  #sign(subject: Buffer, key: KeyObject, fields: CertificateFields, extensions: readonly Buffer[]): string {
    const { notBefore = daysFromNow(-1), notAfter = daysFromNow(1) } = fields;
    const certificate = sequence(
      context(0, true, integer(2)),
      integer(this.#serial++),
      ecdsaWithSha256,
      this.#name,
      sequence(time(notBefore), time(notAfter)),
      subject,
      key.export({ type: 'spki', format: 'der' }),
      ...(extensions.length === 0 ? [] : [context(3, true, sequence(...extensions))]),
    );
    const signature = sign('sha256', certificate, this.#keys.privateKey);
    return pem('CERTIFICATE', sequence(certificate, ecdsaWithSha256, bits(signature)));
  }
}

/** A certificate that vouches for itself. */
export function selfSigned(names: readonly string[] = ['localhost', '127.0.0.1']): Identity {
  const keys = createKeys('ec');
  const name = distinguishedName('self');
  const certificate = sequence(
    context(0, true, integer(2)),
    integer(1),
    ecdsaWithSha256,
    name,
    sequence(time(daysFromNow(-1)), time(daysFromNow(1))),
    name,
    keys.publicKey.export({ type: 'spki', format: 'der' }),
    context(3, true, sequence(namesExtension(names))),
  );
  const signature = sign('sha256', certificate, keys.privateKey);
  return {
    certFile: pem('CERTIFICATE', sequence(certificate, ecdsaWithSha256, bits(signature))),
    keyFile: exportKey(keys.privateKey, undefined),
  };
}

function createKeys(keyType: 'ec' | 'rsa'): KeyPair {
  return keyType === 'ec'
    ? generateKeyPairSync('ec', { namedCurve: 'prime256v1' })
    : generateKeyPairSync('rsa', { modulusLength: 2048 });
}

function exportKey(key: KeyObject, passphrase: string | undefined): string {
  const cipher = passphrase === undefined ? {} : { cipher: 'aes-256-cbc', passphrase };
  return key.export({ type: 'pkcs8', format: 'pem', ...cipher }).toString();
}

function distinguishedName(commonName: string): Buffer {
  return sequence(set(sequence(oid('2.5.4.3'), utf8(commonName))));
}

/** Basic constraints: may sign others. */
function authorityExtension(): Buffer {
  return sequence(oid('2.5.29.19'), bool(true), octets(sequence(bool(true))));
}

/** Subject alternative names. */
function namesExtension(names: readonly string[]): Buffer {
  const entries = names.map((name) => {
    const address = addressBytes(name);
    return address === undefined
      ? context(2, false, Buffer.from(name.replace('dns:', '')))
      : context(7, false, address);
  });
  return sequence(oid('2.5.29.17'), octets(sequence(...entries)));
}

function addressBytes(name: string): Buffer | undefined {
  if (/^[\d.]+$/.test(name)) return Buffer.from(name.split('.').map(Number));
  if (!isIPv6(name)) return undefined;
  const [head = '', tail] = name.split('::');
  const groups = (text: string): string[] => (text === '' ? [] : text.split(':'));
  const before = groups(head);
  const after = groups(tail ?? '');
  const zeros = tail === undefined ? 0 : 8 - before.length - after.length;
  const all = [...before, ...Array.from({ length: zeros }, () => '0'), ...after];
  return Buffer.from(all.map((group) => group.padStart(4, '0')).join(''), 'hex');
}

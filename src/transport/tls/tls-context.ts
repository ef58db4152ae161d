import tls, { type SecureContext } from 'node:tls';
import { digestOf, findKeyProblem, isCertificate } from '../../platform/certificates.ts';
import { certificateBlocks, keyBlock, type Pem, readPem, spoiled } from './pem-file.ts';
import { systemAuthorities } from './system-authorities.ts';
import type { SocketTLSOptions } from './tls-options.ts';
import { reasonOf, TlsProblem } from './tls-problem.ts';

export type { SecureContext } from 'node:tls';

/** TLS options with their files read. */
export interface TlsMaterial {
  readonly cert: Pem | undefined;
  readonly key: Pem | undefined;
  readonly passphrase: string | undefined;
  /** `undefined` stands for Node's roots. */
  readonly ca: Pem | undefined;
  readonly isSystemStore: boolean;
  readonly ciphers: string | undefined;
  readonly minVersion: 'TLSv1.2' | 'TLSv1.3';
}

/**
 * Reads the files that `options` name.
 *
 * @throws TlsProblem when one cannot be read, or when a certificate comes without its key
 */
export function readTlsMaterial(options: SocketTLSOptions, defaultCa: 'SYSTEM' | 'NONE'): TlsMaterial {
  const { certFile, keyFile, caFile = defaultCa, ciphers } = options;
  const cert = certFile === undefined ? undefined : readPem('certFile', certFile);
  const key = keyFile === undefined ? undefined : readPem('keyFile', keyFile);
  if ((cert === undefined) !== (key === undefined)) {
    const { option = '', source = '' } = cert ?? key ?? {};
    const given = source === '' ? '' : `: only ${option} is given, ${source}`;
    throw new TlsProblem('tlsOptionsIncomplete', `certFile and keyFile must be both present, or both absent${given}`);
  }
  return {
    cert,
    key,
    passphrase: options.passphrase,
    ca: readAuthorities(caFile),
    isSystemStore: caFile === 'SYSTEM',
    ciphers: ciphers === 'DEFAULT' ? undefined : ciphers,
    minVersion: options.minVersion ?? 'TLSv1.2',
  };
}

/**
 * A context with the authorities of a whole system takes 18 ms and 1 MiB to make, so contexts are shared by all
 * connections of the process whose files say the same. The key is made of their content: a file that was replaced
 * leads to a new one.
 */
const contexts = new Map<string, SecureContext>();
const MOST_CONTEXTS = 64;

/** @throws TlsProblem naming what is wrong */
export function secureContextFor(material: TlsMaterial): SecureContext {
  const { cert, key, passphrase, ca, isSystemStore, ciphers, minVersion } = material;
  const digest = digestOf([
    cert?.text,
    key?.text,
    passphrase,
    isSystemStore ? 'SYSTEM' : ca?.text,
    isSystemStore ? 'SYSTEM' : '',
    ciphers,
    minVersion,
  ]);
  const found = contexts.get(digest);
  if (found !== undefined) {
    contexts.delete(digest);
    contexts.set(digest, found);
    return found;
  }
  const context = makeContext(material);
  contexts.set(digest, context);
  if (contexts.size > MOST_CONTEXTS) {
    const [oldest = ''] = contexts.keys();
    contexts.delete(oldest);
  }
  return context;
}

/** The same as Node has it. */
export function toNodeOptions(material: TlsMaterial): tls.SecureContextOptions {
  const { cert, key, passphrase, ca, isSystemStore, ciphers, minVersion } = material;
  return {
    ...(cert === undefined ? {} : { cert: certificateBlocks(cert).join('') }),
    ...(key === undefined ? {} : { key: keyBlock(key) }),
    ...(passphrase === undefined ? {} : { passphrase }),
    ...(ca === undefined ? {} : { ca: isSystemStore ? ca.text : certificateBlocks(ca).join('') }),
    ...(ciphers === undefined ? {} : { ciphers }),
    minVersion,
  };
}

function makeContext(material: TlsMaterial): SecureContext {
  const { cert, key, passphrase, ca, isSystemStore, ciphers } = material;
  if (cert !== undefined && key !== undefined) checkIdentityPem(cert, key, passphrase);
  if (ca !== undefined && !isSystemStore) checkCertificates(ca);
  try {
    return tls.createSecureContext(toNodeOptions(material));
  } catch (error) {
    const reason = reasonOf(error);
    if (/cipher/i.test(reason)) {
      const message = `OpenSSL failed - SSL_CTX_set_cipher_list("${ciphers ?? 'DEFAULT'}") failed: ${reason}`;
      throw new TlsProblem('tlsOptionsCiphers', message, error);
    }
    const sources = [cert, key, isSystemStore ? undefined : ca].flatMap((pem) =>
      pem === undefined ? [] : [`${pem.option}: ${pem.source}`],
    );
    const where = sources.length === 0 ? '' : ` (${sources.join(', ')})`;
    throw new TlsProblem('tlsOptionsRefused', `OpenSSL failed - ${reason}${where}`, error);
  }
}

function checkIdentityPem(cert: Pem, key: Pem, passphrase: string | undefined): void {
  checkCertificates(cert);
  const [own = ''] = certificateBlocks(cert);
  const problem = findKeyProblem(own, keyBlock(key), passphrase);
  if (problem === 'mismatch') {
    const where = key.source === cert.source ? '' : ` in ${key.source}`;
    const message = `keyFile: the private key${where} does not belong to the certificate in ${cert.source}`;
    throw new TlsProblem('tlsOptionsKeyMismatch', message);
  }
  if (problem === undefined) return;
  if (!key.text.includes('ENCRYPTED')) throw spoiled(key, 'the private key cannot be read in');
  const what = passphrase === undefined ? 'passphrase: one is needed for' : 'passphrase: it does not open';
  throw new TlsProblem('tlsOptionsPassphrase', `${what} the private key in ${key.source}`);
}

function checkCertificates(pem: Pem): void {
  for (const block of certificateBlocks(pem)) {
    if (!isCertificate(block)) throw spoiled(pem, 'a certificate cannot be read in');
  }
}

function readAuthorities(caFile: string): Pem | undefined {
  if (caFile === 'NONE') return undefined;
  if (caFile !== 'SYSTEM') return readPem('caFile', caFile);
  const text = systemAuthorities();
  return text === undefined ? undefined : { option: 'caFile', text, source: 'the store of the system' };
}

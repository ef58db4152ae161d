import fs from 'node:fs';
import type { TLSOptionsErrorCode } from '../../errors.ts';
import { TlsProblem } from './tls-problem.ts';

export type PemOption = 'certFile' | 'keyFile' | 'caFile';

/** The text that a PEM option led to. */
export interface Pem {
  readonly option: PemOption;
  readonly text: string;
  /** Its origin, for messages: the path, never the text. */
  readonly source: string;
}

const codes: Readonly<Record<PemOption, TLSOptionsErrorCode>> = Object.freeze({
  certFile: 'tlsOptionsCertFile',
  keyFile: 'tlsOptionsKeyFile',
  caFile: 'tlsOptionsCaFile',
});

const CERTIFICATE_BLOCK = /-----BEGIN ((?:TRUSTED |X509 )?CERTIFICATE)-----[^-]*-----END \1-----/g;
const CERTIFICATE_BEGIN = /-----BEGIN (?:TRUSTED |X509 )?CERTIFICATE-----/g;
const KEY_BEGIN = /-----BEGIN (?:[A-Z]+ )?PRIVATE KEY-----/;
const LONGEST_PATH = 1024;

/** Reads `value` if it is a path; PEM text is taken as it is. */
export function readPem(option: PemOption, value: string): Pem {
  if (value.includes('-----BEGIN ')) return { option, text: value, source: 'the text given' };
  // A key without its first line must not be shown as the path that it is not.
  if (/\p{Cc}/u.test(value) || value.length > LONGEST_PATH) {
    throw new TlsProblem(codes[option], `${option} not found: it is neither a path nor PEM text`);
  }
  try {
    return { option, text: fs.readFileSync(value, 'latin1'), source: value };
  } catch (error) {
    const systemCode = error instanceof Error && 'code' in error ? error.code : undefined;
    const isMissing = systemCode === 'ENOENT' || systemCode === 'ENOTDIR';
    const why = error instanceof Error ? error.message : String(error);
    const message = isMissing ? `${option} not found: ${value}` : `${option} cannot be read: ${value} (${why})`;
    throw new TlsProblem(codes[option], message, error);
  }
}

/** The certificates in it, one or more. OpenSSL would pass over what it cannot read. */
export function certificateBlocks(pem: Pem): readonly string[] {
  const blocks = pem.text.match(CERTIFICATE_BLOCK) ?? [];
  const begun = pem.text.match(CERTIFICATE_BEGIN)?.length ?? 0;
  if (begun === 0) throw spoiled(pem, 'there is no certificate in PEM form in');
  if (blocks.length < begun) throw spoiled(pem, 'a certificate is cut in');
  return blocks;
}

export function checkHasKey(pem: Pem): void {
  if (!KEY_BEGIN.test(pem.text)) throw spoiled(pem, 'there is no private key in PEM form in');
}

/** A problem with the content. */
export function spoiled(pem: Pem, what: string): TlsProblem {
  return new TlsProblem(codes[pem.option], `${pem.option}: ${what} ${pem.source}`);
}

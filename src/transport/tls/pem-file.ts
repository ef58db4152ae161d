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

const CERTIFICATE_BLOCK = /-----BEGIN ((?:TRUSTED |X509 )?CERTIFICATE)-----([^-]*)-----END \1-----/g;
const CERTIFICATE_BEGIN = /-----BEGIN (?:TRUSTED |X509 )?CERTIFICATE-----/g;
const KEY_BLOCK = /-----BEGIN ((?:[A-Z]+ )?PRIVATE KEY)-----[^]*?-----END \1-----/;
const KEY_BEGIN = /-----BEGIN (?:[A-Z]+ )?PRIVATE KEY-----/;
const ANY_BEGIN = /-----BEGIN ([A-Z0-9 ]+)-----/g;
const LONGEST_PATH = 1024;

/**
 * Reads `value` if it is a path; PEM text is taken as it is. A byte order mark and lines that `#` comments out are no
 * part of it: OpenSSL would take the first for the beginning of a line, and pass over the certificate behind it.
 */
export function readPem(option: PemOption, value: string): Pem {
  if (value.includes('-----BEGIN ')) return { option, text: withoutComments(value), source: 'the text given' };
  // A key without its first line must not be shown as the path that it is not.
  if (/\p{Cc}/u.test(value) || value.length > LONGEST_PATH) {
    throw new TlsProblem(codes[option], `${option} not found: it is neither a path nor PEM text`);
  }
  const bytes = readFile(option, value);
  const form = otherForm(bytes, option);
  if (form !== undefined) throw new TlsProblem(codes[option], `${option}: ${value} is ${form}`);
  return { option, text: withoutComments(bytes.toString('utf8')), source: value };
}

function readFile(option: PemOption, path: string): Buffer {
  try {
    return fs.readFileSync(path);
  } catch (error) {
    const systemCode = error instanceof Error && 'code' in error ? error.code : undefined;
    const isMissing = systemCode === 'ENOENT' || systemCode === 'ENOTDIR';
    const why = error instanceof Error ? error.message : String(error);
    const message = isMissing ? `${option} not found: ${path}` : `${option} cannot be read: ${path} (${why})`;
    throw new TlsProblem(codes[option], message, error);
  }
}

/** The form that a file has in place of PEM, and the way out of it; `undefined` for what may be PEM. */
function otherForm(bytes: Buffer, option: PemOption): string | undefined {
  const [first, second, ...more] = bytes.subarray(0, 8);
  // With its mark, or without: the first letter of an ASCII text has a zero byte beside it.
  if ((first === 0xff && second === 0xfe) || (first === 0xfe && second === 0xff) || first === 0 || second === 0) {
    return 'text in UTF-16, not in ASCII: save it as UTF-8';
  }
  // A SEQUENCE longer than 127 bytes (X.690); that of PKCS #12 goes on with its version, the INTEGER 3 (RFC 7292 4).
  if (first !== 0x30 || second === undefined || second < 0x81 || second > 0x84) return undefined;
  const version = bytes.subarray(2 + (second & 0x7f)).subarray(0, 3);
  if (more.length > 0 && version.equals(Buffer.from([2, 1, 3]))) {
    return 'a PKCS #12 store, not PEM: take its parts out with "openssl pkcs12 -nodes -in FILE -out FILE.pem"';
  }
  const command = option === 'keyFile' ? 'pkey' : 'x509';
  return `in DER form, not PEM: convert it with "openssl ${command} -inform der -in FILE -out FILE.pem"`;
}

function withoutComments(text: string): string {
  const whole = text.startsWith('\ufeff') ? text.slice(1) : text;
  return whole.includes('#') ? whole.replace(/^[ \t]*#.*$/gm, '') : whole;
}

/**
 * The certificates in it, one or more, each in the one form that everybody reads: OpenSSL would pass over what it
 * cannot read, such as the second of two without a line end between them.
 */
export function certificateBlocks(pem: Pem): readonly string[] {
  const blocks = Array.from(pem.text.matchAll(CERTIFICATE_BLOCK), ([, label = '', body = '']) => {
    const lines = body.replace(/\s+/g, '').replace(/.{64}(?=.)/g, '$&\n');
    return `-----BEGIN ${label}-----\n${lines}\n-----END ${label}-----\n`;
  });
  const begun = pem.text.match(CERTIFICATE_BEGIN)?.length ?? 0;
  if (begun === 0) throw nothingOf(pem, 'certificate');
  if (blocks.length < begun) throw spoiled(pem, 'a certificate is cut in');
  return blocks;
}

/** The private key in it. */
export function keyBlock(pem: Pem): string {
  const [block] = KEY_BLOCK.exec(pem.text) ?? [];
  if (block !== undefined) return block.replace(/[ \t]*(?:\r\n?|\n)[ \t]*/g, '\n');
  throw KEY_BEGIN.test(pem.text) ? spoiled(pem, 'the private key is cut in') : nothingOf(pem, 'private key');
}

function nothingOf(pem: Pem, what: string): TlsProblem {
  const found = new Set(Array.from(pem.text.matchAll(ANY_BEGIN), ([, label]) => label));
  const only = found.size === 0 ? '' : `, only ${[...found].join(', ')}`;
  return new TlsProblem(
    codes[pem.option],
    `${pem.option}: there is no ${what} in PEM form in ${pem.source}${pem.text.trim() === '' ? ', which is empty' : only}`,
  );
}

/** A problem with the content. */
export function spoiled(pem: Pem, what: string): TlsProblem {
  return new TlsProblem(codes[pem.option], `${pem.option}: ${what} ${pem.source}`);
}

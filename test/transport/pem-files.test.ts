import { X509Certificate } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it, onTestFinished, vi } from 'vitest';
import { forgetSystemAuthorities } from '../../src/transport/tls/system-authorities.ts';
import { Authority } from '../support/certificates.ts';
import { attempt, authority, failureOf, identity, startSecureServer } from '../support/secure.ts';

const folder = mkdtempSync(join(tmpdir(), 'ixwebsocket-pem-'));
afterAll(() => rmSync(folder, { recursive: true }));

function write(name: string, content: string | Buffer): string {
  const path = join(folder, name);
  writeFileSync(path, content);
  return path;
}

const other = new Authority('other').certificate;
const ours = authority.certificate;
const crlf = (text: string): string => text.replaceAll('\n', '\r\n');
const commented = (text: string): string => text.replace(/^(?=.)/gm, '# ');
const indented = (text: string): string => text.replace(/^(?=.)/gm, '    ');
const oneLine = (text: string): string => text.replace(/(?<=[^-])\n(?=[^-])/g, '');
const withMark = (text: string): Buffer => Buffer.concat([Buffer.from([0xef, 0xbb, 0xbf]), Buffer.from(text)]);
const derOf = (text: string): Buffer => new X509Certificate(text).raw;
const keyDer = Buffer.from(identity.keyFile.replace(/-----.*-----|\s/g, ''), 'base64');

const wellFormed: readonly (readonly [string, string | Buffer])[] = [
  ['as it should be', ours + other],
  ['with a byte order mark', withMark(ours)],
  ['with a byte order mark before two', withMark(ours + other)],
  ['with the ends of lines of Windows', crlf(ours + other)],
  ['with a byte order mark and the ends of lines of Windows', withMark(crlf(ours))],
  ['with the ends of lines of old Macs', ours.replaceAll('\n', '\r')],
  ['with another one commented out in front', commented(other) + ours],
  ['with another one commented out behind, after a mark', withMark(ours + commented(other))],
  ['with one commented out that is cut', `# -----BEGIN CERTIFICATE-----\n# MIIB\n${ours}`],
  ['with no line end between two', other.trimEnd() + ours],
  ['with no line end at its end', ours.trimEnd()],
  ['indented, as in YAML', indented(ours)],
  ['with all of its content in one line', oneLine(ours)],
  ['with words around them', `Issuer: a\n\n${other}\nIssuer: b\n${ours}\nbye`],
  ['with a key beside it', identity.keyFile + ours],
];

describe('a file of authorities', () => {
  it.each(wellFormed)('is read %s', async (_form, content) => {
    const { url } = await startSecureServer();
    expect((await attempt(url, { caFile: write('ca.pem', content) })).errorInfo).toBeUndefined();
  });

  it.each(wellFormed.filter(([, content]) => typeof content === 'string'))(
    'may be given as text %s',
    async (_, text) => {
      const { url } = await startSecureServer();
      expect((await attempt(url, { caFile: text as string })).errorInfo).toBeUndefined();
    },
  );

  it('may be given as text that still has its byte order mark', async () => {
    const { url } = await startSecureServer();
    expect((await attempt(url, { caFile: `\ufeff${ours}` })).errorInfo).toBeUndefined();
  });

  it.each<[string, string | Buffer, string]>([
    ['is in UTF-16, marked', Buffer.from(`\ufeff${ours}`, 'utf16le'), 'PATH is text in UTF-16, not in ASCII'],
    ['is in UTF-16, not marked', Buffer.from(ours, 'utf16le'), 'PATH is text in UTF-16, not in ASCII'],
    [
      'is in UTF-16 of the other order',
      Buffer.from(`\ufeff${ours}`, 'utf16le').swap16(),
      'PATH is text in UTF-16, not in ASCII',
    ],
    ['is in DER form', derOf(ours), 'PATH is in DER form, not PEM: convert it with "openssl x509 -inform der'],
    ['is a PKCS #12 store', Buffer.from('3082010002010330', 'hex'), 'PATH is a PKCS #12 store, not PEM'],
    ['is empty', '', 'there is no certificate in PEM form in PATH, which is empty'],
    ['is blank', ' \n\n', 'there is no certificate in PEM form in PATH, which is empty'],
    ['has words alone', 'hello', 'there is no certificate in PEM form in PATH'],
    ['has a key alone', identity.keyFile, 'there is no certificate in PEM form in PATH, only PRIVATE KEY'],
    ['has nothing that is not commented out', commented(ours), 'there is no certificate in PEM form in PATH'],
    ['is cut in its second certificate', ours + other.slice(0, 200), 'a certificate is cut in PATH'],
    ['has a first certificate that is cut', ours.slice(0, 200) + other, 'a certificate is cut in PATH'],
    [
      'has a certificate that is damaged behind a mark',
      withMark(ours.replace(/\n.{8}/, '\nAAAAAAAA')),
      'a certificate cannot be read in PATH',
    ],
  ])('that %s is named', async (_form, content, message) => {
    const path = write('ca.pem', content);
    const info = await failureOf('wss://localhost:9/', { caFile: path });
    expect(info.code).toBe('tlsOptionsCaFile');
    expect(info.reason).toContain(message.replace('PATH', path));
  });

  it('that SSL_CERT_FILE names has to have a certificate', async () => {
    onTestFinished(() => {
      vi.unstubAllEnvs();
      forgetSystemAuthorities();
    });
    forgetSystemAuthorities();
    const path = write('none.pem', 'none');
    vi.stubEnv('SSL_CERT_FILE', path);
    const info = await failureOf('wss://localhost:9/', {});
    // A Node that asks the system does not look at the variable.
    if (info.code !== 'connectionRefused') {
      expect(info.reason).toBe(`SSL_CERT_FILE: caFile: there is no certificate in PEM form in ${path}`);
    }
  });
});

describe('certificate and key of a server', () => {
  it.each<[string, (text: string) => string | Buffer]>([
    ['have byte order marks', withMark],
    ['have the ends of lines of Windows', crlf],
    ['have both', (text) => withMark(crlf(text))],
    ['are indented', indented],
    ['have a comment in front', (text) => `# made by hand\n${text}`],
    ['have an older one commented out in front', (text) => commented(text) + text],
    ['have no line end', (text) => text.trimEnd()],
  ])('may %s', async (_form, written) => {
    const certFile = write('cert.pem', written(identity.certFile));
    const keyFile = write('key.pem', written(identity.keyFile));
    const { url } = await startSecureServer({ certFile, keyFile });
    expect((await attempt(url, { caFile: ours })).errorInfo).toBeUndefined();
  });

  it('may stand in one file', async () => {
    const both = write('both.pem', identity.keyFile.trimEnd() + identity.certFile);
    const { url } = await startSecureServer({ certFile: both, keyFile: both });
    expect((await attempt(url, { caFile: ours })).errorInfo).toBeUndefined();
  });

  it.each<[string, () => { certFile: string; keyFile: string }, string]>([
    [
      'a certificate in DER form',
      () => ({ certFile: write('c', derOf(ours)), keyFile: 'k' }),
      'certFile: PATHc is in DER',
    ],
    [
      'a key in DER form',
      () => ({ certFile: write('c', ours), keyFile: write('k', keyDer) }),
      'keyFile: PATHk is in DER form, not PEM: convert it with "openssl pkey -inform der',
    ],
    [
      'a key that is cut',
      () => ({ certFile: write('c', identity.certFile), keyFile: write('k', identity.keyFile.slice(0, 90)) }),
      'keyFile: the private key is cut in PATHk',
    ],
    [
      'a key of another certificate',
      () => ({ certFile: write('c', identity.certFile), keyFile: write('k', authority.issue().keyFile) }),
      'keyFile: the private key in PATHk does not belong to the certificate in PATHc',
    ],
    [
      'a certificate without a key',
      () => ({ certFile: write('c', ours), keyFile: '' }),
      'both absent: only certFile is given, PATHc',
    ],
  ])('%s is named with its file', async (_what, options, message) => {
    const info = await failureOf('wss://localhost:9/', options());
    expect(info.reason).toContain(message.replaceAll('PATH', `${folder}/`));
  });
});

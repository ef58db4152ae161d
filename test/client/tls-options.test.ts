import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type SocketTLSOptions, UsageError, WebSocket } from '../../src/index.ts';
import { Authority } from '../support/certificates.ts';
import { createClient } from '../support/running.ts';
import { attempt, authority, failureOf, identity, startSecureServer, trusting } from '../support/secure.ts';

describe('TLS options', () => {
  let directory: string;
  const paths = { certFile: '', keyFile: '', caFile: '', empty: '' };
  const url = 'wss://localhost:9/';

  beforeAll(async () => {
    directory = await mkdtemp(join(tmpdir(), 'ixwebsocket-tls-'));
    const contents = { ...identity, caFile: authority.certificate, empty: '' };
    for (const [name, text] of Object.entries(contents)) {
      paths[name as keyof typeof paths] = join(directory, `${name}.pem`);
      await writeFile(join(directory, `${name}.pem`), text);
    }
  });
  afterAll(() => rm(directory, { recursive: true }));

  it('take paths', async () => {
    const { certFile, keyFile, caFile } = paths;
    const server = await startSecureServer({ certFile, keyFile, caFile });
    expect((await attempt(server.url, { certFile, keyFile, caFile })).errorInfo).toBeUndefined();
  });

  it('are read again for each attempt', async () => {
    const server = await startSecureServer();
    const caFile = join(directory, 'changing.pem');
    await writeFile(caFile, new Authority('old').certificate);
    const { client } = createClient({ url: server.url, tlsOptions: { caFile } });
    expect(await client.connect()).toMatchObject({ success: false });
    await writeFile(caFile, authority.certificate);
    expect(await client.connect()).toMatchObject({ success: true });
  });

  it('take a key that is encrypted', async () => {
    const secret = authority.issue({ passphrase: 'open sesame' });
    const server = await startSecureServer({ ...secret, passphrase: 'open sesame', caFile: authority.certificate });
    const options = { ...trusting, ...secret, passphrase: 'open sesame' };
    expect((await attempt(server.url, options)).errorInfo).toBeUndefined();
  });

  const cut = identity.certFile.slice(0, 200);
  const locked = authority.issue({ passphrase: 'open sesame' });
  const wrong: readonly (readonly [string, () => SocketTLSOptions, string, string | RegExp])[] = [
    [
      'a certificate that is not there',
      () => ({ certFile: '/no/cert', keyFile: paths.keyFile }),
      'tlsOptionsCertFile',
      'certFile not found: /no/cert',
    ],
    [
      'a key that is not there',
      () => ({ certFile: paths.certFile, keyFile: '/no/key' }),
      'tlsOptionsKeyFile',
      'keyFile not found: /no/key',
    ],
    ['authorities that are not there', () => ({ caFile: '/no/ca' }), 'tlsOptionsCaFile', 'caFile not found: /no/ca'],
    ['a directory', () => ({ caFile: '/' }), 'tlsOptionsCaFile', /^caFile cannot be read: \/ \(EISDIR/],
    [
      'a certificate without a key',
      () => ({ certFile: paths.certFile }),
      'tlsOptionsIncomplete',
      /^certFile and keyFile must be both present, or both absent: only (certFile|keyFile) is given, \//,
    ],
    [
      'a key without a certificate',
      () => ({ keyFile: paths.keyFile }),
      'tlsOptionsIncomplete',
      /^certFile and keyFile must be both present, or both absent: only (certFile|keyFile) is given, \//,
    ],
    [
      'a file without a certificate',
      () => ({ caFile: paths.empty }),
      'tlsOptionsCaFile',
      /^caFile: there is no certificate in PEM form in \//,
    ],
    [
      'a certificate that is cut',
      () => ({ caFile: cut }),
      'tlsOptionsCaFile',
      'caFile: a certificate is cut in the text given',
    ],
    [
      'a certificate that is nonsense',
      () => ({ caFile: identity.certFile.replace(/\n.{8}/, '\nAAAAAAAA') }),
      'tlsOptionsCaFile',
      'caFile: a certificate cannot be read in the text given',
    ],
    [
      'a second certificate that is nonsense',
      () => ({ caFile: identity.certFile + identity.certFile.replace(/\n.{8}/, '\nAAAAAAAA') }),
      'tlsOptionsCaFile',
      'caFile: a certificate cannot be read in the text given',
    ],
    [
      'a key of another certificate',
      () => ({ ...identity, keyFile: authority.issue().keyFile }),
      'tlsOptionsKeyMismatch',
      'keyFile: the private key does not belong to the certificate in the text given',
    ],
    [
      'a key of another kind',
      () => ({ ...identity, keyFile: authority.issue({ keyType: 'rsa' }).keyFile }),
      'tlsOptionsKeyMismatch',
      'keyFile: the private key does not belong to the certificate in the text given',
    ],
    [
      'a certificate as the key',
      () => ({ ...identity, keyFile: identity.certFile }),
      'tlsOptionsKeyFile',
      'keyFile: there is no private key in PEM form in the text given, only CERTIFICATE',
    ],
    [
      'a key that is nonsense',
      () => ({ ...identity, keyFile: identity.keyFile.replace(/\n.{8}/, '\nAAAAAAAA') }),
      'tlsOptionsKeyFile',
      'keyFile: the private key cannot be read in the text given',
    ],
    [
      'a wrong passphrase',
      () => ({ ...locked, passphrase: 'hunter2' }),
      'tlsOptionsPassphrase',
      'passphrase: it does not open the private key in the text given',
    ],
    [
      'a missing passphrase',
      () => locked,
      'tlsOptionsPassphrase',
      'passphrase: one is needed for the private key in the text given',
    ],
    [
      'unknown ciphers',
      () => ({ ciphers: 'NO-SUCH-CIPHER' }),
      'tlsOptionsCiphers',
      /^OpenSSL failed - SSL_CTX_set_cipher_list\("NO-SUCH-CIPHER"\) failed: no cipher match/,
    ],
  ];

  it.each(wrong)('report %s, and nothing is sent or tried again', async (_what, options, code, message) => {
    const { client, log } = createClient({ url, tlsOptions: options() });
    client.start();
    const { errorInfo } = await log.next('error');
    expect(errorInfo).toMatchObject({ code, retries: 0, waitTime: 0 });
    expect(errorInfo.cause).toMatchObject({ phase: 'tls' });
    if (typeof message === 'string') expect(errorInfo.reason).toBe(message);
    else expect(errorInfo.reason).toMatch(message);
    await client.stop();
    expect(log.of('error')).toHaveLength(1);
  });

  it('never show a secret', async () => {
    const body = identity.keyFile.split('\n').slice(1, -2).join('\n');
    for (const keyFile of [body, identity.keyFile.replace('BEGIN', 'BEGUN')]) {
      const info = await failureOf(url, { certFile: identity.certFile, keyFile });
      expect(info.code).toBe('tlsOptionsKeyFile');
      expect(info.reason).toBe('keyFile not found: it is neither a path nor PEM text');
      expect(info.cause.cause).toBeUndefined();
    }
    const info = await failureOf(url, { ...locked, passphrase: 'hunter2' });
    expect(JSON.stringify([info, info.cause.stack, info.cause.cause])).not.toContain('hunter2');
  });

  it('of the wrong type are refused at once', () => {
    const make = (tlsOptions: object): unknown => new WebSocket({ tlsOptions });
    expect(() => make({ certfile: 'x' })).toThrow("certfile: is not an option of tlsOptions; did you mean 'certFile'?");
    expect(() => make({ certFile: 1 })).toThrow('tlsOptions.certFile: must be a string, got 1');
    expect(() => make({ minVersion: 'TLSv1' })).toThrow('tlsOptions.minVersion: must be one of');
    expect(() => make({ tls: 'yes' })).toThrow(UsageError);
    expect(() => make({ serverNames: [] })).toThrow('tlsOptions.serverNames: must be an object of identities');
    expect(() => make({ serverNames: { 'a.test': { certFile: 'x' } } })).toThrow(
      "tlsOptions.serverNames['a.test'].keyFile: must be a string",
    );
  });

  it('set later hold for the next attempt', async () => {
    const server = await startSecureServer();
    const { client } = createClient({ url: server.url });
    expect(await client.connect()).toMatchObject({ success: false });
    client.setTLSOptions(trusting);
    expect(await client.connect()).toMatchObject({ success: true });
  });

  it('mean nothing to a plain connection', async () => {
    const info = await failureOf('ws://127.0.0.1:9/', { caFile: '/no/ca' });
    expect(info.code).toBe('connectionRefused');
  });
});

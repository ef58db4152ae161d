import { describe, expect, it } from 'vitest';
import { ConnectError, type SocketTLSOptions } from '../../src/index.ts';
import { Authority, daysFromNow, selfSigned } from '../support/certificates.ts';
import { eventually } from '../support/eventually.ts';
import { attempt, authority, failureOf, identity, listenTls, startSecureServer, trusting } from '../support/secure.ts';

describe('a certificate that is trusted', () => {
  it('lets messages through in both directions', async () => {
    const { url } = await startSecureServer();
    const { logged, errorInfo } = await attempt(url);
    expect(errorInfo).toBeUndefined();
    logged.client.send('hello');
    expect((await logged.log.next('message')).data).toBe('hello');
  });

  it('is trusted by its own name in caFile when it has signed itself', async () => {
    const own = selfSigned();
    const { url } = await startSecureServer(own);
    expect((await attempt(url, { caFile: own.certFile })).errorInfo).toBeUndefined();
  });

  it('may be for an address, and https:// means wss://', async () => {
    const { port } = await startSecureServer();
    expect((await attempt(`https://127.0.0.1:${port}/`)).errorInfo).toBeUndefined();
  });

  it('may be for an IPv6 address', async () => {
    const { port } = await startSecureServer(authority.issue({ names: ['2001:db8::1', '::1'] }));
    const url = `wss://127.0.0.1:${port}/`;
    expect((await attempt(url, { ...trusting, serverName: '2001:db8:0::1' })).errorInfo).toBeUndefined();
    expect((await attempt(url, { ...trusting, serverName: '::1' })).errorInfo).toBeUndefined();
    expect((await failureOf(url, { ...trusting, serverName: '::2' })).code).toBe('tlsHostnameMismatch');
  });

  it('may be for a name with an asterisk, one label and no more', async () => {
    const { port } = await startSecureServer(authority.issue({ names: ['*.example.com'] }));
    const url = `wss://127.0.0.1:${port}/`;
    expect((await attempt(url, { ...trusting, serverName: 'a.example.com' })).errorInfo).toBeUndefined();
    for (const serverName of ['example.com', 'a.b.example.com', 'a.example.com.evil.test']) {
      expect((await failureOf(url, { ...trusting, serverName })).code).toBe('tlsHostnameMismatch');
    }
  });

  it('is looked at without regard to case and to the dot of the root', async () => {
    const { url } = await startSecureServer();
    expect((await attempt(url, { ...trusting, serverName: 'LocalHost.' })).errorInfo).toBeUndefined();
  });
});

describe('a certificate that is not', () => {
  const cases: readonly (readonly [string, Parameters<Authority['issue']>[0], string])[] = [
    ['expired', { notBefore: daysFromNow(-3), notAfter: daysFromNow(-2) }, 'tlsCertificateExpired'],
    ['not valid yet', { notBefore: daysFromNow(2), notAfter: daysFromNow(3) }, 'tlsCertificateNotYetValid'],
    ['for another host', { names: ['example.com'] }, 'tlsHostnameMismatch'],
    ['for another address', { names: ['127.0.0.2'] }, 'tlsHostnameMismatch'],
  ];

  it.each(cases)('%s is refused', async (_what, fields, code) => {
    const { url, lines } = await startSecureServer(authority.issue(fields));
    const info = await failureOf(url);
    expect(info.code).toBe(code);
    expect(info.cause).toBeInstanceOf(ConnectError);
    expect(info.cause).toMatchObject({ phase: 'tls' });
    expect(info.reason).toMatch(
      /^Unable to connect to localhost on port \d+, error: OpenSSL failed - certificate verify/,
    );
    expect(lines).toEqual([]);
  });

  it('for the address asked for is refused when it is there as a name, or not at all', async () => {
    for (const name of ['localhost', 'dns:127.0.0.1']) {
      const { port } = await startSecureServer(authority.issue({ names: [name] }));
      expect((await failureOf(`wss://127.0.0.1:${port}/`)).code).toBe('tlsHostnameMismatch');
    }
  });

  it('signed by itself is refused', async () => {
    const { url } = await startSecureServer(selfSigned());
    expect((await failureOf(url)).code).toBe('tlsSelfSigned');
    expect((await failureOf(url, {})).code).toBe('tlsSelfSigned');
  });

  it('signed by an unknown authority is refused, with a hint', async () => {
    const { url } = await startSecureServer();
    const info = await failureOf(url, { caFile: new Authority('other').certificate });
    expect(info.code).toBe('tlsUnknownAuthority');
    expect(info.reason).toContain('caFile');
    expect((await failureOf(url, { caFile: 'SYSTEM' })).code).toBe('tlsUnknownAuthority');
  });
});

describe('verification', () => {
  it('is off with NONE, the name included', async () => {
    const { port } = await startSecureServer(selfSigned(['example.com']));
    expect((await attempt(`wss://127.0.0.1:${port}/`, { caFile: 'NONE' })).errorInfo).toBeUndefined();
  });

  it('without the name still wants a trusted certificate', async () => {
    const other = await startSecureServer(authority.issue({ names: ['example.com'] }));
    const options: SocketTLSOptions = { ...trusting, disableHostnameValidation: true };
    expect((await attempt(other.url, options)).errorInfo).toBeUndefined();
    const own = await startSecureServer(selfSigned());
    expect((await failureOf(own.url, options)).code).toBe('tlsSelfSigned');
  });
});

describe('versions and ciphers', () => {
  it('in common there must be some', async () => {
    const { url, lines } = await startSecureServer({ ...identity, ciphers: 'TLS_AES_256_GCM_SHA384' });
    const info = await failureOf(url, { ...trusting, ciphers: 'TLS_AES_128_GCM_SHA256' });
    expect(info).toMatchObject({ code: 'tlsHandshakeFailed', cause: { phase: 'tls' } });
    expect(info.reason).toContain('no cipher in common');
    await eventually('the log', () => lines.join().includes('tls accept failed'));
  });

  it('of the list that is given are used', async () => {
    const { server, url } = await startSecureServer({ ...identity, ciphers: 'TLS_CHACHA20_POLY1305_SHA256' });
    await attempt(url);
    const [peer] = server.getClients();
    expect(peer?.state.tls).toMatchObject({ version: 'TLSv1.3', cipher: 'TLS_CHACHA20_POLY1305_SHA256' });
  });

  it('older than allowed end the handshake, on either side', async () => {
    const old = await listenTls({ maxVersion: 'TLSv1.2' });
    expect((await attempt(old.url)).errorInfo?.code).toBe('connectionLost');
    const info = await failureOf(old.url, { ...trusting, minVersion: 'TLSv1.3' });
    expect(info).toMatchObject({ code: 'tlsHandshakeFailed' });
    expect(info.reason).toContain('no version of TLS in common');
  });
});

describe('a client certificate', () => {
  const client = authority.issue({ names: [], commonName: 'ada' });
  const required: SocketTLSOptions = { ...identity, caFile: authority.certificate };

  it('is presented where it is asked for', async () => {
    const { server, url } = await startSecureServer(required);
    expect((await attempt(url, { ...trusting, ...client })).errorInfo).toBeUndefined();
    const [peer] = server.getClients();
    expect(peer?.state.tls?.certificate?.subject).toBe('CN=ada');
    expect(peer?.state.tls).toMatchObject({ isAuthorized: true, serverName: 'localhost' });
  });

  it('that is missing is reported by name', async () => {
    const { url, server, lines } = await startSecureServer(required);
    const info = await failureOf(url);
    expect(info.code).toBe('tlsClientCertificateRefused');
    expect(info.reason).toMatch(/^Failed reading HTTP status line from wss:.*tlsv13 alert certificate required/);
    expect(server.getClients().size).toBe(0);
    await eventually('the log', () => lines.length > 0);
    expect(lines.join()).toMatch(
      /^error: tls accept failed for client 127\.0\.0\.1:\d+: peer did not return a certificate$/,
    );
  });

  it('of another authority is refused', async () => {
    const { url, server, lines } = await startSecureServer(required);
    const stranger = new Authority('other').issue({ names: [], commonName: 'eve' });
    const info = await failureOf(url, { ...trusting, ...stranger });
    expect(['connectionLost', 'tlsClientCertificateRefused']).toContain(info.code);
    expect(server.getClients().size).toBe(0);

    await eventually('the log', () => lines.join().includes('client certificate refused: '));
  });
});

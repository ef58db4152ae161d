import tls from 'node:tls';
import { describe, expect, it } from 'vitest';
import { Authority, daysFromNow } from '../support/certificates.ts';
import { authority, identity, startSecureServer } from '../support/secure.ts';

/** Everything that a client of Node's sees of a handshake, and the words of OpenSSL for how it ended. */
async function outcome(port: number, options: tls.ConnectionOptions): Promise<string> {
  const socket = tls.connect({
    port,
    host: '127.0.0.1',
    servername: 'localhost',
    ca: authority.certificate,
    ...options,
  });
  const seen: string[] = [];
  socket.on('error', (error: NodeJS.ErrnoException & { reason?: string }) => seen.push(error.reason ?? error.message));
  socket.on('data', (data: Buffer) => seen.push(data.toString().split('\r\n', 1)[0] ?? ''));
  socket.on('secureConnect', () => socket.write('GET / HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n'));
  await new Promise((resolve) => socket.once('close', resolve));
  return seen.join(', ');
}

const stranger = new Authority('stranger').issue();
const expired = authority.issue({ notBefore: daysFromNow(-10), notAfter: daysFromNow(-5) });
const versions = ['TLSv1.2', 'TLSv1.3'] as const;
const suites = ['TLS_AES_128_GCM_SHA256', 'TLS_AES_256_GCM_SHA384', 'TLS_CHACHA20_POLY1305_SHA256'];

describe('a client whose certificate is refused', () => {
  const asking = { ...identity, caFile: authority.certificate };

  it.each(versions)('is told so by an alert, with %s', async (maxVersion) => {
    const { port, lines } = await startSecureServer(asking);
    const { certFile: cert, keyFile: key } = stranger;
    expect(await outcome(port, { maxVersion, cert, key })).toMatch(/alert unknown ca$/);
    expect(lines.join()).toContain('client certificate refused: UNABLE_TO_VERIFY_LEAF_SIGNATURE');
    const old = { maxVersion, cert: expired.certFile, key: expired.keyFile };
    expect(await outcome(port, old)).toMatch(/alert certificate expired$/);
    expect(await outcome(port, { maxVersion })).toMatch(/alert (handshake failure|certificate required)$/);
  });

  it.each(suites)('is told so under %s', async (ciphers) => {
    const { port } = await startSecureServer(asking);
    const { certFile: cert, keyFile: key } = stranger;
    expect(await outcome(port, { minVersion: 'TLSv1.3', ciphers, cert, key })).toMatch(/alert unknown ca$/);
  });

  it.each(versions)('is none whose certificate is trusted, with %s', async (maxVersion) => {
    const { port } = await startSecureServer(asking);
    const { certFile: cert, keyFile: key } = authority.issue();
    expect(await outcome(port, { maxVersion, cert, key })).toMatch(/^HTTP\/1.1 \d+/);
  });
});

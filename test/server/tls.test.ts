import { connect as connectTcp, createServer } from 'node:net';
import { type ConnectionOptions, connect as connectTls, type TLSSocket } from 'node:tls';
import { describe, expect, it, onTestFinished } from 'vitest';
import { ListenError, type SocketTLSOptions, WebSocketServer } from '../../src/index.ts';
import { Authority, type Identity } from '../support/certificates.ts';
import { eventually, turns } from '../support/eventually.ts';
import { connectRaw, RawPeer, upgradeRequest } from '../support/raw-peer.ts';
import { startServer } from '../support/running.ts';
import { attempt, authority, failureOf, identity, startSecureServer, trusting } from '../support/secure.ts';

/** A TLS client of Node's, after its handshake. */
async function openTls(port: number, options: ConnectionOptions = {}): Promise<TLSSocket> {
  const socket = connectTls({
    port,
    host: '127.0.0.1',
    ca: authority.certificate,
    servername: 'localhost',
    ...options,
  });
  onTestFinished(() => void socket.destroy());
  await new Promise<void>((resolve, reject) => {
    socket.once('secureConnect', resolve);
    socket.once('error', reject);
  });
  socket.on('error', () => undefined);
  return socket;
}

const commonNameOf = (socket: TLSSocket): string => socket.getPeerX509Certificate()?.subject ?? '';

describe('a listening server', () => {
  const locked = authority.issue({ passphrase: 'open sesame' });
  const wrong: readonly (readonly [string, SocketTLSOptions, string, string])[] = [
    [
      'a certificate without tls: true',
      identity,
      'tlsOptionsDisabled',
      'a server with a certificate or authorities needs tls: true',
    ],
    [
      'authorities without tls: true',
      trusting,
      'tlsOptionsDisabled',
      'a server with a certificate or authorities needs tls: true',
    ],
    [
      'tls: true without a certificate',
      { tls: true },
      'tlsOptionsIncomplete',
      'tls: true on a server needs certFile and keyFile',
    ],
    [
      'a certificate without a key',
      { tls: true, certFile: identity.certFile },
      'tlsOptionsIncomplete',
      expect.stringContaining('certFile and keyFile must be both present, or both absent'),
    ],
    [
      'a certificate that is not there',
      { ...identity, tls: true, certFile: '/no/cert' },
      'tlsOptionsCertFile',
      'certFile not found: /no/cert',
    ],
    [
      'a key that is not there',
      { ...identity, tls: true, keyFile: '/no/key' },
      'tlsOptionsKeyFile',
      'keyFile not found: /no/key',
    ],
    [
      'authorities that are not there',
      { ...identity, tls: true, caFile: '/no/ca' },
      'tlsOptionsCaFile',
      'caFile not found: /no/ca',
    ],
    [
      'a key of another certificate',
      { ...authority.issue(), tls: true, keyFile: identity.keyFile },
      'tlsOptionsKeyMismatch',
      'keyFile: the private key does not belong to the certificate in the text given',
    ],
    [
      'a passphrase that is wrong',
      { ...locked, tls: true, passphrase: 'hunter2' },
      'tlsOptionsPassphrase',
      'passphrase: it does not open the private key in the text given',
    ],
    [
      'ciphers that nobody knows',
      { ...identity, tls: true, ciphers: 'NONESUCH' },
      'tlsOptionsCiphers',
      'OpenSSL failed - SSL_CTX_set_cipher_list("NONESUCH") failed: no cipher match',
    ],
    [
      'a server name whose key is not there',
      { ...identity, tls: true, serverNames: { 'a.test': { ...identity, keyFile: '/no/key' } } },
      'tlsOptionsKeyFile',
      "serverNames['a.test']: keyFile not found: /no/key",
    ],
  ];

  it.each(wrong)('is not made with %s', async (_what, tlsOptions, code, message) => {
    const server = new WebSocketServer({ port: 0, tlsOptions });
    const result = await server.listen();
    expect(result).toMatchObject({ ok: false, error: { name: 'ListenError', code, message } });
    expect(() => server.start()).toThrow(ListenError);
    server.setTLSOptions({ ...identity, tls: true });
    expect(await server.listen()).toEqual({ ok: true });
    await server.stop();
  });

  it('without any of them speaks plain text, and knows of no TLS', async () => {
    const { server, port } = await startServer({ tlsOptions: { tls: false } });
    const peer = await connectRaw(port, { send: upgradeRequest() });
    expect(await peer.head()).toContain('HTTP/1.1 101 ');
    expect([...server.getClients()][0]?.state.tls).toBeUndefined();
  });

  it('tells the state of a connection what TLS agreed on', async () => {
    const states: unknown[] = [];
    const { url } = await startSecureServer(identity, {
      connectionStateFactory: (info) => {
        states.push(info.tls);
        throw new Error('that is all');
      },
      onCallbackError: () => undefined,
    });
    await attempt(url);
    expect(states).toEqual([
      {
        version: 'TLSv1.3',
        cipher: expect.stringMatching(/^TLS_/),
        certificate: undefined,
        isAuthorized: false,
        serverName: 'localhost',
      },
    ]);
  });

  it('asks for no certificate unless caFile is given, and with NONE neither', async () => {
    const { server, url } = await startSecureServer({ ...identity, caFile: 'NONE' });
    await attempt(url, { ...trusting, ...authority.issue({ names: [] }) });
    expect([...server.getClients()][0]?.state.tls?.certificate).toBeUndefined();
  });

  it('requires one of the system with SYSTEM', async () => {
    const { url, server } = await startSecureServer({ ...identity, caFile: 'SYSTEM' });
    await failureOf(url, { ...trusting, ...authority.issue({ names: [] }) });
    expect(server.getClients().size).toBe(0);
  });

  it('makes TLS connections that came before start', async () => {
    const server = new WebSocketServer({ port: 0, tlsOptions: { ...identity, tls: true } });
    onTestFinished(() => server.stop());
    expect(await server.listen()).toEqual({ ok: true });
    const connecting = attempt(`wss://localhost:${server.getPort()}/`);
    await eventually('a connection that waits', () => server.metrics().handshakes.pending === 1);
    server.start();
    expect((await connecting).errorInfo).toBeUndefined();
  });
});

describe('certificates', () => {
  const first = authority.issue({ commonName: 'first' });
  const second = authority.issue({ commonName: 'second' });

  it('are replaced while the server runs, and open connections stay', async () => {
    const { server, port, url } = await startSecureServer(first);
    const { logged } = await attempt(url);
    expect(commonNameOf(await openTls(port))).toBe('CN=first');
    expect(server.setTLSOptions({ ...second, tls: true })).toEqual({ ok: true });
    expect(commonNameOf(await openTls(port))).toBe('CN=second');
    logged.client.send('still there');
    expect((await logged.log.next('message')).data).toBe('still there');
  });

  it('that are not in order replace nothing, and the log says so', async () => {
    const { server, port, lines } = await startSecureServer(first);
    const result = server.setTLSOptions({ tls: true, certFile: '/no/cert', keyFile: second.keyFile });
    expect(result).toMatchObject({ ok: false, error: { code: 'tlsOptionsCertFile' } });
    expect(lines).toEqual(['error: the new TLS options are not used: certFile not found: /no/cert']);
    expect(commonNameOf(await openTls(port))).toBe('CN=first');
    await server.stop();
    expect(await server.listen()).toEqual({ ok: true });
    expect(commonNameOf(await openTls(server.getPort()))).toBe('CN=first');
  });

  it('cannot be taken away from a server that listens, nor given to it', async () => {
    const { server, port } = await startSecureServer(first);
    expect(server.setTLSOptions({})).toMatchObject({ ok: false, error: { code: 'tlsOptionsDisabled' } });
    expect(commonNameOf(await openTls(port))).toBe('CN=first');
    const plain = await startServer();
    const result = plain.server.setTLSOptions({ ...first, tls: true });
    expect(result).toMatchObject({ ok: false, error: { code: 'tlsOptionsDisabled' } });
  });

  it('of clients are verified by the authorities in force', async () => {
    const guests = new Authority('guests');
    const { server, url } = await startSecureServer({ ...first, caFile: authority.certificate });
    const guest: SocketTLSOptions = { ...trusting, ...guests.issue({ names: [], commonName: 'guest' }) };
    await failureOf(url, guest);
    server.setTLSOptions({ ...first, tls: true, caFile: guests.certificate });
    expect((await attempt(url, guest)).errorInfo).toBeUndefined();
    await failureOf(url, { ...trusting, ...authority.issue({ names: [] }) });
  });
});

describe('server names', () => {
  const named = (commonName: string): Identity => authority.issue({ commonName, names: [commonName, 'localhost'] });
  const shown = async (port: number, servername: string): Promise<string> =>
    commonNameOf(await openTls(port, { servername, checkServerIdentity: () => undefined }));

  it('choose the certificate', async () => {
    const { port } = await startSecureServer({
      ...named('own'),
      serverNames: { 'A.Example.com': named('a'), '*.example.com': named('any'), constructor: named('odd') },
    });
    expect(await shown(port, 'a.example.com')).toBe('CN=a');
    expect(await shown(port, 'B.EXAMPLE.com')).toBe('CN=any');
    for (const name of ['example.com', 'x.y.example.com', 'hasownproperty', 'toString', '']) {
      expect(await shown(port, name)).toBe('CN=own');
    }
  });

  it('do not let clients around the authorities', async () => {
    const { port, server } = await startSecureServer({
      ...identity,
      caFile: authority.certificate,
      serverNames: { 'a.test': named('a.test') },
    });
    const url = `wss://127.0.0.1:${port}/`;
    const stranger = new Authority('other').issue({ names: [] });
    await failureOf(url, { ...trusting, serverName: 'a.test', ...stranger });
    await failureOf(url, { ...trusting, serverName: 'a.test' });
    expect(server.getClients().size).toBe(0);
    const friend = { ...trusting, serverName: 'a.test', ...authority.issue({ names: [] }) };
    expect((await attempt(url, friend)).errorInfo).toBeUndefined();
    expect([...server.getClients()][0]?.state.tls).toMatchObject({ isAuthorized: true, serverName: 'a.test' });
  });

  it('may be looked up by a function, later too', async () => {
    const asked: string[] = [];
    const { port } = await startSecureServer({
      ...named('own'),
      serverNames: (name) => {
        asked.push(name);
        return name === 'now.test'
          ? named('now')
          : turns(2).then(() => (name === 'late.test' ? named('late') : undefined));
      },
    });
    expect(await shown(port, 'NOW.test')).toBe('CN=now');
    expect(await shown(port, 'late.test')).toBe('CN=late');
    expect(await shown(port, 'other.test')).toBe('CN=own');
    expect(asked).toEqual(['now.test', 'late.test', 'other.test']);
  });

  it('whose function fails, fail one handshake and nothing else', async () => {
    const { port, url, lines } = await startSecureServer({
      ...identity,
      serverNames: (name) => {
        if (name === 'throws.test') throw new Error('thrown');
        if (name === 'rejects.test') return Promise.reject(new Error('rejected'));
        if (name === 'nonsense.test') return 5 as never;
        if (name === 'missing.test') return { certFile: '/no/cert', keyFile: '/no/key' };
        return undefined;
      },
    });
    for (const name of ['throws', 'rejects', 'nonsense', 'missing']) {
      await expect(shown(port, `${name}.test`)).rejects.toThrow();
    }
    expect((await attempt(url)).errorInfo).toBeUndefined();
    await eventually('the log', () => lines.length === 4);
    const reasons = ['thrown', 'rejected', 'must return an identity', 'certFile not found: /no/cert'];
    for (const [index, reason] of reasons.entries()) expect(lines[index]).toContain(reason);
    expect(lines[0]).toMatch(
      /tls accept failed for client 127\.0\.0\.1:\d+: no certificate for 'throws\.test' \(thrown\)/,
    );
  });
});

describe('a TLS handshake', () => {
  it('that stalls has a deadline, trickling bytes or not, and holds up nobody', async () => {
    const { url, port, lines } = await startSecureServer(identity, { handshakeTimeoutSecs: 0.5 });
    const silent = await connectRaw(port);
    const trickling = await connectRaw(port);
    const hello = await recordHello();
    let sent = 0;
    const trickle = setInterval(() => trickling.write(hello.subarray(sent, ++sent)), 20);
    onTestFinished(() => clearInterval(trickle));
    expect((await attempt(url)).errorInfo).toBeUndefined();
    await Promise.all([silent.ended(), trickling.ended()]);
    await eventually('the log', () => lines.length === 2);
    for (const line of lines)
      expect(line).toMatch(/tls accept failed for client 127\.0\.0\.1:\d+: the handshake timed out/);
    expect(sent).toBeLessThan(hello.length);
  });

  it('that is complete leaves the request its own deadline', async () => {
    const { port } = await startSecureServer(identity, { handshakeTimeoutSecs: 0.3 });
    const peer = new RawPeer(await openTls(port));
    expect(await peer.head()).toContain('HTTP/1.1 408 ');
  });

  it('counts as pending, and the oldest gives way', async () => {
    const { url, port, lines } = await startSecureServer(identity, { maxPendingConnections: 3 });
    const stalled = [];
    for (let i = 0; i < 5; i++) stalled.push(await connectRaw(port));
    await Promise.all(stalled.slice(0, 2).map((peer) => peer.ended()));
    expect((await attempt(url)).errorInfo).toBeUndefined();
    await eventually('the log', () => lines.length === 3);
    expect(lines.join()).toContain('too many connections');
    expect(stalled.map((peer) => peer.hasEnded || peer.isClosed)).toEqual([true, true, true, false, false]);
  });

  it('does not keep the server from stopping', async () => {
    const { server, port } = await startSecureServer();
    const stalled = await connectRaw(port);
    await eventually('the handshake', () => server.metrics().handshakes.pending === 1);
    await server.stop();
    await stalled.ended();
  });

  it('of a client that speaks plain text is refused without harm', async () => {
    const { url, port, lines } = await startSecureServer();
    const peer = await connectRaw(port, { send: upgradeRequest() });
    await peer.ended();
    await eventually('the log', () => lines.length === 1);
    expect(lines[0]).toMatch(/^error: tls accept failed for client 127\.0\.0\.1:\d+: http request$/);
    expect(peer.text).not.toContain('HTTP/1.1');
    expect((await attempt(url)).errorInfo).toBeUndefined();
  });

  it('of garbage is refused without harm', async () => {
    const { url, port, lines } = await startSecureServer();
    const pieces = [
      '\0',
      '\x16\x03\x01',
      '\x16\x03\x01\xff\xff',
      '\x80\x80',
      'x'.repeat(100_000),
      '\x15\x03\x01\0\x02\x02\x28',
    ];
    for (const bytes of pieces) {
      const peer = await connectRaw(port, { send: bytes });
      peer.socket.end();
      await peer.ended();
    }
    await eventually('the log', () => lines.length === pieces.length);
    expect((await attempt(url)).errorInfo).toBeUndefined();
  });

  it('that is cut anywhere is forgotten', async () => {
    const { server, url, port } = await startSecureServer();
    const hello = await recordHello();
    const cuts = Array.from({ length: 40 }, (_, index) => Math.floor((hello.length * index) / 39));
    const peers = await Promise.all(cuts.map((cut) => connectRaw(port, { send: hello.subarray(0, cut) })));
    for (const [index, peer] of peers.entries()) {
      if (index % 2 === 0) peer.socket.resetAndDestroy();
      else peer.socket.end();
    }
    await eventually('no handshake to be left', () => server.metrics().handshakes.pending === 0);
    expect((await attempt(url)).errorInfo).toBeUndefined();
  });

  it('that fails does not depend on the log', async () => {
    const errors: unknown[] = [];
    const { port, url } = await startSecureServer(identity, {
      logCallback: () => {
        throw new Error('disk full');
      },
      onCallbackError: (error) => errors.push(error),
    });
    await (await connectRaw(port, { send: 'GET / HTTP/1.1\r\n\r\n' })).ended();
    await eventually('the error', () => errors.length === 1);
    expect((await attempt(url)).errorInfo).toBeUndefined();
  });
});

/** The first bytes of a TLS client. */
async function recordHello(): Promise<Buffer> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as { port: number };
  const accepted = new Promise<Buffer>((resolve) => {
    server.once('connection', (socket) => socket.once('data', resolve).on('error', () => undefined));
  });
  const socket = connectTls({ socket: connectTcp(port, '127.0.0.1'), servername: 'localhost' });
  socket.on('error', () => undefined);
  const hello = await accepted;
  socket.destroy();
  server.close();
  return hello;
}

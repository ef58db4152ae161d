import { randomBytes } from 'node:crypto';
import { createServer, type ServerOptions } from 'node:https';
import type { AddressInfo } from 'node:net';
import { Agent, WebSocket as UndiciWebSocket } from 'undici';
import { describe, expect, it, onTestFinished } from 'vitest';
import { WebSocket as WsClient, WebSocketServer as WsServer } from 'ws';
import type { SocketTLSOptions } from '../../src/index.ts';
import { attempt, authority, failureOf, identity, startSecureServer, trusting } from '../support/secure.ts';

const client = authority.issue({ names: [], commonName: 'client' });
const large = randomBytes(4_000_000);

/** An echo server of npm ws. */
async function startWsServer(options: ServerOptions = {}): Promise<string> {
  const https = createServer({ cert: identity.certFile, key: identity.keyFile, ...options });
  const server = new WsServer({ server: https });
  server.on('connection', (socket) => {
    socket.on('message', (data, isBinary) => socket.send(data, { binary: isBinary }));
    socket.on('error', () => undefined);
  });
  https.on('tlsClientError', () => undefined);
  onTestFinished(() => {
    for (const socket of server.clients) socket.terminate();
    server.close();
    https.close();
  });
  await new Promise<void>((resolve) => https.listen(0, '127.0.0.1', resolve));
  return `wss://localhost:${(https.address() as AddressInfo).port}/`;
}

async function expectEchoes(url: string, tlsOptions: SocketTLSOptions): Promise<void> {
  const { logged, errorInfo } = await attempt(url, tlsOptions);
  expect(errorInfo).toBeUndefined();
  logged.client.send('héllo');
  logged.client.send(large);
  const [text, binary] = await logged.log.atLeast('message', 2);
  expect(text?.data).toBe('héllo');
  expect(large.equals(binary?.bytes ?? Buffer.alloc(0))).toBe(true);
  await logged.client.stop();
  expect(logged.log.of('close')[0]?.closeInfo).toMatchObject({ code: 1000, remote: false, layer: 'websocket' });
}

/** Sends and gets back a short text and a large binary, and closes. */
function echoWithWs(url: string, options: ConstructorParameters<typeof WsClient>[2]): Promise<number> {
  return new Promise((resolve, reject) => {
    const socket = new WsClient(url, { ca: authority.certificate, maxPayload: 2 ** 26, ...options });
    onTestFinished(() => socket.terminate());
    socket.on('error', reject);
    socket.on('open', () => {
      socket.send('héllo');
      socket.send(large);
    });
    socket.on('message', (data: Buffer, isBinary) => {
      if (!isBinary) expect(data.toString()).toBe('héllo');
      else {
        expect(large.equals(data)).toBe(true);
        socket.close(1000);
      }
    });
    socket.on('close', resolve);
  });
}

describe('our client and a server of npm ws', () => {
  it.each(['TLSv1.2', 'TLSv1.3'] as const)('talk over %s', async (version) => {
    await expectEchoes(await startWsServer({ maxVersion: version, minVersion: version }), trusting);
  });

  it.each(['TLSv1.2', 'TLSv1.3'] as const)('know each other by certificates over %s', async (version) => {
    const mutual = { ca: authority.certificate, requestCert: true, rejectUnauthorized: true };
    const url = await startWsServer({ maxVersion: version, ...mutual });
    await expectEchoes(url, { ...trusting, ...client });
    const info = await failureOf(url, trusting);
    expect(['tlsClientCertificateRefused', 'tlsHandshakeFailed', 'connectionLost']).toContain(info.code);
  });
});

describe('our server and a client of npm ws', () => {
  it.each(['TLSv1.2', 'TLSv1.3'] as const)('talk over %s', async (version) => {
    const { url, server } = await startSecureServer();
    const versions: (string | undefined)[] = [];
    server.setOnConnectionCallback((_webSocket, state) => versions.push(state.tls?.version));
    expect(await echoWithWs(url, { maxVersion: version })).toBe(1000);
    expect(versions).toEqual([version]);
  });

  it.each(['TLSv1.2', 'TLSv1.3'] as const)('know each other by certificates over %s', async (version) => {
    const { url } = await startSecureServer({ ...identity, caFile: authority.certificate });
    const certified = { cert: client.certFile, key: client.keyFile, maxVersion: version };
    expect(await echoWithWs(url, certified)).toBe(1000);
    await expect(echoWithWs(url, { maxVersion: version })).rejects.toThrow();
  });

  it('do not agree on a version that is older than allowed', async () => {
    const { url } = await startSecureServer({ ...identity, minVersion: 'TLSv1.3' });
    await expect(echoWithWs(url, { maxVersion: 'TLSv1.2' })).rejects.toThrow(/protocol version/);
  });
});

describe('our server and the WebSocket of undici', () => {
  it('talk over TLS with a client certificate', async () => {
    const { url, server } = await startSecureServer({ ...identity, caFile: authority.certificate });
    const dispatcher = new Agent({
      connect: { ca: authority.certificate, cert: client.certFile, key: client.keyFile },
    });
    onTestFinished(() => dispatcher.destroy());
    const socket = new UndiciWebSocket(url, { dispatcher });
    socket.binaryType = 'arraybuffer';
    const echo = await new Promise<Buffer>((resolve, reject) => {
      socket.addEventListener('error', () => reject(new Error('failed')));
      socket.addEventListener('open', () => socket.send(large));
      socket.addEventListener('message', (event) => resolve(Buffer.from(event.data as ArrayBuffer)));
    });
    expect(large.equals(echo)).toBe(true);
    expect([...server.getClients()][0]?.state.tls?.certificate?.subject).toBe('CN=client');
    const closed = new Promise((resolve) => socket.addEventListener('close', resolve));
    socket.close(1000);
    expect(await closed).toMatchObject({ code: 1000, wasClean: true });
  });
});

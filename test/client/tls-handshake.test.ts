import net from 'node:net';
import { describe, expect, it, onTestFinished } from 'vitest';
import { patient } from '../support/patience.ts';
import { listenRaw } from '../support/raw-server.ts';
import { activeResources, noSocketsBut } from '../support/resources.ts';
import { createClient } from '../support/running.ts';
import { attempt, failureOf, startSecureServer, trusting } from '../support/secure.ts';

describe('a TLS handshake', () => {
  it('with a silent server ends in time, in its phase', async () => {
    const before = activeResources();
    const { port } = await listenRaw();
    const started = performance.now();
    const info = await failureOf(`wss://localhost:${port}/`, trusting, { handshakeTimeoutSecs: 0.2 });
    expect(info).toMatchObject({ code: 'timeout', cause: { phase: 'tls' } });
    expect(info.reason).toBe(`Unable to connect to localhost on port ${port}, error: timed out after 200 ms`);
    expect(performance.now() - started).toBeLessThan(patient(2000));
    await noSocketsBut({ ...before, TCPServerWrap: 1, TCPSocketWrap: 1 });
  });

  it('can be given up', async () => {
    const raw = await listenRaw();
    const { client, log } = createClient({ url: `wss://localhost:${raw.port}/`, tlsOptions: trusting });
    client.start();
    const peer = await raw.accept();
    await peer.until('the first bytes', () => peer.bytes.length > 0);
    await client.stop();
    await peer.ended();
    expect(log.of('error')).toEqual([]);
  });

  it('with a server of plain text says what is wrong', async () => {
    for (const greeting of [
      'HTTP/1.1 400 Bad Request\r\n\r\n',
      '220 mail.example.com ESMTP\r\n',
      'x'.repeat(100_000),
    ]) {
      const { port } = await listenRaw((peer) => peer.write(greeting));
      const info = await failureOf(`wss://localhost:${port}/`);
      expect(info).toMatchObject({ code: 'tlsHandshakeFailed', cause: { phase: 'tls' } });
      expect(info.reason).toContain('is it ws:// and not wss://?');
    }
  });

  it('with a server that hangs up is reported, and tried again', async () => {
    const { port } = await listenRaw((peer) => peer.socket.end());
    const { client, log } = createClient({
      url: `wss://localhost:${port}/`,
      tlsOptions: trusting,
      maxWaitBetweenReconnectionRetries: 1,
    });
    client.start();
    const errors = await log.atLeast('error', 2);
    for (const { errorInfo } of errors) expect(errorInfo).toMatchObject({ code: 'tlsHandshakeFailed', waitTime: 1 });
    expect(errors[0]?.errorInfo.reason).toContain('the server hung up');
  });

  it('with alerts and other records that make no sense fails', async () => {
    const records = [
      '\x15\x03\x03\0\x02\x02\x28',
      '\x17\x03\x03\0\x01x',
      '\x16\x03\x03\0\x04\x0e\0\0\0',
      '\x16\x03\x03\xff\xff',
    ];
    for (const record of records) {
      const { port } = await listenAndAnswerBytes(record);
      expect(await failureOf(`wss://localhost:${port}/`)).toMatchObject({ code: 'tlsHandshakeFailed' });
    }
  });

  it('that is cut anywhere fails, and leaves nothing behind', async () => {
    const { port } = await startSecureServer();
    const length = await bytesOfServer(port);
    expect(length).toBeGreaterThan(500);
    const before = activeResources();
    const cuts = Array.from({ length: 24 }, (_, index) => Math.floor((length * index) / 24));
    const infos = await Promise.all(
      cuts.map(async (cut) => failureOf(`wss://localhost:${await startCutter(port, cut)}/`)),
    );
    const codes = new Set(infos.map((info) => info.code));
    // A server speaks last with TLS 1.3, so that what is cut at the end is no handshake any more.
    expect([...codes].filter((code) => code !== 'tlsHandshakeFailed' && code !== 'connectionLost')).toEqual([]);
    await noSocketsBut({ ...before, TCPServerWrap: (before['TCPServerWrap'] ?? 0) + cuts.length });
    expect((await attempt(`wss://localhost:${port}/`)).errorInfo).toBeUndefined();
  });
});

/** Sends these bytes to whoever says anything. */
async function listenAndAnswerBytes(bytes: string): Promise<{ readonly port: number }> {
  return listenRaw((peer) => {
    peer.socket.once('data', () => peer.write(bytes));
  });
}

/** How much a server of ours says until the opening handshake is over. */
async function bytesOfServer(port: number): Promise<number> {
  let length = 0;
  const through = await startCutter(port, Number.POSITIVE_INFINITY, (count) => (length += count));
  const { logged } = await attempt(`wss://localhost:${through}/`);
  const untilOpen = length;
  await logged.client.stop();
  return untilOpen;
}

/** Passes on all that the client says, and `most` bytes of what the server says; then it hangs up. */
async function startCutter(
  port: number,
  most: number,
  onBytes: (count: number) => void = () => undefined,
): Promise<number> {
  const sockets = new Set<net.Socket>();
  const cutter = net.createServer((client) => {
    const server = net.connect(port, '127.0.0.1');
    let left = most;
    for (const socket of [client, server]) sockets.add(socket.on('error', () => undefined));
    client.on('data', (chunk) => server.write(chunk)).on('close', () => server.destroy());
    server.on('close', () => client.end());
    server.on('data', (chunk) => {
      onBytes(chunk.length);
      client.write(chunk.subarray(0, left));
      left -= chunk.length;
      if (left <= 0) {
        client.end();
        server.destroy();
      }
    });
  });
  onTestFinished(() => {
    cutter.close();
    for (const socket of sockets) socket.destroy();
  });
  await new Promise<void>((resolve) => cutter.listen(0, '127.0.0.1', resolve));
  return (cutter.address() as net.AddressInfo).port;
}

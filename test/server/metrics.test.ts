import diagnostics from 'node:diagnostics_channel';
import { describe, expect, onTestFinished, test } from 'vitest';
import { eventually } from '../support/eventually.ts';
import { frame, RFC_MASK } from '../support/frames.ts';
import { connectRaw, openRaw, upgradeRequest } from '../support/raw-peer.ts';
import { connectClient, startEchoServer, startServer } from '../support/running.ts';
import { startSecureServer } from '../support/secure.ts';

const hello = frame({ opcode: 1, payload: Buffer.from('hello'), mask: RFC_MASK });

describe('metrics()', () => {
  test('is all zeros at first, and frozen', async () => {
    const { server } = await startServer();
    const metrics = server.metrics();
    expect(metrics).toEqual({
      connections: { open: 0, total: 0, plain: 0, overflows: 0 },
      handshakes: { accepted: 0, refused: {}, pending: 0 },
      messages: { received: 0, sent: 0, dropped: 0, inflateWaits: 0 },
      bytes: { received: 0, sent: 0 },
      payloadBytes: { received: 0, sent: 0 },
      compressionRatio: { received: 0, sent: 0 },
      bufferedBytes: 0,
      unfinishedBytes: 0,
    });
    for (const value of [metrics, ...Object.values(metrics)]) expect(Object.isFrozen(value)).toBe(true);
    expect(Object.isFrozen(metrics.handshakes.refused)).toBe(true);
  });

  test('counts to the byte what goes through, also of connections that are gone', async () => {
    const { server, port } = await startEchoServer();
    for (let i = 1; i <= 2; i++) {
      const peer = await openRaw(port);
      peer.write(Buffer.concat([hello, frame({ opcode: 9, payload: Buffer.from('??'), mask: RFC_MASK })]));
      peer.write(frame({ opcode: 2, payload: Buffer.alloc(1000), mask: RFC_MASK }));
      await peer.frames(3);
      // Header and mask: 6, 6 and 8 bytes; 2, 2 and 4 bytes back.
      const whole = {
        messages: { received: 2 * i, sent: 2 * i, dropped: 0 },
        bytes: { received: 1027 * i + 8 * (i - 1), sent: 1015 * i + 4 * (i - 1) },
        payloadBytes: { received: 1005 * i, sent: 1005 * i },
      };
      expect(server.metrics()).toMatchObject({ ...whole, connections: { open: 1, total: i } });
      peer.write(frame({ opcode: 8, payload: Buffer.from([3, 232]), mask: RFC_MASK }));
      await eventually('nobody left', () => server.getClients().size === 0);
    }
    expect(server.metrics()).toMatchObject({
      connections: { open: 0, total: 2 },
      bytes: { received: 2 * 1035, sent: 2 * 1019 },
    });
  });

  test('a snapshot does not change, and another server has its own', async () => {
    const { server, url } = await startEchoServer();
    const other = await startEchoServer();
    const before = server.metrics();
    const { client, log } = await connectClient(url);
    client.send('hello');
    await log.next('message');
    expect(before.messages.received).toBe(0);
    expect(server.metrics().messages.received).toBe(1);
    expect(other.server.metrics().messages.received).toBe(0);
  });

  test('messages in fragments, in pieces and with progress count once', async () => {
    const { server, port, url } = await startServer({}, (made) =>
      made.setOnClientMessageCallback((_state, webSocket, message) => {
        if (message.type === 'message') void webSocket.send(Buffer.alloc(100_000), () => true);
      }),
    );
    const peer = await openRaw(port);
    const first = frame({ opcode: 2, fin: false, payload: Buffer.alloc(10), mask: RFC_MASK });
    const last = frame({ opcode: 0, payload: Buffer.alloc(5), mask: RFC_MASK });
    const all = Buffer.concat([first, last]);
    peer.write(all.subarray(0, 9));
    await new Promise((resolve) => setImmediate(resolve));
    peer.write(all.subarray(9));
    await eventually('the answer', () => peer.bodyLength > 100_000);
    expect(server.metrics()).toMatchObject({
      messages: { received: 1, sent: 1 },
      payloadBytes: { received: 15, sent: 100_000 },
      bytes: { received: all.length },
    });
    void url;
  });

  test('shows what compression saves, in both directions', async () => {
    const { server, url } = await startEchoServer({ perMessageDeflate: true });
    const { client, log } = await connectClient(url, { perMessageDeflate: true });
    const text = '{"name":"value"},'.repeat(1000);
    client.send(text);
    expect((await log.next('message')).data).toBe(text);
    const { compressionRatio, payloadBytes, bytes } = server.metrics();
    expect(payloadBytes).toEqual({ received: text.length, sent: text.length });
    expect(compressionRatio.received).toBeGreaterThan(20);
    expect(compressionRatio.sent).toBe(payloadBytes.sent / bytes.sent);
  });

  test('knows what waits for a client that does not read', async () => {
    const { server, port } = await startServer();
    const peer = await openRaw(port);
    peer.socket.pause();
    const [client] = server.getClients();
    for (let i = 0; i < 14; i++) client?.send(Buffer.alloc(1024 * 1024));
    expect(server.metrics().bufferedBytes).toBeGreaterThan(1024 * 1024);
    expect(server.metrics().bufferedBytes).toBe(client?.bufferedAmount());
  });

  test('counts messages that a policy drops', async () => {
    const { server, port } = await startServer({ slowConsumer: 'drop-newest', maxBufferedBytes: 1024 * 1024 });
    const peer = await openRaw(port);
    peer.socket.pause();
    const [client] = server.getClients();
    let failed = 0;
    for (let i = 0; i < 40; i++) if (client?.send(Buffer.alloc(512 * 1024)).success === false) failed++;
    expect(failed).toBeGreaterThan(0);
    expect(server.metrics().messages.dropped).toBe(failed);
  });

  test('knows what unfinished messages hold', async () => {
    const { server, port } = await startServer();
    const peer = await openRaw(port);
    peer.write(frame({ opcode: 2, payload: Buffer.alloc(500_000), mask: RFC_MASK }).subarray(0, 400_000));
    await eventually('the memory', () => server.metrics().unfinishedBytes >= 400_000);
    peer.socket.destroy();
    await eventually('it to be free again', () => server.metrics().unfinishedBytes === 0);
  });

  test('counts refusals by their code, and every pending one comes to its end', async () => {
    const { server, port } = await startServer({ handshakeTimeoutSecs: 0.1, maxConnections: 1 });
    await openRaw(port);
    const requests = [
      'GET / HTTP/1.1\r\nHost: x\r\n\r\n',
      'GET / HTTP/1.1\r\n\r\n',
      upgradeRequest(),
      upgradeRequest(),
      '',
    ];
    for (const request of requests) {
      const peer = await connectRaw(port, { send: request });
      await peer.ended();
      peer.socket.destroy();
    }
    expect(server.metrics().handshakes.refused).toEqual({
      upgradeRequired: 1,
      missingHost: 1,
      serverFull: 2,
      requestTimeout: 1,
    });
    await eventually('nothing pending', () => server.metrics().handshakes.pending === 0);
    expect(server.metrics().connections).toEqual({ open: 1, total: 1, plain: 0, overflows: 0 });
  });

  test('counts TLS handshakes that fail, and connections that made room', async () => {
    const secure = await startSecureServer();
    await (await connectRaw(secure.port, { send: 'GET / HTTP/1.1\r\n\r\n' })).ended();
    await eventually('the count', () => secure.server.metrics().handshakes.refused['tlsHandshakeFailed'] === 1);
    const { server, port } = await startServer({ maxPendingConnections: 1 });
    const first = await connectRaw(port);
    await connectRaw(port);
    await first.ended();
    expect(server.metrics().handshakes).toMatchObject({ refused: { tooManyPending: 1 }, pending: 1 });
  });
});

describe('diagnostics channels', () => {
  /** What arrives on a channel until the end of the test. */
  function record(name: string): object[] {
    const messages: object[] = [];
    const onMessage = (message: unknown): void => void messages.push(message as object);
    diagnostics.subscribe(name, onMessage);
    onTestFinished(() => void diagnostics.unsubscribe(name, onMessage));
    return messages;
  }

  test('tell of connections, refusals and errors', async () => {
    const opened = record('ixwebsocket:server.open');
    const closed = record('ixwebsocket:server.close');
    const refused = record('ixwebsocket:server.refusal');
    const failed = record('ixwebsocket:server.error');
    const { server, port, url } = await startServer({
      onUpgrade: ({ path }) => path !== '/no',
      onCallbackError: () => undefined,
    });
    server.setOnClientMessageCallback((_state, _webSocket, message) => {
      if (message.type === 'close') throw new Error('broken');
    });
    const { client } = await connectClient(url);
    const [webSocket] = server.getClients();
    await client.stop(4000, 'bye');
    await eventually('the end', () => closed.length === 1);
    await (await connectRaw(port, { send: upgradeRequest({}, '/no') })).ended();
    expect(opened).toEqual([{ server, webSocket }]);
    expect(closed).toEqual([
      { server, webSocket, closeInfo: expect.objectContaining({ code: 4000, reason: 'bye', remote: true }) },
    ]);
    expect(refused).toEqual([{ server, code: 'upgradeRefused', status: 403, remoteIp: '127.0.0.1' }]);
    expect(failed).toEqual([{ server, error: new Error('broken') }]);
  });
});

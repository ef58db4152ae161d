import { describe, expect, test } from 'vitest';
import { type ConnectionState, SocketServer, WebSocketHttpHeaders } from '../../src/index.ts';
import { ServerCore } from '../../src/server/core/server-core.ts';
import type { PlainConnection } from '../../src/server/life/plain-connection.ts';
import { resolveServerOptions } from '../../src/server/server-options.ts';
import type { Transport } from '../../src/transport/transport.ts';
import { runModule } from '../support/child.ts';
import { eventually, turns } from '../support/eventually.ts';
import { patient } from '../support/patience.ts';
import { connectRaw, openRaw, upgradeRequest } from '../support/raw-peer.ts';
import { connectClient, startEchoServer, startServer } from '../support/running.ts';

describe('shutdown()', () => {
  test('stops listening at once, closes clients with 1012, and reports', async () => {
    const { server, url, port } = await startEchoServer();
    const clients = await Promise.all([connectClient(url), connectClient(url), connectClient(url)]);
    const waiting = server.wait();
    const shuttingDown = server.shutdown({ deadlineMs: 5000, staggerMs: 300 });
    await turns();
    await expect(connectRaw(port)).rejects.toThrow('ECONNREFUSED');
    expect(await shuttingDown).toEqual({ closed: 3, terminated: 0, unsentBytes: 0 });
    await waiting;
    for (const { log } of clients) {
      expect((await log.next('close')).closeInfo).toEqual({
        code: 1012,
        reason: 'Service restart',
        remote: true,
        layer: 'websocket',
      });
    }
    expect((await server.listen()).ok).toBe(true);
  });

  test('clients are served until their turn has come', async () => {
    const { server, url } = await startEchoServer();
    const { client, log } = await connectClient(url);
    const shuttingDown = server.shutdown({ deadlineMs: 5000, staggerMs: 1000, code: 3000, reason: 'maintenance' });
    await turns();
    client.send('still there?');
    expect((await log.next('message')).data).toBe('still there?');
    await shuttingDown;
    expect((await log.next('close')).closeInfo).toMatchObject({ code: 3000, reason: 'maintenance' });
  });

  test('cuts off at the deadline whom nothing moves, and tells what was unsent', async () => {
    const { server, port } = await startServer({ closeTimeoutSecs: 60 });
    const stalled = await openRaw(port);
    stalled.socket.pause();
    const silent = await openRaw(port);
    for (const webSocket of server.getClients()) webSocket.send(Buffer.alloc(8_000_000));
    await silent.frames(1);
    const begin = performance.now();
    const report = await server.shutdown({ deadlineMs: 300 });
    expect(performance.now() - begin).toBeLessThan(patient(3000));
    expect(report).toMatchObject({ closed: 0, terminated: 2 });
    expect(report.unsentBytes).toBeGreaterThan(1_000_000);
    expect(server.getClients().size).toBe(0);
  });

  test('who says nothing at all is let go at once', async () => {
    const { server, port } = await startServer();
    await connectRaw(port);
    await connectRaw(port, { send: 'GET / HTT' });
    await turns();
    expect(await server.shutdown()).toEqual({ closed: 0, terminated: 0, unsentBytes: 0 });
  });

  test('a second one is the first, and stop() brings it forward', async () => {
    const { server, url } = await startEchoServer();
    const { log } = await connectClient(url);
    const first = server.shutdown({ deadlineMs: 60_000, staggerMs: 60_000 });
    const second = server.shutdown({ deadlineMs: 1 });
    await turns();
    await server.stop();
    expect(await first).toEqual({ closed: 1, terminated: 0, unsentBytes: 0 });
    expect(await second).toBe(await first);
    expect((await log.next('close')).closeInfo.code).toBe(1012);
  });

  test('may be called from inside a callback', async () => {
    const reports: unknown[] = [];
    const { url, server } = await startServer({}, (made) => {
      made.setOnClientMessageCallback(async (_state, _webSocket, msg) => {
        if (msg.type === 'message') reports.push(await made.shutdown());
      });
    });
    const { client } = await connectClient(url);
    client.send('end');
    await server.wait();
    await eventually('the report', () => reports.length === 1);
    expect(reports).toEqual([{ closed: 1, terminated: 0, unsentBytes: 0 }]);
  });
});

describe('stop()', () => {
  test('settles although a client reads just enough to keep making progress', async () => {
    const { server, port } = await startServer({ closeTimeoutSecs: 0.1 });
    const peer = await openRaw(port);
    peer.socket.pause();
    for (const webSocket of server.getClients()) webSocket.send(Buffer.alloc(16_000_000));
    const sipping = setInterval(() => void peer.socket.read(64 * 1024), 30);
    try {
      const begin = performance.now();
      await server.stop();
      expect(performance.now() - begin).toBeLessThan(patient(8000));
    } finally {
      clearInterval(sipping);
    }
  });
});

/** Keeps every ordinary request waiting for an answer. */
class WaitingServer extends SocketServer {
  readonly plainOnes: WaitingConnection[] = [];

  constructor() {
    const core = new ServerCore(resolveServerOptions({ port: 0, closeTimeoutSecs: 0.2 }));
    super(core);
    core.serveAs(this, {
      accept: (transport) => {
        const plain = new WaitingConnection(transport, core);
        this.plainOnes.push(plain);
        return plain;
      },
      onOpen: () => undefined,
      onStopping: () => undefined,
    });
  }
}

class WaitingConnection implements PlainConnection {
  readonly calls: string[] = [];
  readonly remoteIp = '127.0.0.1';
  readonly #transport: Transport;
  readonly #core: ServerCore<ConnectionState, unknown>;

  constructor(transport: Transport, core: ServerCore<ConnectionState, unknown>) {
    this.#transport = transport;
    this.#core = core;
  }

  start(): void {
    const head = { method: 'GET', target: '/', version: '1.1', headers: new WebSocketHttpHeaders() } as const;
    this.#core.join(this, this.#transport, head);
    const onClosed = (): void => this.#core.leave(this);
    this.#transport.start({ onBytes: () => undefined, onEnd: () => undefined, onDrain: () => undefined, onClosed });
  }

  finish(): void {
    this.calls.push('finish');
  }

  destroy(): void {
    this.calls.push('destroy');
    this.#transport.destroy();
  }
}

describe('connections that serve ordinary requests', () => {
  test.each([
    ['shutdown()', (server: WaitingServer) => server.shutdown({ deadlineMs: 200 })],
    ['stop()', (server: WaitingServer) => server.stop()],
  ])('are finished, and cut off when that takes too long, by %s', async (name, end) => {
    const server = new WaitingServer();
    await server.listenAndStart();
    await connectRaw(server.getPort(), { send: 'GET / HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n' });
    await eventually('the request', () => server.plainOnes.length === 1);
    const ending = end(server);
    await turns();
    expect(server.plainOnes[0]?.calls).toEqual(['finish']);
    const report = await ending;
    expect(server.plainOnes[0]?.calls).toEqual(['finish', 'destroy']);
    if (name === 'shutdown()') expect(report).toEqual({ closed: 0, terminated: 1, unsentBytes: 0 });
  });
});

describe('shutdownOnSignals()', () => {
  const prelude = `
    const server = new ix.WebSocketServer({ port: 0, closeTimeoutSecs: 60 });
    const listening = await server.listenAndStart();
    if (!listening.ok) throw listening.error;
  `;

  test('shuts down, reports and ends the process with 0', async () => {
    const result = await runModule(`${prelude}
      ix.shutdownOnSignals(server, { onShutdown: async (report) => console.log(JSON.stringify(report)) });
      const webSocket = new ix.WebSocket({ url: 'ws://127.0.0.1:' + server.getPort() });
      await webSocket.connect();
      process.kill(process.pid, 'SIGTERM');
      setInterval(() => undefined, 1000);
    `);
    expect(result).toMatchObject({ code: 0, stdout: '{"closed":1,"terminated":0,"unsentBytes":0}\n', stderr: '' });
  });

  test('a second signal cuts off what is left, and ends the process as that signal does', async () => {
    const result = await runModule(`${prelude}
      ix.shutdownOnSignals(server, { deadlineMs: 60_000, staggerMs: 0 });
      const net = await import('node:net');
      const socket = net.connect({ port: server.getPort(), host: '127.0.0.1' });
      socket.write(${JSON.stringify(upgradeRequest())});
      await new Promise((resolve) => socket.once('data', resolve));
      socket.on('error', () => undefined);
      socket.once('data', () => process.kill(process.pid, 'SIGINT'));
      process.kill(process.pid, 'SIGTERM');
      setInterval(() => undefined, 1000);
    `);
    expect(result).toMatchObject({ code: 130, stderr: '' });
  });

  test('without exit it leaves the process alone, and a process with nothing to do ends by itself', async () => {
    const result = await runModule(`${prelude}
      ix.shutdownOnSignals(server, { exit: false, signals: ['SIGINT'] });
      process.kill(process.pid, 'SIGINT');
      await server.wait();
      await new Promise((resolve) => setImmediate(resolve));
      console.log('goes on', process.listenerCount('SIGINT'));
    `);
    expect(result).toMatchObject({ code: 0, stdout: 'goes on 0\n', stderr: '' });
  });

  test('what it returned ends the listening', async () => {
    const result = await runModule(`${prelude}
      const stopListening = ix.shutdownOnSignals(server);
      console.log(process.listenerCount('SIGTERM'), process.listenerCount('SIGINT'));
      stopListening();
      console.log(process.listenerCount('SIGTERM'), process.listenerCount('SIGINT'));
      await server.stop();
    `);
    expect(result.stdout).toBe('1 1\n0 0\n');
  });

  test('refuses options that make no sense', async () => {
    const result = await runModule(`${prelude}
      for (const options of [{ signals: [] }, { signals: ['SIGKILL'] }, { exit: 1 }, { deadlineMs: -1 }, { x: 1 }]) {
        try {
          ix.shutdownOnSignals(server, options);
          console.log('accepted', options);
        } catch (error) {
          console.log(error.option);
        }
      }
      await server.stop();
    `);
    expect(result.stdout).toBe('signals\nsignals\nexit\ndeadlineMs\nx\n');
  });
});

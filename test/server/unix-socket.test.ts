import { chmodSync, existsSync, mkdtempSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { createServer as createHttpServer } from 'node:http';
import net from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Worker } from 'node:worker_threads';
import { afterAll, describe, expect, it, onTestFinished } from 'vitest';
import { WebSocket as WsClient, WebSocketServer as WsServer } from 'ws';
import { WebSocketServer } from '../../src/index.ts';
import { connectClient, createClient } from '../support/running.ts';

const directory = mkdtempSync(join(tmpdir(), 'ixwebsocket-unix-'));
let count = 0;

const newPath = (): string => join(directory, `${count++}.sock`);

afterAll(() => rmSync(directory, { recursive: true }));

function createServer(socketPath: string): WebSocketServer {
  const server = new WebSocketServer({ socketPath });
  server.setOnClientMessageCallback((_state, webSocket, message) => {
    if (message.type === 'message') webSocket.send(message.data, message.binary);
    if (message.type === 'open') webSocket.send(`${message.openInfo.uri} ${message.headers.get('Host')}`);
  });
  onTestFinished(() => server.stop());
  return server;
}

/** Leaves a socket that nobody listens on, as a process does that was killed. */
async function leaveStale(path: string): Promise<void> {
  const source = `require('node:net').createServer().listen({ path: ${JSON.stringify(path)} }, () => {
    require('node:fs').renameSync(${JSON.stringify(path)}, ${JSON.stringify(`${path}.kept`)});
    require('node:worker_threads').parentPort.postMessage('listening');
  });`;
  const worker = new Worker(source, { eval: true });
  await new Promise((resolve) => worker.once('message', resolve));
  await worker.terminate();
  renameSync(`${path}.kept`, path);
}

describe('a server on a unix socket', () => {
  it('is reached by its path, with any URI', async () => {
    const path = newPath();
    const server = createServer(path);
    expect(await server.listenAndStart()).toEqual({ ok: true });
    expect([server.getPort(), server.getSocketPath()]).toEqual([0, path]);
    const { client, log } = await connectClient(`ws+unix:${path}:/chat?room=1`);
    expect((await log.next('message')).data).toBe('/chat?room=1 localhost');
    const big = Buffer.alloc(3_000_000, 'big');
    client.send(big);
    expect(big.equals((await log.next('message')).bytes)).toBe(true);
    const [peer] = server.getClients();
    expect([peer?.state.remoteIp, peer?.state.remotePort]).toEqual(['', 0]);
  });

  it('lets only its owner in', async () => {
    const path = newPath();
    await createServer(path).listen();
    expect(statSync(path).mode & 0o777).toBe(0o600);
  });

  it('removes it when it stops, and can listen again', async () => {
    const path = newPath();
    const server = createServer(path);
    for (let round = 0; round < 3; round++) {
      expect(await server.listenAndStart()).toEqual({ ok: true });
      const { client } = await connectClient(`ws+unix:${path}`);
      expect(existsSync(path)).toBe(true);
      await server.stop();
      expect(existsSync(path)).toBe(false);
      await client.stop();
    }
  });

  it('takes over what a dead server left', async () => {
    const path = newPath();
    await leaveStale(path);
    expect(statSync(path).isSocket()).toBe(true);
    expect(await createServer(path).listenAndStart()).toEqual({ ok: true });
    await connectClient(`ws+unix:${path}`);
  });

  it('leaves a living server alone', async () => {
    const path = newPath();
    await createServer(path).listenAndStart();
    expect(await createServer(path).listen()).toMatchObject({
      ok: false,
      error: {
        code: 'addressInUse',
        host: path,
        port: 0,
        message: `Cannot listen on ${path}: Address already in use`,
      },
    });
    await connectClient(`ws+unix:${path}`);
  });

  it('never removes a file that is no socket', async () => {
    const path = newPath();
    writeFileSync(path, 'precious');
    expect(await createServer(path).listen()).toMatchObject({ ok: false, error: { code: 'addressInUse' } });
    expect(statSync(path).size).toBe(8);
  });

  it('reports a directory that is not there, and a path that is too long', async () => {
    expect(await createServer(join(directory, 'no/such')).listen()).toMatchObject({ ok: false });
    const result = await createServer(join(directory, 'x'.repeat(100))).listen();
    expect(result).toMatchObject({ ok: false, error: { code: 'invalidSocketPath' } });
  });

  it('has no port, no host and no relative path', () => {
    const make = (options: object): unknown => new WebSocketServer({ socketPath: '/tmp/x', ...options });
    expect(() => make({ port: 1 })).toThrow('socketPath: cannot be combined with port');
    expect(() => make({ host: '::1' })).toThrow('socketPath: cannot be combined with host');
    expect(() => make({ addressFamily: 6 })).toThrow('socketPath: cannot be combined with addressFamily');
    for (const socketPath of ['', 'relative', 'a/b', '/tmp/\0x']) {
      expect(() => make({ socketPath })).toThrow('socketPath: must be an absolute path');
    }
  });
});

describe('a client of a unix socket', () => {
  it('says what it could not reach', async () => {
    const missing = newPath();
    const { client } = createClient({ url: `ws+unix:${missing}:/` });
    const info = async (): Promise<unknown> => {
      const result = await client.connect();
      return result.success ? undefined : result.errorInfo;
    };
    expect(await info()).toMatchObject({
      code: 'connectFailed',
      reason: `Unable to connect to ${missing}, error: connect ENOENT ${missing}`,
    });
    await leaveStale(missing);
    expect(await info()).toMatchObject({
      code: 'connectionRefused',
      reason: `Unable to connect to ${missing}, error: Connection refused`,
    });
    client.setUrl(`ws+unix:${join(directory, 'x'.repeat(100))}`);
    expect(await info()).toMatchObject({ code: 'invalidUrl' });
  });

  it('connects again when the server is back', async () => {
    const path = newPath();
    const server = createServer(path);
    await server.listenAndStart();
    const { client, log } = createClient({ url: `ws+unix:${path}`, maxWaitBetweenReconnectionRetries: 5 });
    client.start();
    await log.next('open');
    await server.stop();
    await log.next('error');
    await server.listenAndStart();
    await log.next('open');
    client.send('again');
    await log.atLeast('message', 3);
    expect(log.data.at(-1)).toBe('again');
  });

  it('gives up in time when nobody answers', async () => {
    const path = newPath();
    const silent = net.createServer(() => undefined).listen({ path });
    onTestFinished(() => void silent.close());
    const { client } = createClient({ url: `ws+unix:${path}`, handshakeTimeoutSecs: 0.1 });
    expect(await client.connect()).toMatchObject({
      success: false,
      errorInfo: { code: 'timeout', reason: `Unable to connect to ${path}, error: timed out after 100 ms` },
    });
  });
});

describe('npm ws over a unix socket', () => {
  it('talks to our server', async () => {
    const path = newPath();
    await createServer(path).listenAndStart();
    chmodSync(path, 0o660);
    const socket = new WsClient(`ws+unix:${path}:/there`);
    onTestFinished(() => socket.terminate());
    const text = await new Promise((resolve, reject) => {
      socket.on('message', (data: Buffer) => resolve(data.toString()));
      socket.on('error', reject);
    });
    expect(text).toBe('/there localhost');
  });

  it('serves our client', async () => {
    const path = newPath();
    const http = createHttpServer();
    const server = new WsServer({ server: http });
    server.on('connection', (socket, request) => socket.send(request.url ?? ''));
    onTestFinished(() => {
      server.close();
      http.close();
    });
    await new Promise<void>((resolve) => http.listen(path, resolve));
    const { client, log } = await connectClient(`ws+unix:${path}:/here`);
    expect((await log.next('message')).data).toBe('/here');
    await client.stop();
  });
});

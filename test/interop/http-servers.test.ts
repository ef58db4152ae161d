import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import http from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import express from 'express';
import fastify from 'fastify';
import { createServer, type ViteDevServer } from 'vite';
import { describe, expect, onTestFinished, test } from 'vitest';
import ws, { WebSocketServer as TheirServer } from 'ws';
import { createEcho, listen, listenHttps } from '../support/http-hosts.ts';
import { connectClient } from '../support/running.ts';
import { authority } from '../support/secure.ts';

/** What comes back for `hello`, by our client and by that of the package `ws`. */
async function expectEchoes(url: string, name = 'echo'): Promise<void> {
  const { client, log } = await connectClient(url, { tlsOptions: { caFile: authority.certificate } });
  client.send('hello');
  expect((await log.next('message')).data).toBe(`${name}: hello`);
  await client.stop();

  const other = new ws(url, { ca: authority.certificate });
  const data = await new Promise((resolve, reject) => {
    other.once('open', () => other.send('hello'));
    other.once('message', (message: Buffer) => resolve(message.toString()));
    other.once('error', reject);
  });
  const closed = new Promise((resolve) => other.once('close', resolve));
  other.close(1000);
  expect(await closed).toBe(1000);
  expect(data).toBe(`${name}: hello`);
}

async function bodyOf(url: string): Promise<string> {
  return (await fetch(url.replace(/^ws/, 'http'))).text();
}

test('node:https and ws', async () => {
  const { httpServer, url } = await listenHttps();
  createEcho('echo').attach(httpServer);
  await expectEchoes(url);
});

test('Express', async () => {
  const app = express();
  app.get('/hello', (_request, response) => void response.send('from Express'));
  const { httpServer, url } = await listen(http.createServer(app));
  createEcho('echo').attach(httpServer, { path: '/chat' });
  await expectEchoes(`${url}chat`);
  expect(await bodyOf(`${url}hello`)).toBe('from Express');
});

test('Fastify', async () => {
  const app = fastify();
  app.get('/hello', () => 'from Fastify');
  createEcho('echo').attach(app.server, { path: '/chat' });
  await app.listen({ port: 0, host: '127.0.0.1' });
  onTestFinished(() => app.close());
  const address = app.server.address();
  const url = `ws://127.0.0.1:${typeof address === 'object' ? address?.port : ''}/`;
  await expectEchoes(`${url}chat`);
  expect(await bodyOf(`${url}hello`)).toBe('from Fastify');
});

test('a server of the package ws at the same HTTP server, by its own path', async () => {
  const { httpServer, url } = await listen(http.createServer());
  const theirs = new TheirServer({ noServer: true });
  onTestFinished(() => theirs.close());
  theirs.on('connection', (socket) => {
    socket.on('message', (message: Buffer) => socket.send(`theirs: ${message.toString()}`));
  });
  httpServer.on('upgrade', (request, socket, head) => {
    if (request.url !== '/theirs') return;
    theirs.handleUpgrade(request, socket, head, (accepted) => theirs.emit('connection', accepted, request));
  });
  createEcho('ours').attach(httpServer, { path: '/ours' });
  await expectEchoes(`${url}ours`, 'ours');
  await expectEchoes(`${url}theirs`, 'theirs');
});

describe("Vite's development server", () => {
  /** In a directory of its own, which holds one page. */
  async function project(): Promise<string> {
    const root = await mkdtemp(join(tmpdir(), 'ix-vite-'));
    onTestFinished(() => rm(root, { recursive: true, force: true }));
    await writeFile(join(root, 'index.html'), '<!doctype html><title>page</title>');
    return root;
  }

  /** The first message that Vite sends to a page for its reloading. */
  async function reloadingMessage(url: string, vite: ViteDevServer): Promise<unknown> {
    const token = (vite.config as unknown as { webSocketToken?: string }).webSocketToken ?? '';
    const page = new ws(`${url}?token=${token}`, 'vite-hmr');
    onTestFinished(() => page.terminate());
    return new Promise((resolve, reject) => {
      page.once('message', (message: Buffer) => resolve(JSON.parse(message.toString())));
      page.once('error', reject);
    });
  }

  test('listening by itself', async () => {
    const vite = await createServer({
      configFile: false,
      root: await project(),
      logLevel: 'silent',
      server: { port: 0, host: '127.0.0.1', watch: null },
      optimizeDeps: { noDiscovery: true },
    });
    onTestFinished(() => vite.close());
    if (vite.httpServer === null) throw new Error('no HTTP server');
    const server = createEcho('echo');
    server.attach(vite.httpServer, { path: '/chat' });
    await vite.listen(0);
    const address = vite.httpServer.address();
    const url = `ws://127.0.0.1:${typeof address === 'object' ? address?.port : ''}/`;
    await expectEchoes(`${url}chat`);
    expect(await reloadingMessage(url, vite)).toEqual({ type: 'connected' });
    expect(await bodyOf(url)).toContain('<title>page</title>');
    await server.stop();
    expect(await reloadingMessage(url, vite)).toEqual({ type: 'connected' });
  });

  test("as middleware of the user's server", async () => {
    const httpServer = http.createServer();
    const vite = await createServer({
      configFile: false,
      root: await project(),
      logLevel: 'silent',
      appType: 'spa',
      server: { middlewareMode: true, hmr: { server: httpServer }, watch: null },
      optimizeDeps: { noDiscovery: true },
    });
    onTestFinished(() => vite.close());
    httpServer.on('request', vite.middlewares);
    createEcho('echo').attach(httpServer, { path: '/chat' });
    const { url } = await listen(httpServer);
    await expectEchoes(`${url}chat`);
    expect(await reloadingMessage(url, vite)).toEqual({ type: 'connected' });
    expect(await bodyOf(url)).toContain('<title>page</title>');
  });
});

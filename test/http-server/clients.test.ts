import { mkdtempSync, rmSync } from 'node:fs';
import http from 'node:http';
import https from 'node:https';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { Client, fetch as undiciFetch, request as undiciRequest } from 'undici';
import { afterAll, describe, expect, it, onTestFinished } from 'vitest';
import { ConnectionState, HttpErrorCode, HttpResponse, HttpServer, UsageError } from '../../src/index.ts';
import { Deferred } from '../../src/util/deferred.ts';
import { eventually, turns } from '../support/eventually.ts';
import { mirror, nodeRequest, startHttpServer } from '../support/http-running.ts';
import { connectRaw, upgradeRequest } from '../support/raw-peer.ts';
import { connectClient } from '../support/running.ts';
import { authority, identity } from '../support/secure.ts';

const directory = mkdtempSync(join(tmpdir(), 'ixwebsocket-http-'));
afterAll(() => rmSync(directory, { recursive: true, force: true }));

interface Mirrored {
  method: string;
  uri: string;
  body: string;
}

describe("Node's client", () => {
  it('is served over one connection that it keeps', async () => {
    const states = new Set<ConnectionState>();
    const { port } = await startHttpServer((request, state) => {
      states.add(state);
      return mirror(request);
    });
    const agent = new http.Agent({ keepAlive: true, maxSockets: 1 });
    onTestFinished(() => agent.destroy());
    for (let i = 0; i < 20; i++) {
      const { status, body } = await nodeRequest({
        port,
        agent,
        method: 'POST',
        path: `/${i}`,
        body: 'x'.repeat(i * 5000),
      });
      expect(status).toBe(200);
      expect(JSON.parse(body.toString())).toMatchObject({ method: 'POST', uri: `/${i}`, body: 'x'.repeat(i * 5000) });
    }
    expect(states.size).toBe(1);
  });

  it('is served over TLS', async () => {
    const { port } = await startHttpServer(mirror, { tlsOptions: { tls: true, ...identity } });
    const agent = new https.Agent({ keepAlive: true, maxSockets: 1, ca: authority.certificate });
    onTestFinished(() => agent.destroy());
    for (const size of [0, 10, 100_000]) {
      const text = await new Promise<string>((resolve, reject) => {
        const request = https.request({ port, host: 'localhost', agent, method: 'POST' }, (response) => {
          let got = '';
          response.setEncoding('utf8');
          response.on('data', (piece: string) => {
            got += piece;
          });
          response.on('end', () => resolve(got));
        });
        request.on('error', reject);
        request.end('y'.repeat(size));
      });
      expect((JSON.parse(text) as Mirrored).body).toHaveLength(size);
    }
  });

  it.skipIf(process.platform === 'win32')('is served over a unix socket', async () => {
    const socketPath = join(directory, 'http.sock');
    const remotes: string[] = [];
    await startHttpServer(
      (request, state) => {
        remotes.push(state.getRemoteIp());
        return mirror(request);
      },
      { socketPath },
    );
    const { body } = await nodeRequest({ socketPath, path: '/unix' });
    expect(JSON.parse(body.toString())).toMatchObject({ uri: '/unix' });
    expect(remotes).toEqual(['']);
  });

  it('gets 100 before it sends a body that it asks about', async () => {
    const { port } = await startHttpServer(mirror);
    const events: string[] = [];
    const body = await new Promise<string>((resolve, reject) => {
      const request = http.request({ port, method: 'PUT', headers: { Expect: '100-continue', 'Content-Length': 4 } });
      request.flushHeaders();
      request.on('error', reject);
      request.on('continue', () => {
        events.push('continue');
        request.end('body');
      });
      request.on('response', (response) => {
        response.setEncoding('utf8');
        response.on('data', (piece: string) => events.push(piece));
        response.on('end', () => resolve(events[1] ?? ''));
      });
    });
    expect(events[0]).toBe('continue');
    expect((JSON.parse(body) as Mirrored).body).toBe('body');
  });
});

describe('undici', () => {
  it('is served, pipelining included', async () => {
    const { url } = await startHttpServer(async (request) => {
      if (request.uri.endsWith('0')) await turns(2);
      return mirror(request);
    });
    const client = new Client(url, { pipelining: 10 });
    onTestFinished(() => client.close());
    const answers = await Promise.all(
      Array.from({ length: 50 }, async (_, i) => {
        const { body } = await client.request({ path: `/${i}`, method: 'GET' });
        return ((await body.json()) as Mirrored).uri;
      }),
    );
    expect(answers).toEqual(Array.from({ length: 50 }, (_, i) => `/${i}`));
  });

  it('fetches compressed pages and posts forms and streams', async () => {
    const page = 'lorem ipsum '.repeat(1000);
    const { url } = await startHttpServer((request) =>
      request.method === 'GET'
        ? new HttpResponse(200, 'OK', 'Ok', { 'Content-Type': 'text/html' }, page)
        : mirror(request),
    );
    const response = await undiciFetch(url);
    expect(response.headers.get('content-encoding')).toBe('gzip');
    expect(await response.text()).toBe(page);
    const form = await undiciFetch(url, { method: 'POST', body: new URLSearchParams({ a: 'b c' }) });
    expect(((await form.json()) as Mirrored).body).toBe('a=b+c');
    async function* source(): AsyncGenerator<string> {
      for (let i = 0; i < 5; i++) {
        await turns(1);
        yield `piece ${i} `;
      }
    }
    const streamed = await undiciRequest(url, { method: 'POST', body: Readable.from(source()) });
    expect(((await streamed.body.json()) as Mirrored).body).toBe('piece 0 piece 1 piece 2 piece 3 piece 4 ');
  });
});

describe('fetch', () => {
  it('sees a response that is cut off as an error', async () => {
    async function* cut(): AsyncGenerator<string> {
      yield 'begin';
      await turns(3);
      throw new Error('broken');
    }
    const { url, errors } = await startHttpServer(() => new HttpResponse(200, 'OK', 'Ok', {}, cut()));
    const response = await fetch(url);
    await expect(response.text()).rejects.toThrow();
    expect(errors.map(String)).toEqual(['Error: broken']);
  });

  it('that is aborted aborts the signal of the request', async () => {
    const reasons: unknown[] = [];
    const seen = new Deferred<void>();
    const { url, errors, server } = await startHttpServer(
      (request) =>
        new Promise((_resolve, reject) => {
          seen.resolve();
          request.signal.addEventListener('abort', () => {
            reasons.push(request.signal.reason);
            reject(request.signal.reason as Error);
          });
        }),
    );
    const abort = new AbortController();
    const fetched = fetch(url, { signal: abort.signal });
    await seen.promise;
    abort.abort();
    await expect(fetched).rejects.toThrow();
    await eventually('the end of the request', () => reasons.length > 0);
    expect(reasons[0]).toMatchObject({ name: 'HttpRequestError', code: 'requestAborted' });
    expect(errors).toEqual([]);
    expect(server.getClients().size).toBe(0);
  });
});

describe('WebSocket on the same port', () => {
  const echoing = (server: HttpServer): void => {
    server.setOnClientMessageCallback((_state, webSocket, message) => {
      if (message.type === 'message') webSocket.send(message.data, message.binary);
    });
  };

  it('is served, beside requests', async () => {
    const { url, port, server } = await startHttpServer(mirror, {}, echoing);
    const { client, log } = await connectClient(`ws://127.0.0.1:${port}/chat`);
    client.send('hello');
    expect((await log.next('message')).data).toBe('hello');
    expect((await fetch(`${url}/page`)).status).toBe(200);
    expect(server.getClients().size).toBe(1);
  });

  it('may begin on a connection that has served requests', async () => {
    const { port, server } = await startHttpServer(mirror, { maxConnections: 1 }, echoing);
    const peer = await connectRaw(port, { send: 'GET /1 HTTP/1.1\r\nHost: h\r\n\r\n' });
    await peer.until('a response', () => peer.text.includes('"/1"'));
    const before = peer.received;
    peer.write(upgradeRequest());
    await peer.until('101', () => peer.text.slice(before).startsWith('HTTP/1.1 101 '));
    expect(server.getClients().size).toBe(1);
  });

  it('is refused with 400 when it carries a body', async () => {
    const { port } = await startHttpServer(mirror, {}, echoing);
    for (const before of ['', 'GET /1 HTTP/1.1\r\nHost: h\r\n\r\n']) {
      const peer = await connectRaw(port, { send: `${before}${upgradeRequest({ 'Content-Length': '3' })}abc` });
      await peer.ended();
      expect(peer.text.slice(peer.text.lastIndexOf('HTTP/1.1 '))).toMatch(/^HTTP\/1\.1 400 /);
    }
  });

  it('is an ordinary request where nobody listens for messages', async () => {
    const { port } = await startHttpServer(mirror);
    const peer = await connectRaw(port, { send: upgradeRequest({}, '/x') });
    await peer.until('a response', () => peer.text.includes('"/x"'));
    expect(peer.text).toMatch(/^HTTP\/1\.1 200 /);
  });
});

describe('a server', () => {
  it('makes one state for each connection, with its own factory', async () => {
    class Visitor extends ConnectionState {
      count = 0;
    }
    const server = new HttpServer({ port: 0, connectionStateFactory: (info) => new Visitor(info) });
    onTestFinished(() => server.stop());
    server.setOnConnectionCallback(
      (_request, visitor) => new HttpResponse(200, 'OK', HttpErrorCode.Ok, {}, `${visitor.getId()} ${++visitor.count}`),
    );
    await server.listenAndStart();
    const ask = async (agent: http.Agent): Promise<string[]> =>
      (await nodeRequest({ port: server.getPort(), agent })).body.toString().split(' ');
    const agents = [0, 1].map(() => new http.Agent({ keepAlive: true, maxSockets: 1 }));
    onTestFinished(() => agents.forEach((agent) => agent.destroy()));
    const [first, second] = agents as [http.Agent, http.Agent];
    const [id, count] = await ask(first);
    expect(count).toBe('1');
    expect(await ask(first)).toEqual([id, '2']);
    expect((await ask(second))[0]).toBe(String(Number(id) + 1));
  });

  it('answers 500 when the factory throws', async () => {
    const { url, errors } = await startHttpServer(mirror, {
      connectionStateFactory: () => {
        throw new Error('no state');
      },
    });
    expect((await fetch(url)).status).toBe(500);
    expect(errors.map(String)).toEqual(['Error: no state']);
  });

  it('refuses connections beyond maxConnections with 503, and counts down again', async () => {
    const { port, url } = await startHttpServer(mirror, { maxConnections: 2 });
    const request = 'GET / HTTP/1.1\r\nHost: h\r\n\r\n';
    const peers = [await connectRaw(port, { send: request }), await connectRaw(port, { send: request })];
    for (const peer of peers) await peer.head();
    const refused = await fetch(url);
    expect(refused.status).toBe(503);
    expect(refused.headers.get('retry-after')).toBe('5');
    peers[0]?.socket.destroy();
    while ((await fetch(url, { headers: { Connection: 'close' } })).status !== 200) await turns(1);
  });

  it('takes another callback while it runs', async () => {
    const { url, server } = await startHttpServer(mirror);
    server.setOnConnectionCallback(() => new HttpResponse(418));
    expect((await fetch(url)).status).toBe(418);
    server.setDefaultConnectionCallback();
    expect((await fetch(`${url}/package.json`)).status).toBe(200);
    expect((await fetch(`${url}/no-such-file`)).status).toBe(404);
  });

  it('redirects everything but POST', async () => {
    const lines: string[] = [];
    const logCallback = (_level: string, line: string): void => void lines.push(line);
    const { url, server } = await startHttpServer(mirror, { logCallback });
    server.makeRedirectServer('https://example.com/new');
    const moved = await fetch(`${url}/old`, { redirect: 'manual', headers: { 'User-Agent': 'tester' } });
    expect(moved.status).toBe(301);
    expect(moved.headers.get('location')).toBe('https://example.com/new');
    expect(moved.headers.get('content-length')).toBe('0');
    expect((await fetch(url, { method: 'POST', body: 'x' })).status).toBe(200);
    expect(lines[0]).toMatch(/^127\.0\.0\.1:\d+ GET tester \/old$/);
    for (const wrong of ['', 'a\r\nb', 5 as never]) expect(() => server.makeRedirectServer(wrong)).toThrow(UsageError);
  });

  it('prints requests for debugging', async () => {
    const { url, server } = await startHttpServer(mirror);
    const lines: string[] = [];
    server.makeDebugServer((line) => lines.push(line));
    const response = await fetch(`${url}/x`, {
      method: 'POST',
      body: 'the body',
      headers: { 'X-Id': '7', 'User-Agent': 'ua' },
    });
    expect(await response.text()).toBe('OK');
    expect(lines[0]).toMatch(/^127\.0\.0\.1:\d+ POST ua \/x$/);
    expect(lines[1]).toBe('== Headers == ');
    expect(lines.map((line) => line.toLowerCase())).toContain('x-id: 7');
    expect(lines.slice(-4)).toEqual(['', '== Body == ', 'the body', '']);
  });

  it('names the option that is wrong', () => {
    const wrong: [object, string][] = [
      [{ timeoutSecs: 0 }, 'timeoutSecs'],
      [{ keepAliveTimeoutSecs: Infinity }, 'keepAliveTimeoutSecs'],
      [{ handlerTimeoutSecs: -2 }, 'handlerTimeoutSecs'],
      [{ maxBodySize: 1.5 }, 'maxBodySize'],
      [{ maxRequestsPerConnection: 0 }, 'maxRequestsPerConnection'],
      [{ streamRequests: 'yes' }, 'streamRequests'],
      [{ compression: 1 }, 'compression'],
      [{ decodeRequests: 0 }, 'decodeRequests'],
      [{ maxBodysize: 1 }, "did you mean 'maxBodySize'"],
      [{ port: -1 }, 'port'],
    ];
    for (const [options, message] of wrong) expect(() => new HttpServer(options)).toThrow(message);
    expect(() => new HttpServer().setOnConnectionCallback(undefined as never)).toThrow(UsageError);
    expect(new HttpServer().getTimeoutSecs()).toBe(30);
  });
});

describe('stop', () => {
  it('closes idle connections at once and lets running requests end', async () => {
    const answer = new Deferred<HttpResponse>();
    const { server, port } = await startHttpServer(
      (request) => (request.uri === '/slow' ? answer.promise : mirror(request)),
      {
        closeTimeoutSecs: 30,
      },
    );
    const idle = await connectRaw(port, { send: 'GET / HTTP/1.1\r\nHost: h\r\n\r\n' });
    await idle.head();
    const busy = await connectRaw(port, { send: 'GET /slow HTTP/1.1\r\nHost: h\r\n\r\n' });
    await turns(5);
    const stopped = server.stop();
    await idle.ended();
    expect(busy.text).toBe('');
    answer.resolve(mirror({ method: 'GET', uri: '/late', version: 'HTTP/1.1', text: () => '' } as never));
    await busy.ended();
    expect(busy.text).toMatch(/Connection: close\r\n/);
    expect(busy.text).toContain('"/late"');
    busy.socket.end();
    await stopped;
  });

  it('settles although a callback never answers, and although it is called from inside of one', async () => {
    const { server, url } = await startHttpServer(async (request) => {
      if (request.uri === '/stop') await server.stop();
      return new Promise(() => {});
    });
    const hung = fetch(`${url}/hang`).catch(() => 'cut');
    const stopping = fetch(`${url}/stop`).catch(() => 'cut');
    expect(await Promise.all([hung, stopping])).toEqual(['cut', 'cut']);
    await server.wait();
    expect(await server.listenAndStart()).toMatchObject({ ok: true });
  });
});

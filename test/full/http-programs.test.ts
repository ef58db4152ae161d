import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import net from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, onTestFinished, test } from 'vitest';
import { HttpErrorCode, type HttpRequest, HttpResponse, type HttpServer } from '../../src/index.ts';
import { runInChromium } from '../support/chromium.ts';
import { eventually } from '../support/eventually.ts';
import { mirror, nodeRequest, startHttpServer } from '../support/http-running.ts';
import { closedPort } from '../support/raw-server.ts';
import { connectClient } from '../support/running.ts';
import { identity } from '../support/secure.ts';

const directory = mkdtempSync(join(tmpdir(), 'ixwebsocket-programs-'));
afterAll(() => rmSync(directory, { recursive: true, force: true }));

interface Finished {
  readonly code: number | null;
  readonly stdout: Buffer;
  readonly stderr: string;
}

function run(command: string, args: readonly string[]): Promise<Finished> {
  const child = spawn(command, args, { stdio: ['ignore', 'pipe', 'pipe'], cwd: directory });
  const pieces: Buffer[] = [];
  let stderr = '';
  child.stdout.on('data', (piece: Buffer) => pieces.push(piece));
  child.stderr.on('data', (piece: Buffer) => (stderr += piece.toString()));
  onTestFinished(() => void child.kill('SIGKILL'));
  return new Promise((resolve, reject) => {
    child.on('error', reject);
    child.on('close', (code) => resolve({ code, stdout: Buffer.concat(pieces), stderr }));
  });
}

/** What curl prints, which has to end well. */
async function curl(...args: string[]): Promise<string> {
  const { code, stdout, stderr } = await run('curl', ['--silent', '--show-error', '--max-time', '60', ...args]);
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  return stdout.toString('latin1');
}

async function* pieces(count: number, size: number): AsyncGenerator<Buffer> {
  for (let i = 0; i < count; i++) yield Buffer.alloc(size, i);
}

async function countBytes(request: HttpRequest): Promise<HttpResponse> {
  let bytes = 0;
  for await (const piece of request.stream) bytes += piece.length;
  return new HttpResponse(200, 'OK', HttpErrorCode.Ok, {}, `${bytes}`);
}

function answer(request: HttpRequest): HttpResponse | Promise<HttpResponse> {
  if (request.uri === '/upload') return countBytes(request);
  if (request.uri === '/stream') return new HttpResponse(200, 'OK', HttpErrorCode.Ok, {}, pieces(200, 50_000));
  if (request.uri === '/page') {
    return new HttpResponse(200, 'OK', HttpErrorCode.Ok, { 'Content-Type': 'text/html' }, '<p>hello</p>'.repeat(1000));
  }
  return mirror(request);
}

const echo = (server: HttpServer): void => {
  server.setOnClientMessageCallback((_state, webSocket, message) => {
    if (message.type === 'message') webSocket.send(message.data, message.binary);
  });
};
const options = { streamRequests: (head: { target: string }) => head.target === '/upload' };

describe('curl', () => {
  test('gets, posts, and asks for the head alone, over one connection', async () => {
    const { url } = await startHttpServer(answer, options);
    expect(JSON.parse(await curl(`${url}/a?b=c`))).toMatchObject({ method: 'GET', uri: '/a?b=c' });
    expect(JSON.parse(await curl('-d', 'x=1', url))).toMatchObject({ method: 'POST', body: 'x=1' });
    expect(await curl('-I', `${url}/a`)).toMatch(/^HTTP\/1\.1 200 OK\r\n[^]*Content-Length: \d+\r\n\r\n$/);
    const codes = await curl('-o', '/dev/null', '-w', '%{num_connects} %{http_code}\n', url, '-o', '/dev/null', url);
    expect(codes).toBe('1 200\n0 200\n');
  });

  test('uploads with a length, in chunks, and after 100', async () => {
    const { url } = await startHttpServer(answer, options);
    const file = join(directory, 'upload');
    writeFileSync(file, Buffer.alloc(5_000_000, 'u'));
    for (const extra of [[], ['-H', 'Transfer-Encoding: chunked'], ['-H', 'Expect: 100-continue']]) {
      expect(await curl('-T', file, ...extra, `${url}/upload`)).toBe('5000000');
    }
    const refused = await run('curl', [
      '-s',
      '-T',
      file,
      '-H',
      'Expect: 100-continue',
      '-w',
      '%{http_code}',
      `${url}/other`,
    ]);
    expect(refused.stdout.toString()).toMatch(/413$/);
  });

  test('decodes what was compressed, and downloads streams', async () => {
    const { url } = await startHttpServer(answer, options);
    expect(await curl('--compressed', '-w', '%{size_download}', `${url}/page`)).toMatch(
      /^(<p>hello<\/p>){1000}\d{2,3}$/,
    );
    expect((await curl(`${url}/stream`)).length).toBe(10_000_000);
  });

  test('speaks HTTP/1.0, TLS and unix sockets', async () => {
    const plain = await startHttpServer(answer);
    expect(JSON.parse(await curl('-0', plain.url))).toMatchObject({ version: 'HTTP/1.0' });
    expect((await curl('-0', `${plain.url}/stream`)).length).toBe(10_000_000);
    const secure = await startHttpServer(answer, { tlsOptions: { tls: true, ...identity } });
    expect(JSON.parse(await curl('-k', `${secure.url}/tls`))).toMatchObject({ uri: '/tls' });
    expect((await curl('-k', `${secure.url}/stream`)).length).toBe(10_000_000);
    const socketPath = join(directory, 'curl.sock');
    await startHttpServer(answer, { socketPath });
    expect(JSON.parse(await curl('--unix-socket', socketPath, 'http://h/unix'))).toMatchObject({ uri: '/unix' });
  });

  test('gets files, and parts of them', async () => {
    const { url, server } = await startHttpServer(answer);
    server.setDefaultConnectionCallback();
    expect(await curl(`${url}/LICENSE`)).toMatch(/Redistribution/);
    expect(await curl('-r', '0-9', '-w', ' %{http_code}', `${url}/LICENSE`)).toMatch(/^[^]{10} 206$/);
    expect(await curl('--path-as-is', '-w', '%{http_code}', `${url}/../../etc/passwd`)).toMatch(/40[04]$/);
  });
});

test('wrk is served by the thousands, without one error', async () => {
  const { url, errors } = await startHttpServer(answer, { maxRequestsPerConnection: 100 });
  const { stdout } = await run('wrk', ['-c', '50', '-t', '1', '-d', '3', `${url}/x`]);
  const report = stdout.toString();
  expect(Number(/(\d+) requests in/.exec(report)?.[1])).toBeGreaterThan(5000);
  expect(report).not.toMatch(/Non-2xx|timeout [1-9]|connect [1-9]/);
  expect(errors).toEqual([]);
});

describe('behind nginx', () => {
  async function startNginx(upstream: number): Promise<number> {
    const port = await closedPort();
    const file = join(directory, 'nginx.conf');
    const paths = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'].map(
      (name) => `${name}_temp_path ${join(directory, name)};`,
    );
    writeFileSync(
      file,
      `user root; daemon off; pid ${join(directory, 'nginx.pid')}; error_log stderr; worker_processes 1;
      events {}
      http {
        access_log off; ${paths.join(' ')}
        client_max_body_size 20m;
        upstream ours { server 127.0.0.1:${upstream}; keepalive 4; }
        map $http_upgrade $connection_upgrade { default upgrade; '' ''; }
        server {
          listen 127.0.0.1:${port};
          location / {
            proxy_pass http://ours;
            proxy_http_version 1.1;
            proxy_set_header Host $host;
            proxy_set_header Upgrade $http_upgrade;
            proxy_set_header Connection $connection_upgrade;
          }
        }
      }`,
    );
    const nginx = spawn('nginx', ['-c', file, '-p', directory, '-e', 'stderr'], { stdio: 'ignore' });
    onTestFinished(() => void nginx.kill());
    let isOpen = false;
    await eventually('nginx', () => {
      const socket = net.connect(port, '127.0.0.1', () => {
        isOpen = true;
        socket.destroy();
      });
      socket.on('error', () => undefined);
      return isOpen;
    });
    return port;
  }

  test('requests share connections, bodies pass in both directions, and WebSockets upgrade', async () => {
    const states = new Set<unknown>();
    const running = await startHttpServer(
      (request, state) => {
        states.add(state);
        return answer(request);
      },
      { ...options, allowedOrigins: '*' },
      echo,
    );
    const port = await startNginx(running.port);
    for (let i = 0; i < 50; i++) {
      const { status, body } = await nodeRequest({ port, path: `/${i}`, method: 'POST', body: 'b'.repeat(i * 100) });
      expect(status).toBe(200);
      expect(JSON.parse(body.toString())).toMatchObject({ uri: `/${i}`, body: 'b'.repeat(i * 100) });
    }
    expect(states.size).toBeLessThan(5);
    expect((await nodeRequest({ port, path: '/stream' })).body).toHaveLength(10_000_000);
    const upload = await nodeRequest({ port, path: '/upload', method: 'POST', body: Buffer.alloc(10_000_000) });
    expect(upload.body.toString()).toBe('10000000');

    const { client, log } = await connectClient(`ws://127.0.0.1:${port}/chat`);
    for (const size of [0, 1, 1000, 100_000]) {
      client.send('w'.repeat(size));
      expect((await log.next('message')).data).toHaveLength(size);
    }
    await client.stop();
    expect(running.errors).toEqual([]);
  });
});

test('Chromium loads pages, fetches, uploads, follows events, and opens a WebSocket', async () => {
  const cors = { 'Access-Control-Allow-Origin': '*' };
  const { url, errors } = await startHttpServer(
    (request) => {
      if (request.uri === '/events') {
        async function* events(): AsyncGenerator<string> {
          for (let i = 0; i < 3; i++) yield `data: ${i}\n\n`;
        }
        const type = { 'Content-Type': 'text/event-stream', ...cors };
        return new HttpResponse(200, 'OK', HttpErrorCode.Ok, type, events());
      }
      if (request.uri === '/script.js') {
        const type = { 'Content-Type': 'text/javascript' };
        return new HttpResponse(200, 'OK', HttpErrorCode.Ok, type, 'globalThis.loaded = 42;'.repeat(100));
      }
      return new HttpResponse(200, 'OK', HttpErrorCode.Ok, { ...cors }, `${request.method} ${request.body.length}`);
    },
    { allowedOrigins: '*' },
    echo,
  );
  const findings = await runInChromium(
    `
    const findings = {};
    const text = async (path, init) => (await fetch(input + path, init)).text();
    findings.get = await text('/');
    findings.post = await text('/', { method: 'POST', body: 'x'.repeat(300000) });
    findings.many = new Set(await Promise.all(Array.from({ length: 100 }, (_, i) => text('/' + i)))).size;
    await new Promise((resolve, reject) => {
      const script = document.createElement('script');
      script.src = input + '/script.js';
      script.onload = resolve;
      script.onerror = reject;
      document.head.append(script);
    });
    findings.script = globalThis.loaded;
    findings.events = await new Promise((resolve) => {
      const seen = [];
      const source = new EventSource(input + '/events');
      source.onmessage = ({ data }) => { if (seen.push(data) === 3) { source.close(); resolve(seen); } };
    });
    const abort = new AbortController();
    const aborted = fetch(input + '/', { signal: abort.signal }).catch((error) => error.name);
    abort.abort();
    findings.aborted = await aborted;
    findings.webSocket = await new Promise((resolve, reject) => {
      const socket = new WebSocket(input.replace('http', 'ws'));
      socket.onopen = () => socket.send('from the page');
      socket.onmessage = ({ data }) => { socket.close(); resolve(data); };
      socket.onerror = reject;
    });
    return findings;
    `,
    url,
  );
  expect(findings).toEqual({
    get: 'GET 0',
    post: 'POST 300000',
    many: 1,
    script: 42,
    events: ['0', '1', '2'],
    aborted: 'AbortError',
    webSocket: 'from the page',
  });
  expect(errors).toEqual([]);
});

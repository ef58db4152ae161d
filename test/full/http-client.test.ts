import { spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import net from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, onTestFinished, test } from 'vitest';
import { eventually } from '../support/eventually.ts';
import { createHttpClient, type Mirrored, startMirror } from '../support/http-server.ts';
import { closedPort } from '../support/raw-server.ts';
import { identity, trusting } from '../support/secure.ts';

const text = 'a text that is not short '.repeat(10_000);

function makeFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'ixwebsocket-http-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

function run(command: string, args: readonly string[]): void {
  const child = spawn(command, args, { stdio: 'ignore' });
  onTestFinished(() => void child.kill());
}

async function listens(port: number): Promise<void> {
  let isOpen = false;
  await eventually(`a server on port ${port}`, () => {
    const socket = net.connect(port, '127.0.0.1', () => {
      isOpen = true;
      socket.destroy();
    });
    socket.on('error', () => undefined);
    return isOpen;
  });
}

interface Nginx {
  readonly url: string;
  readonly secureUrl: string;
}

/** nginx, as Debian has it, with a folder of files. */
async function startNginx(folder: string): Promise<Nginx> {
  const [port, securePort] = [await closedPort(), await closedPort()];
  writeFileSync(join(folder, 'cert.pem'), identity.certFile);
  writeFileSync(join(folder, 'key.pem'), identity.keyFile);
  for (const name of ['body', 'proxy', 'fastcgi', 'uwsgi', 'scgi']) mkdirSync(join(folder, `tmp-${name}`));
  const temporary = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'].map(
    (name) => `${name}_temp_path ${join(folder, `tmp-${name.replace('client_', '')}`)};`,
  );
  const config = `
    daemon off; master_process off; pid ${join(folder, 'nginx.pid')}; error_log /dev/null;
    events { worker_connections 256; }
    http {
      ${temporary.join(' ')}
      access_log off; types { text/plain txt; } default_type text/plain;
      gzip on; gzip_min_length 100; gzip_types text/plain; keepalive_timeout 5 5; keepalive_requests 10;
      server {
        listen 127.0.0.1:${port}; listen 127.0.0.1:${securePort} ssl; root ${join(folder, 'www')};
        ssl_certificate ${join(folder, 'cert.pem')}; ssl_certificate_key ${join(folder, 'key.pem')};
        location /moved { return 301 /large.txt; }
        location /busy { return 503; }
        location /empty { return 204; }
        location /upload { client_max_body_size 100k; proxy_pass http://127.0.0.1:${port}/empty; }
      }
    }`;
  writeFileSync(join(folder, 'nginx.conf'), config);
  run('nginx', ['-c', join(folder, 'nginx.conf'), '-p', folder]);
  await listens(port);
  return { url: `http://127.0.0.1:${port}/`, secureUrl: `https://localhost:${securePort}/` };
}

describe('nginx', () => {
  function prepare(): Promise<Nginx> {
    const folder = makeFolder();
    mkdirSync(join(folder, 'www'));
    writeFileSync(join(folder, 'www/large.txt'), text);
    return startNginx(folder);
  }

  test('serves us, compressed or not, with TLS or without', async () => {
    const { url, secureUrl } = await prepare();
    const client = createHttpClient({ tlsOptions: trusting });
    for (const base of [url, secureUrl]) {
      const out = await client.get(`${base}large.txt`);
      expect(out).toMatchObject({ errorCode: 'Ok', statusCode: 200 });
      expect(out.headers.get('content-encoding')).toBe('gzip');
      expect(out.text()).toBe(text);
      expect((await client.get(`${base}large.txt`, { compress: false })).text()).toBe(text);
      expect(await client.head(`${base}large.txt`)).toMatchObject({ errorCode: 'Ok', statusCode: 200 });
      expect((await client.get(`${base}moved`)).text()).toBe(text);
      expect(await client.get(`${base}empty`)).toMatchObject({ errorCode: 'Ok', statusCode: 204 });
      expect(await client.get(`${base}missing`)).toMatchObject({ errorCode: 'Ok', statusCode: 404 });
      expect(await client.get(`${base}busy`, { retries: 1 })).toMatchObject({ errorCode: 'Ok', statusCode: 503 });
    }
  });

  test('closes connections after ten requests, which nobody notices', async () => {
    const { url } = await prepare();
    const client = createHttpClient();
    for (let round = 0; round < 10; round++) {
      const outs = await Promise.all(Array.from({ length: 20 }, () => client.get(`${url}large.txt`)));
      for (const out of outs) expect(out.text()).toBe(text);
    }
  });

  test('refuses a body that is too large while it is sent', async () => {
    const { url } = await prepare();
    const client = createHttpClient();
    expect(await client.put(`${url}upload`, Buffer.alloc(50_000))).toMatchObject({ statusCode: 204 });
    const refused = await client.put(`${url}upload`, Buffer.alloc(300_000));
    expect(refused).toMatchObject({ errorCode: 'Ok', statusCode: 413 });
  });

  test('gives the rest of a file', async () => {
    const { url } = await prepare();
    const client = createHttpClient();
    const path = join(makeFolder(), 'file.txt');
    const whole = await client.head(`${url}large.txt`, { compress: false });
    const info = { url: `${url}large.txt`, validator: whole.headers.get('etag') };
    writeFileSync(`${path}.part`, text.slice(0, 1000));
    writeFileSync(`${path}.part.json`, JSON.stringify(info));
    const out = await client.download(`${url}large.txt`, path, { resume: true });
    expect(out).toMatchObject({ errorCode: 'Ok', statusCode: 206, downloadSize: text.length - 1000 });
    expect(readFileSync(path, 'utf8')).toBe(text);
  });
});

test("Python's http.server, which speaks HTTP/1.0", async () => {
  const folder = makeFolder();
  writeFileSync(join(folder, 'large.txt'), text);
  const port = await closedPort();
  run('python3', ['-m', 'http.server', String(port), '--bind', '127.0.0.1', '--directory', folder]);
  await listens(port);
  const client = createHttpClient();
  for (let i = 0; i < 3; i++) {
    const out = await client.get(`http://127.0.0.1:${port}/large.txt`);
    expect(out).toMatchObject({ errorCode: 'Ok', statusCode: 200 });
    expect(out.text()).toBe(text);
  }
  expect(await client.post(`http://127.0.0.1:${port}/`, 'x')).toMatchObject({ errorCode: 'Ok', statusCode: 501 });
});

describe('tinyproxy', () => {
  async function startTinyproxy(credentials?: string): Promise<string> {
    const port = await closedPort();
    const lines = [`Port ${port}`, 'Listen 127.0.0.1', 'Timeout 30', 'MaxClients 50', 'Allow 127.0.0.1'];
    if (credentials !== undefined) lines.push(`BasicAuth ${credentials.replace(':', ' ')}`);
    const file = join(makeFolder(), 'tinyproxy.conf');
    writeFileSync(file, `${lines.join('\n')}\n`);
    run('tinyproxy', ['-d', '-c', file]);
    await listens(port);
    return `http://${credentials === undefined ? '' : `${credentials}@`}127.0.0.1:${port}`;
  }

  test.each([
    ['without credentials', undefined],
    ['with credentials', 'user:hunter2'],
  ])('passes on plain requests, and carries others, %s', async (_name, credentials) => {
    const client = createHttpClient({ proxy: await startTinyproxy(credentials), tlsOptions: trusting });
    const [plain, secure] = [await startMirror(), await startMirror({ isSecure: true })];
    for (const { url } of [plain, secure]) {
      for (let i = 0; i < 3; i++) {
        const out = await client.post(`${url}a?b`, text);
        expect(out).toMatchObject({ errorCode: 'Ok', statusCode: 200 });
        expect(out.json<Mirrored>()).toMatchObject({ url: '/a?b', body: text });
        expect(out.json<Mirrored>().headers).not.toHaveProperty('proxy-authorization');
      }
    }
  });

  test('answers a plain request with wrong credentials itself, and refuses the tunnel', async () => {
    const proxy = (await startTinyproxy('user:right')).replace('right', 'hunter2');
    const client = createHttpClient({ proxy });
    // It says 401 where it should say 407.
    expect(await client.get('http://127.0.0.1:1/')).toMatchObject({ errorCode: 'Ok', statusCode: 401 });
    const out = await client.get('https://127.0.0.1:1/');
    expect(out).toMatchObject({ errorCode: 'CannotConnect' });
    expect(out.errorMsg).toMatch(/40[17]/);
    expect(out.errorMsg).not.toContain('hunter2');
  });
});

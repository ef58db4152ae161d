import { type ChildProcess, spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Capture } from '../cli/support/fake-environment.ts';
import { freePort } from '../cli/support/peers.ts';
import { TemporaryFolder } from '../cli/support/temporary-folder.ts';
import { eventually } from '../support/eventually.ts';
import { identity } from '../support/secure.ts';

/* The same command lines, given to curl and to ws curl, against servers that neither of them brings along. */

const main = fileURLToPath(new URL('../../dist/cli/main.js', import.meta.url));
const children = new Set<ChildProcess>();

interface Outcome {
  readonly code: number | null;
  readonly stdout: Buffer;
  readonly stderr: string;
}

function run(program: string, argv: readonly string[], cwd: string): Promise<Outcome> {
  const child = spawn(program, argv, { cwd, stdio: ['ignore', 'pipe', 'pipe'] });
  const [stdout, stderr] = [new Capture(), new Capture()];
  child.stdout.pipe(stdout);
  child.stderr.pipe(stderr);
  return new Promise((resolve) => {
    child.on('close', (code) => resolve({ code, stdout: stdout.bytes, stderr: stderr.text }));
  });
}

const wsCurl = (argv: readonly string[], cwd: string): Promise<Outcome> =>
  run(process.execPath, [main, 'curl', ...argv], cwd);

/** Ends with the suite. */
function start(program: string, argv: readonly string[], cwd: string): void {
  children.add(spawn(program, argv, { cwd, stdio: 'ignore' }));
}

async function answers(url: string): Promise<void> {
  let isThere = false;
  await eventually(url, () => {
    fetch(url).then(
      () => (isThere = true),
      () => undefined,
    );
    return isThere;
  });
}

const large = randomBytes(3_000_000);

const site = mkdtempSync(join(tmpdir(), 'ws-curl-'));
const at = (name: string): string => join(site, name);

function write(name: string, content: string | Buffer): void {
  mkdirSync(dirname(at(name)), { recursive: true });
  writeFileSync(at(name), content);
}

/** nginx as Debian has it, with and without TLS. */
async function startNginx(): Promise<Readonly<Record<'url' | 'secure', string>>> {
  const [port, securePort] = [await freePort(), await freePort()];
  write('cert.pem', identity.certFile);
  write('key.pem', identity.keyFile);
  const paths = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'].map((name) => {
    write(`tmp-${name}/keep`, '');
    return `${name}_temp_path ${at(`tmp-${name}`)};`;
  });
  write(
    'nginx.conf',
    `daemon off; master_process off; pid ${at('pid')}; error_log /dev/null;
    events { worker_connections 64; }
    http {
      ${paths.join(' ')}
      access_log off; types { text/plain txt; text/html html; } default_type application/octet-stream;
      gzip on; gzip_min_length 100; gzip_types text/plain;
      server {
        listen 127.0.0.1:${port}; listen 127.0.0.1:${securePort} ssl; root ${at('www')};
        ssl_certificate ${at('cert.pem')}; ssl_certificate_key ${at('key.pem')};
        location /moved { return 302 /note.txt; }
        location /round { return 302 /round; }
        location /busy { return 503 busy; }
        location /nothing { return 444; }
        location /slow { limit_rate 100; limit_rate_after 1k; alias ${at('www')}/large.bin; }
        location /said { default_type text/plain; return 200 "$request_method $args $http_x_a $http_cookie $http_referer $content_type $http_range"; }
      }
    }`,
  );
  start('nginx', ['-c', at('nginx.conf'), '-p', site], site);
  const url = `http://127.0.0.1:${port}`;
  await answers(url);
  return { url, secure: `https://localhost:${securePort}` };
}

/** The one in Python's library: HTTP/1.0, without ranges. */
async function startPython(): Promise<string> {
  const port = await freePort();
  start('python3', ['-m', 'http.server', String(port), '--bind', '127.0.0.1'], at('www'));
  await answers(`http://127.0.0.1:${port}/`);
  return `http://127.0.0.1:${port}`;
}

/** Runs both, and compares what they say, what they end with, and which files they leave. */
async function compare(line: string, url: string, files: Readonly<Record<string, Buffer>> = {}): Promise<void> {
  const argv = line
    .replaceAll('URL', url)
    .split(' ')
    .map((word) => word.replaceAll('␣', ' '));
  const [theirs, ours] = [new TemporaryFolder(), new TemporaryFolder()];
  for (const folder of [theirs, ours]) for (const [name, content] of Object.entries(files)) folder.write(name, content);
  const [expected, got] = [await run('curl', argv, theirs.path), await wsCurl(argv, ours.path)];
  expect(`${got.code} ${got.stdout.toString('latin1')}`, got.stderr).toBe(
    `${expected.code} ${expected.stdout.toString('latin1')}`,
  );
  expect(ours.tree).toEqual(theirs.tree);
  for (const name of ours.tree) expect(ours.read(name).equals(theirs.read(name)), join('file', name)).toBe(true);
}

const common = [
  '-s URL/note.txt',
  '-s URL/note.txt URL/index.html',
  '-s -o copy URL/large.bin',
  '-s -O URL/large.bin',
  '-s -O URL/',
  '-s -f URL/missing',
  '-s -f -o copy URL/missing',
  '-s --fail-with-body -o /dev/null URL/missing',
  '-s -o /dev/null -w %{http_code}␣%{size_download}␣%{num_redirects}␣%{content_type}␣%{url_effective}\\n URL/note.txt',
  '-s -o /dev/null -w %{http_code}|%{exitcode}|%{method}|%{scheme}|%{remote_ip}|%{redirect_url} URL/missing',
  '-s -w %{http_code}␣%{exitcode}\\n http://127.0.0.1:1/',
  '-s gopherx://x/',
  '-s http://a␣b/',
  '-s -o no/such/folder URL/note.txt',
  '-s -T missing URL/x',
  '-s -F a=@missing URL/x',
  '-s -k https://127.0.0.1:1/',
  '-s -r 0-3 URL/note.txt',
  '-s -C - -o part URL/note.txt',
];

let nginx: Readonly<Record<'url' | 'secure', string>>;
let python: string;

beforeAll(async () => {
  write('www/index.html', '<p>page');
  write('www/note.txt', 'a note\n'.repeat(500));
  write('www/large.bin', large);
  nginx = await startNginx();
  python = await startPython();
});

afterAll(() => {
  for (const child of children) child.kill('SIGKILL');
  rmSync(site, { recursive: true, force: true });
});

describe('ws curl does what curl does', () => {
  it.each([
    ...common,
    '-s -L URL/moved',
    '-s -L -o /dev/null -w %{http_code}␣%{num_redirects}␣%{url_effective} URL/moved',
    '-s -L --max-redirs 3 URL/round -o /dev/null',
    '-s -o /dev/null -w %{redirect_url} URL/moved',
    '-s --compressed URL/note.txt',
    '-s URL/nothing',
    '-s -m 1 -o /dev/null URL/slow',
    '-s -f --retry 1 --retry-delay 1 URL/busy',
    '-s -d a=b URL/said',
    '-s -G -d a=b --data-urlencode c=& URL/said?x',
    '-s -H X-A:one -b c=d -e http://r/ URL/said',
    '-s --json {} URL/said',
    '-s -X DELETE URL/said',
    '-s -r 2-3 URL/note.txt',
    '-s -C - -o part URL/large.bin',
    '-s -r 2-3,5-6 -o /dev/null -w %{http_code} URL/note.txt',
  ])('against nginx: %s', async (line) => {
    await compare(line, nginx.url, { part: large.subarray(0, 1_234_567) });
  });

  it.each([
    '-s SECURE/note.txt',
    '-s -k SECURE/note.txt',
    '-s -k --ciphers NOSUCH SECURE/note.txt',
    '-s https://PLAIN/note.txt',
  ])('by TLS: %s', async (line) => {
    const { url, secure } = nginx;
    await compare(line.replace('SECURE', secure).replace('PLAIN', url.replace('http://', '')), url);
  });

  it.each([...common.filter((line) => !line.includes('-r 0-3')), '-s -d a=b -o /dev/null -w %{http_code} URL/'])(
    'against python: %s',
    async (line) => {
      await compare(line, python, { part: Buffer.from('another part') });
    },
  );
});

describe('curl', () => {
  it('gets from ws httpd what it asks for', async () => {
    const port = await freePort();
    start(process.execPath, [main, 'httpd', '--port', String(port), '--listing', at('www')], site);
    const url = `http://127.0.0.1:${port}`;
    await answers(url);
    const folder = new TemporaryFolder();
    const curl = (...argv: string[]): Promise<Outcome> => run('curl', ['-sS', ...argv], folder.path);
    expect((await curl(`${url}/note.txt`)).stdout.toString()).toBe('a note\n'.repeat(500));
    expect((await curl('--compressed', `${url}/note.txt`)).stdout.toString()).toBe('a note\n'.repeat(500));
    expect((await curl('-r', '2-5', `${url}/note.txt`)).stdout.toString()).toBe('note');
    folder.write('part', large.subarray(0, 999_999));
    expect((await curl('-C', '-', '-o', 'part', `${url}/large.bin`)).code).toBe(0);
    expect(folder.read('part').equals(large)).toBe(true);
    expect((await curl('-I', `${url}/large.bin`)).stdout.toString()).toMatch(
      /^HTTP\/1\.1 200 OK\r\n[^]*Content-Length: 3000000\r\n/,
    );
    const etag = /ETag: (.*)\r\n/.exec((await curl('-I', `${url}/large.bin`)).stdout.toString())?.[1] ?? '';
    const status = async (...argv: string[]): Promise<string> =>
      (await curl('-o', '/dev/null', '-w', '%{http_code}', ...argv)).stdout.toString();
    expect(await status('-H', `If-None-Match: ${etag}`, `${url}/large.bin`)).toBe('304');
    expect(await status('--path-as-is', `${url}/../cert.pem`)).toBe('400');
    expect(await status('-H', 'Host: evil.example', `${url}/note.txt`)).toBe('421');
    expect(await status('-T', folder.write('short', 'x'), `${url}/x`)).toBe('405');
    expect((await curl(`${url}/`, `${url}/note.txt`, '-o', 'page', '-w', '%{num_connects} ')).code).toBe(0);
  });
});

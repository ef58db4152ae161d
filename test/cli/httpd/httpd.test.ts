import { symlinkSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import { isAllowedHost } from '../../../src/cli/httpd/allowed-hosts.ts';
import { ExitCode } from '../../../src/cli/terminal/exit-codes.ts';
import { HttpClient, type HttpRequestOptions, type HttpResponse } from '../../../src/index.ts';
import { createHttpClient } from '../../support/http-server.ts';
import { type RunningCli, startCli, startServer, stopAll } from '../support/fake-environment.ts';
import { TemporaryFolder } from '../support/temporary-folder.ts';

afterEach(stopAll);

type Httpd = RunningCli & {
  readonly url: string;
  ask(path: string, options?: HttpRequestOptions): Promise<HttpResponse<Buffer>>;
};

/** Serves a folder that has a page, a text and what must not be served. */
async function serve(...options: string[]): Promise<Httpd & { readonly folder: TemporaryFolder }> {
  const folder = new TemporaryFolder();
  folder.write('page.html', '<p>page');
  folder.write('sub/text.txt', 'a text '.repeat(1000));
  folder.write('.secret', 'hidden');
  symlinkSync('/etc/passwd', folder.at('link'));
  return { ...(await start([...options, folder.path])), folder };
}

async function start(argv: readonly string[]): Promise<Httpd> {
  const server = await startServer(['httpd', ...argv]);
  const client = createHttpClient({ tlsOptions: { caFile: 'NONE' } });
  const ask: Httpd['ask'] = (path, options = {}) =>
    client.request(`${server.url.replace(/\/$/, '')}${path}`, options.verb ?? 'GET', undefined, options);
  return { ...server, ask };
}

describe('ws httpd', () => {
  it('serves the files of a folder, says where, and logs every request', async () => {
    const server = await serve();
    expect(server.url).toMatch(/^http:\/\/127\.0\.0\.1:\d+\/$/);
    const page = await server.ask('/page.html?x="y"', {
      extraHeaders: { Referer: 'http://x/', 'User-Agent': 'a "b"\tc' },
    });
    expect(page.text()).toBe('<p>page');
    expect(page.headers.get('Content-Type')).toBe('text/html; charset=utf-8');
    expect((await server.ask('/missing')).statusCode).toBe(404);
    expect((await server.ask('/page.html', { verb: 'HEAD' })).statusCode).toBe(200);
    server.signal('SIGTERM');
    expect(await server.done).toBe(ExitCode.Done);
    expect(server.stderr.text).toBe('');
    const [listening, ...lines] = server.stdout.text.trimEnd().split('\n');
    expect(listening).toBe(`Listening on ${server.url}`);
    const time = /\[31\/Jan\/2026:23:59:58 [+-]\d{4}\]/.source;
    expect(lines).toHaveLength(3);
    expect(lines[0]).toMatch(
      new RegExp(
        `^127\\.0\\.0\\.1 - - ${time} "GET /page\\.html\\?x=\\S+ HTTP/1\\.1" 200 7 "http://x/" "a \\\\"b\\\\"\\\\x09c"$`,
      ),
    );
    expect(lines[1]).toMatch(/"GET \/missing HTTP\/1\.1" 404 10 "-" "ixwebsocket/);
    expect(lines[2]).toMatch(/"HEAD \/page\.html HTTP\/1\.1" 200 - /);
    expect(server.listenerCount()).toBe(0);
  });

  it('shows nothing with -q but where it listens, and objects with --json', async () => {
    const quiet = await serve('-q');
    await quiet.ask('/page.html');
    expect(quiet.stdout.text).toBe(`Listening on ${quiet.url}\n`);
    const folder = new TemporaryFolder();
    folder.write('big', Buffer.alloc(200_000));
    const cli = startCli(['httpd', '--json', '--port', '0', folder.path]);
    const url = await cli.stdout.match(/"event":"listening","url":"([^"]+)"/);
    expect((await createHttpClient().get(`${url}big`)).body).toHaveLength(200_000);
    await cli.stdout.match(/"event":"request".*\n/);
    const [, line = ''] = cli.stdout.text.split('\n');
    expect(JSON.parse(line)).toMatchObject({
      event: 'request',
      ip: '127.0.0.1',
      method: 'GET',
      uri: '/big',
      version: 'HTTP/1.1',
      status: 200,
      bytes: 200_000,
    });
  });

  it('serves nothing outside of the folder, and no names with a dot in front', async () => {
    const server = await serve('--listing');
    for (const path of ['/.secret', '/link', '/%2e%2e/x', '/..%2fx', '/sub/../../x']) {
      const { statusCode } = await server.ask(path);
      expect([400, 404]).toContain(statusCode);
    }
    const listing = (await server.ask('/')).text();
    expect(listing).toContain('page.html');
    expect(listing).not.toMatch(/secret|link/);
  });

  it('lists folders only with --listing', async () => {
    const server = await serve();
    expect((await server.ask('/')).statusCode).toBe(404);
    expect((await server.ask('/sub')).statusCode).toBe(404);
  });

  it('answers for pages of an application with --spa, and not for scripts', async () => {
    const server = await serve('--spa');
    server.folder.write('index.html', 'the app');
    const browser = { extraHeaders: { Accept: 'text/html,*/*;q=0.8' } };
    expect((await server.ask('/some/page', browser)).text()).toBe('the app');
    expect((await server.ask('/some/script.js')).statusCode).toBe(404);
  });

  it('says to browsers and caches what it is told to', async () => {
    const plain = (await (await serve()).ask('/page.html')).headers;
    expect([plain.get('Cache-Control'), plain.get('Access-Control-Allow-Origin')]).toEqual(['no-cache', undefined]);
    const open = (await (await serve('--cors', '--cache', '60')).ask('/page.html')).headers;
    expect([open.get('Cache-Control'), open.get('Access-Control-Allow-Origin')]).toEqual(['public, max-age=60', '*']);
    const one = await serve('--cors-origin', 'https://x.test', '--cache', 'no-store');
    for (const [origin, allowed] of [
      ['https://x.test', 'https://x.test'],
      ['https://y.test', undefined],
    ] as const) {
      const { headers } = await one.ask('/page.html', { extraHeaders: { Origin: origin } });
      expect(headers.get('Access-Control-Allow-Origin')).toBe(allowed);
      expect(headers.get('Cache-Control')).toBe('no-store');
    }
  });

  it('compresses text, but not with --no-compression', async () => {
    const codingOf = async (server: Httpd): Promise<string | undefined> =>
      (await server.ask('/sub/text.txt')).headers.get('Content-Encoding');
    expect(await codingOf(await serve())).toBe('gzip');
    expect(await codingOf(await serve('--no-compression'))).toBeUndefined();
  });

  it('sends files that were compressed beforehand with --precompressed', async () => {
    const server = await serve('--precompressed', '--no-compression');
    server.folder.write('page.html.gz', 'packed');
    const out = await server.ask('/page.html', { decompress: false, extraHeaders: { 'Accept-Encoding': 'gzip' } });
    expect(out.headers.get('Content-Encoding')).toBe('gzip');
    expect(out.text()).toBe('packed');
  });

  it('speaks TLS with a certificate made for the run', async () => {
    const server = await serve('--tls-self-signed');
    expect(server.url).toMatch(/^https:/);
    expect(server.stdout.text).toMatch(/\nCertificate SHA-256 fingerprint \S+\n/);
    expect((await server.ask('/page.html')).text()).toBe('<p>page');
  });

  it('answers on loopback only for names of this machine, and those of --allow-host', async () => {
    const server = await serve('--allow-host', 'Dev.Example');
    const status = async (host: string): Promise<number> =>
      (await server.ask('/page.html', { extraHeaders: { Host: host } })).statusCode;
    expect(await status('evil.example')).toBe(421);
    expect(await status('localhost:1')).toBe(200);
    expect(await status('dev.example:8008')).toBe(200);
    const evil = await server.ask('/page.html', { extraHeaders: { Host: 'evil.example' } });
    expect(evil.text()).toContain('--allow-host');
    await server.stdout.match(/" 421 /);
  });

  it('redirects everything with -L, and accepts a POST', async () => {
    const server = await start(['-L', '--redirect_url', 'https://example.com/x']);
    const out = await server.ask('/any', { followRedirects: false });
    expect(out.statusCode).toBe(301);
    expect(out.headers.get('Location')).toBe('https://example.com/x');
    expect((await server.ask('/any', { verb: 'POST', body: 'x' })).statusCode).toBe(200);
    await server.stdout.match(/"POST \/any HTTP\/1\.1" 200 - /);
  });

  it('prints requests with -D, even with -L, such that they cannot drive a terminal', async () => {
    const server = await start(['-D', '-L', '--redirect-url', '/x']);
    const out = await server.ask('/any', { verb: 'POST', body: 'line\n\u001b[31m', extraHeaders: { 'X-A': 'b' } });
    expect(out.text()).toBe('OK');
    const printed = await server.stdout.match(/== Headers == \n[^]+"POST \/any HTTP\/1\.1" 200 2 /);
    expect(printed).toContain('\nX-A: b\n');
    expect(printed).toContain('\n\n== Body == \nline\n\\x1b[31m\n\n');
  });

  it('finishes what it has begun when it is stopped', async () => {
    const server = await serve();
    server.folder.write('big', Buffer.alloc(20_000_000));
    const stream = await createHttpClient().stream(`${server.url}big`);
    server.signal('SIGINT');
    let bytes = 0;
    for await (const chunk of stream) bytes += chunk.length;
    expect(bytes).toBe(20_000_000);
    expect(await server.done).toBe(ExitCode.Done);
  });
});

describe('ws httpd says why it does not start', () => {
  const failing = async (...argv: string[]): Promise<{ code: ExitCode; err: string }> => {
    const cli = startCli(['httpd', ...argv]);
    return { code: await cli.done, err: cli.stderr.text };
  };

  it('when the port is taken', async () => {
    const taken = createServer().listen(0, '127.0.0.1');
    await new Promise((resolve) => taken.once('listening', resolve));
    const { port } = taken.address() as AddressInfo;
    const { code, err } = await failing('--port', String(port));
    taken.close();
    expect(code).toBe(ExitCode.Failed);
    expect(err).toMatch(/^ws: httpd: .*in use.*\n {4}Choose another port with --port; 0 is any free one\.\n$/);
  });

  it('when there is no such folder', async () => {
    const folder = new TemporaryFolder();
    expect(await failing(folder.at('none'))).toEqual({
      code: ExitCode.Failed,
      err: expect.stringMatching(/^ws: httpd: \S+: no such file or directory\n {4}Name a folder to serve\.\n$/),
    });
    const file = folder.write('file', '');
    expect((await failing(file)).err).toBe(
      `ws: httpd: ${file} is no folder\n    Name the folder that the file is in.\n`,
    );
  });

  it.each([
    ['-L', /-L needs --redirect_url/],
    ['--cors --cors-origin http://x', /either --cors or --cors-origin/],
    ['--cors-origin x', /--cors-origin must be an origin/],
    ['--cache a\u0007', /--cache must be a number of seconds/],
    ['--redirect_url a\u0007', /--redirect_url must be a URL/],
    ['--allow-host http://x', /--allow-host must be a name/],
    ['--tls', /TLS|cert/],
  ])('when it is used wrong: %s', async (line, error) => {
    const { code, err } = await failing(...line.split(' '));
    expect([ExitCode.WrongUsage, ExitCode.Failed]).toContain(code);
    expect(err).toMatch(error);
  });

  it('warns when other machines can reach it', async () => {
    const server = await startServer(['httpd', '--host', '0.0.0.0', new TemporaryFolder().path]);
    expect(server.stderr.text).toBe(
      'ws: warning: 0.0.0.0 can be reached from other machines, and whoever reaches it may connect\n',
    );
    const port = Number(new URL(server.url).port);
    const out = await new HttpClient().get(`http://127.0.0.1:${port}/`, { extraHeaders: { Host: 'any.example' } });
    expect(out.statusCode).toBe(404);
  });
});

it.each([
  [undefined, true],
  ['localhost', true],
  ['LocalHost.:80', true],
  ['a.localhost:80', true],
  ['127.9.9.9', true],
  ['[::1]:80', true],
  ['mine', true],
  ['[::2]', true],
  ['10.0.0.1', true],
  ['127.0.0.1.evil.test', false],
  ['localhost.evil.test', false],
  ['notlocalhost', false],
  ['', false],
])('a request for the host %s is answered: %s', (host, isAllowed) => {
  expect(isAllowedHost(host, ['mine'])).toBe(isAllowed);
});

import { gunzipSync, gzipSync } from 'node:zlib';
import { afterEach, describe, expect, it } from 'vitest';
import { ExitCode } from '../../../src/cli/terminal/exit-codes.ts';
import { type JudgeServer, type Mirrored, startJudge, startMirror } from '../../support/http-server.ts';
import { type FakeOptions, startCli, startServer, stopAll } from '../support/fake-environment.ts';
import { TemporaryFolder } from '../support/temporary-folder.ts';

afterEach(stopAll);

interface Run {
  readonly code: ExitCode;
  readonly out: string;
  readonly err: string;
}

async function curl(argv: readonly string[], options?: FakeOptions): Promise<Run> {
  const cli = startCli(['curl', ...argv], options);
  const code = await cli.done;
  expect(cli.listenerCount()).toBe(0);
  return { code, out: cli.stdout.text, err: cli.stderr.text };
}

/** The request that a server gets from a command line. */
async function asked(argv: readonly string[], options?: FakeOptions): Promise<Mirrored> {
  const mirror = await startMirror();
  const { code, out, err } = await curl([...argv, mirror.url], options);
  expect({ code, err }).toEqual({ code: ExitCode.Done, err: '' });
  return JSON.parse(out) as Mirrored;
}

function redirecting(hops: number): Promise<JudgeServer> {
  return startJudge((request, response) => {
    const left = Number(request.url?.slice(1) || hops);
    if (left > 0) response.writeHead(302, { Location: `/${left - 1}` });
    response.end(left > 0 ? 'elsewhere' : 'there');
  });
}

describe('ws curl sends', () => {
  it.each<[line: string, wanted: Partial<Mirrored>]>([
    ['', { method: 'GET', body: '' }],
    ['-X DELETE', { method: 'DELETE' }],
    ['-d a=1 -d b=2', { method: 'POST', body: 'a=1&b=2' }],
    ['-d @FILE', { method: 'POST', body: 'onetwo' }],
    ['--data-binary @FILE', { method: 'POST', body: 'one\r\ntwo\n' }],
    ['--data-raw @FILE', { method: 'POST', body: '@FILE' }],
    ['--data-binary @FILE -d x', { method: 'POST', body: 'x&one\r\ntwo\n' }],
    ['--data-urlencode a=x&y --data-urlencode =é', { method: 'POST', body: 'a=x%26y&%C3%A9' }],
    ['--data-urlencode n@FILE', { method: 'POST', body: 'n=one%0D%0Atwo%0A' }],
    ['-G -d a=1 --data-urlencode b=ü', { method: 'GET', url: '/?a=1&b=%C3%BC', body: '' }],
    ['-T FILE', { method: 'PUT', url: '/note.txt', body: 'one\r\ntwo\n' }],
    ['-T FILE -X POST', { method: 'POST', body: 'one\r\ntwo\n' }],
    ['--json {"a":1}', { method: 'POST', body: '{"a":1}' }],
  ])('what %s asks for', async (line, wanted) => {
    const path = new TemporaryFolder().write('note.txt', 'one\r\ntwo\n');
    const argv = line.split(' ').filter((word) => word !== '');
    const replaced = argv.map((word) => (word === '@FILE' && line.includes('raw') ? word : word.replace('FILE', path)));
    expect(await asked(replaced)).toMatchObject(wanted);
  });

  it.each<[line: string, headers: Readonly<Record<string, string>>]>([
    ['-A me -e http://x.test/ -b a=1 -b b=2', { 'user-agent': 'me', referer: 'http://x.test/', cookie: 'a=1; b=2' }],
    ['-u user:pass', { authorization: 'Basic dXNlcjpwYXNz' }],
    ['-r 0-4', { range: 'bytes=0-4' }],
    ['-d x', { 'content-type': 'application/x-www-form-urlencoded', 'content-length': '1' }],
    ['-d x -H Content-Type:text/plain', { 'content-type': 'text/plain' }],
    ['--json {}', { 'content-type': 'application/json', accept: 'application/json' }],
    ['-H Host:example.com -H Expect: -H A-B:c:d', { host: 'example.com', 'a-b': 'c:d' }],
    ['-H Referer:mine -e other', { referer: 'mine' }],
  ])('the headers of %s', async (line, headers) => {
    const got = (await asked(line.split(' '))).headers;
    expect(got).toMatchObject(headers);
    expect(got).not.toHaveProperty('expect');
    // Parts of a coded body could not be put together, so a range is asked for as it is.
    expect(got['accept-encoding']).toBe(line.startsWith('-r') ? 'identity' : undefined);
  });

  it('headers, cookies and users from files and variables', async () => {
    const folder = new TemporaryFolder();
    const headers = folder.write('h', 'X-One: 1\nX-Two: 2\n');
    const got = await asked(['-H', `@${headers}`, '-b', '@env:JAR', '-u', 'me'], {
      variables: { JAR: 'sid=5', WS_PASSWORD: 'secret' },
    });
    expect(got.headers).toMatchObject({ 'x-one': '1', 'x-two': '2', cookie: 'sid=5' });
    expect(got.headers['authorization']).toBe(`Basic ${Buffer.from('me:secret').toString('base64')}`);
  });

  it('standard input, with its length where it is short', async () => {
    const short = await asked(['-d', '@-'], { input: 'from\nhere' });
    expect(short).toMatchObject({ body: 'fromhere', headers: { 'content-length': '8' } });
    const whole = await asked(['--data-binary', '@-'], { input: 'from\nhere' });
    expect(whole).toMatchObject({ body: 'from\nhere', headers: { 'content-length': '9' } });
    const long = await asked(['-T', '-'], { input: 'x'.repeat(3_000_000) });
    expect(long).toMatchObject({ method: 'PUT', url: '/', headers: { 'transfer-encoding': 'chunked' } });
    expect(long.body).toHaveLength(3_000_000);
  });

  it('multipart forms, in the order of -F', async () => {
    const folder = new TemporaryFolder();
    const [page, note] = [folder.write('page.html', '<p>'), folder.write('note', 'text of a field')];
    const upload = `up=@${page};type=text/x;filename="o;\\"ther.html"`;
    const files = ['-F', 'a=1;2', '-F', upload, '-F', `up=@${page}`];
    const got = await asked([...files, '-F', `n=<${note}`, '--form-string', 's=@no', '-d', 'd=e=f']);
    const boundary = /boundary=(.+)/.exec(got.headers['content-type'] ?? '')?.[1] ?? '?';
    const parts = got.body.split(`--${boundary}`).map((part) => part.trim().replaceAll('\r\n', '|'));
    expect(parts).toEqual([
      '',
      'Content-Disposition: form-data; name="a"||1;2',
      'Content-Disposition: form-data; name="up"; filename="o;%22ther.html"|Content-Type: text/x||<p>',
      expect.stringMatching(/name="up"; filename="page\.html"\|Content-Type: text\/html.*\|\|<p>$/),
      'Content-Disposition: form-data; name="n"||text of a field',
      'Content-Disposition: form-data; name="s"||@no',
      'Content-Disposition: form-data; name="d"||e=f',
      '--',
    ]);
  });

  it('a compressed body with --compress_request', async () => {
    const got = await asked(['--compress-request', '-d', 'a'.repeat(1000)]);
    expect(got.headers['content-encoding']).toBe('gzip');
    expect(gunzipSync(Buffer.from(got.body, 'latin1')).toString()).toBe('a'.repeat(1000));
  });

  it('a name through --resolve, to the port that is meant', async () => {
    const mirror = await startMirror();
    const { port } = mirror;
    const resolve = ['--resolve', `example.test:${port}:127.0.0.1`, '--resolve', 'example.test:1:192.0.2.1'];
    const { code, out } = await curl([...resolve, '-m', '2', `http://example.test:${port}/x`]);
    expect(code).toBe(ExitCode.Done);
    expect(JSON.parse(out)).toMatchObject({ url: '/x', headers: { host: `example.test:${port}` } });
  });

  it('through a unix socket', async () => {
    const path = new TemporaryFolder().at('s');
    await startMirror({ socketPath: path });
    const { out } = await curl(['--unix-socket', path, 'http://anything.test/x']);
    expect(JSON.parse(out)).toMatchObject({ url: '/x', headers: { host: 'anything.test' } });
  });
});

describe('ws curl shows', () => {
  it('the body as it is when it is piped', async () => {
    const bytes = Buffer.from([0, 1, 0xff, 0x1b, 10, 13]);
    const server = await startJudge((_request, response) => void response.end(bytes));
    const cli = startCli(['curl', server.url]);
    expect(await cli.done).toBe(ExitCode.Done);
    expect(cli.stdout.bytes).toEqual(bytes);
  });

  it('several URLs, one after the other, over one connection', async () => {
    const server = await startJudge((request, response) => void response.end(`${request.url} `));
    expect((await curl([`${server.url}a`, `127.0.0.1:${server.port}/b`])).out).toBe('/a /b ');
    expect(server.connections.count).toBe(1);
  });

  it('no redirect but with -L, and then all heads with -i', async () => {
    const server = await redirecting(2);
    expect(await curl([server.url])).toEqual({ code: 0, out: 'elsewhere', err: '' });
    expect(await curl(['-L', server.url])).toEqual({ code: 0, out: 'there', err: '' });
    const { out } = await curl(['-L', '-i', server.url]);
    expect(out.match(/HTTP\/1\.1 \d+/g)).toEqual(['HTTP/1.1 302', 'HTTP/1.1 302', 'HTTP/1.1 200']);
    expect(out).toMatch(/\r\n\r\nthere$/);
    expect(out).not.toContain('elsewhere');
  });

  it('only heads with -I, and what -D keeps', async () => {
    const server = await startJudge((_request, response) => void response.setHeader('X-A', 'b').end('body'));
    const folder = new TemporaryFolder();
    const { out } = await curl(['-I', server.url]);
    expect(out).toMatch(/^HTTP\/1\.1 200 OK\r\nX-A: b\r\n(.+\r\n)+\r\n$/);
    expect(server.requests[0]?.method).toBe('HEAD');
    expect((await curl(['-D', folder.at('h'), server.url])).out).toBe('body');
    expect(folder.read('h').toString()).toMatch(/^HTTP\/1\.1 200 OK\r\nX-A: b\r\n(.+\r\n)+\r\n$/);
    expect((await curl(['-D', '-', server.url])).out).toMatch(/^HTTP\/1\.1 200 OK\r\nX-A: b\r\n(.+\r\n)+\r\nbody$/);
  });

  it('a compressed answer decoded with --compressed, and as it came without', async () => {
    const packed = gzipSync('unpacked');
    const server = await startJudge((request, response) => {
      response.setHeader('X-Asked', request.headers['accept-encoding'] ?? 'nothing');
      response.setHeader('Content-Encoding', 'gzip').end(packed);
    });
    expect((await curl(['--compressed', '-i', server.url])).out).toMatch(/X-Asked: .*gzip[^]*unpacked$/);
    const cli = startCli(['curl', server.url]);
    await cli.done;
    expect(cli.stdout.bytes).toEqual(packed);
  });

  it('with -v what was said, without passwords, on stderr', async () => {
    const server = await startJudge((_request, response) => {
      response.setHeader('Set-Cookie', 'sid=verysecret').setHeader('X-Esc', 'a\u009bb').end('body');
    });
    const { out, err } = await curl(['-v', '-u', 'me:mysecret', '-b', 'c=mysecret', server.url]);
    expect(out).toBe('body');
    expect(err).toMatch(
      /^\* Connected to 127\.0\.0\.1 port \d+ for http:\/\/127\.0\.0\.1:\d+\/\n> GET \/ HTTP\/1\.1\n/,
    );
    expect(err).toMatch(/\n>\n< HTTP\/1\.1 200 OK\n[^]*< X-Esc: a.?\\x9bb\n[^]*\n<\n/);
    expect(err).toMatch(/\* Upload size: \d+\n\* Download size: 4\n\* Status: 200\n$/);
    expect(err).not.toContain('secret');
    expect(err).not.toContain(Buffer.from('me:mysecret').toString('base64'));
  });

  it('text on a terminal such that it cannot drive it, unless --raw', async () => {
    const text = 'red \u001b[31m\r\nbell \u0007 grün\n';
    const server = await startJudge((_request, response) => {
      const bytes = Buffer.from(text);
      // In the middle of a character.
      response.write(bytes.subarray(0, bytes.length - 3));
      setImmediate(() => response.end(bytes.subarray(bytes.length - 3)));
    });
    const shown = await curl([server.url], { isTerminal: true });
    expect(shown).toEqual({ code: 0, out: 'red \\x1b[31m\nbell \\x07 grün\n', err: '' });
    expect((await curl(['--raw', server.url], { isTerminal: true })).out).toBe(text);
  });

  it('what -w asks for', async () => {
    const server = await redirecting(1);
    const figures = '%{http_code} %{num_redirects} %{size_download} %{url_effective} %{method} 100%%';
    const others = ' %{content_type}|%{nope}\\n%{stderr}%{remote_ip}\\t';
    const path = new TemporaryFolder().at('o');
    const { out, err } = await curl(['-L', '-d', 'abc', '-o', path, '-w', figures + others, server.url]);
    expect(out).toBe(`200 1 5 ${server.url}0 GET 100% |\n`);
    expect(err).toBe('ws: curl: unknown variable of --write-out: nope\n127.0.0.1\t');
  });

  it('all figures with -w %{json}, and the headers', async () => {
    const mirror = await startMirror();
    const { out } = await curl([
      '-s',
      '-o',
      '/dev/null',
      '-d',
      'abc',
      '-w',
      '%{json}\n%header{content-type}',
      mirror.url,
    ]);
    const [json = '', type] = out.split('\n');
    expect(type).toBe('application/json');
    expect(JSON.parse(json)).toMatchObject({
      http_code: 200,
      method: 'POST',
      size_upload: 3,
      num_connects: 1,
      remote_ip: '127.0.0.1',
      remote_port: mirror.port,
      scheme: 'HTTP',
      exitcode: 0,
      errormsg: null,
      url: mirror.url,
    });
    const figures = JSON.parse(json) as Record<string, number>;
    const [connect = 0, sent = 0, first = 0, total = 0] = ['connect', 'pretransfer', 'starttransfer', 'total'].map(
      (name) => figures[`time_${name}`],
    );
    expect(connect).toBeGreaterThan(0);
    expect([connect, sent, first, total]).toEqual([connect, sent, first, total].toSorted((a, b) => a - b));
  });

  it('where a redirect would lead, and 000 without an answer', async () => {
    const server = await redirecting(1);
    expect((await curl(['-s', '-w', '|%{redirect_url}', server.url])).out).toBe(`elsewhere|${server.url}0`);
    expect((await curl(['-s', '-w', '%{http_code} %{exitcode}', 'http://127.0.0.1:1/'])).out).toBe('000 7');
  });
});

describe('ws curl of a WebSocket', () => {
  it('shows the handshake, and what was agreed on', async () => {
    const server = await startServer(['echo_server', '-q']);
    const { code, out, err } = await curl(['-H', 'Authorization: Bearer x', server.url]);
    expect({ code, err }).toEqual({ code: ExitCode.Done, err: '' });
    expect(out).toMatch(/ {2}GET \/ HTTP\/1\.1\n {2}Host: 127\.0\.0\.1:\d+\n {2}Upgrade: websocket\n/);
    expect(out).toMatch(/Response:\n {2}HTTP\/1\.1 101 Switching Protocols\n/);
    expect(out).toMatch(
      /\nAddress: 127\.0\.0\.1\nTimes: connect .+\nExtensions: permessage-deflate.*\nSubprotocol: none\n$/,
    );
    expect(out).not.toContain('Bearer');
  });

  it('shows what TLS agreed on', async () => {
    const server = await startServer(['echo_server', '-q', '--tls-self-signed']);
    const { code, out } = await curl(['-k', server.url]);
    expect(code).toBe(ExitCode.Done);
    expect(out).toMatch(/\nTLS: TLSv1\.3, TLS_\w+\nCertificate: .+\nIssuer: .+\nValid: .+ to .+\n/);
    expect((await curl([server.url])).code).toBe(60);
  });

  it('ends with 22 when there is no upgrade, and shows the refusal', async () => {
    const server = await startJudge((_request, response) => void response.writeHead(403).end('not \u001bhere'));
    const { code, out, err } = await curl([server.url.replace('http', 'ws')]);
    expect(code).toBe(22);
    expect(out).toMatch(/HTTP\/1\.1 403 Forbidden\n[^]*not \\x1bhere\n/);
    expect(err).toMatch(/^ws: curl: \(22\) .*403/);
  });
});

import { chmodSync, symlinkSync, truncateSync, unlinkSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import type { HttpResponse } from '../../../src/http/http-response.ts';
import { serveFiles } from '../../../src/http-server/static/static-files.ts';
import type { ServeFilesOptions } from '../../../src/http-server/static/static-options.ts';
import type { HttpHeadersInit } from '../../../src/protocol/http1/headers.ts';
import { readBody, StaticTree, staticRequest } from '../../support/static-tree.ts';

const MEBIBYTE = 1024 * 1024;
const tree = new StaticTree();
const big = Buffer.from(Array.from({ length: MEBIBYTE }, (_, i) => (i * 7 + (i >> 8)) & 0xff));
const longAgo = new Date(Date.UTC(2026, 0, 15, 12));

beforeAll(() => {
  tree.write('index.html', '<h1>Welcome</h1>');
  tree.write('a.txt', 'grüße');
  tree.write('empty.txt', '');
  tree.write('photo.jpg', Buffer.from([0xff, 0xd8, 0xff]));
  tree.write('data.bin', big);
  tree.write('unknown.xyzzy', 'x');
  tree.write('noextension', 'x');
  tree.write('with space & "quotes" <b>ü.html', 'odd');
  tree.write('dir/index.html', 'in dir');
  tree.write('bare/one.txt', 'one');
  tree.write('bare/sub/two.txt', 'two');
  tree.write('.well-known/security.txt', 'Contact');
  for (const file of ['a.txt', 'photo.jpg', 'data.bin']) utimesSync(join(tree.root, file), longAgo, longAgo);
});

afterEach(() => {
  expect(tree.openFiles()).toEqual([]);
});

afterAll(() => {
  tree.remove();
});

function get(uri: string, headers: HttpHeadersInit = {}, options?: ServeFilesOptions): Promise<HttpResponse> {
  return serveFiles(tree.root, options)(staticRequest(uri, headers));
}

async function textOf(response: HttpResponse): Promise<string> {
  return (await readBody(response)).toString();
}

describe('a file', () => {
  test.each<[string, string, string | RegExp]>([
    ['/', 'text/html; charset=utf-8', '<h1>Welcome</h1>'],
    ['/index.html', 'text/html; charset=utf-8', '<h1>Welcome</h1>'],
    ['/a.txt?query=1', 'text/plain; charset=utf-8', 'grüße'],
    ['/a%2Etxt', 'text/plain; charset=utf-8', 'grüße'],
    ['http://example.com/a.txt', 'text/plain; charset=utf-8', 'grüße'],
    ['/empty.txt', 'text/plain; charset=utf-8', ''],
    ['/photo.jpg', 'image/jpeg', /./],
    ['/unknown.xyzzy', 'application/octet-stream', 'x'],
    ['/noextension', 'application/octet-stream', 'x'],
    ['/with%20space%20&%20%22quotes%22%20%3Cb%3E%C3%BC.html', 'text/html; charset=utf-8', 'odd'],
    ['/dir/', 'text/html; charset=utf-8', 'in dir'],
    ['/.well-known/security.txt', 'text/plain; charset=utf-8', 'Contact'],
  ])('%s is served as %s', async (uri, type, content) => {
    const response = await get(uri);
    expect(response.statusCode).toBe(200);
    expect(response.headers.get('Content-Type')).toBe(type);
    expect(response.headers.get('X-Content-Type-Options')).toBe('nosniff');
    const body = await readBody(response);
    expect(response.headers.get('Content-Length')).toBe(String(body.length));
    if (typeof content === 'string') expect(body.toString()).toBe(content);
  });

  test('that is large is served piece by piece', async () => {
    const response = await get('/data.bin');
    expect(response.body).not.toBeInstanceOf(Uint8Array);
    expect(response.headers.get('Content-Length')).toBe(String(MEBIBYTE));
    expect((await readBody(response)).equals(big)).toBe(true);
  });

  test('that does not exist is 404', async () => {
    for (const uri of ['/missing', '/a.txt/', '/a.txt/b', '/missing/', '/bare/', `/${'a'.repeat(300)}`]) {
      const response = await get(uri);
      expect(response.statusCode, uri).toBe(404);
      expect(response.text()).toBe('Not Found\n');
    }
  });

  test('that may not be read is 403', async ({ skip }) => {
    if (process.getuid?.() === 0) skip('root may read everything');
    chmodSync(tree.write('forbidden.txt', 'x'), 0);
    expect((await get('/forbidden.txt')).statusCode).toBe(403);
  });

  test('with HEAD has the fields of GET and no body', async () => {
    const serve = serveFiles(tree.root);
    for (const uri of ['/a.txt', '/data.bin']) {
      const head = await serve(staticRequest(uri, { Range: 'bytes=0-1' }, 'HEAD'));
      expect(head.statusCode).toBe(200);
      expect(head.body).toBe('');
      expect([...head.headers]).toEqual([...(await get(uri)).headers]);
    }
  });

  test.each(['POST', 'PUT', 'DELETE', 'PATCH', 'get', 'FOO'])('is not for %s', async (method) => {
    const response = await serveFiles(tree.root)(staticRequest('/a.txt', {}, method));
    expect(response.statusCode).toBe(405);
    expect(response.headers.get('Allow')).toBe('GET, HEAD, OPTIONS');
  });

  test('answers OPTIONS with what is allowed', async () => {
    const response = await serveFiles(tree.root)(staticRequest('*', {}, 'OPTIONS'));
    expect(response).toMatchObject({ statusCode: 204, body: '' });
    expect([...response.headers]).toEqual([['Allow', 'GET, HEAD, OPTIONS']]);
  });

  test('is asked for again each time, unless told otherwise', async () => {
    expect((await get('/a.txt')).headers.get('Cache-Control')).toBe('no-cache');
    const cacheControl = 'public, max-age=60';
    expect((await get('/a.txt', {}, { cacheControl })).headers.get('Cache-Control')).toBe(cacheControl);
  });

  test('is found when the root itself is a link, also after that moved', async () => {
    const link = join(tree.base, 'current');
    symlinkSync(join(tree.root, 'bare'), link);
    const serve = serveFiles(link);
    expect(await textOf(await serve(staticRequest('/one.txt')))).toBe('one');
    unlinkSync(link);
    symlinkSync(join(tree.root, 'dir'), link);
    expect(await textOf(await serve(staticRequest('/')))).toBe('in dir');
    expect((await serve(staticRequest('/one.txt'))).statusCode).toBe(404);
  });

  test('is new at once when it changes', async () => {
    const path = tree.write('changing.txt', 'before');
    const first = await get('/changing.txt');
    const etag = first.headers.get('ETag') ?? '';
    writeFileSync(path, 'afterwards');
    const second = await get('/changing.txt', { 'If-None-Match': etag });
    expect(second.statusCode).toBe(200);
    expect(await textOf(second)).toBe('afterwards');
    expect(second.headers.get('ETag')).not.toBe(etag);
  });

  test('that is cut while it is sent fails, instead of ending early', async () => {
    const path = tree.write('cut.bin', big);
    const response = await get('/cut.bin');
    const read = async (): Promise<void> => {
      let bytes = 0;
      for await (const chunk of response.body as AsyncIterable<Buffer>) {
        if (bytes === 0) truncateSync(path, 1000);
        bytes += chunk.length;
      }
    };
    await expect(read()).rejects.toMatchObject({ code: 'fileChanged' });
  });

  test('that was replaced before it is sent fails', async () => {
    const path = tree.write('replaced.bin', big);
    const response = await get('/replaced.bin');
    // Its number would be given to the next file, if nothing kept it.
    symlinkSync(path, join(tree.base, 'keep'));
    const other = tree.write('other.bin', big);
    unlinkSync(path);
    symlinkSync(other, path);
    await expect(readBody(response)).rejects.toMatchObject({ code: 'fileChanged' });
  });

  test('that is never sent, or given up, holds nothing open', async () => {
    await get('/data.bin');
    const response = await get('/data.bin');
    for await (const chunk of response.body as AsyncIterable<Buffer>) {
      expect(chunk.length).toBeGreaterThan(0);
      break;
    }
    expect(tree.openFiles()).toEqual([]);
  });
});

describe('validators', () => {
  test('spare a client what it has', async () => {
    const response = await get('/a.txt');
    const etag = response.headers.get('ETag') ?? '';
    expect(etag).toMatch(/^"[0-9a-f]+-[0-9a-f]+"$/);
    expect(response.headers.get('Last-Modified')).toBe('Thu, 15 Jan 2026 12:00:00 GMT');
    for (const headers of [{ 'If-None-Match': etag }, { 'If-Modified-Since': 'Thu, 15 Jan 2026 12:00:00 GMT' }]) {
      const spared = await get('/a.txt', headers);
      expect(spared).toMatchObject({ statusCode: 304, body: '' });
      expect([...spared.headers.keys()]).toEqual(['ETag', 'Last-Modified', 'Cache-Control']);
    }
  });

  test('forbid what is meant for another version', async () => {
    expect((await get('/a.txt', { 'If-Match': '"other"' })).statusCode).toBe(412);
    expect((await get('/a.txt', { 'If-Unmodified-Since': 'Thu, 01 Jan 2026 00:00:00 GMT' })).statusCode).toBe(412);
  });

  test('are weak while two versions could look the same', async () => {
    const now = new Date(Math.floor(Date.now() / 1000) * 1000);
    utimesSync(tree.write('recent.txt', 'x'), now, now);
    expect((await get('/recent.txt')).headers.get('ETag')).toMatch(/^W\/"/);
  });

  test('are never later than now', async () => {
    const future = new Date(Date.now() + 1e9);
    utimesSync(tree.write('future.txt', 'x'), future, future);
    const date = Date.parse((await get('/future.txt')).headers.get('Last-Modified') ?? '');
    expect(date).toBeLessThanOrEqual(Date.now());
  });
});

describe('parts of a file', () => {
  test.each([
    ['bytes=0-0', 0, 1],
    ['bytes=1000-', 1000, MEBIBYTE],
    ['bytes=-5', MEBIBYTE - 5, MEBIBYTE],
    ['bytes=500000-600000', 500_000, 600_001],
  ])('%s', async (range, start, end) => {
    const response = await get('/data.bin', { Range: range });
    expect(response.statusCode).toBe(206);
    expect(response.headers.get('Content-Range')).toBe(`bytes ${start}-${end - 1}/${MEBIBYTE}`);
    expect(response.headers.get('Content-Length')).toBe(String(end - start));
    expect(response.headers.get('Content-Type')).toBe('application/octet-stream');
    expect((await readBody(response)).equals(big.subarray(start, end))).toBe(true);
  });

  test.each([
    ['short', ['0-9', '500-509', '-3'], [0, 10, 500, 510, MEBIBYTE - 3, MEBIBYTE]],
    ['long', ['300000-699999', '0-199999'], [300_000, 700_000, 0, 200_000]],
  ])('several at once, %s', async (_, specifiers, bounds) => {
    const response = await get('/data.bin', { Range: `bytes=${specifiers.join(', ')}` });
    expect(response.statusCode).toBe(206);
    expect(response.headers.get('Content-Range')).toBeUndefined();
    const boundary = /^multipart\/byteranges; boundary=([0-9a-f]{32})$/.exec(
      response.headers.get('Content-Type') ?? '',
    )?.[1];
    const expected: Buffer[] = [];
    for (let i = 0; i < bounds.length; i += 2) {
      const [start = 0, end = 0] = bounds.slice(i);
      const head = `Content-Type: application/octet-stream\r\nContent-Range: bytes ${start}-${end - 1}/${MEBIBYTE}`;
      expected.push(Buffer.from(`${i === 0 ? '' : '\r\n'}--${boundary}\r\n${head}\r\n\r\n`), big.subarray(start, end));
    }
    expected.push(Buffer.from(`\r\n--${boundary}--\r\n`));
    const body = await readBody(response);
    expect(body.equals(Buffer.concat(expected))).toBe(true);
    expect(response.headers.get('Content-Length')).toBe(String(body.length));
  });

  test('that are not there are 416, with the size', async () => {
    const response = await get('/data.bin', { Range: `bytes=${MEBIBYTE}-` });
    expect(response.statusCode).toBe(416);
    expect(response.headers.get('Content-Range')).toBe(`bytes */${MEBIBYTE}`);
    expect((await get('/empty.txt', { Range: 'bytes=0-' })).headers.get('Content-Range')).toBe('bytes */0');
  });

  test('that are too many, or none, are the whole', async () => {
    const many = Array.from({ length: 17 }, (_, i) => `${i * 1000}-${i * 1000}`).join();
    for (const range of [`bytes=${many}`, 'bytes=x', 'lines=1-2']) {
      expect((await get('/data.bin', { Range: range })).statusCode).toBe(200);
    }
  });

  test('are of the version that the client has begun with, or the whole', async () => {
    const { headers } = await get('/data.bin');
    const etag = headers.get('ETag') ?? '';
    const date = headers.get('Last-Modified') ?? '';
    const statusFor = async (ifRange: string): Promise<number> =>
      (await get('/data.bin', { Range: 'bytes=0-1', 'If-Range': ifRange })).statusCode;
    expect(await statusFor(etag)).toBe(206);
    expect(await statusFor(date)).toBe(206);
    expect(await statusFor('"other"')).toBe(200);
    expect(await statusFor(`W/${etag}`)).toBe(200);
    expect(await statusFor('Thu, 15 Jan 2026 12:00:01 GMT')).toBe(200);
  });

  test('of what may have been encoded are not given out for a date', async () => {
    const date = 'Thu, 15 Jan 2026 12:00:00 GMT';
    expect((await get('/a.txt', { Range: 'bytes=0-1', 'If-Range': date })).statusCode).toBe(200);
  });

  test('are not sent when nothing changed', async () => {
    const etag = (await get('/a.txt')).headers.get('ETag') ?? '';
    expect((await get('/a.txt', { Range: 'bytes=0-1', 'If-None-Match': etag })).statusCode).toBe(304);
  });
});

describe('a directory', () => {
  test('without a slash leads to the one with it', async () => {
    const response = await get('/dir?a=b');
    expect(response.statusCode).toBe(301);
    expect(response.headers.get('Location')).toBe('/dir/?a=b');
  });

  test('keeps what is odd about its name in the redirect', async () => {
    tree.write('ü %/x', '');
    expect((await get('/%C3%BC%20%25')).headers.get('Location')).toBe('/%C3%BC%20%25/');
  });

  test('has no index file when that is off, or called otherwise', async () => {
    expect((await get('/dir/', {}, { index: false })).statusCode).toBe(404);
    expect(await textOf(await get('/bare/', {}, { index: 'one.txt' }))).toBe('one');
  });

  test('is listed on demand', async () => {
    tree.write('list/b.txt', 'x'.repeat(2000));
    tree.write('list/A.txt', '');
    tree.write('list/z/inner.txt', '');
    tree.write('list/.hidden', '');
    tree.write('list/<img src=x onerror=alert(1)>"\'&.txt', '');
    tree.write('list/javascript:alert(1)', '');
    tree.link('A.txt', 'list/inside-link');
    tree.link('/etc/passwd', 'list/outside-link');
    tree.link('missing', 'list/dangling-link');
    tree.pipe('list/pipe');
    const response = await get('/list/', {}, { listing: true });
    expect(response.statusCode).toBe(200);
    expect(response.headers.get('Content-Type')).toBe('text/html; charset=utf-8');
    expect(response.headers.get('Content-Security-Policy')).toContain("default-src 'none'");
    const html = response.text();
    const links = [...html.matchAll(/href="([^"]*)"/g)].map((match) => match[1]);
    expect(links).toEqual([
      '../',
      './z/',
      "./%3Cimg%20src%3Dx%20onerror%3Dalert(1)%3E%22'%26.txt",
      './A.txt',
      './b.txt',
      './inside-link',
      './javascript%3Aalert(1)',
    ]);
    expect(html).toContain('<title>/list/</title>');
    expect(html).toContain('2.0 KiB');
    expect(html).not.toContain('<img');
    expect(html).toContain('&lt;img src=x onerror=alert(1)&gt;&quot;&#39;&amp;.txt');
    expect((await get('/list/', {}, { listing: true, dotFiles: 'allow' })).text()).toContain('.hidden');
  });

  test('that is listed at the root has no parent, and its index file goes first', async () => {
    expect(await textOf(await get('/', {}, { listing: true }))).toBe('<h1>Welcome</h1>');
    expect((await get('/', {}, { listing: true, index: false })).text()).not.toContain('../');
  });

  test('with very many entries is listed in part', async () => {
    for (let i = 0; i < 1001; i++) tree.write(`many/${i}`, '');
    const html = (await get('/many/', {}, { listing: true })).text();
    expect(html.match(/<tr>/g)).toHaveLength(1001);
    expect(html).toContain('Only 1000 entries are shown.');
  });
});

describe('a fallback', () => {
  const page = { Accept: 'text/html,application/xhtml+xml,*/*;q=0.8' };
  const options = { fallback: '/index.html' };

  test('answers for pages that do not exist', async () => {
    for (const uri of ['/app/users/5', '/app/', '/missing?x']) {
      const response = await get(uri, page, options);
      expect(response.statusCode, uri).toBe(200);
      expect(await textOf(response)).toBe('<h1>Welcome</h1>');
    }
    expect((await get('/app', { ...page, 'Sec-Fetch-Mode': 'navigate' }, options)).statusCode).toBe(200);
  });

  test('leaves everything else alone', async () => {
    expect(await textOf(await get('/a.txt', page, options))).toBe('grüße');
    expect((await get('/app.js', { Accept: '*/*' }, options)).statusCode).toBe(404);
    expect((await get('/app.js', {}, options)).statusCode).toBe(404);
    expect((await get('/api', { ...page, 'Sec-Fetch-Mode': 'cors' }, options)).statusCode).toBe(404);
    expect((await get('/.git/config', page, options)).statusCode).toBe(404);
    expect((await get('/../x', page, options)).statusCode).toBe(400);
    expect((await get('/app', page, { fallback: 'missing.html' })).statusCode).toBe(404);
  });
});

describe('files that were compressed beforehand', () => {
  const options = { precompressed: true };

  beforeAll(() => {
    tree.write('app.js', 'plain');
    tree.write('app.js.br', 'as br');
    tree.write('app.js.gz', 'as gzip');
    tree.write('style.css', 'plain');
    tree.write('style.css.gz', 'as gzip');
    tree.write('photo.jpg.br', 'as br');
    for (const file of ['app.js', 'app.js.br']) utimesSync(join(tree.root, file), longAgo, longAgo);
  });

  test.each<[string, string | undefined, string, string | undefined]>([
    ['/app.js', 'gzip, br', 'as br', 'br'],
    ['/app.js', 'br;q=0.5, gzip', 'as gzip', 'gzip'],
    ['/app.js', 'br;q=0, *', 'as gzip', 'gzip'],
    ['/app.js', 'deflate', 'plain', undefined],
    ['/app.js', undefined, 'plain', undefined],
    ['/style.css', 'br, gzip', 'as gzip', 'gzip'],
    ['/style.css', 'br', 'plain', undefined],
  ])('%s for %j is %j', async (uri, accepted, content, coding) => {
    const headers: Record<string, string> = accepted === undefined ? {} : { 'Accept-Encoding': accepted };
    const response = await get(uri, headers, options);
    expect(await textOf(response)).toBe(content);
    expect(response.headers.get('Content-Encoding')).toBe(coding);
    expect(response.headers.get('Vary')).toBe('Accept-Encoding');
    expect(response.headers.get('Content-Type')).toMatch(/^text\/(javascript|css); charset=utf-8$/);
  });

  test('are not looked for where they would not help, or without the option', async () => {
    const photo = await get('/photo.jpg', { 'Accept-Encoding': 'br' }, options);
    expect(photo.headers.get('Content-Encoding')).toBeUndefined();
    expect(photo.headers.get('Vary')).toBeUndefined();
    expect(await textOf(await get('/app.js', { 'Accept-Encoding': 'br' }))).toBe('plain');
  });

  test('are versions of their own', async () => {
    const br = await get('/app.js', { 'Accept-Encoding': 'br' }, options);
    const etag = br.headers.get('ETag') ?? '';
    expect(etag).toMatch(/-br"$/);
    expect((await get('/app.js', { 'If-None-Match': etag }, options)).statusCode).toBe(200);
    expect((await get('/app.js', { 'If-None-Match': etag, 'Accept-Encoding': 'br' }, options)).statusCode).toBe(304);
  });
});

describe('parts of a file that was compressed beforehand', () => {
  const options = { precompressed: true };
  const accepted = { 'Accept-Encoding': 'br, gzip' };

  beforeAll(() => {
    tree.write('data.json', '0123456789');
    tree.write('data.json.br', 'as br');
    tree.write('data.json.gz', 'as gzip');
    for (const file of ['data.json', 'data.json.br']) utimesSync(join(tree.root, file), longAgo, longAgo);
  });

  test.each([
    ['bytes=2-4', 206, '234'],
    ['bytes=-3', 206, '789'],
    ['bytes=0-', 206, '0123456789'],
    ['bytes=100-', 416, 'Range Not Satisfiable\n'],
  ])('%j is of the file itself', async (range, status, content) => {
    const response = await get('/data.json', { ...accepted, Range: range }, options);
    expect(response.statusCode).toBe(status);
    expect(response.headers.get('Content-Encoding')).toBeUndefined();
    expect(await textOf(response)).toBe(content);
    if (status === 206) expect(response.headers.get('Content-Range')).toMatch(/\/10$/);
  });

  test('are joined with parts got by clients that decode nothing', async () => {
    const first = await get('/data.json', { Range: 'bytes=0-4' }, options);
    const etag = first.headers.get('ETag') ?? '';
    const rest = await get('/data.json', { ...accepted, Range: 'bytes=5-', 'If-Range': etag }, options);
    expect(rest.statusCode).toBe(206);
    expect(rest.headers.get('ETag')).toBe(etag);
    expect((await textOf(first)) + (await textOf(rest))).toBe('0123456789');
  });

  test('are not added to a compressed file that was begun: the whole file comes', async () => {
    const etag = (await get('/data.json', accepted, options)).headers.get('ETag') ?? '';
    const response = await get('/data.json', { ...accepted, Range: 'bytes=2-', 'If-Range': etag }, options);
    expect([response.statusCode, await textOf(response)]).toEqual([200, '0123456789']);
  });

  test.each(['items=0-1', 'bytes=b-a', 'bytes=4-2', ''])('are not asked for by %j', async (range) => {
    const response = await get('/data.json', { ...accepted, Range: range }, options);
    expect([response.statusCode, response.headers.get('Content-Encoding')]).toEqual([200, 'br']);
  });

  test('are not asked for by HEAD', async () => {
    const head = await serveFiles(
      tree.root,
      options,
    )(staticRequest('/data.json', { ...accepted, Range: 'bytes=0-1' }, 'HEAD'));
    expect([head.statusCode, head.headers.get('Content-Encoding')]).toEqual([200, 'br']);
  });
});

describe('pages of other origins', () => {
  const origin = 'https://example.com';

  test('may not read files by default', async () => {
    const response = await get('/a.txt', { Origin: origin });
    expect(response.headers.get('Access-Control-Allow-Origin')).toBeUndefined();
  });

  test('may when all of them may, errors included', async () => {
    for (const uri of ['/a.txt', '/missing']) {
      const response = await get(uri, { Origin: origin }, { cors: true });
      expect(response.headers.get('Access-Control-Allow-Origin')).toBe('*');
    }
  });

  test('may when they are on the list', async () => {
    const options = { cors: [origin] };
    const allowed = await get('/a.txt', { Origin: origin }, options);
    expect(allowed.headers.get('Access-Control-Allow-Origin')).toBe(origin);
    expect(allowed.headers.get('Vary')).toContain('Origin');
    const refused = await get('/a.txt', { Origin: 'https://evil.example' }, options);
    expect(refused.headers.get('Access-Control-Allow-Origin')).toBeUndefined();
    expect(refused.headers.get('Vary')).toContain('Origin');
  });

  test('may ask before', async () => {
    const preflight = {
      Origin: origin,
      'Access-Control-Request-Method': 'GET',
      'Access-Control-Request-Headers': 'range',
    };
    const response = await serveFiles(tree.root, { cors: true })(staticRequest('/a.txt', preflight, 'OPTIONS'));
    expect(response.statusCode).toBe(204);
    expect(response.headers.get('Access-Control-Allow-Headers')).toContain('Range');
    expect(response.headers.get('Access-Control-Max-Age')).toBe('86400');
  });
});

describe('options', () => {
  test.each<[unknown, string]>([
    [{ indx: 'x' }, "indx: is not an option of serveFiles; did you mean 'index'?"],
    [{ index: 'a/b' }, 'index: must be the name of a file'],
    [{ index: '..' }, 'index: must be the name of a file'],
    [{ index: true }, 'index: must be a string'],
    [{ fallback: '../x' }, 'fallback: must be the name of a file'],
    [{ fallback: '/' }, 'fallback: must be the path of a file under the root'],
    [{ dotFiles: 'ignore' }, "dotFiles: must be one of 'deny', 'allow'"],
    [{ cacheControl: 'a\r\nb' }, 'cacheControl: could not be sent'],
    [{ listing: 1 }, 'listing: must be true or false'],
    [{ precompressed: 'br' }, 'precompressed: must be true or false'],
    [{ cors: 'https://example.com' }, 'cors: must be true, false or a list'],
    [{ cors: ['https://example.com/'] }, "cors: must hold origins such as 'https://example.com'"],
    [{ cors: ['*'] }, 'cors: must hold origins'],
    [{ maxCachedBytes: -1 }, 'maxCachedBytes: must be an integer of at least 0'],
  ])('%j is refused', (options, message) => {
    expect(() => serveFiles(tree.root, options as ServeFilesOptions)).toThrow(message);
  });
});

import { Readable } from 'node:stream';
import { describe, expect, test } from 'vitest';
import { HttpClient, type HttpResponse, UsageError, WebSocketHttpHeaders } from '../../src/index.ts';
import { createHttpClient, type Mirrored, startJudge, startMirror } from '../support/http-server.ts';

const mirrored = (out: HttpResponse<Buffer>): Mirrored => {
  expect(out.errorMsg).toBe('');
  return out.json<Mirrored>();
};

describe('a method of IXWebSocket sends', () => {
  test.each(['get', 'delete'] as const)('%s', async (verb) => {
    const { url } = await startMirror();
    const out = await createHttpClient()[verb](`${url}a/b?c=d#e`);
    expect(out.statusCode).toBe(200);
    expect(out.errorCode).toBe('Ok');
    expect(mirrored(out)).toMatchObject({ method: verb.toUpperCase(), url: '/a/b?c=d', body: '' });
    expect(mirrored(out).headers).not.toHaveProperty('content-length');
  });

  test('leaves out the fields named in omitHeaders, and none that frame the message', async () => {
    const { url } = await startMirror();
    const client = createHttpClient();
    const omitHeaders = ['accept', 'User-Agent', 'Content-Type', 'Accept-Encoding'];
    const { headers } = mirrored(await client.post(url, 'abc', { omitHeaders }));
    expect(Object.keys(headers).toSorted()).toEqual(['content-length', 'host']);
    // It is about fields of the client's own.
    const other = mirrored(await client.get(url, { omitHeaders: ['Accept'], extraHeaders: { Accept: 'text/x' } }));
    expect(other.headers).toMatchObject({ accept: 'text/x' });
    for (const name of ['Content-Length', 'Transfer-Encoding', 'X-Mine', 1 as never]) {
      expect(() => client.get(url, { omitHeaders: [name] })).toThrow(UsageError);
    }
  });

  test('head, which has no body whatever length is announced', async () => {
    const { url } = await startMirror();
    const client = createHttpClient();
    const out = await client.head(url);
    expect(out).toMatchObject({ statusCode: 200, errorCode: 'Ok', downloadSize: 0 });
    expect(out.headers.get('content-type')).toBe('application/json');
    expect(out.body).toHaveLength(0);
    expect((await client.get(url)).statusCode).toBe(200);
  });

  test.each(['post', 'put', 'patch'] as const)('%s, with text, parameters, and a form', async (verb) => {
    const { url } = await startMirror();
    const client = createHttpClient();
    const args = client.createRequest();
    const text = mirrored(await client[verb](url, 'foo=bär', args));
    expect(text).toMatchObject({ method: verb.toUpperCase() });
    expect(Buffer.from(text.body, 'latin1').toString()).toBe('foo=bär');
    expect(text.headers).toMatchObject({ 'content-type': 'application/x-www-form-urlencoded', 'content-length': '8' });

    const parameters = mirrored(await client[verb](url, { foo: 'bar', 'a b': 'ü&=' }, args));
    expect([...new URLSearchParams(parameters.body)]).toEqual([
      ['foo', 'bar'],
      ['a b', 'ü&='],
    ]);

    const form = mirrored(await client[verb](url, { foo: 'bar' }, { file: 'contents' }, args));
    const boundary = /boundary=(.*)$/.exec(form.headers['content-type'] ?? '')?.[1] ?? '';
    const parts = form.body.split(`--${boundary}`);
    expect(parts[1]).toMatch(/name="file"; filename="file"\r\n.*\r\n\r\ncontents\r\n$/s);
    expect(parts[2]).toMatch(/name="foo"\r\n\r\nbar\r\n$/s);
    expect(parts[3]).toBe('--\r\n');
  });

  test('what the arguments have as a body, where they come alone', async () => {
    const { url } = await startMirror();
    const client = createHttpClient();
    const args = client.createRequest();
    args.body = 'foo=bar';
    args.extraHeaders = { Foo: 'bar' };
    for (const out of [await client.post(url, args), await client.request(url, 'POST', args)]) {
      expect(mirrored(out)).toMatchObject({ method: 'POST', body: 'foo=bar' });
      expect(mirrored(out).headers).toMatchObject({ foo: 'bar' });
    }
    expect(() => client.post(url, args, undefined)).toThrow(/^body: must stand before/);
  });

  test('post without a body says that its length is 0', async () => {
    const { url } = await startMirror();
    expect(mirrored(await createHttpClient().post(url)).headers).toMatchObject({ 'content-length': '0' });
  });

  test('any other method by request', async () => {
    const { url } = await startMirror();
    const client = createHttpClient();
    expect(mirrored(await client.request(url, 'PROPFIND', '<a/>'))).toMatchObject({ method: 'PROPFIND', body: '<a/>' });
    expect(mirrored(await client.request(url, 'OPTIONS'))).toMatchObject({ method: 'OPTIONS', body: '' });
    client.setForceBody(true);
    expect(mirrored(await client.delete(url)).headers).toMatchObject({ 'content-length': '0' });
  });
});

describe('a body may be', () => {
  const bytes = Buffer.from('aöb');
  test.each([
    ['bytes', () => bytes, '4'],
    ['a typed array', () => new Uint8Array(bytes), '4'],
    ['an ArrayBuffer', () => new Uint8Array(bytes).buffer, '4'],
    ['a Blob', () => new Blob([bytes]), '4'],
    ['a stream', () => Readable.from([bytes.subarray(0, 1), bytes.subarray(1)]), undefined],
    [
      'an async iterable of text',
      async function* () {
        yield 'a';
        yield '';
        yield 'öb';
      },
      undefined,
    ],
  ])('%s', async (_name, make, length) => {
    const { url } = await startMirror();
    const out = mirrored(await createHttpClient().post(url, make()));
    expect(Buffer.from(out.body, 'latin1').toString()).toBe('aöb');
    expect(out.headers['content-length']).toBe(length);
    expect(out.headers['content-type']).toBe('application/octet-stream');
  });

  test('parameters in pairs, a Map, or URLSearchParams', async () => {
    const { url } = await startMirror();
    const client = createHttpClient();
    const pairs: [string, string][] = [
      ['a', '1'],
      ['a', '2'],
    ];
    expect(mirrored(await client.post(url, pairs)).body).toBe('a=1&a=2');
    expect(mirrored(await client.post(url, new URLSearchParams(pairs))).body).toBe('a=1&a=2');
    expect(mirrored(await client.post(url, new Map(pairs))).body).toBe('a=2');
    expect(mirrored(await client.post(url, { path: '/x' })).body).toBe('path=%2Fx');
  });

  test('a FormData', async () => {
    const { url } = await startMirror();
    const form = new FormData();
    form.set('name', 'value');
    const out = mirrored(await createHttpClient().post(url, form));
    expect(out.headers['content-type']).toMatch(/^multipart\/form-data/);
    expect(out.body).toContain('value');
  });
});

describe('headers', () => {
  test('are those of a plain request', async () => {
    const { url, port } = await startMirror();
    expect(Object.keys(mirrored(await createHttpClient().get(url)).headers)).toEqual([
      'host',
      'accept-encoding',
      'accept',
      'user-agent',
    ]);
    expect(mirrored(await createHttpClient().get(url)).headers).toMatchObject({
      host: `127.0.0.1:${port}`,
      accept: '*/*',
      'user-agent': expect.stringMatching(/^ixwebsocket\//) as string,
    });
  });

  test.each([
    ['a record', { Foo: 'bar', accept: 'text/plain', 'USER-AGENT': 'me', host: 'elsewhere' }],
    [
      'pairs',
      [
        ['Foo', 'bar'],
        ['Accept', 'text/plain'],
        ['User-Agent', 'me'],
        ['Host', 'elsewhere'],
      ] as [string, string][],
    ],
    ['headers', WebSocketHttpHeaders.from({ Foo: 'bar', Accept: 'text/plain', 'User-Agent': 'me', Host: 'elsewhere' })],
  ])('of the caller come from %s, and replace ours', async (_name, extraHeaders) => {
    const { url } = await startMirror();
    const out = mirrored(await createHttpClient().get(url, { extraHeaders }));
    expect(out.headers).toMatchObject({ foo: 'bar', accept: 'text/plain', 'user-agent': 'me', host: 'elsewhere' });
  });

  test('carry the user and the password of the URL', async () => {
    const { url } = await startMirror();
    const out = mirrored(await createHttpClient().get(url.replace('//', '//me:se%20cret@')));
    expect(out.headers['authorization']).toBe(`Basic ${Buffer.from('me:se cret').toString('base64')}`);
  });

  test.each([
    ['a line break', { Foo: 'a\r\nB: c' }],
    ['a name that is none', { 'Foo Bar': 'a' }],
    ['a character above U+00FF', { Foo: '€' }],
    ['Transfer-Encoding', { 'Transfer-Encoding': 'chunked' }],
    ['another Content-Length', { 'Content-Length': '7' }],
    ['Connection: upgrade', { Connection: 'upgrade' }],
    ['a Host that is two', { Host: 'a, b' }],
    ['Expect', { Expect: '100-continue' }],
  ])('with %s end as Invalid, and nothing is sent', async (_name, extraHeaders) => {
    const judge = await startMirror();
    const out = await createHttpClient().post(judge.url, 'x', { extraHeaders });
    expect(out).toMatchObject({ errorCode: 'Invalid', statusCode: 0 });
    expect(out.errorMsg).toMatch(/extraHeaders/);
    expect(judge.connections.count).toBe(0);
  });
});

test('sizes are those of the whole request and of the body as it came', async () => {
  const { url } = await startJudge((_request, response) => void response.end('0123456789'));
  const out = await createHttpClient().post(url, 'abc', { extraHeaders: { 'User-Agent': 'x', Accept: 'y' } });
  const head = `POST / HTTP/1.1\r\nHost: ${new URL(url).host}\r\nAccept-Encoding: gzip, deflate;q=0.9, br;q=0.9, zstd;q=0.9\r\nUser-Agent: x\r\nAccept: y\r\nContent-Length: 3\r\nContent-Type: application/x-www-form-urlencoded\r\n\r\n`;
  expect(out).toMatchObject({ uploadSize: head.length + 3, downloadSize: 10 });
});

test('verbose tells the logger what is sent and received, and no secret', async () => {
  const { url, port } = await startMirror();
  const lines: string[] = [];
  const args = createHttpClient().createRequest();
  args.verbose = true;
  args.logger = (line) => lines.push(line);
  args.extraHeaders = { Cookie: 'a=secret' };
  const out = await createHttpClient().get(url.replace('//', '//me:secret@'), args);
  expect(lines[0]).toMatch(
    new RegExp(`^Sending GET request to 127\\.0\\.0\\.1:${port}\nrequest size: \\d+ bytes\n=+\n`),
  );
  expect(lines.slice(1)).toEqual(['Status line HTTP/1.1 200 OK\n', `Reading ${out.downloadSize} bytes\n`]);
  expect(lines.join('')).not.toMatch(/secret|bWU6/);
});

test('the progress of a body is told, and false cancels it', async () => {
  const { url } = await startJudge((_request, response) => {
    response.setHeader('Content-Length', 300_000);
    response.end(Buffer.alloc(300_000));
  });
  const seen: [number, number][] = [];
  const client = createHttpClient();
  await client.get(url, { onProgressCallback: (current, total) => void seen.push([current, total]) });
  expect(seen.at(-1)).toEqual([300_000, 300_000]);
  expect(await client.get(url, { onProgressCallback: () => false })).toMatchObject({ errorCode: 'Cancelled' });
});

describe('misuse throws at the call, naming what is wrong', () => {
  const client = new HttpClient();
  test.each([
    ['url', () => client.get(7 as unknown as string)],
    ['verb', () => client.request('http://a', 7 as unknown as string)],
    ['connectTimeout', () => client.get('http://a', { connectTimeout: 0 })],
    ['transferTimeout', () => client.get('http://a', { transferTimeout: '1' as unknown as number })],
    ['maxRedirects', () => client.get('http://a', { maxRedirects: -1 })],
    ['file', () => client.post('http://a', {}, { file: 'x' } as object)],
    ['parameters', () => client.post('http://a', { a: 7 } as unknown as string)],
    ['body', () => client.post('http://a', 7 as unknown as string)],
    ['onChunkCallback', () => client.get('http://a', { onChunkCallback: 7 as unknown as () => void })],
    ['cancel', () => (client.createRequest().cancel = 1 as unknown as boolean)],
    ['concurrency', () => new HttpClient(true, { concurrency: 0 })],
    ['keepAliveSec', () => new HttpClient({ keepAliveSec: 1 } as object)],
    ['callback', () => client.performRequest({}, 7 as unknown as () => void)],
  ])('%s', (option, call) => {
    expect(call).toThrow(UsageError);
    expect(call).toThrow(option);
  });
});

test('the arguments of a request read as they were set', () => {
  const args = new HttpClient().createRequest('http://a/', HttpClient.kPut);
  expect(args).toMatchObject({
    url: 'http://a/',
    verb: 'PUT',
    connectTimeout: 60,
    transferTimeout: 1800,
    followRedirects: true,
    maxRedirects: 5,
    compress: true,
    compressRequest: false,
    verbose: false,
    cancel: false,
  });
  args.maxRedirects = 2;
  args.compress = false;
  expect(args).toMatchObject({ maxRedirects: 2, compress: false });
});

test('the helpers of IXWebSocket', () => {
  expect(HttpClient.urlEncode("a b/ü'(*)!~-_.")).toBe('a%20b%2F%C3%BC%27%28%2A%29%21~-_.');
  expect(HttpClient.serializeHttpParameters({ a: 'b c' })).toBe('a=b+c');
  expect(HttpClient.serializeHttpFormDataParameters('B', { f: 'x' }, { p: 'y' }).toString()).toMatch(
    /^--B\r\n.*--B--\r\n$/s,
  );
  expect(HttpClient.generateMultipartBoundary()).not.toBe(HttpClient.generateMultipartBoundary());
});

import vm from 'node:vm';
import { gzipSync } from 'node:zlib';
import { describe, expect, test } from 'vitest';
import { outgoingBody } from '../../src/http/response-body.ts';
import { HttpClient, UsageError } from '../../src/index.ts';
import {
  createHttpClient,
  httpUrl,
  listenAnswering,
  type Mirrored,
  response,
  startMirror,
} from '../support/http-server.ts';
import { createClient } from '../support/running.ts';

describe('with a Range, identity is asked for', () => {
  test.each([{}, { compress: false }])('with %o', async (options) => {
    const mirror = await startMirror();
    const client = createHttpClient();
    const ranged = await client.get(mirror.url, { ...options, extraHeaders: { range: 'bytes=0-9' } });
    expect(ranged.json<Mirrored>().headers['accept-encoding']).toBe('identity');
    const chosen = { Range: 'bytes=0-9', 'Accept-Encoding': 'gzip' };
    const own = await client.get(mirror.url, { ...options, extraHeaders: chosen });
    expect(own.json<Mirrored>().headers['accept-encoding']).toBe('gzip');
    expect((await client.get(mirror.url)).json<Mirrored>().headers['accept-encoding']).toContain('gzip');
  });

  test('and a part of a coded body is given as it came', async () => {
    const part = gzipSync('abc').subarray(3);
    const fields = { 'Content-Encoding': 'gzip', 'Content-Range': 'bytes 3-22/23' };
    const answer = Buffer.from(response(part.toString('latin1'), fields, '206 Partial Content'), 'latin1');
    const out = await createHttpClient().get(httpUrl(await listenAnswering(answer)));
    expect(out).toMatchObject({ errorCode: 'Ok', statusCode: 206 });
    expect(out.body.equals(part)).toBe(true);
  });
});

test.each(['none', 'identity', 'lzw', 'aws-chunked', 'gzip, x-own', 'UTF-8', ''])(
  'a body with the Content-Encoding %j is given as it came',
  async (coding) => {
    const server = await listenAnswering(response('as it is', { 'Content-Encoding': coding }));
    const out = await createHttpClient().get(httpUrl(server));
    expect(out).toMatchObject({ errorCode: 'Ok', errorMsg: '' });
    expect(out.text()).toBe('as it is');
    expect(out.headers.get('Content-Encoding')).toBe(coding);
  },
);

test.each([301, 302, 303, 307, 308])('a %i without a Location is the result', async (status) => {
  const server = await listenAnswering(response('choose one', {}, `${status} Somewhere`));
  const out = await createHttpClient().get(httpUrl(server));
  expect(out).toMatchObject({ errorCode: 'Ok', statusCode: status });
  expect(out.text()).toBe('choose one');
});

test('two Locations that are equal are one, for requests and for connections', async () => {
  const server = await listenAnswering((head) =>
    head.startsWith('GET /there')
      ? response('there', {}, '404 Not Found')
      : 'HTTP/1.1 302 Found\r\nLocation: /there\r\nlocation: /there\r\nContent-Length: 0\r\n\r\n',
  );
  expect((await createHttpClient().get(httpUrl(server))).text()).toBe('there');
  expect(await createClient({ url: server.url }).client.connect()).toMatchObject({
    success: false,
    errorInfo: { httpStatus: 404 },
  });
});

test.each([{}, { maxRetryWait: -1 }])('a Retry-After too large to hold is no retry, with %o', async (options) => {
  const retryAfter = { 'Retry-After': '9'.repeat(30) };
  const server = await listenAnswering(response('later', retryAfter, '503 Service Unavailable'));
  const out = await createHttpClient().get(httpUrl(server), { retries: 3, ...options });
  expect(out).toMatchObject({ errorCode: 'Ok', statusCode: 503 });
});

test('dot segments are removed, or sent as they are where that is wanted', async () => {
  const mirror = await startMirror();
  const url = `http://127.0.0.1:${mirror.port}/a/../b/./c?x=/../y`;
  expect((await createHttpClient().get(url)).json<Mirrored>().url).toBe('/b/c?x=/../y');
  expect((await createHttpClient({ pathAsIs: true }).get(url)).json<Mirrored>().url).toBe('/a/../b/./c?x=/../y');
});

test('characters up to U+00FF in headers leave and arrive as the octets that they are', async () => {
  const server = await listenAnswering(
    Buffer.from(response('ok', { 'X-Name': 'caf\u00e9', 'X-Utf8': 'caf\u00c3\u00a9' }), 'latin1'),
  );
  const typed = Buffer.from('caf\u00e9').toString('latin1');
  const out = await createHttpClient().get(httpUrl(server), { extraHeaders: { A: 'caf\u00e9', B: typed } });
  expect(out.headers.get('X-Name')).toBe('caf\u00e9');
  expect(Buffer.from(out.headers.get('X-Utf8') ?? '', 'latin1').toString()).toBe('caf\u00e9');
  const head = await (await server.accept()).head();
  expect(head).toContain('\r\nA: caf\u00e9\r\nB: caf\u00c3\u00a9\r\n');
});

describe('bodies that people give', () => {
  const bytes = Buffer.from('0123456789');
  const inShared = new SharedArrayBuffer(4);
  Buffer.from(inShared).write('wxyz');
  const foreign: unknown = vm.runInNewContext('new Uint8Array([97, 98]).buffer');
  test.each<[string, unknown, string]>([
    ['a DataView', new DataView(bytes.buffer, bytes.byteOffset + 2, 3), '234'],
    ['a SharedArrayBuffer', inShared, 'wxyz'],
    ['a view of one', new Uint8Array(inShared, 1, 2), 'xy'],
    ['an ArrayBuffer of another realm', foreign, 'ab'],
    ['a view of another realm', vm.runInNewContext('new Uint8Array([99, 100])'), 'cd'],
    ['a Float64Array', new Float64Array([1]), '\0\0\0\0\0\0\u00f0?'],
    ['an empty ArrayBuffer', new ArrayBuffer(0), ''],
    ['a Blob', new Blob(['blob']), 'blob'],
    ['URLSearchParams', new URLSearchParams({ a: 'b c' }), 'a=b+c'],
  ])('%s leaves as its bytes', async (_name, body, expected) => {
    const mirror = await startMirror();
    const client = createHttpClient();
    const given = body as Uint8Array;
    const outs = [
      await client.post(mirror.url, given),
      await client.request(mirror.url, 'PUT', given),
      await client.patch(mirror.url, undefined, { body: given }),
    ];
    for (const out of outs) expect(out.json<Mirrored>().body).toBe(expected);
    const pieces = (async function* () {
      yield given;
    })();
    if (!(body instanceof Blob || body instanceof URLSearchParams)) {
      expect((await client.post(mirror.url, pieces)).json<Mirrored>().body).toBe(expected);
      const form = await client.post(mirror.url, {}, { f: given });
      expect(form.json<Mirrored>().body).toContain(`\r\n\r\n${expected}\r\n--`);
    }
  });

  class Hidden {
    readonly #text = 'text';
    toString(): string {
      return this.#text;
    }
  }
  test.each<[unknown, string]>([
    [Promise.resolve('forgotten'), 'Promise'],
    [new Response('text'), 'Response'],
    [new Date(), 'Date'],
    [/x/, 'RegExp'],
    [new URL('http://localhost/'), 'URL'],
    [new Error('failed'), 'Error'],
    [new WeakMap(), 'WeakMap'],
    [vm.runInNewContext('new Date()'), 'Date'],
    [new Hidden(), 'Object'],
  ])('%s is refused by name, and not sent as an empty form', (body, kind) => {
    const client = new HttpClient();
    const why = new UsageError('body', `must be text, bytes, a stream, parameters or a form, got a ${kind}`);
    for (const method of ['post', 'put', 'patch'] as const)
      expect(() => client[method]('http://127.0.0.1:1/', body as string)).toThrow(why);
    expect(() => client.request('http://127.0.0.1:1/', 'REPORT', body as string)).toThrow(why);
  });

  class Point {
    readonly x = '1';
  }
  test.each<[string, unknown, string]>([
    ['an empty record', {}, ''],
    ['a record without a prototype', Object.assign(Object.create(null) as object, { a: '1' }), 'a=1'],
    ['a record of another realm', vm.runInNewContext('({ a: "1" })'), 'a=1'],
    ['an empty record of another realm', vm.runInNewContext('({})'), ''],
    ['a Map of another realm', vm.runInNewContext('new Map([["a", "1"]])'), 'a=1'],
    ['an object of a class', new Point(), 'x=1'],
  ])('%s holds parameters', async (_name, body, expected) => {
    const mirror = await startMirror();
    const out = await createHttpClient().post(mirror.url, body as Record<string, string>);
    expect(out.json<Mirrored>().body).toBe(expected);
  });

  test('memory that was given away is refused by name', () => {
    const client = new HttpClient();
    const gone = new ArrayBuffer(8);
    const view = new Uint8Array(gone);
    structuredClone(gone, { transfer: [gone] });
    for (const body of [gone, view, new DataView(new ArrayBuffer(1)), Buffer.from(new ArrayBuffer(0))]) {
      if (body instanceof DataView) structuredClone(body.buffer, { transfer: [body.buffer] });
      if (Buffer.isBuffer(body)) expect(() => client.post('http://127.0.0.1:1/', body)).not.toThrow();
      else expect(() => client.post('http://127.0.0.1:1/', body)).toThrow(/^body: is detached/);
    }
  });

  test('form data may stand without arguments behind it, and options are never taken for it', async () => {
    const mirror = await startMirror();
    const client = createHttpClient();
    const form = new FormData();
    form.append('f', new Blob(['of a form']));
    const files = [{ f: { content: 'of a record' } }, new Map([['f', Buffer.from('of a map')]]), form];
    for (const given of files) {
      const { body, headers } = (await client.post(mirror.url, { a: 'b' }, given as FormData)).json<Mirrored>();
      expect(headers['content-type']).toMatch(/^multipart\/form-data; boundary=/);
      expect(body).toMatch(/of a (record|map|form)/);
      expect(body).toContain('name="a"');
    }
    expect((await client.post(mirror.url, { a: 'b' }, { retries: 1 })).json<Mirrored>().body).toBe('a=b');
    expect(() => client.post(mirror.url, { a: 'b' }, { retrys: 1 } as object)).toThrow(/did you mean 'retries'/);
    expect(() => client.post(mirror.url, { a: 'b' }, { socketpath: '/x' } as object)).toThrow(/socketPath/);
  });

  test('a record that is no form says how JSON is sent', () => {
    const client = new HttpClient();
    const call = (): unknown => client.post('http://127.0.0.1:1/', { a: 1 } as unknown as string);
    expect(call).toThrow(/the value of "a" must be a string, not number; to send JSON, give JSON\.stringify\(value\)/);
  });

  test('a Blob of a package cannot write headers by its type', async () => {
    const stream = (): ReadableStream => new Blob(['bytes']).stream();
    const blob = { type: 'a/b\r\nX-Smuggled: 1', size: 5, stream } as unknown as Blob;
    const mirror = await startMirror();
    const { headers, body } = (await createHttpClient().post(mirror.url, blob)).json<Mirrored>();
    expect(headers).not.toHaveProperty('x-smuggled');
    expect([headers['content-type'], body]).toEqual(['application/octet-stream', 'bytes']);
    expect(outgoingBody(blob)).toMatchObject({ length: 5, contentType: undefined });
  });

  test('a stream of an old kind, as the package form-data has it, says how it is sent', () => {
    const old = { getHeaders: () => ({}), pipe: () => undefined } as unknown as string;
    expect(() => new HttpClient().post('http://127.0.0.1:1/', old)).toThrow(/^body: is a stream of an old kind/);
  });

  test('a form of a package is sent as one of the platform', async () => {
    /** A file as fetch-blob and formdata-node have them. */
    class OtherFile {
      readonly name = 'a.txt';
      readonly type = 'text/x-own';
      readonly size = 5;
      stream(): AsyncIterable<Uint8Array> {
        return new Blob(['bytes']).stream();
      }
    }
    class OtherFormData {
      get [Symbol.toStringTag](): string {
        return 'FormData';
      }
      *[Symbol.iterator](): Generator<[string, unknown]> {
        yield ['field', 'text'];
        yield ['file', new OtherFile()];
      }
    }
    const mirror = await startMirror();
    const { body } = (
      await createHttpClient().post(mirror.url, new OtherFormData() as unknown as FormData)
    ).json<Mirrored>();
    expect(body).toMatch(/name="file"; filename="a\.txt"\r\nContent-Type: text\/x-own\r\n\r\nbytes\r\n/);
    expect(body).toMatch(/name="field"[^]*text/);
  });
});

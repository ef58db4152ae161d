import { execFileSync } from 'node:child_process';
import {
  appendFileSync,
  existsSync,
  mkdtempSync,
  readdirSync,
  readlinkSync,
  rmSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import busboy from 'busboy';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { HttpParameters } from '../../src/http/form/form.ts';
import { MultipartBody } from '../../src/http/form/multipart.ts';
import type { HttpFormDataParameters, HttpFormValue } from '../../src/http/form/multipart-part.ts';

let folder: string;

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'ixwebsocket-multipart-'));
});

afterAll(() => {
  rmSync(folder, { recursive: true });
});

function file(name: string, content: string | Uint8Array): string {
  const path = join(folder, name);
  writeFileSync(path, content);
  return path;
}

async function collect(body: AsyncIterable<Buffer>): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of body) chunks.push(chunk);
  return Buffer.concat(chunks);
}

type Entry = readonly [name: string, content: string, filename?: string | undefined, type?: string | undefined];

/** The parts that a parser which is not ours finds in the body, in order. */
async function parse(body: MultipartBody, bytes: Buffer): Promise<Entry[]> {
  const entries: Entry[] = [];
  const reading: Promise<void>[] = [];
  const parser = busboy({
    headers: { 'content-type': body.contentType },
    preservePath: true,
    defParamCharset: 'utf8',
    limits: { parts: 10_000 },
  });
  parser.on('field', (name, value) => entries.push([name, value]));
  parser.on('file', (name, stream, info) => {
    const index = entries.push([name, '']) - 1;
    const read = async (): Promise<void> => {
      const content = await collect(stream as AsyncIterable<Buffer>);
      entries[index] = [name, content.toString('latin1'), info.filename, info.mimeType];
    };
    reading.push(read());
  });
  await new Promise((resolve, reject) => {
    parser.on('close', resolve);
    parser.on('error', reject);
    parser.end(bytes);
  });
  await Promise.all(reading);
  return entries;
}

async function sent(parameters: HttpParameters, formData: HttpFormDataParameters): Promise<Entry[]> {
  const body = new MultipartBody(parameters, formData);
  const length = await body.measure();
  const bytes = await collect(body);
  if (length !== undefined) expect(bytes.length).toBe(length);
  const whole = body.whole();
  if (whole !== undefined) expect(whole).toEqual(bytes);
  return await parse(body, bytes);
}

describe('a form with files', () => {
  test('has the files first, then the parameters', async () => {
    expect(await sent({ foo: 'bar' }, { file: 'contents' })).toEqual([
      ['file', 'contents', 'file', 'application/octet-stream'],
      ['foo', 'bar'],
    ]);
  });

  test('looks on the wire as RFC 7578 says', () => {
    const body = new MultipartBody({ p: 'v' }, { k: 'd' });
    const boundary = /boundary=(ixwebsocket-[0-9a-f]{40})$/.exec(body.contentType)?.[1];
    expect(body.whole()?.toString()).toBe(
      `--${boundary}\r\nContent-Disposition: form-data; name="k"; filename="k"\r\n` +
        `Content-Type: application/octet-stream\r\n\r\nd\r\n` +
        `--${boundary}\r\nContent-Disposition: form-data; name="p"\r\n\r\nv\r\n--${boundary}--\r\n`,
    );
  });

  test('names no file where the name is null, as for a field with a type', () => {
    const body = new MultipartBody({}, { meta: { content: '{}', filename: null, contentType: 'application/json' } });
    expect(body.whole()?.toString()).toContain(
      '\r\nContent-Disposition: form-data; name="meta"\r\nContent-Type: application/json\r\n\r\n{}\r\n',
    );
  });

  test('takes contents of every kind', async () => {
    const entries = await sent(new URLSearchParams('a=1&a=2'), [
      ['text', 'grüße'],
      ['bytes', new Uint8Array([0, 255, 13, 10])],
      ['blob', new Blob(['blob'], { type: 'image/png' })],
      ['named', new File(['file'], 'photo.jpg', { type: 'image/jpeg' })],
      ['path', { path: file('page.html', '<p>') }],
      ['path2', { path: file('x.unknown', ''), filename: 'y.txt', contentType: 'text/x-y' }],
      ['content', { content: 'abc', filename: 'abc.txt', contentType: 'text/plain' }],
    ]);
    expect(entries).toEqual([
      ['text', Buffer.from('grüße').toString('latin1'), 'text', 'application/octet-stream'],
      ['bytes', '\0\xff\r\n', 'bytes', 'application/octet-stream'],
      ['blob', 'blob', 'blob', 'image/png'],
      ['named', 'file', 'photo.jpg', 'image/jpeg'],
      ['path', '<p>', 'page.html', 'text/html'],
      ['path2', '', 'y.txt', 'text/x-y'],
      ['content', 'abc', 'abc.txt', 'text/plain'],
      ['a', '1'],
      ['a', '2'],
    ]);
  });

  test('takes a FormData as fetch does: texts are fields, in their place', async () => {
    const formData = new FormData();
    formData.append('a', 'one\ntwo\r\n');
    formData.append('b', new Blob(['x']), 'b.bin');
    formData.append('c', 'text');
    expect(await sent({ d: 'behind' }, formData)).toEqual([
      ['a', 'one\r\ntwo\r\n'],
      ['b', 'x', 'b.bin', 'application/octet-stream'],
      ['c', 'text'],
      ['d', 'behind'],
    ]);
    const ours = await collect(new MultipartBody({}, formData, 'boundary'));
    const request = new Request('http://localhost/', { method: 'POST', body: formData });
    const boundary = /boundary=(.*)/.exec(request.headers.get('content-type') ?? '')?.[1] ?? '';
    expect(ours.toString()).toBe((await request.text()).replaceAll(boundary, 'boundary'));
  });

  test('takes a text without a file name as a field, in its place', async () => {
    const files: [string, HttpFormValue][] = [
      ['a', { content: 'gr\u00fc\u00df', filename: null }],
      ['b', { content: 'x', filename: 'b.bin' }],
      ['c', { content: '', filename: null, contentType: 'text/x' }],
    ];
    const body = new MultipartBody({}, files, 'boundary');
    expect((await collect(body)).toString()).toBe(
      '--boundary\r\nContent-Disposition: form-data; name="a"\r\n\r\ngr\u00fc\u00df\r\n' +
        '--boundary\r\nContent-Disposition: form-data; name="b"; filename="b.bin"\r\n' +
        'Content-Type: application/octet-stream\r\n\r\nx\r\n' +
        '--boundary\r\nContent-Disposition: form-data; name="c"\r\nContent-Type: text/x\r\n\r\n\r\n--boundary--\r\n',
    );
  });

  test('with a stream has no length and can be sent once', async () => {
    const body = new MultipartBody(
      {},
      { log: { content: Readable.from(['a', Buffer.from('b')]), filename: 'log.txt' } },
    );
    expect(body.isReplayable).toBe(false);
    expect(body.whole()).toBeUndefined();
    expect(await body.measure()).toBeUndefined();
    expect(await parse(body, await collect(body))).toEqual([['log', 'ab', 'log.txt', 'application/octet-stream']]);
  });

  test('can be sent again, for a redirect', async () => {
    const body = new MultipartBody({ a: 'b' }, { f: { path: file('again.txt', 'again') }, g: new Blob(['g']) });
    expect(body.isReplayable).toBe(true);
    expect(await collect(body)).toEqual(await collect(body));
  });

  test('escapes names as browsers do', async () => {
    const body = new MultipartBody({ 'a"b\nc': 'v' }, { 'x\r\ny"': { content: '', filename: 'q"\n\r.txt' } });
    const text = body.whole()?.toString() ?? '';
    expect(text).toContain('name="x%0D%0Ay%22"; filename="q%22%0A%0D.txt"\r\n');
    expect(text).toContain('name="a%22b%0D%0Ac"\r\n');
  });

  test('cannot be broken out of by its contents', async () => {
    const evil = '\r\n--ixwebsocket-0000000000000000000000000000000000000000--\r\n--';
    expect(await sent({ a: evil }, { f: evil })).toEqual([
      ['f', evil, 'f', 'application/octet-stream'],
      ['a', evil],
    ]);
  });

  test('has another boundary each time', () => {
    const types = new Set(Array.from({ length: 100 }, () => new MultipartBody({}, {}).contentType));
    expect(types.size).toBe(100);
  });

  test('gives a parser that is not ours back what it was made of', async () => {
    const name = fc.string({ unit: 'grapheme', minLength: 1 }).filter((text) => !/[\0-\x1f\x7f"%\\]/.test(text));
    await fc.assert(
      fc.asyncProperty(fc.array(fc.tuple(name, fc.uint8Array()), { minLength: 1, maxLength: 5 }), async (files) => {
        const expected = files.map(([key, bytes]) => [
          key,
          Buffer.from(bytes).toString('latin1'),
          key,
          'application/octet-stream',
        ]);
        expect(await sent({}, files)).toEqual(expected);
      }),
      { numRuns: 50 },
    );
  });

  test.each<[unknown, string]>([
    [{ f: 5 }, '"f" must be a string, bytes, a Blob, a stream, { path } or { content }'],
    [{ f: null }, '"f" must be a string, bytes, a Blob, a stream, { path } or { content }'],
    [{ f: { pth: 'x' } }, 'pth: is not an option of a file in formData'],
    [{ f: { path: '' } }, 'the path of "f"'],
    [{ f: { path: 'a\0b' } }, 'the path of "f"'],
    [{ f: { path: 'x', contentType: 'a\r\nb' } }, 'the contentType of "f" could not be sent'],
    [{ f: { content: '', filename: 5 } }, 'a file name must be a string, not number'],
    [{ 'f\0': '' }, 'holds a control character'],
    [{ f: { content: '', filename: 'a\x1b[0m' } }, 'holds a control character'],
    [null, 'must be an object, pairs or FormData'],
    [[['a']], 'every pair must be [name, value]'],
  ])('of %j is refused', (formData, message) => {
    expect(() => new MultipartBody({}, formData as HttpFormDataParameters)).toThrow(message);
  });
});

describe('a file of a form', () => {
  const big = Buffer.alloc(1_000_000, 'x');

  test('is read piece by piece', async () => {
    const body = new MultipartBody({}, { f: { path: file('big.bin', big) } });
    let longest = 0;
    for await (const chunk of body) longest = Math.max(longest, chunk.length);
    expect(longest).toBeLessThanOrEqual(256 * 1024);
  });

  test('that does not exist is an error, before anything is sent', async () => {
    const body = new MultipartBody({}, { f: { path: join(folder, 'missing') } });
    await expect(body.measure()).rejects.toMatchObject({ code: 'fileUnreadable', cause: { code: 'ENOENT' } });
    await expect(collect(body)).rejects.toMatchObject({ code: 'fileUnreadable' });
  });

  test('may not be a directory, nor a named pipe', async () => {
    const pipe = join(folder, 'pipe');
    execFileSync('mkfifo', [pipe]);
    for (const path of [folder, pipe, '/dev/zero']) {
      await expect(new MultipartBody({}, { f: { path } }).measure(), path).rejects.toMatchObject({
        code: 'fileUnreadable',
      });
    }
  });

  test.each<[string, (path: string) => void]>([
    ['becomes shorter', (path) => truncateSync(path, 300_000)],
    ['becomes longer', (path) => appendFileSync(path, 'more')],
    ['becomes empty', (path) => truncateSync(path, 0)],
  ])('that %s while it is sent is an error, and never a wrong length', async (_, change) => {
    const path = file('changing.bin', big);
    const body = new MultipartBody({}, { f: { path } });
    const length = (await body.measure()) ?? 0;
    let bytes = 0;
    const send = async (): Promise<void> => {
      for await (const chunk of body) {
        if (bytes === 0) change(path);
        bytes += chunk.length;
      }
    };
    await expect(send()).rejects.toMatchObject({ code: 'fileChanged' });
    expect(bytes).toBeLessThan(length);
  });

  test('that was changed between measuring and sending is an error', async () => {
    const path = file('changed.bin', big);
    const body = new MultipartBody({}, { f: { path } });
    await body.measure();
    appendFileSync(path, 'more');
    await expect(collect(body)).rejects.toMatchObject({ code: 'fileChanged' });
  });

  test('is closed when its reader leaves', async () => {
    const path = file('left.bin', big);
    const body = new MultipartBody({}, { f: { path } });
    let count = 0;
    for await (const chunk of body) {
      count += chunk.length;
      if (count > 1000) break;
    }
    expect(openFiles()).not.toContain(path);
  });
});

/** The files this process has open, on Linux. */
function openFiles(): string[] {
  const fds = '/proc/self/fd';
  if (!existsSync(fds)) return [];
  return readdirSync(fds).flatMap((fd) => {
    try {
      return [readlinkSync(join(fds, fd))];
    } catch {
      return []; // The one that lists the others is gone by now.
    }
  });
}

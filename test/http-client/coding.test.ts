import { Readable } from 'node:stream';
import { brotliCompressSync, deflateRawSync, deflateSync, gunzipSync, gzipSync } from 'node:zlib';
import { describe, expect, test } from 'vitest';
import { createHttpClient, startJudge } from '../support/http-server.ts';

const text = 'a text that is not short '.repeat(1000);

describe('a response is decoded', () => {
  test.each([
    ['gzip', gzipSync(text)],
    ['x-gzip', gzipSync(text)],
    ['GZIP', gzipSync(text)],
    ['deflate', deflateSync(text)],
    ['deflate', deflateRawSync(text)],
    ['br', brotliCompressSync(text)],
    ['gzip, br', brotliCompressSync(gzipSync(text))],
    ['identity', Buffer.from(text)],
  ])('%s', async (coding, body) => {
    const judge = await startJudge((request, answer) => {
      expect(request.headers['accept-encoding']).toBe('gzip, deflate;q=0.9, br;q=0.9, zstd;q=0.9');
      answer.setHeader('Content-Encoding', coding);
      answer.end(body);
    });
    const out = await createHttpClient().get(judge.url);
    expect(out).toMatchObject({ errorCode: 'Ok', downloadSize: body.length });
    expect(out.text()).toBe(text);
  });

  test('zstd', async () => {
    // A frame with one raw block, as RFC 8878 has it.
    const raw = Buffer.concat([Buffer.from('28b52ffd2003190000', 'hex'), Buffer.from('abc')]);
    const judge = await startJudge((_request, answer) => {
      answer.setHeader('Content-Encoding', 'zstd');
      answer.end(raw);
    });
    const out = await createHttpClient().get(judge.url);
    expect(out.errorMsg).toBe('');
    expect(out.text()).toBe('abc');
  });

  test('but not when it has no body', async () => {
    const judge = await startJudge((request, answer) => {
      answer.writeHead(request.method === 'HEAD' ? 200 : 304, { 'Content-Encoding': 'gzip' });
      answer.end();
    });
    const client = createHttpClient();
    expect(await client.head(judge.url)).toMatchObject({ errorCode: 'Ok' });
    expect(await client.get(judge.url)).toMatchObject({ errorCode: 'Ok', statusCode: 304 });
  });

  test('nor asked for, when the options say so', async () => {
    const judge = await startJudge((request, answer) => {
      answer.setHeader('Content-Encoding', 'gzip');
      answer.setHeader('X-Asked', request.headers['accept-encoding'] ?? 'no');
      answer.end(gzipSync(text));
    });
    const client = createHttpClient();
    const decoded = await client.get(judge.url, { compress: false });
    expect(decoded.headers.get('x-asked')).toBe('no');
    expect(decoded.text()).toBe(text);
    const raw = await client.get(judge.url, { decompress: false });
    expect(raw.headers.get('x-asked')).toBe('no');
    expect(gunzipSync(raw.body).toString()).toBe(text);
  });
});

test.each([
  ['text', () => text],
  ['a stream', () => Readable.from([text.slice(0, 7), text.slice(7)])],
  ['a file of a form', () => undefined],
])('a request may be compressed: %s', async (_name, make) => {
  const judge = await startJudge((request, answer, body) => {
    expect(request.headers['content-encoding']).toBe('gzip');
    answer.end(gunzipSync(body));
  });
  const client = createHttpClient();
  const body = make();
  const args = { compressRequest: true };
  const out =
    body === undefined
      ? await client.post(judge.url, {}, { file: text }, args)
      : await client.post(judge.url, body, args);
  expect(out.errorMsg).toBe('');
  expect(out.text()).toContain(text);
  expect(out.uploadSize).toBeLessThan(text.length / 2);
});

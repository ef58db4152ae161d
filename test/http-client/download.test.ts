import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import type { IncomingMessage } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, onTestFinished, test } from 'vitest';
import { parseContentRange, validatorOf } from '../../src/http-client/content-range.ts';
import { HttpHeaders } from '../../src/protocol/http1/headers.ts';
import { eventually } from '../support/eventually.ts';
import { createHttpClient, httpUrl, listenAnswering, response, startJudge } from '../support/http-server.ts';

function makePath(): string {
  const folder = mkdtempSync(join(tmpdir(), 'ix-download-'));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  return join(folder, 'file');
}

const filesBeside = (path: string): string[] => readdirSync(join(path, '..')).toSorted();

const contents = Buffer.alloc(300_000, 'abcdefghijk');

test('a download is there when it is whole', async () => {
  const judge = await startJudge((_request, answer) => void answer.end(contents));
  const path = makePath();
  const out = await createHttpClient().download(judge.url, path);
  expect(out).toMatchObject({ errorCode: 'Ok', statusCode: 200, downloadSize: contents.length });
  expect(out.body).toHaveLength(0);
  expect(readFileSync(path).equals(contents)).toBe(true);
  expect(filesBeside(path)).toEqual(['file']);
});

test.each([
  ['is not found', response('x', {}, '404 Not Found'), 'Ok'],
  ['is cut', 'HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nabc', 'CannotReadBody'],
])('one that %s leaves nothing behind', async (_name, answer, errorCode) => {
  const server = await listenAnswering(answer, 'end');
  const path = makePath();
  expect(await createHttpClient().download(httpUrl(server), path)).toMatchObject({ errorCode });
  expect(filesBeside(path)).toEqual([]);
});

test('one into a folder that is not there says so', async () => {
  const judge = await startJudge((_request, answer) => void answer.end(contents));
  const out = await createHttpClient().download(judge.url, '/no/such/folder/file');
  expect(out.errorCode).toBe('CannotReadBody');
  expect(out.errorMsg).toMatch(/no\/such\/folder/);
});

describe('a download that broke off', () => {
  interface Version {
    readonly tag: string | undefined;
    readonly contents: Buffer;
  }

  /** Breaks off in the middle the first time, once a part is in the folder of `path`, then answers ranges of what `version` gives. */
  async function startBreaking(version: (count: number) => Version, answerRange: 'well' | 'wrong' | 'no' = 'well') {
    const ranges: (string | undefined)[] = [];
    const path = makePath();
    const hasPart = (): boolean => filesBeside(path).some((name) => statSync(join(path, '..', name)).size >= 65_536);
    let count = 0;
    const judge = await startJudge((request: IncomingMessage, answer) => {
      const { tag, contents: bytes } = version(count);
      ranges.push(request.headers.range);
      if (tag !== undefined) answer.setHeader('ETag', tag);
      const from = Number(/^bytes=(\d+)-$/.exec(request.headers.range ?? '')?.[1] ?? 0);
      if (count++ === 0) {
        answer.setHeader('Content-Length', bytes.length);
        answer.write(bytes.subarray(0, 100_000));
        void eventually('a part of the file', hasPart).finally(() => answer.destroy());
        return;
      }
      const isSame = request.headers['if-range'] === tag;
      if (from > 0 && isSame && answerRange !== 'no') {
        const start = answerRange === 'well' ? from : from - 1;
        answer.writeHead(206, { 'Content-Range': `bytes ${start}-${bytes.length - 1}/${bytes.length}` });
        answer.end(bytes.subarray(start));
      } else answer.end(bytes);
    });
    return { judge, ranges, path };
  }

  test('goes on where it ended', async () => {
    const { judge, ranges, path } = await startBreaking(() => ({ tag: '"1"', contents }));
    const client = createHttpClient();
    const broken = await client.download(judge.url, path, { resume: true });
    expect(broken.errorCode).not.toBe('Ok');
    expect(existsSync(path)).toBe(false);
    const out = await client.download(judge.url, path, { resume: true });
    expect(out).toMatchObject({ errorCode: 'Ok', statusCode: 206 });
    expect(out.downloadSize).toBeLessThan(contents.length);
    expect(ranges[1]).toMatch(/^bytes=\d+-$/);
    expect(readFileSync(path).equals(contents)).toBe(true);
    expect(filesBeside(path)).toEqual(['file']);
  });

  const other = Buffer.alloc(250_000, 'zyx');

  test.each([
    [
      'another version',
      (count: number): Version => (count === 0 ? { tag: '"1"', contents } : { tag: '"2"', contents: other }),
      'well',
      other,
    ],
    ['no ranges', (): Version => ({ tag: '"1"', contents }), 'no', contents],
    ['a range that is not the one', (): Version => ({ tag: '"1"', contents }), 'wrong', contents],
    ['nothing to tell versions by', (): Version => ({ tag: undefined, contents }), 'well', contents],
    ['a weak tag', (): Version => ({ tag: 'W/"1"', contents }), 'well', contents],
  ] as const)('begins anew when the server has %s', async (_name, version, answerRange, expected) => {
    const { judge, path } = await startBreaking(version, answerRange);
    const client = createHttpClient();
    await client.download(judge.url, path, { resume: true });
    const out = await client.download(judge.url, path, { resume: true });
    expect(out).toMatchObject({ errorCode: 'Ok', statusCode: 200 });
    expect(readFileSync(path).equals(expected)).toBe(true);
    expect(filesBeside(path)).toEqual(['file']);
  });

  test('is not continued with something from another URL', async () => {
    const { judge, ranges, path } = await startBreaking(() => ({ tag: '"1"', contents }));
    const client = createHttpClient();
    await client.download(judge.url, path, { resume: true });
    await client.download(`${judge.url}other`, path, { resume: true });
    expect(ranges).toEqual([undefined, undefined]);
  });
});

test.each([
  ['bytes 0-9/10', { first: 0, last: 9, total: 10 }],
  ['bytes 5-9/*', { first: 5, last: 9, total: undefined }],
  ['bytes 9-5/10', undefined],
  ['bytes 0-10/10', undefined],
  ['bytes */10', undefined],
  ['items 0-9/10', undefined],
  ['bytes 0-9/10, bytes 1-2/10', undefined],
  [undefined, undefined],
])('the range %s', (value, expected) => {
  expect(parseContentRange(value)).toEqual(expected);
});

test.each([
  [{ ETag: '"a"' }, '"a"'],
  [{ ETag: 'W/"a"' }, undefined],
  [
    { 'Last-Modified': 'Sun, 22 Nov 2026 10:00:00 GMT', Date: 'Sun, 22 Nov 2026 10:00:01 GMT' },
    'Sun, 22 Nov 2026 10:00:00 GMT',
  ],
  [{ 'Last-Modified': 'Sun, 22 Nov 2026 10:00:00 GMT', Date: 'Sun, 22 Nov 2026 10:00:00 GMT' }, undefined],
  [{ 'Last-Modified': 'Sun, 22 Nov 2026 10:00:00 GMT' }, undefined],
])('of %j a version is known by %s', (headers, expected) => {
  expect(validatorOf(HttpHeaders.from(headers as Record<string, string>))).toBe(expected);
});

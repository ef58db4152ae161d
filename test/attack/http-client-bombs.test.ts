import { brotliCompressSync, deflateSync, gzipSync } from 'node:zlib';
import { describe, expect, test } from 'vitest';
import { gzipBombOf } from '../support/bomb.ts';
import { createHttpClient, startJudge } from '../support/http-server.ts';
import { patient } from '../support/patience.ts';

const MIB = 1024 * 1024;
const zeros = Buffer.alloc(100 * MIB);

describe('a body that unpacks to 100 MiB', () => {
  test.each([
    ['gzip', gzipBombOf(100)],
    ['deflate', deflateSync(zeros, { level: 1 })],
    ['br', brotliCompressSync(zeros)],
  ])('is stopped at the bound: %s', async (coding, bomb) => {
    const judge = await startJudge((_request, answer) => {
      answer.setHeader('Content-Encoding', coding);
      answer.end(bomb);
    });
    const client = createHttpClient();
    const before = process.memoryUsage().rss;
    const out = await client.get(judge.url);
    expect(out).toMatchObject({ errorCode: 'Gzip', statusCode: 200 });
    expect(out.body).toHaveLength(0);
    expect(process.memoryUsage().rss - before).toBeLessThan(200 * MIB);
    const small = await client.get(judge.url, { maxBodySize: MIB });
    expect(small).toMatchObject({ errorCode: 'Gzip' });
  });

  test('passes through a stream in pieces, whatever its size', { timeout: patient(20_000) }, async () => {
    const judge = await startJudge((_request, answer) => {
      answer.setHeader('Content-Encoding', 'gzip');
      answer.end(gzipBombOf(100));
    });
    let total = 0;
    let largest = 0;
    for await (const chunk of await createHttpClient().stream(judge.url)) {
      total += chunk.length;
      largest = Math.max(largest, chunk.length);
    }
    expect(total).toBe(zeros.length);
    expect(largest).toBeLessThan(MIB);
  });
});

test.each([
  [5, 'Ok'],
  [6, 'Gzip'],
  [100, 'Gzip'],
])('gzip %i times: %s', async (times, errorCode) => {
  let body = Buffer.from('contents');
  for (let i = 0; i < times; i++) body = gzipSync(body);
  const judge = await startJudge((_request, answer) => {
    answer.setHeader('Content-Encoding', Array(times).fill('gzip').join(', '));
    answer.end(body);
  });
  expect(await createHttpClient().get(judge.url)).toMatchObject({ errorCode });
});

test('a body that announces more than it has takes no memory on its word', async () => {
  const judge = await startJudge((_request, answer) => {
    answer.setHeader('Content-Length', 60 * MIB);
    answer.write('x');
  });
  const client = createHttpClient();
  const before = process.memoryUsage();
  await Promise.all(Array.from({ length: 50 }, () => client.get(judge.url, { idleTimeout: 0.3 })));
  const after = process.memoryUsage();
  expect(after.arrayBuffers + after.external - before.arrayBuffers - before.external).toBeLessThan(50 * MIB);
});

import { createHash } from 'node:crypto';
import { truncateSync } from 'node:fs';
import { request as httpRequest, type IncomingMessage } from 'node:http';
import { buffer } from 'node:stream/consumers';
import { gunzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import { HttpServer } from '../../../src/http-server/http-server.ts';
import { serveFiles } from '../../../src/http-server/static/static-files.ts';
import { turns } from '../../support/eventually.ts';
import { StaticTree } from '../../support/static-tree.ts';

const MEBIBYTE = 1024 * 1024;
const tree = new StaticTree();
const large = Buffer.from(Array.from({ length: 10 * MEBIBYTE }, (_, i) => (i * 31 + (i >> 9)) & 0xff));
const script = `console.log(${JSON.stringify('x'.repeat(5000))});`;
const errors: unknown[] = [];
let server: HttpServer;

beforeAll(async () => {
  tree.write('index.html', '<h1>Welcome</h1>');
  tree.write('app.js', script);
  tree.write('large.bin', large);
  server = new HttpServer({ port: 0, onCallbackError: (error) => errors.push(error) });
  server.setOnConnectionCallback(serveFiles(tree.root));
  const listening = await server.listen();
  if (!listening.ok) throw listening.error;
  server.start();
});

afterAll(async () => {
  await server.stop();
  tree.remove();
  expect(errors).toEqual([]);
});

interface Answer {
  readonly status: number | undefined;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly body: Buffer;
  readonly isComplete: boolean;
}

/** Asks with Node's own client, which judges the answer. */
function ask(path: string, headers: Record<string, string> = {}, onHead?: () => void, method = 'GET'): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const request = httpRequest({ host: '127.0.0.1', port: server.getPort(), path, headers, method }, (response) => {
      onHead?.();
      const chunks: Buffer[] = [];
      const finish = (): void =>
        resolve({
          status: response.statusCode,
          headers: response.headers,
          body: Buffer.concat(chunks),
          isComplete: response.complete,
        });
      response.on('data', (chunk: Buffer) => chunks.push(chunk));
      response.on('end', finish);
      response.on('error', finish);
    });
    request.on('error', reject);
    request.end();
  });
}

const hashOf = (bytes: Buffer): string => createHash('sha256').update(bytes).digest('hex');

describe('a server of files', () => {
  test('sends a page', async () => {
    const answer = await ask('/');
    expect(answer.status).toBe(200);
    expect(answer.body.toString()).toBe('<h1>Welcome</h1>');
    expect(answer.headers).toMatchObject({ 'content-type': 'text/html; charset=utf-8', 'content-length': '16' });
  });

  test('sends a large file whole, to several at once', async () => {
    const answers = await Promise.all(Array.from({ length: 4 }, () => ask('/large.bin')));
    for (const { body, headers } of answers) {
      expect(headers['content-length']).toBe(String(large.length));
      expect(hashOf(body)).toBe(hashOf(large));
    }
    await expect.poll(() => tree.openFiles()).toEqual([]);
  });

  test('goes on with a download where it was interrupted', async () => {
    const { headers } = await ask('/large.bin', {}, undefined, 'HEAD');
    const half = 5 * MEBIBYTE;
    const answer = await ask('/large.bin', { Range: `bytes=${half}-`, 'If-Range': String(headers['etag']) });
    expect(answer.status).toBe(206);
    expect(hashOf(answer.body)).toBe(hashOf(large.subarray(half)));
  });

  test('says nothing new about what did not change, also when it was compressed', async () => {
    const plain = await ask('/app.js');
    const packed = await ask('/app.js', { 'Accept-Encoding': 'gzip' });
    expect(packed.headers['content-encoding']).toBe('gzip');
    expect(gunzipSync(packed.body).toString()).toBe(script);
    for (const { headers } of [plain, packed]) {
      const again = await ask('/app.js', { 'If-None-Match': String(headers['etag']), 'Accept-Encoding': 'gzip' });
      expect(again.status).toBe(304);
      expect(again.body.length).toBe(0);
    }
  });

  test('never sends a part of what it compressed as a part of the file', async () => {
    const packed = await ask('/app.js', { 'Accept-Encoding': 'gzip' });
    for (const validator of ['etag', 'last-modified']) {
      const headers = { 'Accept-Encoding': 'gzip', Range: 'bytes=10-', 'If-Range': String(packed.headers[validator]) };
      expect((await ask('/app.js', headers)).status, validator).toBe(200);
    }
  });

  test('breaks off when a file becomes shorter while it is sent, and lives on', async () => {
    const path = tree.write('cut.bin', large);
    const answer = await ask('/cut.bin', {}, () => truncateSync(path, MEBIBYTE));
    // The system may have taken all of it before.
    expect(answer.isComplete).toBe(answer.body.length === large.length);
    expect((await ask('/')).status).toBe(200);
  });

  test('lets go of a file when the client leaves', async () => {
    const left = new Promise<void>((resolve, reject) => {
      const request = httpRequest({ host: '127.0.0.1', port: server.getPort(), path: '/large.bin' }, (response) => {
        response.once('data', () => {
          response.destroy();
          resolve();
        });
      });
      request.on('error', reject);
      request.end();
    });
    await left;
    await expect.poll(() => tree.openFiles()).toEqual([]);
  });

  test('answers HEAD and conditions on a connection that lives on', async () => {
    const { Agent } = await import('node:http');
    const agent = new Agent({ keepAlive: true, maxSockets: 1 });
    onTestFinished(() => agent.destroy());
    const statusOf = (method: string, path: string, headers = {}): Promise<number | undefined> =>
      new Promise((resolve, reject) => {
        const request = httpRequest(
          { host: '127.0.0.1', port: server.getPort(), path, method, headers, agent },
          (response) => {
            response.resume();
            response.on('end', () => resolve(response.statusCode));
          },
        );
        request.on('error', reject);
        request.end();
      });
    expect(await statusOf('HEAD', '/large.bin')).toBe(200);
    expect(await statusOf('GET', '/missing')).toBe(404);
    expect(await statusOf('GET', '/large.bin', { Range: 'bytes=0-9,100000-300000' })).toBe(206);
    expect(await statusOf('GET', '/large.bin', { Range: 'bytes=99999999-' })).toBe(416);
    expect(await statusOf('OPTIONS', '/')).toBe(204);
    expect(await statusOf('DELETE', '/')).toBe(405);
    expect(await statusOf('GET', '/large.bin')).toBe(200);
  });
});

test('large files arrive as they are, also when many readers stop in the middle', async () => {
  const count = 4;
  const contents = Array.from({ length: count }, (_, i) => {
    const bytes = Buffer.alloc(12 * MEBIBYTE, i + 1);
    tree.write(`many-${i}.bin`, bytes);
    return bytes;
  });
  const agent = false;
  const started = contents.map(
    (_, i) =>
      new Promise<IncomingMessage>((resolve, reject) => {
        const options = { host: '127.0.0.1', port: server.getPort(), path: `/many-${i}.bin`, agent };
        httpRequest(options, resolve).on('error', reject).end();
      }),
  );
  // Nobody reads until all of them have filled everything on the way.
  const responses = await Promise.all(started);
  await turns(200);
  const bodies = await Promise.all(responses.map(buffer));
  bodies.forEach((body, i) => expect(body.equals(contents[i] ?? Buffer.alloc(0))).toBe(true));
});

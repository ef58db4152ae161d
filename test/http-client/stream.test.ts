import { gzipSync } from 'node:zlib';
import { describe, expect, test } from 'vitest';
import { HttpStreamError } from '../../src/index.ts';
import { eventually, turns } from '../support/eventually.ts';
import { createHttpClient, httpUrl, listenAnswering, response, startJudge } from '../support/http-server.ts';
import { closedPort } from '../support/raw-server.ts';

async function readAll(stream: AsyncIterable<Buffer>): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of stream) chunks.push(chunk);
  return Buffer.concat(chunks);
}

const large = Buffer.alloc(3_000_000, 'abcdefg');

describe('a stream', () => {
  test('gives the head first, then the body in order', async () => {
    const judge = await startJudge((_request, answer) => {
      answer.writeHead(201, { 'X-A': 'b' });
      answer.end(large);
    });
    const client = createHttpClient();
    const stream = await client.stream(judge.url);
    expect(stream).toMatchObject({ statusCode: 201, description: 'Created', errorCode: 'Ok', errorMsg: '' });
    expect(stream.headers.get('x-a')).toBe('b');
    expect((await readAll(stream)).equals(large)).toBe(true);
    expect(await stream.finished).toMatchObject({ errorCode: 'Ok', downloadSize: large.length });
    await client.get(judge.url);
    expect(judge.connections.count).toBe(1);
  });

  test('is decoded on the way', async () => {
    const judge = await startJudge((_request, answer) => {
      answer.setHeader('Content-Encoding', 'gzip');
      answer.end(gzipSync(large));
    });
    const stream = await createHttpClient().stream(judge.url);
    expect((await readAll(stream)).equals(large)).toBe(true);
    expect((await stream.finished).downloadSize).toBeLessThan(large.length / 10);
  });

  test('may have no body', async () => {
    const server = await listenAnswering('HTTP/1.1 204 No Content\r\n\r\n');
    const stream = await createHttpClient().stream(httpUrl(server));
    expect(stream.statusCode).toBe(204);
    expect(await readAll(stream)).toHaveLength(0);
  });

  test('sends what the arguments say', async () => {
    const judge = await startJudge((request, answer, body) => void answer.end(`${request.method} ${body.toString()}`));
    const stream = await createHttpClient().stream(judge.url, { verb: 'PUT', body: 'x' });
    expect((await readAll(stream)).toString()).toBe('PUT x');
  });

  test('holds up the server while nobody reads', async () => {
    let written = 0;
    let isHeldUp = false;
    const judge = await startJudge((_request, answer) => {
      const write = (): void => {
        isHeldUp = false;
        while (written < 200 * 1024 * 1024) {
          written += 65536;
          if (!answer.write(Buffer.alloc(65536))) {
            isHeldUp = true;
            answer.once('drain', write);
            return;
          }
        }
        answer.end();
      };
      write();
    });
    const stream = await createHttpClient().stream(judge.url, { idleTimeout: 0.1 });
    let before = -1;
    await eventually('the server to be held up', async () => {
      const same = written === before && isHeldUp;
      before = written;
      await turns(30);
      return same;
    });
    expect(written).toBeLessThan(30 * 1024 * 1024);
    let length = 0;
    for await (const chunk of stream) length += chunk.length;
    expect(length).toBe(200 * 1024 * 1024);
  });

  test('that is left early ends the request', async () => {
    const server = await listenAnswering('HTTP/1.1 200 OK\r\n\r\nabc');
    const stream = await createHttpClient().stream(httpUrl(server));
    for await (const _chunk of stream) break;
    expect(await stream.finished).toMatchObject({ errorCode: 'Cancelled' });
    expect(await (await server.accept()).ended()).toBe(true);
  });

  test('can be read only once', async () => {
    const server = await listenAnswering(response('abc'));
    const stream = await createHttpClient().stream(httpUrl(server));
    expect((await readAll(stream)).toString()).toBe('abc');
    await expect(readAll(stream)).rejects.toBeInstanceOf(HttpStreamError);
  });
});

describe('a stream whose body does not come whole', () => {
  test.each([
    ['is cut', 'HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nabc', 'CannotReadBody'],
    ['has a broken chunk', 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\nzz\r\n', 'ChunkReadError'],
    ['is no gzip', response('abc', { 'Content-Encoding': 'gzip' }), 'Gzip'],
  ])('when it %s, says so behind what came', async (_name, answer, errorCode) => {
    const server = await listenAnswering(answer, 'end');
    const stream = await createHttpClient().stream(httpUrl(server));
    const chunks: string[] = [];
    const reading = (async () => {
      for await (const chunk of stream) chunks.push(chunk.toString());
    })();
    await expect(reading).rejects.toMatchObject({ code: 'httpBodyIncomplete', errorCode });
    expect(chunks.join('')).toBe(errorCode === 'Gzip' ? '' : 'abc');
    expect(await stream.finished).toMatchObject({ errorCode });
  });

  test('when there is no response, has no status', async () => {
    const stream = await createHttpClient().stream(`http://127.0.0.1:${await closedPort()}/`);
    expect(stream).toMatchObject({ statusCode: 0, errorCode: 'CannotConnect' });
    expect(stream.errorMsg).toMatch(/refused/);
    await expect(readAll(stream)).rejects.toMatchObject({ errorCode: 'CannotConnect' });
  });

  test('when it is cancelled, ends', async () => {
    const server = await listenAnswering('HTTP/1.1 200 OK\r\n\r\nabc');
    const stream = await createHttpClient().stream(httpUrl(server));
    stream.cancel();
    await expect(readAll(stream)).rejects.toMatchObject({ errorCode: 'Cancelled' });
  });
});

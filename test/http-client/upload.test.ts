import { createReadStream, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { describe, expect, onTestFinished, test } from 'vitest';
import { eventually, turns } from '../support/eventually.ts';
import {
  createHttpClient,
  httpUrl,
  listenAnswering,
  type Mirrored,
  response,
  startJudge,
  startMirror,
} from '../support/http-server.ts';
import { closedPort, listenRaw } from '../support/raw-server.ts';

function makeFile(contents: Buffer | string): string {
  const folder = mkdtempSync(join(tmpdir(), 'ix-upload-'));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  const path = join(folder, 'file.txt');
  writeFileSync(path, contents);
  return path;
}

const large = Buffer.alloc(5_000_000, 'abcdefg');

describe('a body is sent', () => {
  test.each([
    ['from memory', () => ({ body: large }), String(large.length)],
    ['from a file', () => ({ body: { path: makeFile(large) } }), String(large.length)],
    ['from a stream of a file', () => ({ body: createReadStream(makeFile(large)) }), undefined],
    ['from a stream', () => ({ body: Readable.from([large]) }), undefined],
  ])('%s', async (_name, make, length) => {
    const judge = await startJudge((request, answer, body) => {
      answer.end(`${request.headers['content-length']} ${body.equals(large)}`);
    });
    const client = createHttpClient();
    const out = await client.put(judge.url, undefined, make());
    expect(out.errorMsg).toBe('');
    expect(out.text()).toBe(`${length} true`);
    expect(out.uploadSize).toBeGreaterThan(large.length);
    await client.get(judge.url);
    expect(judge.connections.count).toBe(1);
  });

  test('with the files of a form, whose length is known', async () => {
    const judge = await startMirror();
    const out = await createHttpClient().post(
      judge.url,
      { a: 'b' },
      { one: { path: makeFile('contents') }, two: new Blob(['blob']), three: Buffer.from('bytes') },
      undefined,
    );
    const { body, headers } = out.json<Mirrored>();
    expect(Number(headers['content-length'])).toBe(body.length);
    for (const part of ['contents', 'blob', 'bytes', 'filename="file.txt"']) expect(body).toContain(part);
  });

  test('no faster than the server takes it', async () => {
    const server = await listenRaw();
    let given = 0;
    async function* source(): AsyncGenerator<Buffer> {
      for (;;) {
        given += 65536;
        yield Buffer.alloc(65536);
      }
    }
    const args = createHttpClient().createRequest();
    const out = createHttpClient().post(httpUrl(server), source(), args);
    const peer = await server.accept();
    await peer.head();
    peer.socket.pause();
    let before = -1;
    await eventually('it to be held up', async () => {
      const same = given === before;
      before = given;
      await turns(50);
      return same;
    });
    expect(given).toBeLessThan(30 * 1024 * 1024);
    args.cancel = true;
    expect(await out).toMatchObject({ errorCode: 'Cancelled' });
  });

  test('a source that is not needed any more is told', async () => {
    const server = await listenAnswering(response('no', { Connection: 'close' }, '413 Content Too Large'));
    let isReleased = false;
    async function* source(): AsyncGenerator<Buffer> {
      try {
        for (;;) {
          yield Buffer.alloc(1000);
          await new Promise((resolve) => setImmediate(resolve));
        }
      } finally {
        isReleased = true;
      }
    }
    const out = await createHttpClient().post(httpUrl(server), source());
    expect(out).toMatchObject({ errorCode: 'Ok', statusCode: 413 });
    expect(out.text()).toBe('no');
    await eventually('the source to be released', () => isReleased);
  });
});

test('a source is released when the request ends before it was needed', async () => {
  const client = createHttpClient();
  const url = `http://127.0.0.1:${await closedPort()}/`;
  const stream = createReadStream(makeFile('contents'));
  expect(await client.post(url, stream)).toMatchObject({ errorCode: 'CannotConnect' });
  expect(stream.destroyed).toBe(true);
  const another = Readable.from(['x']);
  expect(await client.post(url, another, { extraHeaders: { A: 'b\n' } })).toMatchObject({ errorCode: 'Invalid' });
  expect(another.destroyed).toBe(true);
});

test('a stream that fails before anybody reads it fails the request, and nothing else', async () => {
  const judge = await startMirror();
  const missing = createReadStream('/no/such/file');
  const client = createHttpClient({
    // The file is found to be missing while the name is looked up.
    lookup: (_host, _options, callback) =>
      void missing.once('close', () => callback(null, [{ address: '127.0.0.1', family: 4 }])),
  });
  const out = await client.put(`http://localhost:${judge.port}/`, missing);
  expect(out).toMatchObject({ errorCode: 'SendError' });
  expect(out.errorMsg).toMatch(/no\/such\/file/);
});

test('a stream of a form that fails before anybody reads it fails the request, and one not needed is released', async () => {
  const client = createHttpClient();
  const url = `http://127.0.0.1:${await closedPort()}/`;
  const missing = createReadStream('/no/such/file');
  const present = createReadStream(makeFile('contents'));
  const formData = { missing: { content: missing }, present: { content: present } };
  expect(await client.post(url, {}, formData, undefined)).toMatchObject({ errorCode: 'CannotConnect' });
  expect([missing.destroyed, present.destroyed]).toEqual([true, true]);
  const judge = await startMirror();
  const again = { missing: { content: createReadStream('/no/such/file') } };
  expect(await client.post(judge.url, {}, again, undefined)).toMatchObject({ errorCode: 'SendError' });
});

test('an answer that comes before the body was sent is the result, and the connection is not used again', async () => {
  const server = await listenAnswering(response('early'));
  const client = createHttpClient();
  let isOver = false;
  async function* source(): AsyncGenerator<string> {
    yield 'a';
    while (!isOver) await new Promise((resolve) => setImmediate(resolve));
    yield 'b';
  }
  expect((await client.post(httpUrl(server), source())).text()).toBe('early');
  isOver = true;
  expect((await client.get(httpUrl(server))).text()).toBe('early');
  expect(server.peers).toHaveLength(2);
});

test('a source that gives something else fails the request', async () => {
  const judge = await startMirror();
  const client = createHttpClient();
  const numbers = (async function* () {
    yield 7;
  })() as unknown as AsyncIterable<string>;
  expect(await client.post(judge.url, numbers)).toMatchObject({ errorCode: 'SendError' });
  // A chunked body without its last chunk is no request.
  expect(judge.requests[0]?.complete ?? false).toBe(false);
});

test('a file that grows or shrinks meanwhile fails the request', async () => {
  const path = makeFile(large);
  const server = await listenRaw();
  const out = createHttpClient().put(httpUrl(server), undefined, { body: { path } });
  const peer = await server.accept();
  await peer.head();
  writeFileSync(path, 'short');
  expect(await out).toMatchObject({ errorCode: 'SendError' });
});

describe('with expectContinue, the body waits', () => {
  test('for the consent of the server', async () => {
    const judge = await startJudge((_request, answer, body) => void answer.end(body));
    let asked = 0;
    judge.server.on('checkContinue', (request, answer) => {
      asked++;
      answer.writeContinue();
      judge.server.emit('request', request, answer);
    });
    const client = createHttpClient();
    const out = await client.post(judge.url, 'body', { expectContinue: true });
    expect(out.text()).toBe('body');
    const streamed = await client.post(judge.url, Readable.from(['streamed']), { expectContinue: true });
    expect(streamed.text()).toBe('streamed');
    expect(asked).toBe(2);
    expect(judge.connections.count).toBe(1);
  });

  test('and is not sent when the server refuses', async () => {
    const server = await listenAnswering(response('', {}, '417 Expectation Failed'));
    const out = await createHttpClient().post(httpUrl(server), 'secret', { expectContinue: true });
    expect(out).toMatchObject({ errorCode: 'Ok', statusCode: 417 });
    const peer = await server.accept();
    expect(await peer.head()).toMatch(/^Expect: 100-continue\r$/m);
    await peer.ended();
    expect(peer.text).not.toContain('secret');
  });

  test('but for no more than a second', async () => {
    const server = await listenRaw();
    const out = createHttpClient().post(httpUrl(server), 'body', { expectContinue: true });
    const peer = await server.accept();
    await peer.until('the body', () => peer.text.endsWith('body'));
    peer.write(response('a'));
    expect(await out).toMatchObject({ errorCode: 'Ok' });
  });
});

test('interim responses are passed over', async () => {
  const server = await listenAnswering(
    `HTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\nHTTP/1.1 102 Processing\r\n\r\n${response('a')}`,
  );
  const out = await createHttpClient().get(httpUrl(server));
  expect(out.text()).toBe('a');
  expect(out.headers.has('link')).toBe(false);
});

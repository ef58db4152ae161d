import { gzipSync } from 'node:zlib';
import { expect, test } from 'vitest';
import { HttpErrorCode, type HttpRequestOptions, type HttpResponse } from '../../src/index.ts';
import { createHttpClient, httpUrl, listenAnswering, response } from '../support/http-server.ts';
import { closedPort, listenRaw } from '../support/raw-server.ts';

/** What a GET of a server ends with that answers in this way. */
async function outcome(
  answer: string | Uint8Array,
  after: 'stay' | 'end' | 'reset',
  options: HttpRequestOptions = {},
): Promise<HttpResponse<Buffer>> {
  const server = await listenAnswering(answer, after);
  return createHttpClient().get(httpUrl(server), options);
}

const reached = new Set<string>();

async function expectOutcome(
  out: HttpResponse<Buffer>,
  errorCode: HttpErrorCode,
  errorMsg: string | RegExp,
  statusCode = 0,
): Promise<void> {
  reached.add(errorCode);
  expect(out).toMatchObject({ errorCode, statusCode });
  expect(out.errorMsg).toMatch(errorMsg);
  expect(out.body).toHaveLength(0);
}

const head = (fields: string): string => `HTTP/1.1 200 OK\r\n${fields}\r\n`;

test('Ok: a whole response, whatever its status', async () => {
  const out = await outcome(response('gone', {}, '404 Not Found'), 'stay');
  reached.add('Ok');
  expect(out).toMatchObject({ errorCode: 'Ok', statusCode: 404, description: 'Not Found', errorMsg: '' });
  expect(out.text()).toBe('gone');
});

test('CannotConnect: nobody listens, or the name leads nowhere', async () => {
  const port = await closedPort();
  const out = await createHttpClient().get(`http://127.0.0.1:${port}/`);
  await expectOutcome(
    out,
    'CannotConnect',
    `Cannot connect to url: http://127.0.0.1:${port}/ / error : Connection refused`,
  );
  const client = createHttpClient({
    lookup: (_host, _options, callback) =>
      callback(Object.assign(new Error('getaddrinfo ENOTFOUND'), { code: 'ENOTFOUND' }), '', 4),
  });
  await expectOutcome(await client.get('http://nowhere.test/'), 'CannotConnect', /^Cannot connect to url: .*ENOTFOUND/);
});

test('CannotCreateSocket: the TLS options cannot be used, or the address is not ours', async () => {
  const client = createHttpClient({ tlsOptions: { certFile: '/no/such/file', keyFile: '/no/such/key' } });
  await expectOutcome(
    await client.get('https://127.0.0.1/'),
    'CannotCreateSocket',
    'certFile not found: /no/such/file',
  );
  const elsewhere = createHttpClient({ localAddress: '192.0.2.1' });
  await expectOutcome(await elsewhere.get('http://127.0.0.1/'), 'CannotCreateSocket', 'EADDRNOTAVAIL');
  const long = await createHttpClient().get(`http+unix:/${'x'.repeat(200)}:/`);
  await expectOutcome(long, 'CannotCreateSocket', 'too long');
});

test.each([
  ['nothing', ''],
  ['another scheme', 'ftp://a/'],
  ['a port that is none', 'http://a:x/'],
  ['a space', 'http://a b/'],
])('UrlMalformed: %s', async (_name, url) => {
  await expectOutcome(await createHttpClient().get(url), 'UrlMalformed', /^Cannot parse url: /);
});

test('UrlMalformed: the password of the URL is not repeated', async () => {
  const { errorMsg } = await createHttpClient().get('http://me:secret@a:x/');
  expect(errorMsg).not.toContain('secret');
});

test('Timeout: either of the two', async () => {
  const silent = await listenRaw();
  const client = createHttpClient({ lookup: () => undefined });
  const connecting = await client.get('http://a.test/', { connectTimeout: 0.05 });
  await expectOutcome(connecting, 'Timeout', 'Timed out: connecting took more than 0.05 s (http://a.test/)');
  const waiting = await createHttpClient().get(httpUrl(silent), { transferTimeout: 0.05 });
  await expectOutcome(waiting, 'Timeout', 'Timed out: the request took more than 0.05 s');
});

test.each([
  ['nonsense', Buffer.from('nonsense')],
  ['what is cut', gzipSync('x'.repeat(1000)).subarray(0, -10)],
  ['what is followed by something', Buffer.concat([gzipSync('x'), Buffer.from('more')])],
])('Gzip: %s', async (_name, body) => {
  const answer = Buffer.concat([
    Buffer.from(head(`Content-Encoding: gzip\r\nContent-Length: ${body.length}\r\n`)),
    body,
  ]);
  await expectOutcome(await outcome(answer, 'stay'), 'Gzip', /^Error decompressing payload: /, 200);
});

test('Gzip: too many codings, and a body beyond its bound', async () => {
  const many = await outcome(response('x', { 'Content-Encoding': 'gzip, gzip, gzip, gzip, gzip, gzip' }), 'stay');
  await expectOutcome(many, 'Gzip', /more than 5/, 200);
  const bomb = gzipSync(Buffer.alloc(100_000)).toString('latin1');
  const out = await outcome(Buffer.from(response(bomb, { 'Content-Encoding': 'gzip' }), 'latin1'), 'stay', {
    maxBodySize: 50_000,
  });
  await expectOutcome(out, 'Gzip', /50000/, 200);
});

test('SendError: the connection breaks, or the source of the body fails', async () => {
  const server = await listenRaw();
  const client = createHttpClient();
  const reset = client.post(httpUrl(server), Buffer.alloc(32 * 1024 * 1024));
  const peer = await server.accept();
  await peer.head();
  peer.socket.resetAndDestroy();
  await expectOutcome(await reset, 'SendError', /^Cannot send request: /);
  const failing = async function* (): AsyncGenerator<string> {
    yield 'a';
    throw new Error('the disk is gone');
  };
  await expectOutcome(
    await client.post(httpUrl(server), failing()),
    'SendError',
    'Cannot send request: the disk is gone',
  );
  const missing = await client.put(httpUrl(server), undefined, { body: { path: '/no/such/file' } });
  await expectOutcome(missing, 'SendError', /no\/such\/file/);
});

test('ReadError: a reset while the response is read, or waited for', async () => {
  const server = await listenAnswering(`${head('Content-Length: 4\r\n')}ab`);
  // The system may show a reset as an end when both come together with data.
  const onProgressCallback = (): void => void server.peers[0]?.socket.resetAndDestroy();
  const cut = await createHttpClient().get(httpUrl(server), { onProgressCallback });
  await expectOutcome(cut, 'ReadError', 'Cannot read response: the connection was reset', 200);
  await expectOutcome(await outcome('', 'reset'), 'ReadError', 'Cannot read response: the connection was reset');
});

test('CannotReadStatusLine: the end before the status line is over', async () => {
  await expectOutcome(await outcome('', 'end'), 'CannotReadStatusLine', /^Cannot retrieve status line/);
  await expectOutcome(await outcome('HTTP/1.1 200', 'end'), 'CannotReadStatusLine', /, status: 200$/, 200);
});

test.each(['SSH-2.0-OpenSSH\r\n\r\n', 'HTTP/2 200\r\n\r\n', 'HTTP/1.1 abc\r\n\r\n', `${'x'.repeat(20_000)}\r\n`])(
  'MissingStatus: %j',
  async (answer) => {
    await expectOutcome(await outcome(answer, 'stay'), 'MissingStatus', /^Cannot parse response code from status line/);
  },
);

test.each([
  ['no colon', head('nonsense\r\n')],
  ['too long', head(`A: ${'x'.repeat(20_000)}\r\n`)],
  ['too many', head('A: b\r\n'.repeat(101))],
  ['two lengths', head('Content-Length: 1\r\nContent-Length: 2\r\n')],
  ['a length and chunks', head('Content-Length: 1\r\nTransfer-Encoding: chunked\r\n')],
  ['interim responses without end', 'HTTP/1.1 103 Early Hints\r\n\r\n'.repeat(100)],
  ['another protocol', 'HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\nConnection: Upgrade\r\n\r\n'],
])('HeaderParsingError: %s', async (_name, answer) => {
  const out = await outcome(answer, 'stay');
  await expectOutcome(out, 'HeaderParsingError', /^Cannot parse http headers/, out.statusCode);
});

test('HeaderParsingError: the end within the headers', async () => {
  await expectOutcome(
    await outcome('HTTP/1.1 200 OK\r\nA: b', 'end'),
    'HeaderParsingError',
    /^Cannot parse http headers: the server closed the connection, status: 200$/,
    200,
  );
});

test('TooManyRedirects', async () => {
  const round = await outcome(response('', { Location: '/' }, '302 Found'), 'stay');
  await expectOutcome(round, 'TooManyRedirects', 'Too many redirects: 5', 302);
});

test.each([
  ['a size that is none', 'zz\r\nabc\r\n'],
  ['a chunk that is longer than its size', '1\r\nabc\r\n'],
  ['a line without end', '1;'.padEnd(10_000, 'x')],
])('ChunkReadError: %s', async (_name, chunks) => {
  const out = await outcome(head('Transfer-Encoding: chunked\r\n') + chunks, 'stay');
  await expectOutcome(out, 'ChunkReadError', /^Cannot read chunk: /, 200);
});

test('ChunkReadError: the end before the last chunk', async () => {
  const out = await outcome(`${head('Transfer-Encoding: chunked\r\n')}3\r\nabc\r\n`, 'end');
  await expectOutcome(out, 'ChunkReadError', 'Cannot read chunk: the server closed the connection', 200);
});

test('CannotReadBody: the end before the announced length, and a body beyond its bound', async () => {
  const cut = await outcome(`${head('Content-Length: 4\r\n')}abc`, 'end');
  await expectOutcome(cut, 'CannotReadBody', 'Cannot read http body: the server closed the connection', 200);
  const announced = await outcome(head('Content-Length: 11\r\n'), 'stay', { maxBodySize: 10 });
  await expectOutcome(announced, 'CannotReadBody', 'larger than 10 bytes', 200);
  const endless = await outcome(`${head('')}${'x'.repeat(20)}`, 'stay', { maxBodySize: 10 });
  await expectOutcome(endless, 'CannotReadBody', 'larger than 10 bytes', 200);
  const coded = await outcome(head('Transfer-Encoding: gzip, chunked\r\n'), 'stay');
  await expectOutcome(coded, 'CannotReadBody', /transfer coding/);
});

test('Cancelled: before, while waiting, and in the middle of the body', async () => {
  const server = await listenAnswering((_head, count) => (count === 0 ? '' : `${head('Content-Length: 4\r\n')}ab`));
  const client = createHttpClient();
  const args = client.createRequest();
  const waiting = client.get(httpUrl(server), args);
  const peer = await server.accept();
  await peer.head();
  args.cancel = true;
  await expectOutcome(await waiting, 'Cancelled', 'Request cancelled');
  await peer.ended();
  await expectOutcome(await client.get(httpUrl(server), args), 'Cancelled', 'Request cancelled');
  args.cancel = false;
  args.onProgressCallback = () => {
    args.cancel = true;
  };
  await expectOutcome(await client.get(httpUrl(server), args), 'Cancelled', 'Request cancelled', 200);
});

test('Invalid: arguments that could not be sent', async () => {
  const client = createHttpClient();
  await expectOutcome(
    await client.get('http://127.0.0.1/', { extraHeaders: { A: 'b\nc' } }),
    'Invalid',
    /extraHeaders/,
  );
  await expectOutcome(await client.request('http://127.0.0.1/', 'A B'), 'Invalid', /method/);
  await expectOutcome(await client.get('https://127.0.0.1/', { socketPath: '/x' }), 'Invalid', /socketPath/);
});

test('no other code is left', () => {
  // A redirect without a Location is the result.
  reached.add(HttpErrorCode.MissingLocation);
  expect([...reached].toSorted()).toEqual(Object.values(HttpErrorCode).toSorted());
});

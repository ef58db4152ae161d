import { expect, test } from 'vitest';
import { HttpClient, type HttpRequestOptions } from '../../src/index.ts';
import { Deferred } from '../../src/util/deferred.ts';
import { createHttpClient, httpUrl, listenAnswering, response, startJudge } from '../support/http-server.ts';
import { passTime } from '../support/pass-time.ts';
import { listenRaw } from '../support/raw-server.ts';
import { activeResources, noSocketsBut } from '../support/resources.ts';

test.each<[string, HttpRequestOptions, string]>([
  ['a lookup that does not end', { lookupTimeout: 0.05 }, 'the lookup of the name took more than 0.05 s'],
  ['a connection that is not made', { connectTimeout: 0.05 }, 'connecting took more than 0.05 s'],
  ['a request as a whole', { transferTimeout: 0.05 }, 'the request took more than 0.05 s'],
])('%s', async (_name, options, message) => {
  const client = createHttpClient({ lookup: () => undefined });
  const out = await client.get('http://a.test/', options);
  expect(out).toMatchObject({ errorCode: 'Timeout', statusCode: 0 });
  expect(out.errorMsg).toBe(`Timed out: ${message} (http://a.test/)`);
});

test('a TLS handshake that does not end', async () => {
  const silent = await listenRaw();
  const url = httpUrl(silent).replace('http:', 'https:');
  const out = await createHttpClient().get(url, { tlsTimeout: 0.05 });
  expect(out).toMatchObject({ errorCode: 'Timeout' });
  expect(out.errorMsg).toContain('the TLS handshake took more than 0.05 s');
  expect(await (await silent.accept()).ended()).toBe(true);
});

test('a server that does not answer', async () => {
  const silent = await listenRaw();
  const out = await createHttpClient().post(httpUrl(silent), 'x', { firstByteTimeout: 0.05 });
  expect(out).toMatchObject({ errorCode: 'Timeout' });
  expect(out.errorMsg).toContain('the server did not answer within 0.05 s');
});

test('a body that stalls', async () => {
  const server = await listenAnswering('HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nabc');
  const out = await createHttpClient().get(httpUrl(server), { idleTimeout: 0.05 });
  expect(out).toMatchObject({ errorCode: 'Timeout', statusCode: 200, downloadSize: 3 });
  expect(out.errorMsg).toContain('nothing was sent or received for 0.05 s');
  expect(out.body).toHaveLength(0);
});

test('a body that trickles is no stall, but the whole may take too long', async () => {
  const judge = await startJudge((_request, answer) => {
    const timer = setInterval(() => answer.write('x'), 20);
    answer.on('close', () => clearInterval(timer));
  });
  const out = await createHttpClient().get(judge.url, { idleTimeout: 0.5, transferTimeout: 0.9 });
  expect(out.errorMsg).toContain('the request took more than 0.9 s');
});

test('a consumer that is slow is no fault of the server', async () => {
  const judge = await startJudge((_request, answer) => void answer.end(Buffer.alloc(1_000_000)));
  let isFirst = true;
  const out = await createHttpClient().get(judge.url, {
    idleTimeout: 0.05,
    onChunkCallback: async () => {
      if (isFirst) await passTime(400);
      isFirst = false;
    },
  });
  expect(out).toMatchObject({ errorCode: 'Ok', downloadSize: 1_000_000 });
});

test('-1 is no limit', async () => {
  const server = await listenAnswering(response('a'));
  const options = { connectTimeout: -1, transferTimeout: -1, maxRetryWait: -1 };
  expect(await createHttpClient().get(httpUrl(server), options)).toMatchObject({ errorCode: 'Ok' });
});

test('an AbortSignal cancels in every phase, and leaves no listener', async () => {
  const silent = await listenRaw();
  const stalling = await listenAnswering('HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nabc');
  const client = createHttpClient();
  const looksUp = new Deferred<void>();
  const resolving = new HttpClient({ lookup: () => looksUp.resolve(undefined) });
  const before = activeResources();
  const hasPart = new Deferred<void>();
  const onProgressCallback = (): void => hasPart.resolve(undefined);
  const asked = async (): Promise<unknown> => (await silent.accept()).head();
  for (const [url, made, phase] of [
    ['http://a.test/', resolving, () => looksUp.promise],
    [httpUrl(silent), client, asked],
    [httpUrl(stalling), client, () => hasPart.promise],
  ] as const) {
    const controller = new AbortController();
    const out = made.get(url, { signal: controller.signal, onProgressCallback });
    await phase();
    controller.abort();
    expect(await out).toMatchObject({ errorCode: 'Cancelled' });
  }
  expect(await client.get(httpUrl(silent), { signal: AbortSignal.abort() })).toMatchObject({ errorCode: 'Cancelled' });
  await noSocketsBut(before);
});

test('a process that was too busy to look does not take that for silence', async () => {
  const server = await listenAnswering('HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\nabc');
  const out = createHttpClient().get(httpUrl(server), {
    idleTimeout: 0.1,
    onProgressCallback: (current) => {
      if (current !== 3) return;
      // Written now, it is there long before the time is up, and is read after it.
      server.peers[0]?.write('def');
      const until = performance.now() + 400;
      while (performance.now() < until);
    },
  });
  expect((await out).errorMsg).toBe('');
  expect((await out).text()).toBe('abcdef');
});

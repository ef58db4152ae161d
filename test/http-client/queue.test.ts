import { expect, test } from 'vitest';
import { HttpClient, type HttpResponse } from '../../src/index.ts';
import { eventually, turns } from '../support/eventually.ts';
import { createHttpClient, httpUrl, type JudgeServer, startJudge, startMirror } from '../support/http-server.ts';
import { listenRaw } from '../support/raw-server.ts';

interface Slow extends JudgeServer {
  readonly order: string[];
  /** Answers the requests that wait, in this order. */
  readonly pending: (() => void)[];
}

async function startSlow(): Promise<Slow> {
  const order: string[] = [];
  const pending: (() => void)[] = [];
  const judge = await startJudge((request, answer) => {
    order.push(request.url ?? '');
    pending.push(() => void answer.end(request.url));
  });
  return { ...judge, order, pending };
}

test('a client that is not asynchronous performs nothing', () => {
  const client = new HttpClient();
  expect(client.performRequest(client.createRequest('http://127.0.0.1:1/'), () => undefined)).toBe(false);
});

test('the callback gets the result', async () => {
  const { url } = await startMirror();
  const client = createHttpClient({ async: true });
  const args = client.createRequest(url, HttpClient.kPost);
  args.body = 'foo=bar';
  const out = await new Promise<HttpResponse<Buffer>>((resolve) => {
    expect(client.performRequest(args, resolve)).toBe(true);
  });
  expect(out.json()).toMatchObject({ method: 'POST', body: 'foo=bar' });
});

test('requests run in order, one at a time', async () => {
  const slow = await startSlow();
  const client = new HttpClient(true);
  const done: string[] = [];
  for (const path of ['a', 'b', 'c']) {
    client.performRequest(client.createRequest(slow.url + path), (out) => done.push(out.text()));
  }
  for (let i = 0; i < 3; i++) {
    await eventually('a request', () => slow.pending.length > i);
    await turns(10);
    expect(slow.order).toHaveLength(i + 1);
    slow.pending[i]?.();
  }
  await eventually('the last', () => done.length === 3);
  expect(done).toEqual(['/a', '/b', '/c']);
  await client.stop();
});

test('as many run at a time as the option says', async () => {
  const slow = await startSlow();
  const client = createHttpClient({ async: true, concurrency: 2 });
  for (const path of ['a', 'b', 'c']) client.performRequest({ url: slow.url + path }, () => undefined);
  await eventually('two requests', () => slow.order.length === 2);
  await turns(10);
  expect(slow.order).toHaveLength(2);
  slow.pending[0]?.();
  await eventually('the third', () => slow.order.length === 3);
});

test('a queued request is cancelled without waiting for its turn, and never sent', async () => {
  const slow = await startSlow();
  const client = createHttpClient({ async: true });
  const codes: string[] = [];
  client.performRequest({ url: `${slow.url}a` }, (out) => codes.push(out.errorCode));
  const args = client.createRequest(`${slow.url}b`);
  client.performRequest(args, (out) => codes.push(out.errorCode));
  const controller = new AbortController();
  client.performRequest({ url: `${slow.url}c`, signal: controller.signal }, (out) => codes.push(out.errorCode));
  args.cancel = true;
  expect(codes).toEqual([]);
  controller.abort();
  await eventually('both', () => codes.length === 2);
  expect(codes).toEqual(['Cancelled', 'Cancelled']);
  await eventually('the first', () => slow.pending.length === 1);
  slow.pending[0]?.();
  await eventually('the first', () => codes.length === 3);
  args.cancel = false;
  await turns(10);
  expect(slow.order).toEqual(['/a']);
});

test('stop answers everything that is queued', async () => {
  const silent = await listenRaw();
  const client = new HttpClient(true);
  const codes: string[] = [];
  for (let i = 0; i < 3; i++) client.performRequest({ url: httpUrl(silent) }, (out) => codes.push(out.errorCode));
  await (await silent.accept()).head();
  await client.stop();
  await turns();
  expect(codes).toEqual(['Cancelled', 'Cancelled', 'Cancelled']);
});

test('chunks go to the callback, the body is empty then, and a promise holds up the next', async () => {
  const { url } = await startJudge((_request, answer) => {
    answer.write('one');
    setImmediate(() => answer.end('two'));
  });
  const client = createHttpClient({ async: true });
  const args = client.createRequest(url);
  const chunks: string[] = [];
  let isBusy = false;
  args.onChunkCallback = async (chunk) => {
    expect(isBusy).toBe(false);
    isBusy = true;
    await turns(20);
    chunks.push(chunk.toString());
    isBusy = false;
  };
  const out = await new Promise<HttpResponse<Buffer>>((resolve) => client.performRequest(args, resolve));
  expect(chunks.join('')).toBe('onetwo');
  expect(out).toMatchObject({ errorCode: 'Ok', downloadSize: 6 });
  expect(out.body).toHaveLength(0);
});

test('what callbacks throw or reject with is reported, and the next request runs', async () => {
  const { url } = await startMirror();
  const errors: unknown[] = [];
  const client = createHttpClient({ async: true, onCallbackError: (error) => errors.push(error) });
  const fail = (name: string) => (): never => {
    throw new Error(name);
  };
  client.performRequest(
    {
      url,
      verbose: true,
      logger: fail('log'),
      onChunkCallback: () => Promise.reject(new Error('chunk')),
      onProgressCallback: fail('progress'),
    },
    fail('response'),
  );
  const out = await new Promise<HttpResponse<Buffer>>((resolve) => client.performRequest({ url }, resolve));
  expect(out.errorCode).toBe('Ok');
  const names = errors.map((error) => (error as Error).message);
  expect(new Set(names)).toEqual(new Set(['log', 'progress', 'chunk', 'response']));
});

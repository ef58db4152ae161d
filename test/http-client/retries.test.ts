import { Readable } from 'node:stream';
import { describe, expect, test } from 'vitest';
import { HttpFailure } from '../../src/http-client/http-failure.ts';
import { type RetryRules, waitAfterFailure, waitAfterStatus } from '../../src/http-client/response/http-retries.ts';
import { eventually, turns } from '../support/eventually.ts';
import { createHttpClient, httpUrl, listenAnswering, response } from '../support/http-server.ts';
import { closedPort, listenRaw } from '../support/raw-server.ts';

const rules = (some: Partial<RetryRules> = {}): RetryRules => ({
  retries: 3,
  maxRetryWaitMs: 60_000,
  made: 0,
  method: 'GET',
  isReplayable: true,
  ...some,
});

const lost = new HttpFailure('ReadError', 'x', true);

describe('after a failure', () => {
  test.each([
    ['the first time', lost, {}, 100],
    ['the third time', lost, { made: 2 }, 400],
    ['not when there were enough', lost, { made: 3 }, undefined],
    ['not when nobody asked for it', lost, { retries: 0 }, undefined],
    ['not what might be done twice', lost, { method: 'POST' }, undefined],
    ['what was never sent', new HttpFailure('CannotConnect', 'x', true), { method: 'POST' }, 100],
    ['not a body that is used up', lost, { isReplayable: false }, undefined],
    ['not what stays wrong', new HttpFailure('MissingStatus', 'x'), {}, undefined],
    ['no longer than the limit', lost, { made: 2, maxRetryWaitMs: 150 }, 150],
  ])('%s', (_name, failure, some, wait) => {
    expect(waitAfterFailure(failure, rules(some))).toBe(wait);
  });
});

describe('after an answer', () => {
  test.each([
    [503, undefined, {}, 100],
    [429, 7000, {}, 7000],
    [502, 0, { made: 1 }, 200],
    [504, 60_001, {}, undefined],
    [500, undefined, {}, undefined],
    [404, undefined, {}, undefined],
    [503, undefined, { method: 'POST' }, undefined],
  ])('%i with Retry-After %s', (status, retryAfterMs, some, wait) => {
    expect(waitAfterStatus(status, retryAfterMs, rules(some))).toBe(wait);
  });
});

test('a server that recovers is asked until it answers', async () => {
  const server = await listenAnswering((_head, count) =>
    count < 2 ? response('busy', {}, '503 Service Unavailable') : response('there'),
  );
  const client = createHttpClient();
  expect((await client.get(httpUrl(server), { retries: 2 })).text()).toBe('there');
  expect(server.peers).toHaveLength(1);
});

test('the last answer is the result when there are no more retries', async () => {
  const server = await listenAnswering(response('busy', { 'Retry-After': '0' }, '503 Service Unavailable'));
  const out = await createHttpClient().get(httpUrl(server), { retries: 1 });
  expect(out).toMatchObject({ errorCode: 'Ok', statusCode: 503 });
  expect(out.text()).toBe('busy');
});

test('a connection that breaks in the body is made again, and the parts are not mixed', async () => {
  let count = 0;
  const server = await listenRaw((peer) => {
    peer.socket.once('data', () => {
      if (count++ > 0) peer.write(response('second'));
      else peer.socket.end('HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nfirst');
    });
  });
  expect((await createHttpClient().get(httpUrl(server), { retries: 1 })).text()).toBe('second');
});

test('nothing is made again once a part was given away, or the body was used up', async () => {
  const server = await listenAnswering('HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nfirst', 'end');
  const client = createHttpClient();
  const chunks: string[] = [];
  const args = { retries: 3, onChunkCallback: (chunk: Buffer) => void chunks.push(chunk.toString()) };
  expect(await client.get(httpUrl(server), args)).toMatchObject({ errorCode: 'CannotReadBody' });
  expect(chunks).toEqual(['first']);
  await client.put(httpUrl(server), Readable.from(['x']), { retries: 3 });
  expect(server.peers).toHaveLength(2);
});

test('a wait before a retry is cancelled at once, and ends with the time of the whole', async () => {
  const url = `http://127.0.0.1:${await closedPort()}/`;
  const client = createHttpClient();
  const args = client.createRequest();
  args.retries = 100;
  let attempts = 0;
  args.observer = { onPhase: () => void attempts++ };
  const out = client.get(url, args);
  await eventually('a second attempt', () => attempts >= 2);
  await turns(20);
  args.cancel = true;
  expect(await out).toMatchObject({ errorCode: 'Cancelled' });
  expect(await client.get(url, { retries: 100, transferTimeout: 0.3 })).toMatchObject({ errorCode: 'Timeout' });
});

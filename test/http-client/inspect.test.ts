import { inspect } from 'node:util';
import { expect, test } from 'vitest';
import type { ObservedRequest, ObservedResponse } from '../../src/index.ts';
import { createHttpClient, httpUrl, listenAnswering, response } from '../support/http-server.ts';
import { closedPort } from '../support/raw-server.ts';

const SCREEN_LINES = 40;

/** What `console.log` prints, which fits on a screen and tells no secrets. */
function shown(value: unknown): string {
  for (const options of [{}, { depth: 9, showHidden: true }]) {
    const text = inspect(value, options);
    expect(text).not.toMatch(/hunter2|aHVudGVyMg/);
    if (!('depth' in options)) expect(text.split('\n').length).toBeLessThanOrEqual(SCREEN_LINES);
  }
  return inspect(value);
}

const secrets = { Authorization: 'Bearer hunter2', Cookie: 'sid=hunter2', 'X-Plain': 'y'.repeat(2000) };

test('a client, its requests and its results are shown on one screen, without secrets', async () => {
  const fields = {
    'Set-Cookie': 'sid=hunter2',
    ...Object.fromEntries(Array.from({ length: 80 }, (_, i) => [`X-${i}`, 'v'])),
  };
  const server = await listenAnswering(response('b'.repeat(10_000), fields));
  const url = httpUrl(server).replace('//', '//user:hunter2@');
  const observed: (ObservedRequest | ObservedResponse)[] = [];
  const observer = {
    onRequest: (request: ObservedRequest) => observed.push(request),
    onResponse: (seen: ObservedResponse) => observed.push(seen),
  };
  const client = createHttpClient({ tlsOptions: { passphrase: 'hunter2' } });
  shown(client);
  const args = client.createRequest(url);
  args.extraHeaders = secrets;
  shown(args);
  const out = await client.get(url, { extraHeaders: { ...secrets, 'X-Plain': 'y' }, observer });
  expect(shown(out)).toMatch(/statusCode: 200[^]*10000 bytes/);
  for (const one of observed) shown(one);
  const stream = await client.stream(url);
  expect(shown(stream)).toContain('statusCode: 200');
  stream.cancel();
  shown(await stream.finished);
});

test('a failure is shown with its reason, without secrets', async () => {
  const port = await closedPort();
  const client = createHttpClient();
  for (const url of [
    `http://user:hunter2@127.0.0.1:${port}/`,
    'http://user:hunter2@a b/',
    'http://hunter2@hunter2@a/',
  ]) {
    const out = await client.get(url, { extraHeaders: secrets });
    expect(shown(out)).toMatch(/errorMsg: 'Cannot|errorMsg: "Cannot/);
    shown(out.cause);
  }
  const throughProxy = createHttpClient({ proxy: `http://user:hunter2@127.0.0.1:${port}` });
  shown(throughProxy);
  shown(await throughProxy.get('http://user:hunter2@a.test/'));
});

import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { HttpClient } from '../../src/index.ts';
import { createHttpClient, httpUrl, type Mirrored, response, startMirror } from '../support/http-server.ts';
import { listenRaw, type RawServer } from '../support/raw-server.ts';

const EVIL = 'x\r\nEvil: yes\r\n\r\nGET /evil HTTP/1.1\r\nHost: evil\r\n\r\n';

/** Everything that all requests consist of. */
interface Observed {
  readonly server: RawServer;
  text(): string;
}

async function observe(): Promise<Observed> {
  const server = await listenRaw((peer) => {
    peer.socket.on('data', () => peer.write(response('a', { Connection: 'close' })));
  });
  return { server, text: () => server.peers.map((peer) => peer.text).join('') };
}

const splits = (text: string): boolean => /^Evil:|^GET \/evil/m.test(text);

describe('no value that a caller passes can split a request', () => {
  const client = new HttpClient();
  test.each<[string, (url: string) => Promise<unknown>]>([
    ['the path', (url) => client.get(url + EVIL)],
    ['the query', (url) => client.get(`${url}?${EVIL}`)],
    ['the fragment', (url) => client.get(`${url}#${EVIL}`)],
    ['the host', (url) => client.get(url.replace('127.0.0.1', `127.0.0.1\r\nEvil: yes`))],
    ['the user', (url) => client.get(url.replace('//', `//${encodeURIComponent(EVIL)}@`))],
    ['the password', (url) => client.get(url.replace('//', `//me:${encodeURIComponent(EVIL)}@`))],
    ['the method', (url) => client.request(url, `GET / HTTP/1.1\r\nEvil: yes\r\n\r\nGET`)],
    ['the name of a header', (url) => client.get(url, { extraHeaders: { [EVIL]: 'a' } })],
    ['the value of a header', (url) => client.get(url, { extraHeaders: { A: EVIL } })],
    ['a value in pairs', (url) => client.get(url, { extraHeaders: [['Cookie', EVIL]] })],
    ['a line feed alone', (url) => client.get(url, { extraHeaders: { A: 'x\nEvil: yes' } })],
    [
      'a character that becomes a line feed',
      (url) => client.get(url, { extraHeaders: { A: 'x\u010aEvil: yes\u010d' } }),
    ],
    ['Host', (url) => client.get(url, { extraHeaders: { Host: 'a\r\nEvil: yes' } })],
    ['Content-Length', (url) => client.post(url, 'abc', { extraHeaders: { 'Content-Length': '0' } })],
    ['Transfer-Encoding', (url) => client.post(url, EVIL, { extraHeaders: { 'Transfer-Encoding': 'chunked' } })],
    ['the type of a Blob', (url) => client.post(url, new Blob(['a'], { type: 'a/b\r\nEvil: yes' }))],
    ['parameters', (url) => client.post(url, { [EVIL]: EVIL })],
  ])('%s', async (_name, call) => {
    const { server, text } = await observe();
    const made = (): Promise<unknown> => call(httpUrl(server));
    try {
      await made();
    } catch (error) {
      expect(error).toMatchObject({ code: 'invalidOption' });
    }
    const body = text().split('\r\n\r\n').slice(1).join('');
    expect(splits(text().split('\r\n\r\n')[0] ?? '')).toBe(false);
    if (!body.startsWith('x%0D')) expect(splits(body)).toBe(false);
    await client.stop();
  });

  test.each([
    ['the name of a file', {}, { [EVIL]: 'a' }],
    ['the name of a file that is sent', {}, { a: { content: 'x', filename: EVIL } }],
    ['the type of a file', {}, { a: { content: 'x', contentType: EVIL } }],
    ['the name of a parameter', { [EVIL]: 'a' }, { a: 'b' }],
    ['a quote', { 'a"; filename="b': 'c' }, { 'd"; name="e': 'f' }],
  ])('%s in a form', async (_name, parameters, form) => {
    const judge = await startMirror();
    const made = async (): Promise<Mirrored | undefined> => {
      const out = await createHttpClient().post(judge.url, parameters, form, undefined);
      return out.errorCode === 'Ok' ? out.json<Mirrored>() : undefined;
    };
    let mirrored: Mirrored | undefined;
    try {
      mirrored = await made();
    } catch (error) {
      expect(error).toMatchObject({ code: 'invalidOption' });
    }
    expect(splits(mirrored?.body ?? '')).toBe(false);
    expect(mirrored?.body ?? '').not.toMatch(/filename="b"/);
  });

  test('the boundary, and a file that holds one', async () => {
    const judge = await startMirror();
    const client = createHttpClient();
    expect(() => client.post(judge.url, {}, { a: 'b' }, { multipartBoundary: EVIL })).toThrow('multipartBoundary');
    const out = await client.post(
      judge.url,
      {},
      { a: '--x\r\nContent-Disposition: form-data; name="b"\r\n\r\n' },
      undefined,
    );
    const { body, headers } = out.json<Mirrored>();
    const boundary = /boundary=(.*)$/.exec(headers['content-type'] ?? '')?.[1] ?? '';
    expect(body.split(`--${boundary}`)).toHaveLength(3);
  });

  test('credentials of a proxy', () => {
    for (const part of [`${encodeURIComponent(EVIL)}:a`, `a:${encodeURIComponent(EVIL)}`]) {
      expect(() => new HttpClient({ proxy: `http://${part}@127.0.0.1:1` })).toThrow('proxy');
    }
  });
});

test('whatever the URL and the headers, a request is one request', async () => {
  const judge = await startMirror();
  const client = createHttpClient();
  const anything = fc.oneof(fc.string({ unit: 'binary' }), fc.constant(EVIL), fc.string());
  await fc.assert(
    fc.asyncProperty(anything, anything, anything, async (path, name, value) => {
      const before = judge.requests.length;
      const out = await client.get(judge.url + path, { extraHeaders: { [name]: value, 'X-Last': 'x' } });
      const made = judge.requests.length - before;
      if (out.errorCode !== 'Ok') return made === 0;
      const { url, headers } = out.json<Mirrored>();
      return (
        out.statusCode === 400 || (made === 1 && headers['x-last'] === 'x' && !headers['evil'] && url.startsWith('/'))
      );
    }),
    { numRuns: 300 },
  );
});

test('a value that says something else each time it is asked is not a string', async () => {
  let count = 0;
  const sly = { toString: () => (count++ === 0 ? 'ok' : EVIL) } as unknown as string;
  const client = new HttpClient();
  expect(await client.get('http://127.0.0.1:1/', { extraHeaders: { A: sly } })).toMatchObject({ errorCode: 'Invalid' });
  expect(() => client.get(sly)).toThrow('url');
  expect(() => client.request('http://127.0.0.1:1/', sly)).toThrow('verb');
});

test.each(['constructor', '__proto__', 'toString', 'hasOwnProperty'])(
  'a header of the name %s is a header',
  async (name) => {
    const server = await listenRaw((peer) => {
      peer.socket.on('data', () => peer.write(response('a', { [name]: '1' })));
    });
    const out = await createHttpClient().get(httpUrl(server), { extraHeaders: [[name, '2']] });
    expect(out.headers.get(name)).toBe('1');
    expect(out.headers.get('valueOf')).toBeUndefined();
    expect(server.peers[0]?.text).toContain(`\r\n${name}: 2\r\n`);
  },
);

import { describe, expect, test } from 'vitest';
import { type HttpClientOptions, UsageError, userAgent, WebSocket } from '../../src/index.ts';
import { createHttpClient, httpUrl, response } from '../support/http-server.ts';
import { listenAndAnswer, listenRaw, type RawServer, switchingProtocols } from '../support/raw-server.ts';
import { createClient } from '../support/running.ts';

type Options = Pick<HttpClientOptions, 'userAgent' | 'maxHeadBytes' | 'maxHeaders' | 'proxy'>;

/** The field that a client sends, and how a request of it ends, on both kinds. */
const clients: Readonly<Record<string, (server: RawServer, options: Options) => Promise<string>>> = {
  'an HttpClient': async (server, options) => (await createHttpClient(options).get(httpUrl(server))).errorCode,
  'a WebSocket': async (server, options) => {
    const result = await createClient({ url: server.url, ...options }).client.connect();
    return result.success ? 'Ok' : result.errorInfo.code;
  },
};

const answering = (fields: string): Promise<RawServer> =>
  listenRaw(async (peer) => {
    const request = await peer.head();
    const answer = request.includes('Sec-WebSocket-Key') ? switchingProtocols(request) : response('ok');
    peer.write(answer.replace('\r\n', `\r\n${fields}`));
  });

describe.each(Object.entries(clients))('%s', (_kind, ask) => {
  test.each<[string, string | undefined, RegExp | undefined]>([
    ['product and version', undefined, /^User-Agent: ixwebsocket\/[\w.-]+\r$/m],
    ['what it is told', 'mine/1 (é)', /^User-Agent: mine\/1 \(\xe9\)\r$/m],
    ['nothing where that is empty', '', undefined],
  ])('says as User-Agent %s', async (_what, given, expected) => {
    const server = await answering('');
    expect(await ask(server, { userAgent: given })).toBe('Ok');
    const head = await (await server.accept()).head();
    if (expected === undefined) expect(head).not.toMatch(/user-agent/i);
    else expect(head).toMatch(expected);
    expect(head).not.toContain(process.versions['openssl'] ?? '-');
  });

  test('takes a head and a line as long as it is told, and no longer', async () => {
    const long = await answering(`WWW-Authenticate: Negotiate ${'A'.repeat(60_000)}\r\n`);
    expect(await ask(long, { maxHeadBytes: 65_536 })).toBe('Ok');
    expect(await ask(long, {})).toMatch(/^(HeaderParsingError|malformedResponse)$/);
    const halfAsLong = await answering(`Content-Security-Policy: ${'x'.repeat(15_000)}\r\n`);
    expect(await ask(halfAsLong, {})).toBe('Ok');
    expect(await ask(halfAsLong, { maxHeadBytes: 8192 })).toMatch(/^(HeaderParsingError|malformedResponse)$/);
  });

  test('takes as many fields as it is told, and no more', async () => {
    const server = await answering('A: b\r\n'.repeat(500));
    expect(await ask(server, { maxHeaders: 1000 })).toBe('Ok');
    expect(await ask(server, {})).toMatch(/^(HeaderParsingError|malformedResponse)$/);
  });
});

test.each([
  { userAgent: 'a\r\nB: c' },
  { userAgent: '\u20ac' },
  { userAgent: 5 as unknown as string },
  { maxHeadBytes: 0 },
  { maxHeadBytes: 2 ** 30 },
  { maxHeaders: 0 },
  { maxHeaders: 1.5 },
])('%o is refused', (options: Options) => {
  const [name = ''] = Object.keys(options);
  for (const make of [() => createHttpClient(options), () => new WebSocket({ url: 'ws://a/', ...options })]) {
    expect(make).toThrow(UsageError);
    expect(make).toThrow(name);
  }
});

test('a proxy is told the same', async () => {
  for (const [given, expected] of [
    [undefined, `User-Agent: ${userAgent}`],
    ['mine/1', 'User-Agent: mine/1'],
    ['', undefined],
  ]) {
    const proxy = await listenAndAnswer(() => 'HTTP/1.1 503 Busy\r\n\r\n');
    const options = { url: 'ws://server.test/', proxy: `http://127.0.0.1:${proxy.port}`, userAgent: given };
    await createClient(options).client.connect();
    const head = await (await proxy.accept()).head();
    expect(head.split('\r\n').find((line) => line.startsWith('User-Agent'))).toBe(expected);
  }
});

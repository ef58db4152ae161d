import { describe, expect, test } from 'vitest';
import {
  ConnectError,
  type HttpRequestObserver,
  type ObservedRequest,
  type ObservedResponse,
  UsageError,
} from '../../src/index.ts';
import { eventually } from '../support/eventually.ts';
import { createHttpClient, httpUrl, listenAnswering, response, startJudge } from '../support/http-server.ts';
import { closedPort, listenRaw } from '../support/raw-server.ts';
import { trusting } from '../support/secure.ts';

/** Keeps what it hears, in order. */
class Witness {
  readonly heard: string[] = [];
  readonly requests: ObservedRequest[] = [];
  readonly responses: ObservedResponse[] = [];

  onPhase(phase: string): void {
    this.heard.push(phase);
  }

  onRequest(request: ObservedRequest): void {
    this.requests.push(request);
    this.heard.push(`${request.method} ${request.isReused ? 'again' : 'first'}`);
  }

  onResponse(seen: ObservedResponse): void {
    this.responses.push(seen);
    this.heard.push(`${seen.status} ${seen.isFinal ? 'final' : 'passing'}`);
  }
}

test('an observer hears of phases, requests and answers, redirects included', async () => {
  const server = await startJudge(
    (request, answer) => {
      if (request.url === '/') answer.writeHead(303, { Location: '/there' });
      answer.end('body');
    },
    { isSecure: true },
  );
  const observer = new Witness();
  const client = createHttpClient({ tlsOptions: trusting });
  const url = server.url.replace('//', '//me:secret@');
  const out = await client.post(url, 'x', { observer, extraHeaders: { Cookie: 'sid=secret' } });
  expect(out.text()).toBe('body');
  expect(observer.heard).toEqual(['lookup', 'connect', 'tls', 'POST first', '303 passing', 'GET again', '200 final']);
  const [first, second] = observer.requests;
  expect(first).toMatchObject({ url: server.url, remoteAddress: '127.0.0.1', remotePort: server.port });
  expect(first?.tls?.version).toBe('TLSv1.3');
  expect(first?.head).toMatch(/^POST \/ HTTP\/1\.1\r\n[^]*\r\n\r\n$/);
  expect(first?.head).toContain('Authorization: ***');
  expect(JSON.stringify(observer.requests)).not.toContain('secret');
  expect(first?.headSize).toBeGreaterThan(first?.head.length ?? 0);
  expect(second?.url).toBe(`${server.url}there`);
  expect(observer.responses[0]).toMatchObject({ url: server.url, version: '1.1', statusText: 'See Other' });
  expect(observer.responses[0]?.headers.get('Location')).toBe('/there');
});

test('an observer hears of every attempt', async () => {
  const server = await listenAnswering((_head, count) =>
    count === 0 ? response('busy', {}, '503 Service Unavailable') : response('there'),
  );
  const observer = new Witness();
  await createHttpClient().get(httpUrl(server), { observer, retries: 1 });
  expect(observer.heard).toEqual(['connect', 'GET first', '503 passing', 'GET again', '200 final']);
});

test('what an observer throws is reported, and the request goes on', async () => {
  const server = await listenAnswering(response('there'));
  const errors: unknown[] = [];
  const throwing = (): never => {
    throw new Error('of the observer');
  };
  const observer = { onPhase: throwing, onRequest: throwing, onResponse: throwing };
  const client = createHttpClient({ onCallbackError: (error) => errors.push(error) });
  expect((await client.get(httpUrl(server), { observer })).text()).toBe('there');
  expect(errors).toHaveLength(3);
});

test('an observer hears of interim responses and of trailers', async () => {
  const server = await listenAnswering(
    'HTTP/1.1 103 Early Hints\r\nLink: </a.css>\r\n\r\nHTTP/1.1 102 Processing\r\n\r\n' +
      'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\nChecksum: 1\r\n\r\n',
  );
  const heard: string[] = [];
  const observer: HttpRequestObserver = {
    onInterim: ({ status, statusText, headers }) =>
      heard.push(`${status} ${statusText} ${headers.get('Link') ?? ''}`.trim()),
    onResponse: ({ status }) => heard.push(`${status}`),
    onTrailers: (trailers) => heard.push(`Checksum ${trailers.get('checksum')}`),
  };
  const url = httpUrl(server);
  expect((await createHttpClient().get(url.replace('//', '//me:secret@'), { observer })).text()).toBe('abc');
  expect(heard).toEqual(['103 Early Hints </a.css>', '102 Processing', '200', 'Checksum 1']);
});

describe('a callback of a request', () => {
  const misbehaved: Readonly<Record<string, () => Promise<void>>> = {
    throws: () => {
      throw new Error('of the callback');
    },
    rejects: () => Promise.reject(new Error('of the callback')),
  };
  const interim = 'HTTP/1.1 100 Continue\r\n\r\n';
  const answer = 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\nA: b\r\n\r\n';

  test.each(Object.entries(misbehaved))(
    'that %s is reported once for each call, and nothing else happens',
    async (_how, fn) => {
      const server = await listenAnswering(interim + answer);
      const errors: unknown[] = [];
      const client = createHttpClient({ onCallbackError: (error) => errors.push(error) });
      const observer = { onPhase: fn, onRequest: fn, onInterim: fn, onResponse: fn, onTrailers: fn };
      const callbacks = { observer, logger: fn, verbose: true, onProgressCallback: fn };
      expect((await client.get(httpUrl(server), callbacks)).text()).toBe('abc');
      // One phase, two lines of the log.
      await eventually('all of them', () => errors.length >= 8);
      expect(errors.map((error) => (error as Error).message)).toEqual(Array(8).fill('of the callback'));
      const chunks = await client.get(httpUrl(server), { onChunkCallback: fn });
      expect(chunks).toMatchObject({ errorCode: 'Ok', downloadSize: 3 });
      await eventually('that of the chunk', () => errors.length === 9);
    },
  );

  test('that promises false as progress cancels the request when the promise settles', async () => {
    const server = await listenRaw((peer) => void peer.head().then(() => peer.write('HTTP/1.1 200 OK\r\n\r\nabc')));
    const onProgressCallback = (): Promise<boolean> => Promise.resolve(false);
    expect(await createHttpClient().get(httpUrl(server), { onProgressCallback })).toMatchObject({
      errorCode: 'Cancelled',
    });
  });
});

test.each(['onPhase', 'onRequest', 'onResponse'] as const)('a request can be cancelled from %s', async (name) => {
  const server = await listenAnswering(response('there'));
  const ender = new AbortController();
  const observer = { [name]: () => ender.abort() };
  const client = createHttpClient();
  expect(await client.get(httpUrl(server), { observer, signal: ender.signal })).toMatchObject({
    errorCode: 'Cancelled',
  });
  expect((await client.get(httpUrl(server))).text()).toBe('there');
});

test('an observer that is none is refused', () => {
  expect(() => createHttpClient().get('http://x/', { observer: 5 as unknown as object })).toThrow(UsageError);
});

test('the cause of a failure says more than its text', async () => {
  const out = await createHttpClient().get(`http://127.0.0.1:${await closedPort()}/`);
  expect(out.cause).toBeInstanceOf(ConnectError);
  expect(out.cause).toMatchObject({ code: 'connectionRefused', phase: 'connect' });
  const server = await listenAnswering(response('there'));
  expect((await createHttpClient().get(httpUrl(server))).cause).toBeUndefined();
});

test('the shortest wait before a retry is waited for', async () => {
  const times: number[] = [];
  const server = await listenAnswering((_head, count) => {
    times.push(performance.now());
    return count < 1 ? response('busy', {}, '503 Service Unavailable') : response('there');
  });
  await createHttpClient().get(httpUrl(server), { retries: 1, minRetryWait: 0.4 });
  expect((times[1] ?? 0) - (times[0] ?? 0)).toBeGreaterThan(390);
});

import { Readable } from 'node:stream';
import { describe, expect, test } from 'vitest';
import type { HttpClient } from '../../src/index.ts';
import { eventually } from '../support/eventually.ts';
import { createHttpClient, httpUrl, listenAnswering, response, startMirror } from '../support/http-server.ts';
import { closedPort, listenRaw, type RawServer } from '../support/raw-server.ts';

/** A body that is read once, and how it is told that nobody reads it any more. */
interface Source {
  readonly body: ReadableStream<Uint8Array> | AsyncIterable<Uint8Array> | AsyncGenerator<Uint8Array>;
  /** Undefined for a source that cannot tell. */
  readonly isEnded: (() => boolean) | undefined;
}

const piece = (): Uint8Array => Buffer.alloc(1000, 'x');
const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

/** An endless iterable whose iterator is `made`, which counts how often it is begun. */
function once(made: Partial<AsyncIterator<Uint8Array>>): Source['body'] {
  let count = 0;
  return {
    [Symbol.asyncIterator]: () => {
      if (count++ > 0) throw new Error('begun a second time');
      return {
        next: async () => {
          await turn();
          return { value: piece(), done: false };
        },
        ...made,
      };
    },
  };
}

const sources: Readonly<Record<string, () => Source>> = {
  'a ReadableStream': () => {
    let isEnded = false;
    const cancel = (): void => void (isEnded = true);
    const pull = async (controller: ReadableStreamDefaultController): Promise<void> => {
      await turn();
      controller.enqueue(piece());
    };
    return { body: new ReadableStream({ pull, cancel }), isEnded: () => isEnded };
  },
  'a ReadableStream that never gives anything': () => {
    let isEnded = false;
    const cancel = (): void => void (isEnded = true);
    return { body: new ReadableStream({ cancel }), isEnded: () => isEnded };
  },
  'a ReadableStream whose cancel throws': () => {
    let isEnded = false;
    const cancel = (): void => {
      isEnded = true;
      throw new Error('cancel');
    };
    return { body: new ReadableStream({ cancel }), isEnded: () => isEnded };
  },
  'a generator': () => {
    let isEnded = false;
    async function* generate(): AsyncGenerator<Uint8Array> {
      try {
        for (;;) {
          yield piece();
          await turn();
        }
      } finally {
        isEnded = true;
      }
    }
    return { body: generate(), isEnded: () => isEnded };
  },
  'an iterable that may be begun once': () => ({ body: once({}), isEnded: undefined }),
  'an iterator whose return throws': () => ({
    body: once({
      return: () => {
        throw new Error('return');
      },
    }),
    isEnded: undefined,
  }),
  'an iterator whose return rejects': () => ({
    body: once({ return: () => Promise.reject(new Error('return')) }),
    isEnded: undefined,
  }),
  'an iterator whose return gives nothing': () => ({
    body: once({ return: (() => undefined) as unknown as () => Promise<IteratorResult<Uint8Array>> }),
    isEnded: undefined,
  }),
  'a Readable that never gives anything': () => {
    const body = new Readable({ read: () => undefined });
    return { body, isEnded: () => body.destroyed };
  },
  'a Readable whose destruction throws': () => {
    const body = new Readable({
      read: () => undefined,
      destroy: (_error, callback) => callback(new Error('destroy')),
    });
    return { body, isEnded: () => body.destroyed };
  },
};

const close = { Connection: 'close' };
const servers: Readonly<Record<string, () => Promise<RawServer>>> = {
  'answers 413 before the body': () => listenAnswering(response('no', close, '413 Content Too Large')),
  resets: () =>
    listenRaw(async (peer) => {
      await peer.head();
      peer.socket.resetAndDestroy();
    }),
  'redirects with 307': () => listenAnswering(response('', { ...close, Location: '/there' }, '307 Temporary Redirect')),
  'answers what is no HTTP': () => listenAnswering('SSH-2.0-OpenSSH\r\n'),
};

const outcomes: Readonly<Record<string, object>> = {
  'answers 413 before the body': { errorCode: 'Ok', statusCode: 413 },
  'redirects with 307': { errorCode: 'SendError', statusCode: 307 },
};

const ways: Readonly<Record<string, (client: HttpClient, url: string, body: Source['body']) => Promise<unknown>>> = {
  'as the body': (client, url, body) => client.post(url, body),
  compressed: (client, url, body) => client.post(url, body, { compressRequest: true }),
  'as a file of a form': (client, url, body) => client.post(url, {}, { f: { content: body } }, undefined),
};

describe.each(Object.entries(sources))('%s is ended, and the request settles,', (_source, make) => {
  describe.each(Object.entries(ways))('sent %s', (_way, send) => {
    test.each(Object.entries(servers))('when the server %s', async (name, listen) => {
      const server = await listen();
      const client = createHttpClient();
      const { body, isEnded } = make();
      const out = await send(client, httpUrl(server), body);
      expect(out).toMatchObject(outcomes[name] ?? { statusCode: 0 });
      if (isEnded !== undefined) await eventually('the source to be told', isEnded);
      await client.stop();
    });

    test('when the client stops', async () => {
      const server = await listenRaw();
      const client = createHttpClient();
      const { body, isEnded } = make();
      const out = send(client, httpUrl(server), body);
      await (await server.accept()).head();
      await client.stop();
      expect(await out).toMatchObject({ errorCode: 'Cancelled' });
      if (isEnded !== undefined) await eventually('the source to be told', isEnded);
    });

    test('when there is no server', async () => {
      const client = createHttpClient();
      const { body, isEnded } = make();
      const out = await send(client, `http://127.0.0.1:${await closedPort()}/`, body);
      expect(out).toMatchObject({ errorCode: 'CannotConnect' });
      // A generator that was not begun has nothing to clean up, and does not notice.
      if ('next' in body) expect(await body.next()).toEqual({ value: undefined, done: true });
      else if (isEnded !== undefined) await eventually('the source to be told', isEnded);
      await client.stop();
    });
  });
});

describe('what cannot be read fails the request and nothing else:', () => {
  const locked = new ReadableStream();
  locked.getReader();
  const broken = (iterator: unknown): Source['body'] =>
    ({ [Symbol.asyncIterator]: () => iterator }) as unknown as Source['body'];
  test.each([
    ['a stream that somebody else reads', locked],
    ['an iterable whose iterator cannot be made', { [Symbol.asyncIterator]: () => void JSON.parse('{') }],
    ['an iterable that gives no iterator', broken(undefined)],
    ['an iterator without next', broken({})],
    ['an iterator that gives no result', broken({ next: () => undefined })],
    ['an iterator that throws', broken({ next: () => JSON.parse('{') as unknown })],
    ['an iterator that rejects', broken({ next: () => Promise.reject(new Error('x')) })],
    ['an iterator that gives a number', broken({ next: () => ({ value: 7, done: false }) })],
    ['a property that is no function', { [Symbol.asyncIterator]: 5 }],
  ])('%s', async (_name, body) => {
    const mirror = await startMirror();
    const client = createHttpClient();
    for (const send of Object.values(ways)) {
      const out = await send(client, mirror.url, body as unknown as Source['body']);
      expect(out).toMatchObject({ errorCode: 'SendError', statusCode: 0 });
    }
    expect((await client.get(mirror.url)).statusCode).toBe(200);
    await client.stop();
  });
});

describe('a body that was read before is refused, and not sent empty:', () => {
  test.each<[string, () => Source['body']]>([
    ['a ReadableStream', () => new Blob(['abc']).stream()],
    ['a Readable', () => Readable.from([Buffer.from('abc')])],
    [
      'a generator',
      () =>
        (async function* () {
          yield Buffer.from('abc');
        })(),
    ],
  ])('%s', async (_name, make) => {
    const mirror = await startMirror();
    const client = createHttpClient();
    const body = make();
    expect(await client.post(mirror.url, body)).toMatchObject({ errorCode: 'Ok' });
    const again = await client.post(mirror.url, body);
    expect(again.errorCode).toBe('SendError');
    expect(mirror.requests.filter(({ complete }) => complete)).toHaveLength(1);
  });

  test('but an iterable that can be read again is', async () => {
    const mirror = await startMirror();
    const client = createHttpClient();
    const body = {
      async *[Symbol.asyncIterator]() {
        yield 'abc';
      },
    };
    for (let i = 0; i < 2; i++) expect((await client.post(mirror.url, body)).json()).toMatchObject({ body: 'abc' });
  });
});

test('a body of null is none', async () => {
  const mirror = await startMirror();
  const client = createHttpClient();
  const none = { body: null } as unknown as { body: undefined };
  expect((await client.get(mirror.url, none)).json()).toMatchObject({ method: 'GET', body: '' });
  expect((await client.post(mirror.url, undefined, none)).json()).toMatchObject({ method: 'POST', body: '' });
  expect((await client.post(mirror.url, null as unknown as string)).json()).toMatchObject({ body: '' });
});

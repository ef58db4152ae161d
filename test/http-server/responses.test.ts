import { Readable } from 'node:stream';
import { describe, expect, it } from 'vitest';
import { type HttpBody, HttpErrorCode, HttpResponse, UsageError } from '../../src/index.ts';
import { turns } from '../support/eventually.ts';
import { get, HttpLab, ok, post } from '../support/http-lab.ts';

function answering(body: HttpBody, headers: Record<string, string> = {}): HttpLab {
  return new HttpLab(() => new HttpResponse(200, 'OK', HttpErrorCode.Ok, headers, body));
}

async function* pieces(...list: (string | Uint8Array)[]): AsyncGenerator<string | Uint8Array> {
  for (const piece of list) yield piece;
}

describe('a callback that fails', () => {
  const handlers: [string, () => HttpResponse | Promise<HttpResponse>][] = [
    ['throws', () => fail()],
    ['rejects', () => Promise.reject(new Error('secret'))],
    ['throws later', async () => fail()],
  ];
  it.each(handlers)('because it %s is answered with 500, without its words, and reported', async (_name, handler) => {
    const lab = new HttpLab(handler);
    const client = await lab.ask(get() + get());
    await turns(3);
    const responses = client.responses();
    expect(responses.map(({ status }) => status)).toEqual([500, 500]);
    expect(client.text).not.toContain('secret');
    expect(lab.errors.map(String)).toEqual(['Error: secret', 'Error: secret']);
  });

  it('by letting pass that the body is no JSON is answered with 400, and not reported', async () => {
    const lab = new HttpLab((request) => ok(JSON.stringify(request.json())));
    const client = await lab.ask(post('{bad') + post('') + post('{"a":1}'));
    const responses = client.responses();
    expect(responses.map(({ status }) => status)).toEqual([400, 400, 200]);
    expect(responses[0]?.body.toString()).toBe('The body of the request is no JSON\n');
    expect(lab.errors).toEqual([]);
  });

  const answers: [string, unknown][] = [
    ['nothing', undefined],
    ['null', null],
    ['a string', 'hello'],
    ['an object', { statusCode: 200 }],
    ['a promise of nothing', Promise.resolve()],
  ];
  it.each(answers)('by answering with %s is answered with 500', async (_name, answer) => {
    const lab = new HttpLab(() => answer as HttpResponse);
    const client = await lab.ask(get());
    expect(client.responses()[0]?.status).toBe(500);
    expect(lab.errors[0]).toBeInstanceOf(UsageError);
  });
});

describe('what a callback gives that does not let itself be looked at', () => {
  const secret: unknown = new Proxy({}, { get: fail, getPrototypeOf: fail, has: fail });
  const getter = new Proxy({}, { get: fail, has: () => true });
  const given: [string, () => unknown][] = [
    ['answered', () => secret],
    ['answered, as if it were a promise', () => getter],
    ['answered later', async () => [secret]],
    ['answered later, as if it were a promise', async () => getter],
    ['thrown', () => raise(secret)],
    ['rejected with', () => Promise.resolve().then(() => raise(secret))],
    ['thrown later', async () => raise(secret)],
  ];
  it.each(given)('is a 500, and reported, when it is %s', async (_name, handler) => {
    const lab = new HttpLab(handler as () => HttpResponse);
    const client = await lab.ask(get() + get());
    await turns(3);
    expect(client.responses().map(({ status }) => status)).toEqual([500, 500]);
    expect(lab.errors).toHaveLength(2);
  });
});

function raise(error: unknown): never {
  throw error;
}

function fail(): never {
  throw new Error('secret');
}

describe('a response that cannot be sent', () => {
  const spoilt: [string, (response: HttpResponse) => unknown][] = [
    ['an interim status', (response) => (response.statusCode = 101)],
    ['a status of four digits', (response) => (response.statusCode = 2000)],
    ['a status that is text', (response) => (response.statusCode = '200\r\nX: y' as unknown as number)],
    ['a description with a line break', (response) => (response.description = 'OK\r\nX-Split: 1')],
    ['a description beyond Latin-1', (response) => (response.description = '☃')],
    ['headers with a line break', (response) => (response.headers = { A: 'b\r\nX-Split: 1' } as never)],
    ['headers that are none', (response) => (response.headers = null as never)],
    ['a body that is a number', (response) => (response.body = 5 as never)],
    ['a body that is a plain object', (response) => (response.body = {} as never)],
    ['a length that is none', (response) => response.headers.set('Content-Length', '+5')],
    [
      'two lengths',
      (response) => {
        response.headers.append('Content-Length', '1');
        response.headers.append('Content-Length', '2');
      },
    ],
  ];
  it.each(spoilt)('because of %s is a 500, and reported', async (_name, spoil) => {
    const lab = new HttpLab(() => {
      const response = ok('body');
      spoil(response);
      return response;
    });
    const client = await lab.ask(get() + get());
    const responses = client.responses();
    expect(responses.map(({ status }) => status)).toEqual([500, 500]);
    expect(client.text.toLowerCase()).not.toContain('x-split');
    expect(lab.errors).toHaveLength(2);
  });
});

describe('how long a body is', () => {
  it.each(['Content-Length', 'Transfer-Encoding', 'Connection', 'Keep-Alive'])(
    'is not for %s of a whole body to say',
    async (name) => {
      const value =
        { 'Content-Length': '1', 'Transfer-Encoding': 'chunked', Connection: 'keep-alive', 'Keep-Alive': 'timeout=1' }[
          name
        ] ?? '';
      const client = await answering('hello', { [name]: value }).ask(get() + get());
      const responses = client.responses();
      expect(responses.map(({ body }) => body.toString())).toEqual(['hello', 'hello']);
      expect(responses[0]?.headers.get('content-length')).toBe('5');
      expect(responses[0]?.headers.has('transfer-encoding')).toBe(false);
    },
  );

  it('is told in chunks for a stream', async () => {
    const lab = new HttpLab(() => new HttpResponse(200, '', HttpErrorCode.Ok, {}, pieces('ab', '', Buffer.from('c'))));
    const client = await lab.ask(get() + get());
    await turns(5);
    const responses = client.responses();
    expect(responses.map(({ body }) => body.toString())).toEqual(['abc', 'abc']);
    expect(responses[0]?.headers.get('transfer-encoding')).toBe('chunked');
  });

  it('is told by the length that a stream was given', async () => {
    const client = await answering(Readable.from(['ab', 'c']), { 'Content-Length': '3' }).ask(get());
    await turns(5);
    const [response] = client.responses();
    expect(response?.headers.get('content-length')).toBe('3');
    expect(response?.headers.has('transfer-encoding')).toBe(false);
    expect(response?.body.toString()).toBe('abc');
  });

  it('is told to HTTP/1.0 by the end of the connection', async () => {
    const client = await answering(pieces('ab', 'c')).ask('GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n');
    await turns(5);
    const [response] = client.responses();
    expect(response?.headers.get('connection')).toBe('close');
    expect(response?.headers.has('transfer-encoding')).toBe(false);
    expect(response?.body.toString()).toBe('abc');
    expect(client.hasEnded).toBe(true);
  });
});

describe('a streamed response that goes wrong', () => {
  async function* failing(): AsyncGenerator<string> {
    yield 'begin';
    throw new Error('secret');
  }

  function destroyedLater(): Readable {
    const body = Readable.from(['a']);
    queueMicrotask(() => body.destroy());
    return body;
  }

  const bodies: [string, () => HttpBody, Record<string, string>][] = [
    ['fails', failing, {}],
    ['fails, with a length', failing, { 'Content-Length': '100' }],
    ['is shorter than its length', () => pieces('abc'), { 'Content-Length': '4' }],
    ['is longer than its length', () => pieces('abc', 'def'), { 'Content-Length': '4' }],
    ['gives what are no bytes', () => pieces('abc', 5 as never), {}],
    ['is destroyed on the way', () => destroyedLater(), {}],
  ];
  it.each(bodies)('because it %s is cut off, so that nobody takes it for whole', async (_name, body, headers) => {
    const lab = new HttpLab(() => new HttpResponse(200, '', HttpErrorCode.Ok, headers, body()));
    const client = await lab.ask(get() + get());
    await turns(5);
    expect(client.isClosed || client.hasEnded).toBe(true);
    expect(client.responses()).toHaveLength(0);
    expect(client.text).not.toContain('def');
    expect(client.text).not.toMatch(/\n0\r\n\r\n$/);
    expect(client.text).not.toContain('secret');
    expect(lab.errors).toHaveLength(1);
    expect(lab.requests).toHaveLength(1);
    expect(lab.connections.size).toBe(0);
  });
});

describe('a streamed response that is not wanted', () => {
  it.each(['HEAD', 'GET'])('is not read for %s with no body, and its source is ended', async (method) => {
    const body = Readable.from(['never']);
    const lab = new HttpLab(() => new HttpResponse(method === 'GET' ? 204 : 200, '', HttpErrorCode.Ok, {}, body));
    const client = await lab.ask(get('/', {}, method) + get('/', {}, method));
    expect(client.responses([method, method])).toHaveLength(2);
    expect(body.destroyed).toBe(true);
  });

  it('is ended when the client has gone, which shows in its silence', async () => {
    const body = new Readable({ read: () => {} });
    body.push('tick');
    const lab = answering(body);
    const client = await lab.ask(get());
    client.transport.end();
    for (let i = 0; i < 3; i++) {
      lab.clock.advance(20_000);
      body.push('tick');
      await turns();
    }
    expect(client.text.match(/tick/g)).toHaveLength(4);
    expect(lab.connections.size).toBe(1);
    lab.clock.advance(61_000);
    await turns();
    expect(lab.connections.size).toBe(0);
    expect(body.destroyed).toBe(true);
    expect(lab.errors).toEqual([]);
    expect(lab.wheel.size).toBe(0);
  });

  it('is ended when the answer comes after the client has gone', async () => {
    const body = Readable.from(['never']);
    const lab = new HttpLab(async () => {
      await turns(4);
      return new HttpResponse(200, '', HttpErrorCode.Ok, {}, body);
    });
    const client = await lab.ask(get());
    client.transport.destroy();
    lab.clock.advance(61_000);
    await turns(8);
    expect(body.destroyed).toBe(true);
    expect(lab.errors).toEqual([]);
  });
});

describe('memory', () => {
  it('holds no more of a stream than the client takes', async () => {
    let given = 0;
    async function* source(): AsyncGenerator<Buffer> {
      for (let i = 0; i < 1000; i++) {
        given += 10_000;
        yield Buffer.alloc(10_000, 'x');
      }
    }
    const lab = answering(source());
    const client = lab.connect();
    client.transport.pause();
    await client.send(get());
    await turns(50);
    expect(given).toBeLessThan(200_000);
    client.transport.resume();
    for (let i = 0; i < 500 && client.responses().length === 0; i++) await turns(2);
    expect(client.responses()[0]?.body).toHaveLength(10_000_000);
  });
});

describe('a response object', () => {
  it('may be used for many requests', async () => {
    const response = ok('same', { 'X-A': '1' });
    const client = await new HttpLab(() => response).ask(get() + post('x') + get());
    expect(client.responses().map(({ body }) => body.toString())).toEqual(['same', 'same', 'same']);
    expect([...response.headers]).toEqual([['X-A', '1']]);
  });

  it('of 16 KiB and more leaves whole, as text and as bytes', async () => {
    for (const size of [16_000, 16_384, 16_385, 100_000]) {
      for (const body of ['y'.repeat(size), Buffer.alloc(size, 'y'), 'ü'.repeat((size / 2) | 0)]) {
        const client = await answering(body, { 'Content-Type': 'x/y' }).ask(get() + get());
        const responses = client.responses();
        expect(responses).toHaveLength(2);
        expect(responses[1]?.body.equals(Buffer.from(body))).toBe(true);
      }
    }
  });
});

import { describe, expect, it } from 'vitest';
import { HttpErrorCode, type HttpRequest, HttpResponse } from '../../src/index.ts';
import { Deferred } from '../../src/util/deferred.ts';
import { turns } from '../support/eventually.ts';
import { chunked, get, HttpLab, ok, post } from '../support/http-lab.ts';

const echo = (request: HttpRequest): HttpResponse => ok(`${request.method} ${request.uri} ${request.text()}`);
const statuses = (client: { responses(): { status: number }[] }): number[] =>
  client.responses().map(({ status }) => status);

describe('an expectation', () => {
  it('that is none of 100-continue is answered with 417, with a body and without', async () => {
    for (const request of [get('/', { Expect: 'the unexpected' }), post('x', { Expect: 'the unexpected' })]) {
      const lab = new HttpLab();
      const client = await lab.ask(request);
      expect(client.responses().map(({ status }) => status)).toEqual([417]);
      expect(lab.requests).toEqual([]);
    }
  });

  it('of 100-continue without a body is no matter', async () => {
    const lab = new HttpLab();
    const client = await lab.ask(get('/', { Expect: '100-continue' }));
    expect(client.responses().map(({ status }) => status)).toEqual([200]);
  });
});

it('a target of 8000 characters, and an empty line before a request, are served (RFC 9112 2.2 and 3)', async () => {
  const lab = new HttpLab((request) => ok(String(request.uri.length)));
  const client = await lab.ask(`\r\n${get(`/${'a'.repeat(7999)}`)}\r\n${get()}`);
  expect(client.responses().map(({ body }) => body.toString())).toEqual(['8000', '1']);
});

it('HTTP/01.1 is no version, and a 400', async () => {
  const lab = new HttpLab();
  const client = await lab.ask('GET / HTTP/01.1\r\nHost: h\r\n\r\n');
  expect(client.responses().map(({ status }) => status)).toEqual([400]);
});

describe('a request', () => {
  it('reaches the callback with method, uri, version and headers', async () => {
    const lab = new HttpLab();
    await lab.ask(get('/a%20b?c=d', { 'X-Id': '7' }));
    expect(lab.requests[0]).toMatchObject({ method: 'GET', uri: '/a%20b?c=d', version: 'HTTP/1.1' });
    expect(lab.requests[0]?.headers.get('x-id')).toBe('7');
    expect(lab.requests[0]?.body).toHaveLength(0);
  });

  it('is answered with length, date, server and a type for text', async () => {
    const client = await new HttpLab(() => ok('hé')).ask(get());
    const [response] = client.responses();
    expect(response?.head).toMatch(/^HTTP\/1\.1 200 OK\r\n/);
    expect(response?.headers.get('content-length')).toBe('3');
    expect(response?.headers.get('content-type')).toBe('text/plain; charset=utf-8');
    expect(response?.headers.get('date')).toMatch(/^\w{3}, \d\d \w{3} \d{4} \d\d:\d\d:\d\d GMT$/);
    expect(response?.headers.get('server')).toMatch(/^ixwebsocket\//);
    expect(response?.body.toString()).toBe('hé');
    expect(client.hasEnded).toBe(false);
  });

  it('keeps what the callback says about date, server and type', async () => {
    const headers = { Date: 'x', Server: 'mine', 'Content-Type': 'text/html', 'X-Other': '1' };
    const [response] = (await new HttpLab(() => ok('a', headers)).ask(get())).responses();
    for (const [name, value] of Object.entries(headers)) expect(response?.headers.get(name.toLowerCase())).toBe(value);
  });

  for (const [name, text] of [
    ['a length', post('hello world')],
    ['chunks', chunked('hello world', 4)],
  ] as const) {
    it(`with a body of ${name} is read in whole, and in pieces of any size`, async () => {
      for (const maxReadBytes of [1, 2, 7, 1000]) {
        const lab = new HttpLab(echo);
        const client = lab.connect({ maxReadBytes });
        await client.send(text + text);
        await turns(3);
        expect(client.responses().map(({ body }) => body.toString())).toEqual(Array(2).fill('POST / hello world'));
      }
    });
  }

  it('with a longer body than allowed is refused before it arrives', async () => {
    const client = await new HttpLab(echo, { maxBodySize: 10 }).ask(get('/', { 'Content-Length': '11' }, 'POST'));
    expect(statuses(client)).toEqual([413]);
    expect(client.hasEnded).toBe(true);
  });

  it('with more chunks than allowed is refused when they pass the limit, and one of just that size is not', async () => {
    const lab = new HttpLab(echo, { maxBodySize: 10 });
    expect(statuses(await lab.ask(chunked('12345678901', 3)))).toEqual([413]);
    expect(statuses(await lab.ask(chunked('1234567890', 3)))).toEqual([200]);
    expect(lab.requests).toHaveLength(1);
    expect(lab.memory.usedBytes).toBe(0);
  });

  it('is answered with 503 when all bodies together pass the budget of the server', async () => {
    const lab = new HttpLab(echo, {}, 10_000);
    const first = await lab.ask(get('/', { 'Content-Length': '9000' }, 'POST') + 'x'.repeat(8000));
    const second = await lab.ask(get('/', { 'Content-Length': '9000' }, 'POST') + 'x'.repeat(8000));
    expect(statuses(second)).toEqual([503]);
    await first.send('x'.repeat(1000));
    expect(statuses(first)).toEqual([200]);
    expect(lab.memory.usedBytes).toBe(0);
  });

  it('gives its memory back when the client leaves in the middle', async () => {
    const lab = new HttpLab(echo);
    const client = await lab.ask(get('/', { 'Content-Length': '90' }, 'POST') + 'x'.repeat(80));
    expect(lab.memory.usedBytes).toBeGreaterThan(0);
    client.transport.destroy();
    await turns();
    expect(lab.memory.usedBytes).toBe(0);
    expect(lab.requests).toHaveLength(0);
    expect(lab.connections.size).toBe(0);
  });

  it('that ends too early is answered with 400, and does not reach the callback', async () => {
    const lab = new HttpLab(echo);
    const client = await lab.ask(get('/', { 'Content-Length': '9' }, 'POST') + 'x');
    client.transport.end();
    await turns();
    expect(statuses(client)).toEqual([400]);
    expect(client.isClosed).toBe(true);
    expect(lab.requests).toHaveLength(0);
  });

  it('is refused where it is ambiguous, and what follows is not answered', async () => {
    const lab = new HttpLab(echo);
    const client = await lab.ask(
      get() + get('/', { 'Content-Length': '3', 'Transfer-Encoding': 'chunked' }, 'POST') + get(),
    );
    expect(statuses(client)).toEqual([200, 400]);
    await client.send(get());
    expect(statuses(client)).toEqual([200, 400]);
    expect(client.hasEnded).toBe(true);
    expect(lab.requests).toHaveLength(1);
  });

  it('of a method for proxies is not implemented', async () => {
    const lab = new HttpLab();
    expect(statuses(await lab.ask(get('/', {}, 'TRACE')))).toEqual([501]);
    expect(statuses(await lab.ask('CONNECT h:1 HTTP/1.1\r\nHost: h:1\r\n\r\n'))).toEqual([501]);
    expect(lab.requests).toHaveLength(0);
  });
});

describe('a response without a body', () => {
  const answer = (status: number, body = 'never sent', headers: Record<string, string> = {}): HttpLab =>
    new HttpLab(() => new HttpResponse(status, '', HttpErrorCode.Ok, headers, body));

  it('answers HEAD with the fields that GET would have', async () => {
    const client = await answer(200).ask(get('/', {}, 'HEAD') + get());
    const [head, full] = client.responses(['HEAD']);
    expect(head?.headers.get('content-length')).toBe('10');
    expect(head?.body).toHaveLength(0);
    expect(full?.body.toString()).toBe('never sent');
  });

  it('lets HEAD say how long a body would be that was not made', async () => {
    const client = await answer(200, '', { 'Content-Length': '123' }).ask(get('/', {}, 'HEAD') + get('/', {}, 'HEAD'));
    expect(client.responses(['HEAD', 'HEAD']).map(({ headers }) => headers.get('content-length'))).toEqual([
      '123',
      '123',
    ]);
  });

  it.each([204, 304])('has no length either with status %i', async (status) => {
    const client = await answer(status, 'x', { 'Content-Length': '1' }).ask(get() + get());
    const responses = client.responses();
    expect(responses.map((response) => response.status)).toEqual([status, status]);
    expect(responses[0]?.headers.has('content-length')).toBe(false);
    expect(client.text).not.toContain('x\r\n\r\nx');
  });

  it('has length 0 with status 205', async () => {
    const [response] = (await answer(205).ask(get())).responses();
    expect(response?.headers.get('content-length')).toBe('0');
  });
});

describe('a connection', () => {
  it('serves one request after the other', async () => {
    const lab = new HttpLab(echo);
    const client = lab.connect();
    for (let i = 0; i < 5; i++) await client.send(get(`/${i}`));
    expect(client.responses().map(({ body }) => body.toString())).toEqual([0, 1, 2, 3, 4].map((i) => `GET /${i} `));
  });

  it('ends after the request that wants it to', async () => {
    const lab = new HttpLab(echo);
    const client = await lab.ask(get('/', { Connection: 'close' }) + get());
    const responses = client.responses();
    expect(responses).toHaveLength(1);
    expect(responses[0]?.headers.get('connection')).toBe('close');
    expect(client.hasEnded).toBe(true);
    client.transport.end();
    await turns();
    expect(lab.connections.size).toBe(0);
    expect(lab.wheel.size).toBe(0);
  });

  it('ends after the response that wants it to', async () => {
    const client = await new HttpLab(() => ok('x', { Connection: 'close' })).ask(get());
    expect(client.responses()[0]?.headers.get('connection')).toBe('close');
    expect(client.hasEnded).toBe(true);
  });

  it('ends after as many requests as are allowed on it, and says so', async () => {
    const client = await new HttpLab(echo, { maxRequestsPerConnection: 3 }).ask(get().repeat(5));
    expect(client.responses().map(({ headers }) => headers.get('connection'))).toEqual([undefined, undefined, 'close']);
    expect(client.hasEnded).toBe(true);
  });

  it('serves HTTP/1.0, and lives on only if that is asked for', async () => {
    const lab = new HttpLab(echo);
    const once = await lab.ask('GET / HTTP/1.0\r\n\r\n');
    expect(once.responses()[0]?.headers.get('connection')).toBe('close');
    expect(once.hasEnded).toBe(true);
    const kept = await lab.ask('GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n');
    expect(kept.responses()[0]?.headers.get('connection')).toBe('keep-alive');
    expect(kept.hasEnded).toBe(false);
    expect(lab.requests[0]?.version).toBe('HTTP/1.0');
  });

  it('is answered although the client has closed its sending side', async () => {
    const answer = new Deferred<HttpResponse>();
    const lab = new HttpLab(() => answer.promise);
    const client = await lab.ask(get());
    client.transport.end();
    await turns();
    expect(lab.requests[0]?.signal.aborted).toBe(true);
    answer.resolve(ok('late'));
    await turns();
    expect(client.responses()[0]?.body.toString()).toBe('late');
    expect(client.isClosed).toBe(true);
  });

  it('may begin a request with an empty line', async () => {
    expect(statuses(await new HttpLab(echo).ask(`${get()}\r\n${get()}`))).toEqual([200, 200]);
  });
});

describe('pipelined requests', () => {
  it('are answered in their order, whichever answer is ready first', async () => {
    const slow = new Deferred<HttpResponse>();
    const lab = new HttpLab((request) => (request.uri === '/1' ? slow.promise : echo(request)));
    const client = await lab.ask(get('/0') + get('/1') + get('/2') + post('x', {}, '/3'));
    expect(client.responses()).toHaveLength(1);
    slow.resolve(ok('slow'));
    await turns();
    expect(client.responses().map(({ body }) => body.toString())).toEqual(['GET /0 ', 'slow', 'GET /2 ', 'POST /3 x']);
  });

  it('run one at a time', async () => {
    let running = 0;
    let most = 0;
    const lab = new HttpLab(async (request) => {
      most = Math.max(most, ++running);
      await turns(1);
      running--;
      return echo(request);
    });
    const client = await lab.ask(get().repeat(10));
    await turns(30);
    expect(client.responses()).toHaveLength(10);
    expect(most).toBe(1);
  });

  it('leave in one write, be they answered at once or by promises', async () => {
    for (const handler of [echo, async (request: HttpRequest) => echo(request)]) {
      const client = await new HttpLab(handler).ask(get().repeat(16));
      expect(client.responses()).toHaveLength(16);
      // The first answer of a promise leaves with the read, or the turn, that it belongs to.
      expect(client.reads).toBeLessThanOrEqual(2);
    }
  });

  it('are not read any more while one is being answered and enough of them wait', async () => {
    const slow = new Deferred<HttpResponse>();
    const lab = new HttpLab((request) => (request.uri === '/slow' ? slow.promise : echo(request)));
    const client = lab.connect({ maxReadBytes: 1024 });
    const request = get('/', { 'X-Pad': 'p'.repeat(400) });
    await client.send(get('/slow') + request.repeat(200));
    expect(client.transport.pendingBytes).toBeGreaterThan(60_000);
    slow.resolve(ok('slow'));
    await turns(60);
    expect(client.responses()).toHaveLength(201);
    expect(client.transport.pendingBytes).toBe(0);
  });

  it('wait until the answers before them have been read', async () => {
    const lab = new HttpLab(() => ok('x'.repeat(100_000)));
    const client = lab.connect();
    client.transport.pause();
    await client.send(get().repeat(50));
    expect(lab.requests.length).toBeLessThan(3);
    client.transport.resume();
    await turns(200);
    expect(client.responses()).toHaveLength(50);
  });
});

describe('Expect', () => {
  const expecting = (body: string): string =>
    get('/', { 'Content-Length': String(body.length), Expect: '100-continue' }, 'POST');

  it('is answered with 100 when the body is wanted', async () => {
    const client = await new HttpLab(echo).ask(expecting('abc'));
    expect(client.text).toBe('HTTP/1.1 100 Continue\r\n\r\n');
    await client.send('abc');
    expect(statuses(client)).toEqual([100, 200]);
    await client.send(get());
    expect(statuses(client)).toEqual([100, 200, 200]);
  });

  it('is answered with the refusal when the body is not', async () => {
    const client = await new HttpLab(echo, { maxBodySize: 2 }).ask(expecting('abc'));
    expect(statuses(client)).toEqual([413]);
  });

  it('of anything else is answered with 417', async () => {
    const client = await new HttpLab(echo).ask(post('x', { Expect: 'miracles' }));
    expect(statuses(client)).toEqual([417]);
  });

  it('is ignored in HTTP/1.0', async () => {
    const client = await new HttpLab(echo).ask('POST / HTTP/1.0\r\nExpect: 100-continue\r\nContent-Length: 1\r\n\r\nx');
    expect(statuses(client)).toEqual([200]);
  });
});

describe('a WebSocket handshake', () => {
  it('takes the connection over, with what came behind it, after the answers before it', async () => {
    const lab = new HttpLab(echo);
    const client = await lab.ask(`${get('/1')}${get('/ws', { Upgrade: 'websocket' })}frames`);
    expect(statuses(client)).toEqual([200]);
    expect(lab.upgrades).toHaveLength(1);
    expect(lab.upgrades[0]?.head.target).toBe('/ws');
    expect(lab.upgrades[0]?.rest.toString()).toBe('frames');
    expect(lab.connections.size).toBe(0);
    expect(lab.wheel.size).toBe(0);
  });

  it('is read on, although it had to wait and reading had stopped', async () => {
    const slow = new Deferred<HttpResponse>();
    const lab = new HttpLab(() => slow.promise);
    const client = await lab.ask(get('/slow') + get('/ws', { Upgrade: 'websocket' }) + 'f'.repeat(50_000));
    await client.send('more');
    expect(client.transport.pendingBytes).toBe(4);
    slow.resolve(ok());
    await turns();
    const [upgrade] = lab.upgrades;
    expect(upgrade?.rest).toHaveLength(50_000);
    expect(client.transport.pendingBytes).toBe(0);
  });

  it('waits until the answers before it have left', async () => {
    const lab = new HttpLab(() => ok('x'.repeat(1000)));
    const client = lab.connect();
    await client.send(get('/0'));
    client.transport.pause();
    await client.send(get('/1') + get('/ws', { Upgrade: 'websocket' }));
    expect(lab.upgrades).toHaveLength(0);
    client.transport.resume();
    await turns();
    expect(lab.upgrades).toHaveLength(1);
    expect(client.responses()).toHaveLength(2);
  });
});

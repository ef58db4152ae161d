import { brotliCompressSync, deflateSync, gzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { HttpErrorCode, type HttpRequest, HttpResponse } from '../../src/index.ts';
import { Deferred } from '../../src/util/deferred.ts';
import { eventually, turns } from '../support/eventually.ts';
import { chunked, get, HttpLab, type LabClient, ok, post } from '../support/http-lab.ts';

const statuses = (client: LabClient): number[] => client.responses().map(({ status }) => status);
const bodies = (client: LabClient): string[] => client.responses().map(({ body }) => body.toString());

async function readAll(request: HttpRequest): Promise<HttpResponse> {
  const pieces: Buffer[] = [];
  for await (const piece of request.stream) pieces.push(piece);
  return ok(`${pieces.length > 0 ? 'got' : 'none'} ${Buffer.concat(pieces).toString('latin1')}`);
}

const streaming = { streamRequests: true } as const;

describe('a streamed request', () => {
  for (const text of [post('hello world'), chunked('hello world', 3)]) {
    it(`is read piece by piece, in reads of any size: ${text.slice(23, 40)}`, async () => {
      for (const maxReadBytes of [1, 5, 1000]) {
        const lab = new HttpLab(readAll, streaming);
        const client = lab.connect({ maxReadBytes });
        await client.send(text + text + get());
        await turns(30);
        expect(bodies(client)).toEqual(['got hello world', 'got hello world', 'none ']);
        expect(lab.requests[0]?.body).toHaveLength(0);
      }
    });
  }

  it('reaches the callback before its body', async () => {
    const lab = new HttpLab(readAll, streaming);
    const client = await lab.ask(get('/', { 'Content-Length': '3' }, 'POST'));
    expect(lab.requests).toHaveLength(1);
    expect(client.text).toBe('');
    await client.send('abc');
    expect(bodies(client)).toEqual(['got abc']);
  });

  it('is one where a function says so', async () => {
    const lab = new HttpLab(readAll, { streamRequests: (head) => head.target === '/up', maxBodySize: 4 });
    expect(bodies(await lab.ask(post('longer', {}, '/up')))).toEqual(['got longer']);
    expect(statuses(await lab.ask(post('longer', {}, '/other')))).toEqual([413]);
    expect(bodies(await lab.ask(post('tiny', {}, '/other')))).toEqual(['got tiny']);
  });

  it('is answered with 500 when that function throws', async () => {
    const lab = new HttpLab(readAll, {
      streamRequests: () => {
        throw new Error('no idea');
      },
    });
    const client = await lab.ask(post('x') + get());
    expect(statuses(client)).toEqual([500]);
    expect(lab.errors.map(String)).toEqual(['Error: no idea']);
  });

  it('may be of any length, in bounded memory, at the pace of the loop', async () => {
    const go = new Deferred<void>();
    let bytes = 0;
    const lab = new HttpLab(async (request) => {
      await go.promise;
      for await (const piece of request.stream) bytes += piece.length;
      return ok(String(bytes));
    }, streaming);
    const client = lab.connect({ maxReadBytes: 10_000 });
    const total = 5_000_000;
    await client.send(get('/', { 'Content-Length': String(total) }, 'POST'));
    await client.send(Buffer.alloc(total));
    // What was not read is still with the client.
    expect(client.transport.pendingBytes).toBeGreaterThan(total - 300_000);
    lab.clock.advance(600_000);
    go.resolve();
    for (let i = 0; i < 2000 && client.text === ''; i++) await turns(1);
    expect(bodies(client)).toEqual([String(total)]);
  });

  it('gets 100 when somebody begins to read, and not before', async () => {
    const go = new Deferred<void>();
    const lab = new HttpLab(async (request) => {
      await go.promise;
      return readAll(request);
    }, streaming);
    const client = await lab.ask(get('/', { 'Content-Length': '3', Expect: '100-continue' }, 'POST'));
    expect(client.text).toBe('');
    go.resolve();
    await turns();
    expect(client.text).toBe('HTTP/1.1 100 Continue\r\n\r\n');
    await client.send('abc');
    expect(bodies(client).at(-1)).toBe('got abc');
  });

  it('can be answered without being read, which ends the connection', async () => {
    const lab = new HttpLab(() => ok('no, thanks'), streaming);
    const client = await lab.ask(get('/', { 'Content-Length': '1000000' }, 'POST') + 'x'.repeat(1000));
    const [response] = client.responses();
    expect(response?.headers.get('connection')).toBe('close');
    expect(client.hasEnded).toBe(true);
    // The client is read on for a while: a reset could take the response from it.
    await client.send('x'.repeat(1000));
    expect(client.isClosed).toBe(false);
  });

  it('can be left in the middle of the loop', async () => {
    const lab = new HttpLab(async (request) => {
      for await (const piece of request.stream) return ok(piece.toString());
      return ok('nothing');
    }, streaming);
    const client = await lab.ask(get('/', { 'Content-Length': '1000' }, 'POST') + 'abc');
    await turns();
    expect(bodies(client)).toEqual(['abc']);
    expect(client.hasEnded).toBe(true);
  });

  it('is not read any more when its loop was left and the response takes its time', async () => {
    const answer = new Deferred<HttpResponse>();
    const lab = new HttpLab(async (request) => {
      for await (const _piece of request.stream) break;
      return answer.promise;
    }, streaming);
    const client = await lab.ask(`${get('/', { 'Content-Length': '1000000' }, 'POST')}abc`);
    await client.send('x'.repeat(500_000));
    expect(client.transport.pendingBytes).toBe(500_000);
    answer.resolve(ok('enough'));
    await turns();
    expect(bodies(client)).toEqual(['enough']);
    expect(client.transport.pendingBytes).toBe(0);
  });

  it('that turns out to be malformed does not get between the pieces of its response', async () => {
    async function* answer(): AsyncGenerator<string> {
      yield 'first ';
      await turns(4);
      yield 'second';
    }
    const lab = new HttpLab(() => new HttpResponse(200, '', HttpErrorCode.Ok, {}, answer()), streaming);
    const client = await lab.ask(get('/', { 'Transfer-Encoding': 'chunked' }, 'POST'));
    await client.send('zz\r\n');
    await turns(8);
    expect(bodies(client)).toEqual(['first second']);
    expect(client.hasEnded).toBe(true);
  });

  it('can be answered while it is read', async () => {
    async function* upper(request: HttpRequest): AsyncGenerator<string> {
      for await (const piece of request.stream) yield piece.toString().toUpperCase();
    }
    const lab = new HttpLab((request) => new HttpResponse(200, '', HttpErrorCode.Ok, {}, upper(request)), streaming);
    const client = await lab.ask(get('/', { 'Content-Length': '6' }, 'POST'));
    await client.send('abc');
    expect(client.text).toContain('ABC');
    await client.send('def');
    await client.send(post('ghi'));
    await turns(5);
    expect(bodies(client)).toEqual(['ABCDEF', 'GHI']);
  });

  const ends: [string, string, (lab: HttpLab, client: LabClient) => unknown][] = [
    ['the client closes its side', 'requestAborted', (_lab, client) => client.transport.end()],
    ['the connection is lost', 'requestAborted', (lab) => [...lab.connections][0]?.destroy()],
    ['the client stalls', 'requestTimeout', (lab) => lab.clock.advance(61_000)],
    ['the client breaks the protocol', 'requestMalformed', (_lab, client) => client.send('zz\r\n')],
  ];
  it.each(ends)('fails for the loop when %s', async (_name, code, end) => {
    let error: unknown;
    const lab = new HttpLab(async (request) => {
      try {
        return await readAll(request);
      } catch (caught) {
        error = caught;
        throw caught;
      }
    }, streaming);
    const client = await lab.ask(`${get('/', { 'Transfer-Encoding': 'chunked' }, 'POST')}3\r\nabc\r\n`);
    await end(lab, client);
    await turns(5);
    expect(error).toMatchObject({ name: 'HttpRequestError', code });
    expect(lab.requests[0]?.signal.aborted).toBe(true);
    // It is the client's doing, and no error of the program.
    expect(lab.errors).toEqual([]);
    lab.clock.advance(10_000);
    await turns();
    expect(lab.connections.size).toBe(0);
  });

  it('can be read once', async () => {
    const lab = new HttpLab(async (request) => {
      await readAll(request);
      return readAll(request);
    }, streaming);
    expect(statuses(await lab.ask(post('x')))).toEqual([500]);
    expect(String(lab.errors[0])).toMatch(/can be read once/);
  });

  it('is the body in one piece where nothing is streamed', async () => {
    expect(bodies(await new HttpLab(readAll).ask(post('abc')))).toEqual(['got abc']);
  });
});

describe('an encoded request', () => {
  const encoded = (body: Buffer, coding: string): Buffer =>
    Buffer.concat([
      Buffer.from(get('/', { 'Content-Length': String(body.length), 'Content-Encoding': coding }, 'POST')),
      body,
    ]);
  const echo = (request: HttpRequest): HttpResponse => ok(request.text());

  it.each([
    ['gzip', gzipSync('plain text')],
    ['x-gzip', gzipSync('plain text')],
    ['deflate', deflateSync('plain text')],
    ['br', brotliCompressSync('plain text')],
    ['gzip, br', brotliCompressSync(gzipSync('plain text'))],
  ])('of %s is decoded', async (coding, body) => {
    const lab = new HttpLab(echo);
    const client = await lab.ask(Buffer.concat([encoded(body, coding), Buffer.from(post('next'))]));
    await eventually('both responses', () => bodies(client).length === 2);
    expect(bodies(client)).toEqual(['plain text', 'next']);
  });

  const refused: [string, Buffer, string, number][] = [
    ['an unknown coding', Buffer.from('x'), 'rot13', 415],
    ['too many codings', Buffer.from('x'), 'gzip, gzip, gzip, gzip, gzip, gzip', 415],
    ['no gzip at all', Buffer.from('plain'), 'gzip', 400],
    ['gzip that is cut', gzipSync('plain text').subarray(0, -9), 'gzip', 400],
    ['a bomb', gzipSync(Buffer.alloc(20_000_000)), 'gzip', 413],
  ];
  it.each(refused)('of %s is refused', async (_name, body, coding, status) => {
    const lab = new HttpLab(echo);
    const client = await lab.ask(encoded(body, coding));
    await eventually('the refusal', () => client.hasEnded);
    expect(statuses(client)).toEqual([status]);
    if (status === 415) expect(client.responses()[0]?.headers.get('accept-encoding')).toBe('gzip, deflate, br, zstd');
    expect(lab.requests).toHaveLength(0);
    expect(lab.errors).toEqual([]);
  });

  it('is passed on as it is with decodeRequests off, and where it is streamed', async () => {
    const body = gzipSync('plain text');
    for (const options of [{ decodeRequests: false }, { streamRequests: true }]) {
      const seen: Buffer[] = [];
      const lab = new HttpLab(async (request) => {
        for await (const piece of request.stream) seen.push(piece);
        return ok();
      }, options);
      await lab.ask(encoded(body, 'gzip'));
      await turns(5);
      expect(Buffer.concat(seen).equals(body)).toBe(true);
    }
  });
});

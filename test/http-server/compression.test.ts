import { Readable } from 'node:stream';
import { brotliDecompressSync, gunzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { type HttpBody, HttpErrorCode, HttpResponse, type HttpServerOptions } from '../../src/index.ts';
import { eventually } from '../support/eventually.ts';
import { get, HttpLab } from '../support/http-lab.ts';
import type { WireResponse } from '../support/http-responses.ts';

const page = '<p>lorem ipsum</p>'.repeat(200);

const decoders = new Map([
  ['br', brotliDecompressSync],
  ['gzip', gunzipSync],
]);

interface Asked {
  readonly body?: () => HttpBody;
  readonly accept?: string | undefined;
  readonly headers?: Record<string, string>;
  readonly status?: number;
  readonly method?: string;
  readonly options?: HttpServerOptions;
}

async function ask(asked: Asked): Promise<WireResponse> {
  const { body = () => page, headers = { 'Content-Type': 'text/html' }, status = 200, method = 'GET' } = asked;
  const lab = new HttpLab(() => new HttpResponse(status, '', HttpErrorCode.Ok, headers, body()), asked.options);
  const accept: Record<string, string> = asked.accept === undefined ? {} : { 'Accept-Encoding': asked.accept };
  const client = await lab.ask(get('/', accept, method));
  await eventually('the response', () => client.responses([method]).length > 0);
  const [response] = client.responses([method]);
  if (response === undefined) throw new Error(client.text.slice(0, 500));
  // The next response begins where this one ends.
  await client.send(get('/', accept, method));
  await eventually('the next response', () => client.responses([method, method]).length === 2);
  expect(lab.errors).toEqual([]);
  return response;
}

const coding = (response: WireResponse): string | undefined => response.headers.get('content-encoding');

describe('a response of a type that becomes smaller', () => {
  it('is encoded in what the client likes best', async () => {
    const table: [string | undefined, string | undefined][] = [
      [undefined, undefined],
      ['', undefined],
      ['gzip', 'gzip'],
      ['gzip, deflate, br, zstd', 'br'],
      ['br;q=0.5, gzip', 'gzip'],
      ['br;q=0, gzip;q=0', undefined],
      ['*', 'br'],
      ['identity', undefined],
      ['gzip;q=0.5, identity', undefined],
    ];
    for (const [accept, expected] of table) {
      const response = await ask({ accept });
      expect([accept, coding(response)]).toEqual([accept, expected]);
      expect(response.headers.get('vary')).toBe('Accept-Encoding');
      const decoded = decoders.get(expected ?? '')?.(response.body) ?? response.body;
      expect(decoded.toString()).toBe(page);
      if (expected !== undefined) expect(response.body.length).toBeLessThan(page.length / 4);
    }
  });

  it('is encoded in a thread when it is long, and in pieces when it is streamed', async () => {
    const long = 'abc def '.repeat(100_000);
    const bytes = await ask({ accept: 'gzip', body: () => Buffer.from(long) });
    expect(gunzipSync(bytes.body).toString()).toBe(long);
    const stream = await ask({ accept: 'gzip', body: () => Readable.from([page, page]) });
    expect(stream.headers.get('transfer-encoding')).toBe('chunked');
    expect(gunzipSync(stream.body).toString()).toBe(page + page);
    const announced = { 'Content-Type': 'text/html', 'Content-Length': String(page.length) };
    const measured = await ask({ accept: 'br', body: () => Readable.from([page]), headers: announced });
    expect(measured.headers.get('transfer-encoding')).toBe('chunked');
    expect(brotliDecompressSync(measured.body).toString()).toBe(page);
  });

  it('has a weak tag when it is encoded', async () => {
    const headers = { 'Content-Type': 'text/html', ETag: '"abc"', Vary: 'Cookie' };
    const encoded = await ask({ accept: 'gzip', headers });
    expect(encoded.headers.get('etag')).toBe('W/"abc"');
    expect(encoded.headers.get('vary')).toBe('Cookie, Accept-Encoding');
    expect((await ask({ headers })).headers.get('etag')).toBe('"abc"');
  });

  it('says the same to HEAD, but for the length', async () => {
    const response = await ask({ accept: 'gzip', method: 'HEAD' });
    expect(coding(response)).toBe('gzip');
    expect(response.headers.get('vary')).toBe('Accept-Encoding');
    expect(response.headers.has('content-length')).toBe(false);
  });
});

describe('a response is left as it is', () => {
  const type = { 'Content-Type': 'text/html' };
  const cases: [string, Asked][] = [
    ['when it is short', { body: () => 'short' }],
    ['when its type does not become smaller', { headers: { 'Content-Type': 'image/png' } }],
    ['when bytes have no type', { headers: {}, body: () => Buffer.from(page) }],
    ['when it is encoded already', { headers: { ...type, 'Content-Encoding': 'x' } }],
    ['when it is a part', { status: 206 }],
    ['when it has a range', { headers: { ...type, 'Content-Range': 'bytes */5' } }],
    ['when it must not be transformed', { headers: { ...type, 'Cache-Control': 'public, no-transform' } }],
    ['with compression off', { options: { compression: false } }],
  ];
  it.each(cases)('%s', async (name, asked) => {
    const response = await ask({ accept: 'gzip, br', ...asked });
    expect(response.body.toString()).toBe(name === 'when it is short' ? 'short' : page);
    expect(response.headers.has('vary')).toBe(false);
  });
});

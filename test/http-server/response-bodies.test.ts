import { Readable } from 'node:stream';
import vm from 'node:vm';
import { describe, expect, it } from 'vitest';
import { type HttpBody, HttpErrorCode, HttpResponse, UsageError } from '../../src/index.ts';
import { turns } from '../support/eventually.ts';
import { get, HttpLab } from '../support/http-lab.ts';

function respond(body: unknown, headers: Record<string, string> = {}): HttpResponse {
  return new HttpResponse<HttpBody>(200, 'OK', HttpErrorCode.Ok, headers, body as HttpBody);
}

const bytes = Buffer.from('grüße, 0123456789');
const padded = new Uint8Array([1, ...bytes, 2]);
const shared = new SharedArrayBuffer(bytes.length);
Buffer.from(shared).set(bytes);
const elsewhere = vm.runInNewContext('new Uint8Array(n).buffer', { n: bytes.length }) as ArrayBuffer;
Buffer.from(elsewhere).set(bytes);

async function* pieces(): AsyncGenerator<string | ArrayBufferView | ArrayBuffer> {
  yield 'grüße, ';
  yield new DataView(Uint8Array.from(Buffer.from('01234')).buffer);
  yield Uint8Array.from(Buffer.from('56789')).buffer;
}

const bodies: [string, () => unknown][] = [
  ['an ArrayBuffer', () => Uint8Array.from(bytes).buffer],
  ['an ArrayBuffer of another realm', () => elsewhere],
  ['a SharedArrayBuffer', () => shared],
  ['a view of a SharedArrayBuffer', () => new Uint8Array(shared)],
  ['a Buffer of a SharedArrayBuffer', () => Buffer.from(shared)],
  ['a Uint8Array in the middle of another', () => padded.subarray(1, -1)],
  ['a DataView', () => new DataView(padded.buffer, 1, bytes.length)],
  ['another typed array', () => new Uint8ClampedArray(padded.buffer, 1, bytes.length)],
  ['a Blob', () => new Blob([bytes])],
  ['a File', () => new File([bytes], 'name.txt')],
  ['a stream of the web', () => new Blob([bytes]).stream()],
  ['a stream of a fetch response', () => new Response(bytes).body],
  ['a stream of Node', () => Readable.from([bytes])],
  ['an async iterable of all kinds of pieces', () => pieces()],
];

describe('the body of a response', () => {
  it.each(bodies)('may be %s, and is sent as fetch has it', async (_kind, make) => {
    const lab = new HttpLab(() => respond(make()));
    const client = await lab.ask(get() + get());
    await turns(20);
    const responses = client.responses();
    expect(responses.map(({ status }) => status)).toEqual([200, 200]);
    for (const { body } of responses) expect(body.toString()).toBe(bytes.toString());
    expect(lab.errors).toEqual([]);
  });

  it.each([
    ['a Blob', () => new Blob(['<p>'], { type: 'text/html' }), 'text/html', '3'],
    [
      'URLSearchParams',
      () => new URLSearchParams({ a: 'b c' }),
      'application/x-www-form-urlencoded;charset=UTF-8',
      '5',
    ],
  ])('%s brings its type and its length along', async (_kind, make, type, length) => {
    const lab = new HttpLab((request) =>
      respond(make(), request.uri === '/own' ? { 'Content-Type': 'text/x-own' } : {}),
    );
    const client = await lab.ask(get('/') + get('/own'));
    await turns(20);
    const [plain, own] = client.responses();
    expect([plain?.headers.get('content-type'), plain?.headers.get('content-length')]).toEqual([type, length]);
    expect(own?.headers.get('content-type')).toBe('text/x-own');
  });

  const detached = new Uint8Array(8);
  structuredClone(detached.buffer, { transfer: [detached.buffer] });
  const locked = new Blob(['a']).stream();
  locked.getReader();
  const wrong: [string, unknown, RegExp][] = [
    ['an object', { a: 1 }, /got an object: JSON.stringify/],
    ['an array', ['a'], /got an array: JSON.stringify or Buffer.from/],
    ['a Map', new Map(), /got a Map/],
    ['a Date', new Date(0), /got a Date/],
    ['FormData', new FormData(), /got a FormData/],
    ['a promise', Promise.resolve('a'), /got a Promise/],
    ['a number', 5, /got a number/],
    ['a function', () => 'a', /got a function/],
    ['null', null, /got null/],
    ['a generator that is not async', [1].values(), /got a Array Iterator/],
    ['bytes that were transferred', detached, /is detached: its memory was transferred/],
    ['a buffer that was transferred', detached.buffer, /is detached: its memory was transferred/],
    ['a stream that somebody else reads', locked, /is locked to another reader/],
  ];
  it.each(wrong)('that is %s is refused by name where it is made', (_kind, body, message) => {
    expect(() => respond(body)).toThrow(UsageError);
    expect(() => respond(body)).toThrow(message);
  });

  it('that is a stream which has come to its end is refused where it is made', async () => {
    const web = new Blob(['a']).stream();
    for await (const _ of web);
    const node = Readable.from(['a']);
    for await (const _ of node);
    for (const body of [web, node, Readable.from(['a']).destroy()]) {
      expect(() => respond(body)).toThrow('is a stream that was read or destroyed before');
    }
  });

  it('that was transferred after it was given is an error, and not an empty body', async () => {
    const lab = new HttpLab(() => {
      const given = new Uint8Array(8);
      const response = respond(given);
      structuredClone(given.buffer, { transfer: [given.buffer] });
      return response;
    });
    const client = await lab.ask(get());
    expect(client.responses()[0]?.status).toBe(500);
    expect(String(lab.errors[0])).toContain('body: is detached: its memory was transferred');
  });

  it('that is put into a response later is checked when it is sent', async () => {
    const lab = new HttpLab(() => {
      const response = respond('a');
      response.body = { a: 1 } as unknown as HttpBody;
      return response;
    });
    const client = await lab.ask(get());
    expect(client.responses()[0]?.status).toBe(500);
    expect(String(lab.errors[0])).toContain('got an object');
  });

  it('is cancelled when nobody will read it', async () => {
    const cancelled: unknown[] = [];
    const endless = (): ReadableStream =>
      new ReadableStream({ pull: (into) => into.enqueue('abc'), cancel: (why) => void cancelled.push(why) });
    const lab = new HttpLab(() => respond(endless()));
    await lab.ask('HEAD / HTTP/1.1\r\nHost: a\r\n\r\n');
    await turns(5);
    expect(cancelled).toHaveLength(1);
  });

  it('is read as text and JSON, whatever its bytes are in', () => {
    const json = new TextEncoder().encode('{"a":1}');
    for (const body of [json, json.buffer, new DataView(json.buffer)]) expect(respond(body).json()).toEqual({ a: 1 });
  });
});

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { HttpRequest, HttpResponse } from '../../src/index.ts';
import { eventually, turns } from '../support/eventually.ts';
import { chunked, get, HttpLab, ok, post } from '../support/http-lab.ts';
import { mirror, startHttpServer } from '../support/http-running.ts';
import { patient } from '../support/patience.ts';
import { connectRaw } from '../support/raw-peer.ts';

const echo = (request: HttpRequest): HttpResponse => ok(`${request.uri} ${request.text()}`);

async function readAll(request: HttpRequest): Promise<HttpResponse> {
  let text = '';
  for await (const piece of request.stream) text += piece.toString();
  return ok(`${request.uri} ${text}`);
}

/** What becomes of a connection that nobody does anything on any more. */
async function expectGone(lab: HttpLab): Promise<void> {
  lab.clock.advance(200_000);
  await turns(2);
  lab.clock.advance(200_000);
  await turns(2);
  expect(lab.connections.size).toBe(0);
  expect(lab.wheel.size).toBe(0);
  expect(lab.memory.usedBytes).toBe(0);
  expect(lab.errors).toEqual([]);
}

const conversation = `${get('/1')}${post('hello', {}, '/2')}${chunked('hello world', 4)}${get('/3')}`;
const answers = ['/1 ', '/2 hello', '/ hello world', '/3 '];

describe.each([
  ['whole', echo, {}],
  ['streamed', readAll, { streamRequests: true }],
  ['answered later', async (request: HttpRequest) => echo(request), {}],
] as const)('requests that are %s', (_name, handler, options) => {
  it('may be cut anywhere, by any end of the connection', { timeout: patient(60_000) }, async () => {
    for (let at = 0; at <= conversation.length; at++) {
      for (const fault of ['end', 'destroy', 'silence'] as const) {
        const lab = new HttpLab(handler, options);
        const client = await lab.ask(conversation.slice(0, at));
        if (fault !== 'silence') client.transport[fault]();
        await turns(2);
        const whole = client.responses().filter(({ status }) => status === 200);
        expect(whole.map(({ body }) => body.toString())).toEqual(answers.slice(0, whole.length));
        await expectGone(lab);
      }
    }
  });

  it('may come in any two pieces', { timeout: patient(60_000) }, async () => {
    for (let at = 1; at < conversation.length; at++) {
      const lab = new HttpLab(handler, options);
      const client = await lab.ask(conversation.slice(0, at));
      await client.send(conversation.slice(at));
      await turns(6);
      expect(client.responses().map(({ body }) => body.toString())).toEqual(answers);
    }
  });

  it('may have bytes changed: what is answered is well-formed, and nothing is left behind', {
    timeout: patient(60_000),
  }, async () => {
    const bytes = Buffer.from(conversation);
    const changes = fc.array(fc.tuple(fc.nat(bytes.length - 1), fc.nat(255)), { minLength: 1, maxLength: 4 });
    await fc.assert(
      fc.asyncProperty(changes, async (list) => {
        const changed = Buffer.from(bytes);
        for (const [at, byte] of list) changed[at] = byte;
        const lab = new HttpLab(handler, options);
        const client = await lab.ask(changed);
        client.transport.end();
        await turns(8);
        const methods = lab.requests.map(({ method }) => method);
        expect(() => client.responses(methods)).not.toThrow();
        expect(client.responses(methods).filter(({ status }) => status === 200).length).toBeLessThanOrEqual(4);
        await expectGone(lab);
      }),
      { numRuns: 300 },
    );
  });

  it('may be garbage', { timeout: patient(60_000) }, async () => {
    await fc.assert(
      fc.asyncProperty(fc.uint8Array({ minLength: 1, maxLength: 200 }), async (garbage) => {
        const lab = new HttpLab(handler, options);
        const client = await lab.ask(Buffer.concat([Buffer.from(get('/1')), garbage]));
        client.transport.end();
        await turns(3);
        expect(client.responses()[0]?.body.toString()).toBe('/1 ');
        await expectGone(lab);
      }),
      { numRuns: 200 },
    );
  });
});

describe('connections that are reset', () => {
  it('in every phase leave nothing behind', async () => {
    let isHolding = true;
    const { port, server, errors } = await startHttpServer(
      async (request) => {
        while (isHolding && !request.signal.aborted) await turns(1);
        return mirror(request);
      },
      { streamRequests: (head) => head.target === '/stream' },
    );
    const phases = [
      '',
      'GET / HT',
      get(),
      get() + get(),
      get().repeat(2000),
      get('/', { 'Content-Length': '10' }, 'POST'),
      `${get('/stream', { 'Transfer-Encoding': 'chunked' }, 'POST')}5\r\nhello\r\n`,
    ];
    for (const phase of phases) {
      const peer = await connectRaw(port, { send: phase });
      await turns(10);
      peer.socket.resetAndDestroy();
    }
    // A client that was answered nothing, and whose bytes wait, is noticed when it is written to.
    await turns(10);
    isHolding = false;
    await eventually('the end of all connections', () => {
      const { connections, handshakes } = server.metrics();
      return connections.plain + handshakes.pending === 0;
    });
    expect(errors).toEqual([]);
  });
});

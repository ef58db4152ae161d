import { describe, expect, it } from 'vitest';
import type { HttpResponse } from '../../src/index.ts';
import { Deferred } from '../../src/util/deferred.ts';
import { turns } from '../support/eventually.ts';
import { get, HttpLab, type LabClient, ok, post } from '../support/http-lab.ts';

const statuses = (client: LabClient): number[] => client.responses().map(({ status }) => status);

async function pass(lab: HttpLab, seconds: number): Promise<void> {
  lab.clock.advance(seconds * 1000);
  await turns();
}

describe('a connection without a request', () => {
  it('is closed after keepAliveTimeoutSecs, without a word', async () => {
    const lab = new HttpLab();
    const client = await lab.ask(get());
    await pass(lab, 59);
    expect(client.hasEnded).toBe(false);
    await pass(lab, 20);
    expect(client.hasEnded).toBe(true);
    expect(statuses(client)).toEqual([200]);
  });

  it('is left open as long as requests come', async () => {
    const lab = new HttpLab(undefined, { keepAliveTimeoutSecs: 8 });
    const client = await lab.ask(get());
    for (let i = 0; i < 20; i++) {
      await pass(lab, 5);
      await client.send(get());
    }
    expect(statuses(client)).toHaveLength(21);
    await pass(lab, 11);
    expect(client.hasEnded).toBe(true);
  });

  it('is left open while the callback works', async () => {
    const answer = new Deferred<HttpResponse>();
    const lab = new HttpLab(() => answer.promise, { keepAliveTimeoutSecs: 1 });
    const client = await lab.ask(get());
    await pass(lab, 3600);
    expect(client.hasEnded).toBe(false);
    answer.resolve(ok());
    await turns();
    expect(statuses(client)).toEqual([200]);
  });

  it('is destroyed when the client does not hang up as well', async () => {
    const lab = new HttpLab();
    const client = await lab.ask(get('/', { Connection: 'close' }));
    expect(client.isClosed).toBe(false);
    await pass(lab, 3);
    expect(lab.connections.size).toBe(0);
    expect(lab.wheel.size).toBe(0);
  });
});

describe('a slow request', () => {
  it('is answered with 408 when its head takes too long, on the second request as on the first', async () => {
    for (const before of ['', get()]) {
      const lab = new HttpLab();
      const client = await lab.ask(before);
      for (const byte of 'GET / HTTP/1.1') {
        await client.send(byte);
        await pass(lab, 1);
      }
      expect(statuses(client).at(-1)).toBe(408);
      expect(client.hasEnded).toBe(true);
    }
  });

  it('does not count the time between requests', async () => {
    const lab = new HttpLab();
    const client = await lab.ask(get());
    await pass(lab, 30);
    await client.send('GET / HT');
    await pass(lab, 9);
    await client.send('TP/1.1\r\nHost: h\r\n\r\n');
    expect(statuses(client)).toEqual([200, 200]);
  });

  it('is not taken for one when each read ends within the next request', async () => {
    const lab = new HttpLab();
    const client = await lab.ask(`${get()}GET`);
    for (let i = 0; i < 30; i++) {
      await pass(lab, 1);
      await client.send(` / HTTP/1.1\r\nHost: h\r\n\r\nGET`);
    }
    expect(statuses(client)).toHaveLength(31);
    expect(client.hasEnded).toBe(false);
  });

  it('is answered with 408 when its body stalls', async () => {
    const lab = new HttpLab();
    const client = await lab.ask(get('/', { 'Content-Length': '10' }, 'POST'));
    await client.send('12345');
    await pass(lab, 31);
    expect(statuses(client)).toEqual([408]);
    expect(lab.requests).toHaveLength(0);
    expect(lab.memory.usedBytes).toBe(0);
  });

  it('is answered with 408 when its body drips', async () => {
    const lab = new HttpLab();
    const client = await lab.ask(get('/', { 'Content-Length': '100000' }, 'POST'));
    for (let i = 0; i < 40 && !client.hasEnded; i++) {
      await client.send('x'.repeat(100));
      await pass(lab, 1);
    }
    expect(statuses(client)).toEqual([408]);
  });

  it('may take as long as it likes while it gets on', async () => {
    const lab = new HttpLab((request) => ok(String(request.body.length)));
    const client = await lab.ask(get('/', { 'Content-Length': '300000' }, 'POST'));
    for (let i = 0; i < 300; i++) {
      await client.send('x'.repeat(1000));
      await pass(lab, 1);
    }
    expect(client.responses()[0]?.body.toString()).toBe('300000');
  });
});

describe('a client that does not read', () => {
  it('is cut off when it has taken nothing for timeoutSecs', async () => {
    const lab = new HttpLab(() => ok('x'.repeat(500_000)));
    const client = lab.connect();
    client.transport.pause();
    await client.send(get());
    await pass(lab, 29);
    expect(lab.connections.size).toBe(1);
    await pass(lab, 3);
    expect(lab.connections.size).toBe(0);
    expect(lab.wheel.size).toBe(0);
  });

  it('is cut off with a short response as with a long one', async () => {
    const lab = new HttpLab(() => ok('x'.repeat(1000)));
    const client = lab.connect();
    client.transport.pause();
    await client.send(get());
    await client.send(get());
    await pass(lab, 32);
    expect(lab.connections.size).toBe(0);
  });

  it('is cut off in the middle of a streamed response, whose source is told', async () => {
    let hasEnded = false;
    async function* source(): AsyncGenerator<Buffer> {
      try {
        for (;;) yield Buffer.alloc(10_000);
      } finally {
        hasEnded = true;
      }
    }
    const lab = new HttpLab(() => Object.assign(ok(), { body: source() }));
    const client = lab.connect();
    await client.send(get());
    client.transport.pause();
    await turns(10);
    await pass(lab, 31);
    expect(lab.connections.size).toBe(0);
    expect(hasEnded).toBe(true);
    expect(lab.errors).toEqual([]);
    expect(lab.wheel.size).toBe(0);
  });

  it('is left alone while it takes something now and then', async () => {
    const lab = new HttpLab(() => ok('x'.repeat(500_000)));
    const client = lab.connect({ maxReadBytes: 1000 });
    client.readsOnce = true;
    await client.send(get('/', { Connection: 'close' }));
    for (let i = 0; i < 10; i++) {
      await pass(lab, 20);
      client.transport.resume();
      await turns(1);
    }
    expect(lab.connections.size).toBe(1);
    client.readsOnce = false;
    client.transport.resume();
    await turns(5);
    expect(client.responses()[0]?.body).toHaveLength(500_000);
  });
});

describe('a callback that does not answer', () => {
  it('is waited for without end by default', async () => {
    const lab = new HttpLab(() => new Promise(() => {}));
    const client = await lab.ask(get());
    await pass(lab, 100_000);
    expect(client.text).toBe('');
    expect(client.hasEnded).toBe(false);
  });

  it('is answered for with 503 after handlerTimeoutSecs, and its late answer goes nowhere', async () => {
    const answer = new Deferred<HttpResponse>();
    const lab = new HttpLab(() => answer.promise, { handlerTimeoutSecs: 5 });
    const client = await lab.ask(get() + get());
    const signal = lab.requests[0]?.signal;
    await pass(lab, 4);
    expect(client.text).toBe('');
    await pass(lab, 2);
    expect(statuses(client)).toEqual([503]);
    expect(signal?.aborted).toBe(true);
    answer.resolve(ok('late'));
    await turns();
    expect(statuses(client)).toEqual([503]);
    expect(lab.requests).toHaveLength(1);
  });

  it('does not count against the next request', async () => {
    const lab = new HttpLab(async () => ok(), { handlerTimeoutSecs: 5 });
    const client = await lab.ask(get());
    await pass(lab, 4);
    await client.send(get());
    await pass(lab, 4);
    expect(statuses(client)).toEqual([200, 200]);
    expect(client.hasEnded).toBe(false);
  });
});

describe('finish', () => {
  it('ends a connection without a request at once', async () => {
    const lab = new HttpLab();
    await lab.ask(get());
    for (const connection of lab.connections) connection.finish();
    await turns();
    expect(lab.connections.size).toBe(0);
    expect(lab.wheel.size).toBe(0);
  });

  it('lets the running request be answered, and serves no other', async () => {
    const answer = new Deferred<HttpResponse>();
    const lab = new HttpLab(() => answer.promise);
    const client = await lab.ask(get() + get());
    for (const connection of lab.connections) connection.finish();
    answer.resolve(ok());
    await turns();
    expect(client.responses()).toHaveLength(1);
    expect(client.hasEnded).toBe(true);
    expect(lab.requests).toHaveLength(1);
  });

  it('lets a body that is on its way arrive', async () => {
    const lab = new HttpLab((request) => ok(request.text()));
    const client = await lab.ask(post('abc').slice(0, -1));
    for (const connection of lab.connections) connection.finish();
    await client.send('c');
    expect(client.responses()[0]?.body.toString()).toBe('abc');
    expect(client.hasEnded).toBe(true);
  });

  it('waits no longer than closeTimeoutSecs', async () => {
    const lab = new HttpLab(() => new Promise(() => {}));
    await lab.ask(get());
    for (const connection of lab.connections) connection.finish();
    await pass(lab, 4);
    expect(lab.connections.size).toBe(1);
    await pass(lab, 2);
    expect(lab.connections.size).toBe(0);
    expect(lab.wheel.size).toBe(0);
  });
});

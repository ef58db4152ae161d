import { describe, expect, test } from 'vitest';
import { eventually, turns } from '../support/eventually.ts';
import {
  createHttpClient,
  httpUrl,
  listenAnswering,
  response,
  startJudge,
  startMirror,
} from '../support/http-server.ts';
import { passTime } from '../support/pass-time.ts';
import { listenRaw } from '../support/raw-server.ts';
import { activeResources, noSocketsBut } from '../support/resources.ts';

describe('a connection is used again', () => {
  test('by the next request, and by as many as are made at a time', async () => {
    const judge = await startMirror();
    const client = createHttpClient();
    for (let i = 0; i < 3; i++) await client.get(judge.url);
    await client.post(judge.url, 'x');
    await client.head(judge.url);
    expect(judge.connections.count).toBe(1);
    await Promise.all(Array.from({ length: 5 }, () => client.get(judge.url)));
    expect(judge.connections.count).toBe(5);
  });

  test('by nobody when the server says so, or the caller', async () => {
    const judge = await startJudge((_request, answer) => {
      answer.setHeader('Connection', 'close');
      answer.end();
    });
    const client = createHttpClient();
    await client.get(judge.url);
    await client.get(judge.url);
    expect(judge.connections.count).toBe(2);
    const mirror = await startMirror();
    await client.get(mirror.url, { extraHeaders: { Connection: 'close' } });
    await client.get(mirror.url);
    expect(mirror.connections.count).toBe(2);
  });

  test.each([
    ['HTTP/1.0 200 OK\r\nContent-Length: 0\r\n\r\n'],
    [response('', { 'Keep-Alive': 'timeout=1' })],
    [response('', { 'Keep-Alive': 'timeout=60, max=0' })],
    [`${response('a')}b`],
  ])('by nobody after %j', async (answer) => {
    const server = await listenAnswering(answer);
    const client = createHttpClient();
    expect(await client.get(httpUrl(server))).toMatchObject({ errorCode: 'Ok' });
    expect(await client.get(httpUrl(server))).toMatchObject({ errorCode: 'Ok' });
    expect(server.peers).toHaveLength(2);
  });

  test('by nobody with maxIdleConnections 0', async () => {
    const judge = await startMirror();
    const client = createHttpClient({ maxIdleConnections: 0 });
    await client.get(judge.url);
    await client.get(judge.url);
    expect(judge.connections.count).toBe(2);
  });

  test('never by requests to another origin', async () => {
    const [one, other] = [await startMirror(), await startMirror()];
    const client = createHttpClient();
    await client.get(one.url);
    await client.get(other.url);
    await client.get(one.url.replace('127.0.0.1', 'localhost'));
    expect([one.connections.count, other.connections.count]).toEqual([2, 1]);
  });

  test('not after the TLS options have changed', async () => {
    const judge = await startMirror();
    const client = createHttpClient();
    await client.get(judge.url);
    client.setTLSOptions({});
    await client.get(judge.url);
    expect(judge.connections.count).toBe(2);
  });
});

describe('idle connections', () => {
  test('are closed after keepAliveSecs', async () => {
    const server = await listenAnswering(response('a'));
    await createHttpClient({ keepAliveSecs: 0.1 }).get(httpUrl(server));
    expect(await (await server.accept()).ended()).toBe(true);
  });

  test('are closed, the oldest first, when there are too many', async () => {
    const servers = await Promise.all([1, 2, 3].map(() => listenAnswering(response('a'))));
    const client = createHttpClient({ maxIdleConnections: 2 });
    for (const server of servers) {
      await client.get(httpUrl(server));
      // The order of two that become idle in the same tick of the clock is nobody's business.
      await passTime(110);
    }
    expect(await servers[0]?.peers[0]?.ended()).toBe(true);
    expect(servers[1]?.peers[0]?.hasEnded).toBe(false);
    expect(servers[2]?.peers[0]?.hasEnded).toBe(false);
  });

  test('keep no process alive, and are gone after stop', async () => {
    const before = activeResources();
    const judge = await startMirror();
    const client = createHttpClient();
    await client.get(judge.url);
    await client.stop();
    judge.server.close();
    await noSocketsBut(before);
  });

  test('that the server has closed are not used', async () => {
    const server = await listenAnswering(response('a'));
    const client = createHttpClient();
    await client.get(httpUrl(server));
    const first = await server.accept();
    first.socket.end();
    await first.ended();
    expect(await client.post(httpUrl(server), 'x')).toMatchObject({ errorCode: 'Ok' });
    expect(server.peers).toHaveLength(2);
  });
});

describe('a server that gives up a connection just as it is used', () => {
  /** It answers the first request of its first connection, and hangs up when the second one comes. */
  const listenForgetful = () =>
    listenAnswering((_head, count) => (count === 1 ? '' : response('a'))).then((server) => server);

  test.each(['get', 'put', 'delete'] as const)('is asked again: %s', async (verb) => {
    let seen = 0;
    const server = await listenRaw((peer) => {
      peer.socket.on('data', () => {
        seen++;
        if (seen === 2) peer.socket.end();
        else peer.write(response(`${seen}`));
      });
    });
    const client = createHttpClient();
    await client.get(httpUrl(server));
    const out = await client[verb](httpUrl(server));
    expect(out).toMatchObject({ errorCode: 'Ok' });
    expect(out.text()).toBe('3');
    expect(server.peers).toHaveLength(2);
  });

  test('is not asked again for what might then be done twice', async () => {
    let seen = 0;
    const server = await listenRaw((peer) => {
      peer.socket.on('data', () => {
        if (++seen === 2) peer.socket.end();
        else peer.write(response('a'));
      });
    });
    const client = createHttpClient();
    await client.get(httpUrl(server));
    expect(await client.post(httpUrl(server), 'x')).toMatchObject({ errorCode: 'CannotReadStatusLine' });
    expect(seen).toBe(2);
  });

  test('is not asked a third time, nor when it has begun to answer', async () => {
    let seen = 0;
    const server = await listenRaw((peer) => {
      peer.socket.on('data', () => {
        if (++seen === 1) peer.write(response('a'));
        else peer.socket.end();
      });
    });
    const client = createHttpClient();
    await client.get(httpUrl(server));
    expect(await client.get(httpUrl(server))).toMatchObject({ errorCode: 'CannotReadStatusLine' });
    expect(seen).toBe(3);
    void listenForgetful;
  });
});

describe('connections to one origin', () => {
  test('are limited, and requests wait for them in order', async () => {
    const order: string[] = [];
    const pending: (() => void)[] = [];
    const judge = await startJudge((request, answer) => {
      order.push(request.url ?? '');
      pending.push(() => void answer.end());
    });
    const client = createHttpClient({ maxConnectionsPerOrigin: 2 });
    const all = Promise.all(['a', 'b', 'c', 'd', 'e'].map((path) => client.get(judge.url + path)));
    await eventually('two requests', () => order.length === 2);
    await turns(10);
    expect(order).toHaveLength(2);
    for (let i = 0; i < 5; i++) {
      await eventually('a request', () => pending.length > i);
      pending[i]?.();
    }
    expect((await all).map(({ errorCode }) => errorCode)).toEqual(Array(5).fill('Ok'));
    expect(order.slice(2)).toEqual(['/c', '/d', '/e']);
    expect(judge.connections.count).toBe(2);
  });

  test('that break make room, and those who gave up waiting take none', async () => {
    const server = await listenRaw();
    const client = createHttpClient({ maxConnectionsPerOrigin: 1 });
    const first = client.get(httpUrl(server));
    const args = client.createRequest();
    const second = client.get(httpUrl(server), args);
    const third = client.get(httpUrl(server));
    const peer = await server.accept();
    await peer.head();
    args.cancel = true;
    expect(await second).toMatchObject({ errorCode: 'Cancelled' });
    peer.socket.destroy();
    expect((await first).errorCode).not.toBe('Ok');
    const next = await server.accept();
    await next.head();
    next.write(response('a'));
    expect(await third).toMatchObject({ errorCode: 'Ok' });
    expect(server.peers).toHaveLength(2);
  });
});

test('requests of a stopped client are cancelled, and it can be used again', async () => {
  const silent = await listenRaw();
  const judge = await startMirror();
  const client = createHttpClient();
  const waiting = client.get(httpUrl(silent));
  await (await silent.accept()).head();
  await client.stop();
  expect(await waiting).toMatchObject({ errorCode: 'Cancelled' });
  expect(await client.get(judge.url)).toMatchObject({ errorCode: 'Ok' });
});

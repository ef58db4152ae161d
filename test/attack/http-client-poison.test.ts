import { describe, expect, test } from 'vitest';
import { eventually, turns } from '../support/eventually.ts';
import { createHttpClient, httpUrl, response } from '../support/http-server.ts';
import { listenRaw } from '../support/raw-server.ts';

/*
 * Bytes that a server, or somebody who shares a connection behind it, has sent without being asked must never answer
 * the next request (CVE-2026-6733 of another client).
 */
describe('a response that nobody asked for answers no request', () => {
  test('when it comes with the one before', async () => {
    const server = await listenRaw((peer) => {
      peer.socket.on('data', () => peer.write(`${response('right')}${response('poison')}`));
    });
    const client = createHttpClient();
    for (let i = 0; i < 3; i++) expect((await client.get(httpUrl(server))).text()).toBe('right');
    expect(server.peers).toHaveLength(3);
  });

  test('when it comes right after it', async () => {
    const server = await listenRaw((peer) => {
      peer.socket.on('data', () => {
        peer.write(response('right'));
        peer.write(response('poison'));
      });
    });
    const client = createHttpClient();
    for (let i = 0; i < 20; i++) expect((await client.get(httpUrl(server))).text()).toBe('right');
  });

  test('when it comes while the connection is idle', async () => {
    const server = await listenRaw((peer) => {
      peer.socket.on('data', () => peer.write(response('right')));
    });
    const client = createHttpClient();
    await client.get(httpUrl(server));
    const peer = await server.accept();
    peer.write(response('poison'));
    await peer.ended();
    expect((await client.get(httpUrl(server))).text()).toBe('right');
  });

  test('when it has arrived, but our process was too busy to look', async () => {
    const server = await listenRaw((peer) => {
      peer.socket.on('data', () => peer.write(response('right')));
    });
    const client = createHttpClient();
    await client.get(httpUrl(server));
    const peer = await server.accept();
    await turns(5);
    peer.write(response('poison'));
    // The bytes are on their way before the next request is even made, and nobody reads in between.
    const until = performance.now() + 30;
    while (performance.now() < until);
    expect((await client.get(httpUrl(server))).text()).toBe('right');
    expect(server.peers).toHaveLength(2);
  });

  test('when others wait for the connection', async () => {
    const server = await listenRaw((peer) => {
      peer.socket.on('data', () => {
        peer.write(response('right'));
        peer.write(response('poison'));
      });
    });
    const client = createHttpClient({ maxConnectionsPerOrigin: 1 });
    const outs = await Promise.all(Array.from({ length: 10 }, () => client.get(httpUrl(server))));
    expect(outs.map((out) => out.text())).toEqual(Array(10).fill('right'));
  });

  test('when it is hidden behind a head that has no body', async () => {
    const server = await listenRaw((peer) => {
      peer.socket.on('data', (chunk: Buffer) => {
        const isHead = chunk.toString().startsWith('HEAD');
        peer.write(isHead ? `HTTP/1.1 200 OK\r\nContent-Length: 50\r\n\r\n${response('poison')}` : response('right'));
      });
    });
    const client = createHttpClient();
    expect(await client.head(httpUrl(server))).toMatchObject({ errorCode: 'Ok' });
    expect((await client.get(httpUrl(server))).text()).toBe('right');
  });

  test('when two lengths disagree about where it begins', async () => {
    const server = await listenRaw((peer) => {
      peer.socket.on('data', () =>
        peer.write(
          `HTTP/1.1 200 OK\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n${response('poison')}`,
        ),
      );
    });
    const client = createHttpClient();
    for (let i = 0; i < 2; i++) {
      expect(await client.get(httpUrl(server))).toMatchObject({ errorCode: 'HeaderParsingError' });
    }
  });
});

test('the answer to a request that was cancelled is not taken for that to the next', async () => {
  const server = await listenRaw();
  const client = createHttpClient({ maxConnectionsPerOrigin: 1 });
  const args = client.createRequest();
  const first = client.get(httpUrl(server), args);
  const old = await server.accept();
  await old.head();
  args.cancel = true;
  expect(await first).toMatchObject({ errorCode: 'Cancelled' });
  const second = client.get(httpUrl(server));
  old.write(response('late'));
  const fresh = await server.accept();
  await fresh.head();
  fresh.write(response('right'));
  expect((await second).text()).toBe('right');
});

test('a flood on an idle connection ends it, and takes no memory', async () => {
  const server = await listenRaw((peer) => {
    peer.socket.on('data', () => peer.write(response('a')));
  });
  const client = createHttpClient();
  await client.get(httpUrl(server));
  const peer = await server.accept();
  peer.socket.on('error', () => undefined);
  for (let i = 0; i < 100; i++) peer.write(Buffer.alloc(65_536, 'x'));
  await eventually('the end', () => peer.hasEnded || peer.isClosed);
});

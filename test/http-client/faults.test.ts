import { describe, expect, test } from 'vitest';
import { createHttpClient, httpUrl } from '../support/http-server.ts';
import { patient } from '../support/patience.ts';
import { listenRaw } from '../support/raw-server.ts';
import { activeResources, noSocketsBut } from '../support/resources.ts';
import { surviveHttpFaults } from '../support/survive-http-faults.ts';

test('a hundred connections that fail in every way give right bodies or errors, and leave nothing', {
  timeout: patient(60_000),
}, async () => {
  const before = activeResources();
  const outcomes = await surviveHttpFaults(100, 7);
  expect(outcomes['Ok']).toBeGreaterThan(10);
  expect(Object.keys(outcomes).length).toBeGreaterThan(3);
  await noSocketsBut({ ...before, TCPServerWrap: 2 });
});

const whole = {
  length: 'HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nabcde',
  chunked: 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n',
};

describe.each(Object.entries(whole))('a response with %s', (_name, bytes) => {
  test('cut at any byte is an error', async () => {
    let cut = 0;
    const server = await listenRaw((peer) => {
      peer.socket.once('data', () => void peer.socket.end(bytes.slice(0, cut)));
    });
    const client = createHttpClient();
    for (cut = 0; cut < bytes.length; cut++) {
      const out = await client.get(httpUrl(server));
      expect(out.errorCode, `cut at ${cut}`).not.toBe('Ok');
      expect(out.body).toHaveLength(0);
    }
    const out = await client.get(httpUrl(server));
    expect(out.text()).toBe('abcde');
  });

  test('that stalls at any byte is ended by the timeout', async () => {
    let stop = 0;
    const server = await listenRaw((peer) => {
      const at = stop++;
      peer.socket.once('data', () => peer.write(bytes.slice(0, at)));
    });
    const client = createHttpClient({ maxConnectionsPerOrigin: 200 });
    const outs = await Promise.all(
      Array.from({ length: bytes.length }, () => client.get(httpUrl(server), { idleTimeout: 0.2 })),
    );
    for (const out of outs) expect(out).toMatchObject({ errorCode: 'Timeout' });
    await Promise.all(server.peers.map((peer) => peer.ended()));
  });

  test('in any two pieces is whole', async () => {
    let cut = 0;
    const server = await listenRaw((peer) => {
      peer.socket.on('data', () => {
        peer.write(bytes.slice(0, cut));
        setImmediate(() => peer.write(bytes.slice(cut)));
      });
    });
    const client = createHttpClient();
    for (cut = 1; cut < bytes.length; cut++) expect((await client.get(httpUrl(server))).text()).toBe('abcde');
    expect(server.peers).toHaveLength(1);
  });
});

describe('what does not end is ended by a bound', () => {
  test.each([
    ['a header', 'HTTP/1.1 200 OK\r\nA: ', 'x'.repeat(4096), 'HeaderParsingError'],
    ['headers', 'HTTP/1.1 200 OK\r\n', 'A: b\r\n'.repeat(20), 'HeaderParsingError'],
    ['interim responses', '', 'HTTP/1.1 102 Processing\r\n\r\n'.repeat(10), 'HeaderParsingError'],
    [
      'a chunk extension',
      'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1;',
      'x'.repeat(4096),
      'ChunkReadError',
    ],
    ['trailers', 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n', 'A: b\r\n'.repeat(20), 'ChunkReadError'],
    ['chunks', 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n', '1\r\na\r\n'.repeat(5000), 'CannotReadBody'],
    ['a body', 'HTTP/1.1 200 OK\r\n\r\n', 'x'.repeat(65_536), 'CannotReadBody'],
  ])('%s', async (_name, start, more, errorCode) => {
    const server = await listenRaw((peer) => {
      peer.socket.once('data', () => {
        peer.write(start);
        const timer = setInterval(() => peer.write(more), 1);
        peer.socket.on('error', () => undefined).on('close', () => clearInterval(timer));
        peer.socket.on('end', () => clearInterval(timer));
      });
    });
    const out = await createHttpClient().get(httpUrl(server), { maxBodySize: 200_000 });
    expect(out).toMatchObject({ errorCode });
  });
});

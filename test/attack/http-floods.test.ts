import { gzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { HttpResponse, type HttpServerOptions } from '../../src/index.ts';
import { gzipBombOf } from '../support/bomb.ts';
import { answerBystander, HttpBystander } from '../support/http-bystander.ts';
import { type RunningHttpServer, startHttpServer } from '../support/http-running.ts';
import { MemoryWatch } from '../support/memory-watch.ts';
import { patient } from '../support/patience.ts';
import { connectRaw, type RawPeer } from '../support/raw-peer.ts';

async function start(options: HttpServerOptions = {}): Promise<RunningHttpServer & { bystander: HttpBystander }> {
  const running = await startHttpServer(
    (request) => answerBystander(request) ?? new HttpResponse(200, 'OK', 'Ok', {}, String(request.body.length)),
    options,
  );
  return { ...running, bystander: new HttpBystander(running.port) };
}

/** Writes one piece after the other, for ever or until the other end has had enough. */
async function pour(peer: RawPeer, piece: Buffer, most: number): Promise<void> {
  peer.socket.on('error', () => undefined);
  for (let sent = 0; sent < most && !peer.hasEnded && !peer.isClosed; sent += piece.length) {
    if (!peer.socket.write(piece)) {
      await Promise.race([new Promise((resolve) => peer.socket.once('drain', resolve)), peer.ended()]);
    }
  }
  await peer.ended();
}

const HEAD = 'POST / HTTP/1.1\r\nHost: h\r\n';
const CHUNKED = `${HEAD}Transfer-Encoding: chunked\r\n\r\n`;

describe('endless', () => {
  it.each([
    ['headers', HEAD, 'X-A: b\r\n', '431'],
    ['header values', `${HEAD}X-A: `, 'aaaaaaaa', '431'],
    ['targets', 'GET /', 'aaaaaaaa', '414'],
    ['methods', 'A', 'AAAAAAAA', '414'],
    ['chunks', CHUNKED, '8\r\nchunk..\n\r\n', '413'],
    ['one chunk', `${CHUNKED}ffffffffff\r\n`, 'xxxxxxxx', '413'],
    ['chunk extensions', `${CHUNKED}1;`, 'a=b;c=d;', '400'],
    ['small chunk extensions', CHUNKED, '1;a=b\r\nx\r\n', '400'],
    ['trailers', `${CHUNKED}0\r\n`, 'X-A: b\r\n', '431'],
    ['zeros of a chunk size', CHUNKED, '00000000', '400'],
  ])('%s are refused, after a good request as well, in bounded memory', async (_name, first, piece, status) => {
    const { port, bystander } = await start();
    const memory = new MemoryWatch();
    for (const before of ['', 'GET /bystander HTTP/1.1\r\nHost: h\r\n\r\n']) {
      const peer = await connectRaw(port, { send: before + first });
      await pour(peer, Buffer.from(piece.repeat(1000)), 50_000_000);
      expect(peer.text.slice(peer.text.lastIndexOf('HTTP/1.1 '))).toMatch(new RegExp(`^HTTP/1\\.1 ${status} `));
    }
    expect(memory.grown).toBeLessThan(10_000_000);
    await bystander.stillServed();
  });

  it('requests on one connection are answered up to the limit, and no further', async () => {
    const { port, bystander } = await start();
    const peer = await connectRaw(port);
    await pour(peer, Buffer.from('GET / HTTP/1.1\r\nHost: h\r\n\r\n'.repeat(100)), 10_000_000);
    expect(peer.text.match(/HTTP\/1\.1 200 /g)).toHaveLength(1000);
    expect(peer.text.match(/Connection: close/g)).toHaveLength(1);
    await bystander.stillServed();
  });
});

describe('bodies', () => {
  it('of many connections together take no more memory than there is for them', async () => {
    const { port, bystander } = await start({ maxUnfinishedBytes: 5_000_000 });
    const memory = new MemoryWatch();
    const peers = await Promise.all(
      Array.from({ length: 40 }, async () => {
        const peer = await connectRaw(port, { send: `${HEAD}Content-Length: 1000000\r\n\r\n` });
        peer.socket.on('error', () => undefined);
        peer.write(Buffer.alloc(900_000));
        return peer;
      }),
    );
    await Promise.race(peers.map((peer) => peer.ended()));
    expect(memory.grown).toBeLessThan(20_000_000);
    for (const peer of peers) if (peer.received > 0) expect(peer.text).toMatch(/^HTTP\/1\.1 503 /);
    for (const peer of peers) peer.socket.destroy();
    await bystander.stillServed();
  });

  it('that are bombs are refused', { timeout: patient(20_000) }, async () => {
    const { port, bystander } = await start();
    const bomb = gzipBombOf(200);
    const twice = gzipSync(bomb);
    const memory = new MemoryWatch();
    for (const [body, coding] of [
      [bomb, 'gzip'],
      [twice, 'gzip, gzip'],
    ] as const) {
      const peer = await connectRaw(port, {
        send: `${HEAD}Content-Encoding: ${coding}\r\nContent-Length: ${body.length}\r\n\r\n`,
      });
      peer.write(body);
      expect(await peer.head()).toMatch(/^HTTP\/1\.1 413 /);
    }
    expect(memory.peak).toBeLessThan(100_000_000);
    await bystander.stillServed();
  });
});

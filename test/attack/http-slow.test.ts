import { describe, expect, it } from 'vitest';
import { HttpResponse } from '../../src/index.ts';
import { eventually } from '../support/eventually.ts';
import { answerBystander, HttpBystander } from '../support/http-bystander.ts';
import { startHttpServer } from '../support/http-running.ts';
import { MemoryWatch } from '../support/memory-watch.ts';
import { passTime } from '../support/pass-time.ts';
import { connectRaw, type RawPeer } from '../support/raw-peer.ts';

const COUNT = 50;
const REQUEST = 'GET / HTTP/1.1\r\nHost: h\r\n\r\n';

function start(options: object): ReturnType<typeof startHttpServer> {
  return startHttpServer((request) => answerBystander(request) ?? new HttpResponse(200, 'OK', 'Ok', {}, 'x'), options);
}

/** Writes a byte now and then until the other end has had enough. */
async function drip(peer: RawPeer, text: string): Promise<void> {
  peer.socket.on('error', () => undefined);
  for (let i = 0; !peer.hasEnded && !peer.isClosed; i++) {
    peer.write(text[i] ?? 'x');
    await passTime(30);
  }
}

describe('many slow clients', () => {
  it.each([
    ['heads', '', 'GET / HTTP/1.1\r\nHost: h\r\nX-Slow: '],
    ['heads, after a good request', REQUEST, 'GET / HTTP/1.1\r\nHost: h\r\nX-Slow: '],
    ['bodies', 'POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 1000000\r\n\r\n', ''],
    ['chunks', 'POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n4000\r\n', ''],
  ])('with %s are answered with 408 and closed', async (_name, first, text) => {
    const { port } = await start({ handshakeTimeoutSecs: 0.4, timeoutSecs: 0.4 });
    const bystander = new HttpBystander(port);
    const peers = await Promise.all(Array.from({ length: COUNT }, () => connectRaw(port, { send: first })));
    await Promise.all(peers.map((peer) => drip(peer, text)));
    for (const peer of peers) expect(peer.text).toContain('HTTP/1.1 408 Request Timeout\r\n');
    await bystander.stillServed();
  });

  it('that ask for much and read nothing are cut off, in bounded memory', async () => {
    const big = Buffer.alloc(20_000_000);
    const { port, server } = await startHttpServer(
      (request) => answerBystander(request) ?? new HttpResponse(200, 'OK', 'Ok', {}, big),
      { timeoutSecs: 0.5 },
    );
    const bystander = new HttpBystander(port);
    const memory = new MemoryWatch();
    const peers = await Promise.all(
      Array.from({ length: 20 }, async () => {
        const peer = await connectRaw(port);
        peer.socket.on('error', () => undefined);
        peer.socket.pause();
        peer.write(REQUEST.repeat(100));
        return peer;
      }),
    );
    await eventually('a request', () => bystander.served > 5);
    expect(memory.grown).toBeLessThan(50_000_000);
    // Only the bystander is left.
    await eventually('the end of all others', () => server.metrics().connections.plain === 1, 8000);
    for (const peer of peers) peer.socket.destroy();
    await bystander.stillServed();
  });
});

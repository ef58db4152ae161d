import { deflateRawSync } from 'node:zlib';
import { describe, expect, test } from 'vitest';
import { explain, type WebSocketPerMessageDeflateOptions } from '../../src/index.ts';
import { openRaw } from '../support/raw-peer.ts';
import { switchingProtocols } from '../support/raw-server.ts';
import { startServer } from '../support/running.ts';
import { answerAndEnd, failureOf, meet, peerRoles, text } from './meeting.ts';

const plain = 'compressed, compressed, compressed';

/** A message as zlib ends it at a flush, without the four bytes at its end (RFC 7692 section 7.2.1). */
const flushed = (): Buffer => deflateRawSync(plain, { finishFlush: 2 }).subarray(0, -4);

describe('compression is agreed on with', () => {
  test.each<[peer: string, answer: string, options: WebSocketPerMessageDeflateOptions]>([
    [
      'Chromium 156 and Cowboy, which name the window that was asked for',
      'permessage-deflate; client_max_window_bits=15',
      {},
    ],
    ['a server without parameters', 'permessage-deflate', {}],
    ['a server that quotes a value', 'permessage-deflate; client_max_window_bits="10"', {}],
    ['a server without white space', 'permessage-deflate;server_no_context_takeover;client_max_window_bits=12', {}],
    [
      'a server that was asked for a window',
      'permessage-deflate; server_max_window_bits=9',
      { serverMaxWindowBits: 9 },
    ],
    [
      'a server that takes a smaller one than asked',
      'permessage-deflate; server_max_window_bits=9',
      { serverMaxWindowBits: 12 },
    ],
  ])('%s', async (_peer, answer, perMessageDeflate) => {
    const { ours, log, peer } = await meet('server', {
      client: { perMessageDeflate },
      fields: { 'Sec-WebSocket-Extensions': answer },
    });
    peer.send({ ...text(flushed()), rsv: 4 }, text('plain'));
    await log.atLeast('message', 2);
    expect(log.data).toEqual([plain, 'plain']);
    ours.send('z'.repeat(1000));
    const [frame] = await peer.raw.frames(1);
    expect(frame?.first).toBe(0xc1);
    expect(frame?.payload.length).toBeLessThan(100);
  });
});

describe('compression is refused, and explained, of', () => {
  test.each<[peer: string, answer: string, options: WebSocketPerMessageDeflateOptions, reason: RegExp]>([
    [
      'Boost.Beast 1.74 and websocketpp 0.8.2, which answer a larger window than was asked for',
      'permessage-deflate; server_max_window_bits=9',
      { serverMaxWindowBits: 8 },
      /server_max_window_bits/,
    ],
    [
      'libsoup 3.2, which accepts two offers at once',
      'permessage-deflate, permessage-deflate',
      {},
      /more than once|twice|one/,
    ],
    [
      'a server that uses what was not offered',
      'x-webkit-deflate-frame',
      {},
      /x-webkit-deflate-frame, which was not offered/,
    ],
  ])('%s', async (_peer, answer, perMessageDeflate, reason) => {
    const { url } = await answerAndEnd(
      (request) => switchingProtocols(request, { 'Sec-WebSocket-Extensions': answer }),
      'stays',
    );
    const info = await failureOf({ url, perMessageDeflate });
    expect(info).toMatchObject({ code: 'invalidExtensions', httpStatus: 101, reason: expect.stringMatching(reason) });
    expect(explain(info)).toMatch(/do not agree about compression: .*perMessageDeflate: false/);
  });
});

describe('our server answers an offer of', () => {
  const deflate = 'permessage-deflate';
  test.each([
    [
      'hypercorn and uvicorn, whose wsproto wants none of it: a quoted value',
      `${deflate}; client_max_window_bits="10"`,
      /client_max_window_bits=10/,
    ],
    [
      'nhooyr 1.8.7 and tornado 6.2, which refuse it: a window of the server',
      `${deflate}; server_max_window_bits=10`,
      /server_max_window_bits=10/,
    ],
    [
      'Boost.Beast 1.74, which answers 9: the smallest window',
      `${deflate}; server_max_window_bits=8`,
      /server_max_window_bits=8|^$/,
    ],
    [
      'a client with a fallback',
      `${deflate}; server_max_window_bits=7, ${deflate}`,
      /^permessage-deflate(?!.*server_max_window_bits)/,
    ],
    [
      'libsoup 3.2, which accepts both: two offers, the first is taken',
      `${deflate}; client_max_window_bits, ${deflate}`,
      /^permessage-deflate[^,]*$/,
    ],
    ['Safari of old', 'x-webkit-deflate-frame', /^$/],
  ])('%s', async (_peer, offer, expected) => {
    const { port } = await startServer({ perMessageDeflate: true });
    const head = await (await openRaw(port, { 'Sec-WebSocket-Extensions': offer })).head();
    expect(/^Sec-WebSocket-Extensions: (.*)\r$/m.exec(head)?.[1] ?? '').toMatch(expected);
  });
});

describe.each(peerRoles)('as %s, a compressed message is inflated', (role) => {
  const agreed = { 'Sec-WebSocket-Extensions': 'permessage-deflate' };
  const open = { client: { perMessageDeflate: true }, server: { perMessageDeflate: true }, fields: agreed };

  test('that ends with a final block, which Mojolicious 9.31 answers with 1009', async () => {
    const { log, peer } = await meet(role, open);
    const final = Buffer.concat([deflateRawSync(plain), Buffer.of(0)]);
    peer.send({ ...text(final), rsv: 4 }, { ...text(flushed()), rsv: 4 });
    await log.atLeast('message', 2);
    expect(log.data).toEqual([plain, plain]);
  });

  test('that is empty, in both of its forms', async () => {
    const { log, peer } = await meet(role, open);
    peer.send({ ...text(Buffer.of(0)), rsv: 4 }, { ...text(Buffer.of(2, 0)), rsv: 4 });
    await log.atLeast('message', 2);
    expect(log.data).toEqual(['', '']);
  });
});

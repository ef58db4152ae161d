import { describe, expect, test } from 'vitest';
import { UsageError, WebSocket, type WebSocketPerMessageDeflateOptions } from '../../src/index.ts';
import { noise } from '../support/deflate-pair.ts';
import { frame, readFrames } from '../support/frames.ts';
import { listenRaw, switchingProtocols } from '../support/raw-server.ts';
import { connectClient, connectPair, createClient, startEchoServer } from '../support/running.ts';

const takeover = { clientNoContextTakeover: false, serverNoContextTakeover: false };

/** A server that answers the offer with `extensions`, whatever it was, and notes the offers. */
async function answering(extensions: string): Promise<{ url: string; offers: string[] }> {
  const offers: string[] = [];
  const server = await listenRaw(async (peer) => {
    const head = await peer.head();
    const offer = /^Sec-WebSocket-Extensions: (.*)$/im.exec(head)?.[1]?.trim() ?? '';
    offers.push(offer);
    const answer = offer === '' ? undefined : extensions;
    peer.write(Buffer.from(switchingProtocols(head, { 'Sec-WebSocket-Extensions': answer })));
  });
  return { url: server.url, offers };
}

/** A server that answers offers with a status, and at will everything, and notes the offers. */
async function stumbling(status: number, isAlways = false): Promise<{ url: string; offers: string[] }> {
  const offers: string[] = [];
  const server = await listenRaw(async (peer) => {
    const head = await peer.head();
    const offer = /^Sec-WebSocket-Extensions: (.*)$/im.exec(head)?.[1]?.trim() ?? '';
    offers.push(offer);
    if (offer === '' && !isAlways) peer.write(Buffer.from(switchingProtocols(head)));
    else peer.write(Buffer.from(`HTTP/1.1 ${status} No\r\nContent-Length: 0\r\n\r\n`));
  });
  return { url: server.url, offers };
}

describe('permessage-deflate of a client', () => {
  test('is on, can be set, and can be switched off and on', () => {
    const client = new WebSocket({ perMessageDeflate: { threshold: 5 } });
    expect(client.getPerMessageDeflateOptions()).toMatchObject({ enabled: true, threshold: 5 });
    client.disablePerMessageDeflate();
    expect(client.getPerMessageDeflateOptions()).toMatchObject({ enabled: false, threshold: 5 });
    client.enablePerMessageDeflate();
    expect(client.getPerMessageDeflateOptions()).toMatchObject({ enabled: true, threshold: 5 });
    client.setPerMessageDeflateOptions({ level: 1 });
    expect(client.getPerMessageDeflateOptions()).toMatchObject({ enabled: true, level: 1, threshold: undefined });
    client.configure({ perMessageDeflate: false });
    expect(client.getPerMessageDeflateOptions().enabled).toBe(false);
    expect(() => client.setPerMessageDeflateOptions({ level: 11 })).toThrow(UsageError);
    expect(() => new WebSocket({ perMessageDeflate: 1 as never })).toThrow(UsageError);
  });

  test.each<
    [WebSocketPerMessageDeflateOptions | boolean, WebSocketPerMessageDeflateOptions | boolean, string | undefined]
  >([
    [true, true, 'permessage-deflate; server_no_context_takeover; client_no_context_takeover'],
    [true, takeover, 'permessage-deflate'],
    [true, false, undefined],
    [false, true, undefined],
  ])('a client with %j and a server with %j agree', async (ours, theirs, expected) => {
    const { client, server, peer, log, peerLog } = await connectPair(
      { perMessageDeflate: theirs },
      { perMessageDeflate: ours },
    );
    const text = 'some text, some more text, '.repeat(20);
    const [there, back] = [client.send(text), peer.send(text)];
    expect(there).toMatchObject({ success: true, payloadSize: text.length });
    expect(there.wireSize < 100).toBe(expected !== undefined);
    expect(back.wireSize).toBe(there.wireSize - 4);
    const arrived = (await peerLog.atLeast('message', 1))[0];
    expect(arrived).toMatchObject({ data: text, wireSize: there.wireSize });
    expect((await log.atLeast('message', 1))[0]).toMatchObject({ data: text, wireSize: back.wireSize });
    expect((await log.atLeast('open', 1))[0]?.headers.get('Sec-WebSocket-Extensions')).toBe(expected);
    expect(server.getClients().size).toBe(1);
  });

  test('a server can switch it off before it starts', async () => {
    const { server, url } = await startEchoServer({ perMessageDeflate: true });
    server.disablePerMessageDeflate();
    const { log } = await connectClient(url, { perMessageDeflate: true });
    expect((await log.atLeast('open', 1))[0]?.headers.has('Sec-WebSocket-Extensions')).toBe(false);
  });

  test.each([
    ['permessage-deflate; server_max_window_bits=7', 'server_max_window_bits'],
    ['permessage-deflate; client_max_window_bits', 'client_max_window_bits'],
    ['permessage-deflate, permessage-deflate', 'more than once'],
    ['permessage-deflate; __proto__', 'unknown'],
    ['x-other', 'was not offered'],
    ['permessage-deflate; server_max_window_bits=""', 'Sec-WebSocket-Extensions'],
  ])('an answer of %s fails the handshake', async (extensions, reason) => {
    const { url } = await answering(extensions);
    const result = await createClient({ url, perMessageDeflate: true }).client.connect();
    expect(result).toMatchObject({ success: false, errorInfo: { code: 'invalidExtensions', httpStatus: 101 } });
    expect(result.success ? '' : result.errorInfo.reason).toContain(reason);
  });

  test('an answer with what was not offered fails the handshake, or makes it try again without', async () => {
    for (const [onBadNegotiation, attempts] of [
      ['fail', 1],
      ['retry-without', 2],
    ] as const) {
      const { url, offers } = await answering('permessage-deflate; client_max_window_bits=15');
      const { client, log } = createClient({
        url,
        perMessageDeflate: { clientMaxWindowBits: false, onBadNegotiation },
      });
      const result = await client.connect();
      expect(result.success).toBe(attempts === 2);
      expect(offers).toEqual(['permessage-deflate', ''].slice(0, attempts));
      expect(log.of('error').length).toBe(2 - attempts);
    }
  });

  describe.each([
    ['python websockets 10.4 and tornado 6.2', 500, { serverMaxWindowBits: 8 }],
    ['nhooyr 1.8.7', 400, { serverMaxWindowBits: 10 }],
    ['Autobahn-Python 22.7.1', 400, { clientMaxWindowBits: 8 }],
  ] as const)('%s, which refuses with %d', (_, status, windows) => {
    test.each([
      ['fail', 1],
      ['retry-without', 2],
    ] as const)('what asks for a smaller window: %s makes %d requests', async (onBadNegotiation, requests) => {
      const { url, offers } = await stumbling(status);
      const result = await createClient({ url, perMessageDeflate: { ...windows, onBadNegotiation } }).client.connect();
      expect(offers).toHaveLength(requests);
      if (requests === 1) {
        expect(result).toMatchObject({ success: false, errorInfo: { code: 'badStatus', httpStatus: status } });
        return;
      }
      expect(offers[1]).toBe('');
      if (!result.success) throw new Error(result.errorInfo.reason);
      expect(result.openInfo.attempt?.earlier).toMatchObject([{ response: { status } }]);
    });
  });

  test.each([
    ['an offer without a window', 400, {}],
    ['another status', 403, { serverMaxWindowBits: 8 }],
  ] as const)('retry-without asks once where there is %s', async (_, status, windows) => {
    const { url, offers } = await stumbling(status);
    const options = { url, perMessageDeflate: { ...windows, onBadNegotiation: 'retry-without' } } as const;
    const result = await createClient(options).client.connect();
    expect(result).toMatchObject({ success: false, errorInfo: { code: 'badStatus', httpStatus: status } });
    expect(offers).toHaveLength(1);
  });

  test('retry-without asks once more and no further', async () => {
    const { url, offers } = await stumbling(400, true);
    const perMessageDeflate = { serverMaxWindowBits: 8, onBadNegotiation: 'retry-without' } as const;
    const result = await createClient({ url, perMessageDeflate }).client.connect();
    expect(result).toMatchObject({ success: false, errorInfo: { code: 'badStatus', httpStatus: 400 } });
    expect(offers).toHaveLength(2);
  });

  test('compressed data that is none closes the connection with 1007', async () => {
    const server = await listenRaw(async (peer) => {
      const head = await peer.head();
      peer.write(Buffer.from(switchingProtocols(head, { 'Sec-WebSocket-Extensions': 'permessage-deflate' })));
      peer.write(frame({ opcode: 1, rsv: 4, payload: Buffer.from([0xff, 0xff]) }));
    });
    const { log } = await connectClient(server.url, { perMessageDeflate: true });
    expect((await log.atLeast('close', 1))[0]?.closeInfo).toEqual({
      code: 1007,
      reason: 'Invalid compressed data',
      remote: false,
      layer: 'websocket',
    });
    const peer = server.peers[0];
    expect(readFrames(peer?.body ?? Buffer.alloc(0))[0]?.payload.readUInt16BE()).toBe(1007);
  });
});

test('inflaters of connections that are over are paid back', async () => {
  const { client, server, peerLog } = await connectPair({ perMessageDeflate: takeover }, { perMessageDeflate: true });
  client.send('some text');
  await peerLog.atLeast('message', 1);
  expect(server.metrics().unfinishedBytes).toBe(32 * 1024 + 12 * 1024);
  await client.stop();
  await peerLog.atLeast('close', 1);
  expect(server.metrics().unfinishedBytes).toBe(0);
});

describe.each([
  ['with context takeover', takeover],
  ['without context takeover', {}],
])('sends with progress, %s', (_what, options) => {
  test('are compressed, and leave in fragments of what is on the wire', async () => {
    const { client, peerLog } = await connectPair({ perMessageDeflate: { ...options } }, { perMessageDeflate: true });
    const text = 'some text, some more text, '.repeat(30);
    const half = Buffer.concat([noise(800_000), Buffer.alloc(800_000)]);
    const totals: number[] = [];
    client.send(text);
    const first = client.send(half, (_current, total) => void totals.push(total));
    client.send(text);
    const second = client.send(noise(100_000), (_current, total) => void totals.push(total));
    client.send(text);
    const third = client.send(text, () => undefined);
    const info = await first;
    expect(info).toMatchObject({ success: true, payloadSize: 1_600_000 });
    expect(info.wireSize).toBeGreaterThan(800_000);
    expect(info.wireSize).toBeLessThan(810_000);
    expect(await second).toMatchObject({ success: true, payloadSize: 100_000, wireSize: 100_000 + 3 * 8 });
    expect((await third).wireSize).toBeLessThan(100);
    expect(new Set(totals)).toEqual(new Set([24, 3]));
    const arrived = (await peerLog.atLeast('message', 6)).map(({ data }) => data);
    expect(arrived.map((data) => data.length)).toEqual([
      text.length,
      1_600_000,
      text.length,
      100_000,
      text.length,
      text.length,
    ]);
    expect(Buffer.compare(arrived[1] as Buffer, half)).toBe(0);
    expect([arrived[0], arrived[2], arrived[4], arrived[5]]).toEqual([text, text, text, text]);
  });

  test('a cancelled one takes nothing with it', async () => {
    const { client, peerLog } = await connectPair(
      { perMessageDeflate: { ...options } },
      { perMessageDeflate: true, onCancel: 'truncate' },
    );
    const text = 'some text, some more text, '.repeat(30);
    client.send(text);
    const sent = client.send(noise(200_000), () => false);
    client.send(text);
    expect(await sent).toMatchObject({ success: false, code: 'cancelled' });
    const arrived = await peerLog.atLeast('message', 3);
    expect([arrived[0]?.data, arrived[2]?.data]).toEqual([text, text]);
  });

  test('a connection that ends meanwhile ends it', async () => {
    const { client } = await connectPair({ perMessageDeflate: { ...options } }, { perMessageDeflate: true });
    const sent = client.send(Buffer.alloc(20_000_000), () => undefined);
    client.terminate();
    expect(await sent).toMatchObject({ success: false, code: 'closed' });
  });
});

import { describe, expect, test } from 'vitest';
import { prepareMessage, type ServerWebSocket, UsageError, type WebSocketServer } from '../../src/index.ts';
import { eventually, turns } from '../support/eventually.ts';
import { openRaw, type RawPeer } from '../support/raw-peer.ts';
import { connectClient, startServer } from '../support/running.ts';

interface Room {
  readonly server: WebSocketServer;
  readonly webSockets: ServerWebSocket[];
  readonly peers: RawPeer[];
}

async function openRoom(count: number, fields: Record<string, string> = {}, perMessageDeflate = false): Promise<Room> {
  const webSockets: ServerWebSocket[] = [];
  const { server, port } = await startServer({ perMessageDeflate }, (made) => {
    made.setOnConnectionCallback((webSocket) => void webSockets.push(webSocket));
  });
  const peers: RawPeer[] = [];
  for (let i = 0; i < count; i++) peers.push(await openRaw(port, fields));
  return { server, webSockets, peers };
}

const textsOf = (peer: RawPeer | undefined): string[] =>
  (peer?.framesSoFar() ?? []).map(({ payload }) => payload.toString());

describe('broadcast()', () => {
  test('reaches every open connection but those left out', async () => {
    const { server, webSockets, peers } = await openRoom(4);
    expect(server.broadcast('to all')).toEqual({ success: true, sent: 4, dropped: 0 });
    expect(server.broadcast('not to the first', { except: webSockets[0] })).toMatchObject({ sent: 3 });
    const filter = (webSocket: ServerWebSocket): boolean => webSocket === webSockets[0] || webSocket === webSockets[3];
    expect(server.broadcast('to two', { filter })).toMatchObject({ sent: 2 });
    webSockets[3]?.close();
    expect(server.broadcast('to those that are open')).toMatchObject({ sent: 3 });
    await peers[0]?.frames(3);
    await peers[1]?.frames(3);
    expect(textsOf(peers[0])).toEqual(['to all', 'to two', 'to those that are open']);
    expect(textsOf(peers[1])).toEqual(['to all', 'not to the first', 'to those that are open']);
  });

  test('sends strings as text and bytes as binary, unless told otherwise', async () => {
    const { server, peers } = await openRoom(1);
    server.broadcast('text');
    server.broadcast('binary', { binary: true });
    server.broadcast(Buffer.from('binary'));
    server.broadcast(Buffer.from('text'), { binary: false });
    server.broadcast(prepareMessage(new Uint8Array([1, 2, 3]).buffer));
    const frames = await peers[0]?.frames(5);
    expect(frames?.map(({ first }) => first & 15)).toEqual([1, 2, 2, 1, 2]);
  });

  test('is part of the order in which a connection is sent messages', async () => {
    const { server, webSockets, peers } = await openRoom(3);
    for (let i = 0; i < 20; i++) {
      server.broadcast(`all ${i}`);
      webSockets[i % 3]?.send(`one ${i}`);
      if (i === 10) server.broadcast('x'.repeat(50_000));
    }
    for (const [at, peer] of peers.entries()) {
      const own = Array.from({ length: 20 }, (_, i) => i).filter((i) => i % 3 === at);
      await peer.frames(21 + own.length);
      const expected: string[] = [];
      for (let i = 0; i < 20; i++) {
        expected.push(`all ${i}`);
        if (i % 3 === at) expected.push(`one ${i}`);
        if (i === 10) expected.push('x'.repeat(50_000));
      }
      expect(textsOf(peer)).toEqual(expected);
    }
  });

  test('says so when text is not valid, and sends nothing of it', async () => {
    const { server, peers } = await openRoom(1);
    expect(server.broadcast('a\ud800')).toEqual({ success: false, sent: 0, dropped: 0 });
    server.broadcast('valid');
    await peers[0]?.frames(1);
    expect(textsOf(peers[0])).toEqual(['valid']);
  });

  test('refuses what is wrong, naming it', async () => {
    const { server } = await openRoom(0);
    expect(() => server.broadcast(5 as never)).toThrow(UsageError);
    expect(() => server.broadcast('x', { filter: true as never })).toThrow('filter');
    expect(() => server.broadcast('x', { binary: 1 as never })).toThrow('binary');
    expect(() => server.broadcast('x', { but: 1 } as never)).toThrow('but');
    expect(() => server.publish(5 as never, 'x')).toThrow('topic');
  });

  test('compresses for each client as it asked', async () => {
    const text = JSON.stringify(Array.from({ length: 100 }, (_, i) => ({ id: i, name: 'the same name' })));
    const { server, url, port } = await startServer({ perMessageDeflate: true });
    const clients = await Promise.all([
      connectClient(url, { perMessageDeflate: true }),
      connectClient(url, { perMessageDeflate: { serverMaxWindowBits: 9 } }),
      connectClient(url, { perMessageDeflate: false }),
    ]);
    const raw = await openRaw(port, { 'Sec-WebSocket-Extensions': 'permessage-deflate' });
    const message = prepareMessage(text);
    server.broadcast(message);
    server.broadcast(message);
    for (const { log } of clients)
      expect((await log.atLeast('message', 2)).map(({ data }) => data)).toEqual([text, text]);
    const frames = await raw.frames(2);
    expect(frames[0]?.first).toBe(0xc1);
    expect(frames[0]?.payload.length).toBeLessThan(text.length / 4);
  });

  test('compresses with the history of each connection, where that was agreed on', async () => {
    const perMessageDeflate = { serverNoContextTakeover: false, clientNoContextTakeover: false };
    const { server, url } = await startServer({ perMessageDeflate });
    const clients = await Promise.all([
      connectClient(url, { perMessageDeflate }),
      connectClient(url, { perMessageDeflate }),
    ]);
    for (const webSocket of server.getClients()) webSocket.send('not the same history');
    for (let i = 0; i < 5; i++) server.broadcast(`message ${i}, and a few words more`);
    for (const { log } of clients) {
      const data = (await log.atLeast('message', 6)).map((message) => message.data);
      expect(data.at(-1)).toBe('message 4, and a few words more');
    }
  });
});

describe('while a broadcast runs', () => {
  test('a filter may send, publish, close and subscribe, and all get everything in the same order', async () => {
    const { server, webSockets, peers } = await openRoom(4);
    for (const webSocket of webSockets) webSocket.subscribe('room');
    let isFirst = true;
    server.publish('room', 'outer', {
      filter: (webSocket) => {
        if (isFirst) {
          isFirst = false;
          server.publish('room', 'inner');
          webSockets[3]?.close();
          webSockets[2]?.unsubscribe('room');
        }
        webSocket.unsubscribe('room');
        webSocket.subscribe('room');
        return true;
      },
    });
    server.broadcast('last');
    for (const peer of peers.slice(0, 3)) {
      await peer.until('the last one', () => textsOf(peer).includes('last'));
      expect(textsOf(peer).slice(0, 2)).toEqual(['inner', 'outer']);
    }
    await peers[3]?.ended();
    expect(textsOf(peers[3])[0]).toBe('inner');
    expect(textsOf(peers[3])).not.toContain('outer');
  });
});

describe('makeBroadcastServer()', () => {
  test('sends every message to all others, as it came', async () => {
    const { url } = await startServer({}, (made) => made.makeBroadcastServer());
    const [alice, bob, carol] = await Promise.all([connectClient(url), connectClient(url), connectClient(url)]);
    alice.client.send('hello');
    alice.client.send(Buffer.from('00ff', 'hex'));
    for (const { log } of [bob, carol]) {
      expect((await log.atLeast('message', 2)).map(({ data }) => data)).toEqual(['hello', Buffer.from('00ff', 'hex')]);
    }
    bob.client.send('hi');
    expect((await alice.log.next('message')).data).toBe('hi');
    await turns();
    expect(alice.log.data).toEqual(['hi']);
  });
});

describe('broadcastWhenReady()', () => {
  test('waits for a slow connection whose policy is to block, and for no other', async () => {
    const webSockets: ServerWebSocket[] = [];
    const { server, port } = await startServer({ highWaterMark: 100_000 }, (made) => {
      made.setOnConnectionCallback((webSocket) => void webSockets.push(webSocket));
    });
    const slow = await openRaw(port);
    slow.socket.pause();
    const quick = await openRaw(port);
    const [first] = webSockets;
    while (first?.canSendMore === true) {
      first.send(Buffer.alloc(1_000_000));
      await turns(1);
    }
    expect(await server.broadcastWhenReady('its policy is to fail')).toMatchObject({ sent: 2 });
    first?.setSlowConsumer('block');
    let isDone = false;
    const sending = server.broadcastWhenReady('waited').then((info) => {
      isDone = true;
      return info;
    });
    const ender = new AbortController();
    const given = server.broadcastWhenReady('given up', { signal: ender.signal });
    ender.abort(new Error('enough'));
    await expect(given).rejects.toThrow('enough');
    await turns();
    expect(isDone).toBe(false);
    slow.socket.resume();
    expect(await sending).toEqual({ success: true, sent: 2, dropped: 0 });
    await quick.frames(2);
    expect(textsOf(quick)).toEqual(['its policy is to fail', 'waited']);
  });

  test('goes on when the slow connection is gone', async () => {
    const webSockets: ServerWebSocket[] = [];
    const { server, port } = await startServer({ highWaterMark: 100_000, slowConsumer: 'block' }, (made) => {
      made.setOnConnectionCallback((webSocket) => {
        webSockets.push(webSocket);
        webSocket.subscribe('news');
      });
    });
    const slow = await openRaw(port);
    slow.socket.pause();
    await openRaw(port);
    while (webSockets[0]?.canSendMore === true) {
      webSockets[0].send(Buffer.alloc(1_000_000));
      await turns(1);
    }
    const sending = server.publishWhenReady('news', 'waited');
    slow.socket.destroy();
    expect(await sending).toEqual({ success: true, sent: 1, dropped: 0 });
    await eventually('the end', () => server.getClients().size === 1);
  });
});

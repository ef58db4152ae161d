import { describe, expect, onTestFinished, test } from 'vitest';
import { type ServerWebSocket, UsageError, WebSocket, type WebSocketDataMessage } from '../../src/index.ts';
import { eventually, turns } from '../support/eventually.ts';
import { frame, RFC_MASK } from '../support/frames.ts';
import { openRaw } from '../support/raw-peer.ts';
import { listenRaw } from '../support/raw-server.ts';
import { connectClient, connectPair, createClient, startEchoServer, startServer } from '../support/running.ts';

async function take(messages: AsyncIterator<WebSocketDataMessage>, count: number): Promise<string[]> {
  const taken: string[] = [];
  while (taken.length < count) {
    const { value, done } = await messages.next();
    if (done === true) break;
    taken.push(value.data.toString());
  }
  return taken;
}

describe('for await', () => {
  test('yields text and binary messages only, in order, and ends at stop()', async () => {
    const { client, peer } = await connectPair();
    const seen: (string | Buffer)[] = [];
    const loop = (async () => {
      for await (const message of client) {
        seen.push(message.data);
        if (seen.length === 3) void client.stop();
      }
    })();
    peer.ping('not this');
    peer.send('one');
    peer.send(Buffer.from('two'));
    peer.ping('nor this');
    peer.send('three');
    await loop;
    expect(seen).toEqual(['one', Buffer.from('two'), 'three']);
  });

  test('gets a message that arrived before it asked, and those that come while it waits', async () => {
    const { client, peer, log } = await connectPair();
    const messages = client[Symbol.asyncIterator]();
    peer.send('early');
    await log.next('message');
    expect(await take(messages, 1)).toEqual(['early']);
    const later = take(messages, 2);
    peer.send('1');
    peer.send('2');
    expect(await later).toEqual(['1', '2']);
  });

  test('is one at a time: a second loop is refused until the first is left', async () => {
    const { client, peer } = await connectPair();
    const first = client[Symbol.asyncIterator]();
    expect(() => client[Symbol.asyncIterator]()).toThrow(UsageError);
    await first.return?.();
    const second = client[Symbol.asyncIterator]();
    peer.send('for the second');
    expect(await take(second, 1)).toEqual(['for the second']);
    expect(await first.next()).toEqual({ value: undefined, done: true });
  });

  test('detaches when it is left, and does not close the connection', async () => {
    const { client, peer, peerLog } = await connectPair();
    peer.send('1');
    peer.send('2');
    for await (const message of client) {
      expect(message.data).toBe('1');
      break;
    }
    expect(client.getReadyState()).toBe('open');
    client.send('still open');
    expect((await peerLog.next('message')).data).toBe('still open');
    const rest = client[Symbol.asyncIterator]();
    peer.send('3');
    expect(await take(rest, 1)).toEqual(['3']);
  });

  test('that is left by an error detaches as well', async () => {
    const { client, peer } = await connectPair();
    peer.send('1');
    const loop = async (): Promise<void> => {
      for await (const message of client) throw new Error(message.data.toString());
    };
    await expect(loop()).rejects.toThrow('1');
    expect(() => client[Symbol.asyncIterator]()).not.toThrow();
  });

  test('spans reconnections', async () => {
    const { server, url } = await startEchoServer();
    const { client, log } = createClient({ url });
    const messages = client[Symbol.asyncIterator]();
    client.start();
    for (let i = 0; i < 3; i++) {
      await log.next('open');
      client.send(`connection ${i}`);
      expect(await take(messages, 1)).toEqual([`connection ${i}`]);
      for (const webSocket of server.getClients()) webSocket.close(1001);
      await log.next('close');
    }
    const end = messages.next();
    await client.stop();
    expect((await end).done).toBe(true);
  });

  test('takes what has arrived before it ends', async () => {
    const { client, peer, log } = await connectPair();
    const messages = client[Symbol.asyncIterator]();
    for (let i = 0; i < 20; i++) peer.send(`${i}`);
    peer.close();
    await log.next('close');
    await turns();
    expect(await take(messages, 100)).toEqual(Array.from({ length: 20 }, (_, i) => `${i}`));
  });

  test('ends when a client gives up', async () => {
    const { client } = createClient({ url: 'not a url' });
    const messages = client[Symbol.asyncIterator]();
    client.start();
    expect((await messages.next()).done).toBe(true);
  });

  test('ends at stop(), also when the client was never started', async () => {
    const { client } = createClient({ url: 'ws://127.0.0.1:1/' });
    const next = client[Symbol.asyncIterator]().next();
    await client.stop();
    const result = await Promise.race([next, turns(20).then(() => 'still waits')]);
    expect(result).toEqual({ value: undefined, done: true });
  });

  test('ends on a server when the client has gone', async () => {
    const { client, peer } = await connectPair();
    const messages = peer[Symbol.asyncIterator]();
    client.send('one');
    client.close();
    expect(await take(messages, 100)).toEqual(['one']);
  });

  test('ends at once on a connection of a server that is over for good', async () => {
    const { client, peer, peerLog } = await connectPair();
    client.close();
    await peerLog.next('close');
    const next = peer[Symbol.asyncIterator]().next();
    const result = await Promise.race([next, turns(20).then(() => 'waits for ever')]);
    expect(result).toEqual({ value: undefined, done: true });
  });

  test('and a callback both get every message', async () => {
    const { client, peer, log } = await connectPair();
    const messages = client[Symbol.asyncIterator]();
    peer.send('both');
    expect(await take(messages, 1)).toEqual(['both']);
    expect(log.data).toEqual(['both']);
  });
});

describe('a slow loop', () => {
  test('stops the sender: it may not read more than its bound, and loses nothing', async () => {
    const { client, peer } = await connectPair({ maxBufferedBytes: 1024 * 1024 * 1024 });
    const messages = client[Symbol.asyncIterator]();
    const size = 100_000;
    const count = 300;
    for (let i = 0; i < count; i++) expect(peer.send(Buffer.alloc(size, i)).success).toBe(true);
    await eventually(
      'the sender to come to rest',
      settled(() => peer.bufferedAmount()),
    );
    const waiting = peer.bufferedAmount();
    // What the sockets hold differs from system to system, some MB; 30 MB it is nowhere.
    expect(waiting).toBeGreaterThan(5_000_000);
    await turns(20);
    expect(peer.bufferedAmount()).toBe(waiting);

    for (let i = 0; i < count; i++) {
      const { value } = await messages.next();
      expect(value?.bytes.equals(Buffer.alloc(size, i))).toBe(true);
    }
    expect(peer.bufferedAmount()).toBe(0);
  });

  test('holds at most 64 small messages', async () => {
    const { port, peer } = await startTapped();
    const raw = await openRaw(port);
    const messages = (await peer())[Symbol.asyncIterator]();
    for (let i = 0; i < 10; i++)
      raw.write(Buffer.concat(Array.from({ length: 100 }, (_, k) => text(`${i * 100 + k}`))));
    const ping = frame({ opcode: 9, payload: 'behind them', mask: RFC_MASK });
    raw.write(ping);
    await turns(20);
    expect(raw.body).toHaveLength(0);
    expect(await take(messages, 1000)).toEqual(Array.from({ length: 1000 }, (_, i) => `${i}`));
    const [pong] = await raw.frames(1);
    expect(pong?.payload.toString()).toBe('behind them');
  });

  test('that is left lets reading go on', async () => {
    const { port, peer } = await startTapped();
    const raw = await openRaw(port);
    const webSocket = await peer();
    const messages = webSocket[Symbol.asyncIterator]();
    raw.write(Buffer.concat(Array.from({ length: 100 }, (_, i) => text(`${i}`))));
    raw.write(frame({ opcode: 9, payload: 'behind them', mask: RFC_MASK }));
    expect(await take(messages, 1)).toEqual(['0']);
    await messages.return?.();
    await raw.frames(1);
    expect(webSocket.unconsumedMessages).toBeGreaterThan(0);
  });

  test('does not keep the connection from being closed', async () => {
    const { port, peer } = await startTapped();
    const raw = await openRaw(port);
    const webSocket = await peer();
    const messages = webSocket[Symbol.asyncIterator]();
    raw.write(Buffer.concat(Array.from({ length: 1000 }, (_, i) => text(`${i}`))));
    await turns(20);
    webSocket.close(3000);
    raw.write(frame({ opcode: 8, payload: Buffer.from('0bb8', 'hex'), mask: RFC_MASK }));
    await raw.ended();
    raw.socket.end();
    const taken = await take(messages, 2000);
    expect(taken).toEqual(Array.from({ length: taken.length }, (_, i) => `${i}`));
    expect(taken.length).toBeLessThan(200);
  });
});

test('what a client receives behind the handshake is there for a loop that starts after connect()', async () => {
  const server = await listenRaw();
  const client = new WebSocket({ url: server.url, closeTimeoutSecs: 0.1, perMessageDeflate: false });
  onTestFinished(() => void client.stop());
  const connecting = client.connect();
  await server.acceptUpgrade(Buffer.concat([frame({ opcode: 1, payload: '1' }), frame({ opcode: 1, payload: '2' })]));
  expect((await connecting).success).toBe(true);
  expect(await take(client[Symbol.asyncIterator](), 2)).toEqual(['1', '2']);
});

test('messages and the end that come with the handshake are there for a loop that starts after connect()', async () => {
  const server = await listenRaw();
  const client = new WebSocket({ url: server.url, closeTimeoutSecs: 0.1, perMessageDeflate: false });
  onTestFinished(() => void client.stop());
  const connecting = client.connect();
  const closeFrame = Buffer.from('880203e8', 'hex');
  const peer = await server.acceptUpgrade(Buffer.concat([frame({ opcode: 1, payload: '1' }), closeFrame]));
  peer.socket.end();
  expect((await connecting).success).toBe(true);
  expect(await take(client[Symbol.asyncIterator](), 2)).toEqual(['1']);
});

test('a loop that was abandoned while it was full does not keep the next connection from being read', async () => {
  const server = await listenRaw();
  const { client, log } = createClient({ url: server.url, closeTimeoutSecs: 0.1 });
  const abandoned = client[Symbol.asyncIterator]();
  client.start();
  const many = Array.from({ length: 200 }, (_, i) => frame({ opcode: 1, payload: `${i}` }));
  await server.acceptUpgrade(Buffer.concat(many));
  await log.atLeast('message', 64);
  await client.stop();
  expect((await abandoned.next()).value?.data).toBe('0');
  log.all.length = 0;
  client.start();
  await server.acceptUpgrade(frame({ opcode: 1, payload: 'read' }));
  await eventually('the message', () => log.data.includes('read'), 1000);
});

test('many loops, one after the other, do not lose a message between them when asked at once', async () => {
  const { url } = await startEchoServer();
  const { client } = await connectClient(url);
  const answers: string[] = [];
  for (let i = 0; i < 50; i++) {
    client.send(`${i}`);
    for await (const message of client) {
      answers.push(message.data.toString());
      break;
    }
  }
  expect(answers).toEqual(Array.from({ length: 50 }, (_, i) => `${i}`));
});

const text = (payload: string): Buffer => frame({ opcode: 1, payload, mask: RFC_MASK });

/** A server, and the first connection to it. */
async function startTapped() {
  const sockets: ServerWebSocket[] = [];
  const { port } = await startServer({}, (server) => {
    server.setOnConnectionCallback((webSocket) => void sockets.push(webSocket));
  });
  return { port, peer: () => eventually('a connection', () => sockets[0]) };
}

/** True when two looks, twenty of them in a row, give the same. */
function settled(read: () => number): () => boolean {
  let last = -1;
  let same = 0;
  return () => {
    const value = read();
    same = value === last ? same + 1 : 0;
    last = value;
    return same >= 20;
  };
}

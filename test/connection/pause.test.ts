import { describe, expect, test } from 'vitest';
import type { ServerWebSocket } from '../../src/index.ts';
import { eventually, turns } from '../support/eventually.ts';
import { frame, RFC_MASK } from '../support/frames.ts';
import { MessageLog } from '../support/message-log.ts';
import { connectRaw, openRaw, upgradeRequest } from '../support/raw-peer.ts';
import { listenRaw } from '../support/raw-server.ts';
import { connectPair, createClient, startServer } from '../support/running.ts';

const numbers = (count: number, from = 0): string[] => Array.from({ length: count }, (_, i) => `${from + i}`);

describe.each(['client', 'server'] as const)('a paused %s', (role) => {
  const connect = async () => {
    const pair = await connectPair({ maxBufferedBytes: 2 ** 30 }, { maxBufferedBytes: 2 ** 30 });
    return role === 'client'
      ? { reader: pair.client, log: pair.log, sender: pair.peer, senderLog: pair.peerLog }
      : { reader: pair.peer, log: pair.peerLog, sender: pair.client, senderLog: pair.log };
  };

  test('gets nothing until it resumes, and then everything in order', async () => {
    const { reader, log, sender } = await connect();
    reader.pause();
    for (const number of numbers(500)) sender.send(number);
    await turns(20);
    expect(log.data).toEqual([]);
    reader.resume();
    await log.atLeast('message', 500);
    expect(log.data).toEqual(numbers(500));
  });

  test('slows its peer down', async () => {
    const { reader, log, sender } = await connect();
    reader.pause();
    for (let i = 0; i < 300; i++) sender.send(Buffer.alloc(100_000, i));
    await turns(50);
    expect(sender.bufferedAmount()).toBeGreaterThan(5_000_000);
    expect(log.data).toEqual([]);
    reader.resume();
    const messages = await log.atLeast('message', 300);
    expect(messages.map((message) => message.bytes[0])).toEqual(Array.from({ length: 300 }, (_, i) => i % 256));
    expect(sender.bufferedAmount()).toBe(0);
  });

  test('inside a callback gets not one message more in that read', async () => {
    const { reader, log, sender } = await connect();
    reader.on('message', (message) => {
      if (message.data === '10') reader.pause();
    });
    for (const number of numbers(100)) sender.send(number);
    await log.atLeast('message', 11);
    await turns(20);
    expect(log.data).toEqual(numbers(11));
    reader.resume();
    await log.atLeast('message', 100);
    expect(log.data).toEqual(numbers(100));
  });

  test('that resumes in a promise after each message loses and reorders nothing', async () => {
    const { reader, log, sender } = await connect();
    let running = 0;
    let most = 0;
    reader.on('message', async () => {
      most = Math.max(most, ++running);
      reader.pause();
      await Promise.resolve();
      running--;
      reader.resume();
    });
    for (const number of numbers(300)) sender.send(number);
    await log.atLeast('message', 300);
    expect(log.data).toEqual(numbers(300));
    expect(most).toBe(1);
  });

  test('and resumed at once, inside a callback, goes on', async () => {
    const { reader, log, sender } = await connect();
    reader.on('message', () => {
      reader.pause();
      reader.resume();
      reader.pause();
      reader.pause();
      reader.resume();
    });
    for (const number of numbers(200)) sender.send(number);
    await log.atLeast('message', 200);
    expect(log.data).toEqual(numbers(200));
  });

  test('that is paused and resumed at random, with messages of all sizes, loses nothing', async () => {
    const { reader, log, sender } = await connect();
    const sizes = [0, 1, 125, 126, 5000, 65_535, 65_536, 70_000, 300_000];
    const count = 200;
    let seed = 7;
    const random = (below: number): number => {
      seed = (seed * 48_271) % 2_147_483_647;
      return seed % below;
    };
    const sizeOf = (i: number): number => sizes[i % sizes.length] ?? 0;
    reader.on('message', () => {
      if (random(4) !== 0) return;
      reader.pause();
      if (random(2) === 0) setImmediate(() => reader.resume());
      else process.nextTick(() => reader.resume());
    });
    for (let i = 0; i < count; i++) {
      sender.send(Buffer.alloc(sizeOf(i), i));
      if (i % 20 === 0) await turns(1);
    }
    const messages = await log.atLeast('message', count);
    for (const [i, message] of messages.entries()) {
      expect(message.bytes.equals(Buffer.alloc(sizeOf(i), i))).toBe(true);
    }
  });

  test('that closes reads on up to the close frame, and delivers nothing of it', async () => {
    const { reader, log, sender, senderLog } = await connect();
    reader.pause();
    for (let i = 0; i < 100; i++) sender.send(Buffer.alloc(100_000));
    await turns(5);
    reader.close(3000, 'enough');
    expect((await senderLog.next('close')).closeInfo).toMatchObject({ code: 3000, remote: true, layer: 'websocket' });
    expect((await log.next('close')).closeInfo).toMatchObject({ code: 3000, remote: false, layer: 'websocket' });
    expect(log.data).toEqual([]);
  });

  test('that terminates is gone', async () => {
    const { reader, log, sender, senderLog } = await connect();
    reader.pause();
    sender.send('never read');
    reader.terminate();
    await log.next('close');
    await senderLog.next('close');
    expect(log.data).toEqual([]);
  });

  test('sees the close of its peer, behind everything, when it resumes', async () => {
    const { reader, log, sender } = await connect();
    reader.pause();
    for (const number of numbers(50)) sender.send(number);
    sender.close(3000);
    await turns(10);
    expect(log.all.map((message) => message.type)).not.toContain('close');
    reader.resume();
    expect((await log.next('close')).closeInfo).toMatchObject({ code: 3000, remote: true, layer: 'websocket' });
    expect(log.data).toEqual(numbers(50));
  });

  test('does not answer pings, until it resumes', async () => {
    const { reader, sender, senderLog } = await connect();
    reader.pause();
    sender.ping('1');
    await turns(20);
    expect(senderLog.of('pong')).toEqual([]);
    reader.resume();
    expect((await senderLog.next('pong')).data).toBe('1');
  });
});

test('a server that pauses in onConnection reads nothing that came with the handshake', async () => {
  const sockets: ServerWebSocket[] = [];
  const logs: MessageLog[] = [];
  const { port } = await startServer({}, (server) => {
    server.setOnConnectionCallback((webSocket) => {
      webSocket.pause();
      sockets.push(webSocket);
      logs.push(new MessageLog(webSocket));
    });
  });
  const frames = numbers(20).map((payload) => frame({ opcode: 1, payload, mask: RFC_MASK }));
  const raw = await connectRaw(port, { send: Buffer.concat([Buffer.from(upgradeRequest()), ...frames]) });
  await raw.head();
  raw.write(frame({ opcode: 1, payload: '20', mask: RFC_MASK }));
  await turns(20);
  expect(logs[0]?.data).toEqual([]);
  sockets[0]?.resume();
  await logs[0]?.atLeast('message', 21);
  expect(logs[0]?.data).toEqual(numbers(21));
});

test('a client that was paused before it connected stays paused, when it is started again too', async () => {
  const server = await listenRaw();
  const { client, log } = createClient({ url: server.url });
  client.pause();
  client.start();
  for (let i = 0; i < 2; i++) {
    const raw = await server.acceptUpgrade(frame({ opcode: 1, payload: `${i}` }));
    await log.next('open');
    raw.write(frame({ opcode: 1, payload: 'behind it' }));
    await turns(20);
    expect(log.data).toEqual([]);
    if (i === 1) break;
    client.close();
    await log.next('close');
    await client.stop();
    client.start();
  }
  client.resume();
  await log.atLeast('message', 2);
  expect(log.data).toEqual(['1', 'behind it']);
});

test('a paused connection whose peer has ended the stream delivers what came before the end', async () => {
  const sockets: ServerWebSocket[] = [];
  const logs: MessageLog[] = [];
  const { port } = await startServer({}, (server) => {
    server.setOnConnectionCallback((webSocket) => {
      sockets.push(webSocket);
      logs.push(new MessageLog(webSocket));
    });
  });
  const raw = await openRaw(port);
  const [webSocket] = sockets;
  const [log] = logs;
  if (webSocket === undefined || log === undefined) throw new Error('no connection');
  webSocket.on('message', () => webSocket.pause());
  raw.socket.end(Buffer.concat(numbers(5).map((payload) => frame({ opcode: 1, payload, mask: RFC_MASK }))));
  for (let count = 1; count <= 5; count++) {
    await log.atLeast('message', count);
    await turns(5);
    expect(log.data).toEqual(numbers(count));
    expect(log.of('close')).toEqual([]);
    webSocket.resume();
  }
  expect((await log.next('close')).closeInfo).toMatchObject({ code: 1006, remote: true, layer: 'transport' });
  await eventually('the end', () => webSocket.getReadyState() === 'closed');
});

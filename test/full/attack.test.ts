import { once } from 'node:events';
import net from 'node:net';
import { expect, test } from 'vitest';
import { usedBytes } from '../support/collect-garbage.ts';
import { eventually } from '../support/eventually.ts';
import { frame, RFC_MASK } from '../support/frames.ts';
import { patient } from '../support/patience.ts';
import { upgradeRequest } from '../support/raw-peer.ts';
import { connectClient, startEchoServer } from '../support/running.ts';

const STREAMS = 20_000;
const AT_A_TIME = 50;
const MIB = 1024 * 1024;

/** The same streams at every run: a failure can be looked at again. */
class Random {
  #state: number;

  constructor(seed: number) {
    this.#state = seed * 2654435761 + 1;
  }

  below(limit: number): number {
    // Mulberry32.
    this.#state = (this.#state + 0x6d2b79f5) | 0;
    let t = Math.imul(this.#state ^ (this.#state >>> 15), 1 | this.#state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) % limit;
  }

  bytes(length: number): Buffer {
    return Buffer.from(Array.from({ length }, () => this.below(256)));
  }

  pick<T>(items: readonly T[]): T {
    return items[this.below(items.length)] as T;
  }
}

function randomFrame(random: Random): Buffer {
  return frame({
    opcode: random.pick([0, 0, 1, 1, 2, 2, 8, 9, 10, 3, 11]),
    fin: random.below(3) > 0,
    rsv: random.below(20) === 0 ? random.below(8) : 0,
    mask: random.below(20) === 0 ? undefined : RFC_MASK,
    payload: random.bytes(random.pick([0, 1, 2, 10, 125, 126, 400])),
    declare: random.below(30) === 0 ? random.pick([2n ** 63n, 2n ** 64n - 1n, 2n ** 53n, 70_000n]) : undefined,
    lengthForm: random.below(30) === 0 ? random.pick([16, 64] as const) : undefined,
  });
}

const heads = [
  upgradeRequest(),
  upgradeRequest({ 'Sec-WebSocket-Extensions': 'permessage-deflate; client_max_window_bits' }),
  upgradeRequest({ 'Sec-WebSocket-Protocol': 'a, b', Origin: 'http://evil.test' }),
  'GET / HTTP/1.1\r\nHost: x\r\n\r\n',
  'POST /x HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nabcde\r\n0\r\n\r\n',
];

/** Well-formed to begin with, or nothing of the kind. */
function randomStream(random: Random): Buffer {
  if (random.below(8) === 0) return random.bytes(random.below(3000));
  const frames = Array.from({ length: random.below(12) }, () => randomFrame(random));
  const head = random.below(3) > 0 ? upgradeRequest() : random.pick(heads);
  return Buffer.concat([Buffer.from(head, 'latin1'), ...frames]);
}

function mutate(random: Random, bytes: Buffer): Buffer {
  if (bytes.length === 0) return bytes;
  let mutated = Buffer.from(bytes);
  for (let i = random.below(4); i > 0; i--) {
    const at = random.below(mutated.length);
    const kind = random.below(4);
    if (kind === 0) mutated[at] = random.below(256);
    else if (kind === 1)
      mutated = Buffer.concat([mutated.subarray(0, at), mutated.subarray(at + 1 + random.below(20))]);
    else if (kind === 2)
      mutated = Buffer.concat([mutated.subarray(0, at), random.bytes(random.below(30)), mutated.subarray(at)]);
    else mutated = Buffer.concat([mutated.subarray(0, at), mutated.subarray(random.below(mutated.length))]);
    if (mutated.length === 0) return mutated;
  }
  return mutated;
}

/** Sends one stream in random pieces and leaves in a random way. */
async function attack(port: number, seed: number): Promise<void> {
  const random = new Random(seed);
  const stream = mutate(random, randomStream(random));
  const socket = net.connect({ port, host: '127.0.0.1', allowHalfOpen: true, noDelay: true });
  socket.on('error', () => undefined);
  const closed = once(socket, 'close');
  socket.resume();
  // One that left before would never have reached the server.
  await once(socket, 'connect');
  if (random.below(5) === 0) socket.pause();
  for (let at = 0; at < stream.length; ) {
    const end = at + 1 + random.below(random.pick([3, 100, 5000]));
    socket.write(stream.subarray(at, end));
    at = end;
    if (random.below(4) === 0) await new Promise((resolve) => setImmediate(resolve));
  }
  const way = random.below(3);
  if (way === 0) socket.resetAndDestroy();
  else if (way === 1) socket.destroy();
  else {
    socket.end();
    setTimeout(() => socket.destroy(), random.below(20));
  }
  await closed;
}

test('20 000 hostile streams neither stop the server nor its client, and memory stays bounded', async () => {
  const uncaught: unknown[] = [];
  const onUncaught = (error: unknown): void => void uncaught.push(error);
  process.on('uncaughtException', onUncaught);
  process.on('unhandledRejection', onUncaught);
  const callbackErrors: unknown[] = [];
  const { server, port, url } = await startEchoServer({
    perMessageDeflate: true,
    closeTimeoutSecs: 0.5,
    handshakeTimeoutSecs: 1,
    onCallbackError: (error) => void callbackErrors.push(error),
  });
  const { client, log } = await connectClient(url);
  let served = 0;
  let slowestMs = 0;
  let isOver = false;
  const serving = (async () => {
    while (!isOver) {
      const start = performance.now();
      client.send(`well behaved ${served}`);
      expect((await log.next('message')).data).toBe(`well behaved ${served}`);
      log.all.length = 0;
      slowestMs = Math.max(slowestMs, performance.now() - start);
      served++;
    }
  })();

  let next = 0;
  const lane = async (until: number): Promise<void> => {
    while (next < until) await attack(port, next++);
  };
  const attackUntil = (until: number): Promise<unknown> =>
    Promise.all(Array.from({ length: AT_A_TIME }, () => lane(until)));
  await attackUntil(2000);
  const heapBefore = usedBytes();
  const rssBefore = process.memoryUsage.rss();
  await attackUntil(STREAMS);
  isOver = true;
  await serving;
  await eventually('all attackers to be gone', () => server.getClients().size === 1, 10_000);

  process.off('uncaughtException', onUncaught);
  process.off('unhandledRejection', onUncaught);
  expect(uncaught).toEqual([]);
  expect(callbackErrors).toEqual([]);
  // The smallest object that was forgotten would cost more than this for each stream.
  expect(usedBytes() - heapBefore).toBeLessThan(STREAMS * 100);
  expect(process.memoryUsage.rss() - rssBefore).toBeLessThan(100 * MIB);
  expect(client.getReadyState()).toBe('open');
  expect(served).toBeGreaterThan(100);
  expect(slowestMs).toBeLessThan(patient(2000));
});

test('two hundred unfinished messages are held within the budget, and the others go on', async () => {
  const budget = 32 * MIB;
  const { server, port, url } = await startEchoServer({ maxUnfinishedBytes: budget, maxMessageSize: MIB });
  const { client, log } = await connectClient(url);
  const before = usedBytes();
  const piece = frame({ opcode: 2, fin: false, payload: Buffer.alloc(900 * 1024, 1), mask: RFC_MASK });
  const sockets: net.Socket[] = [];
  let closed = 0;
  for (let i = 0; i < 200; i++) {
    const socket = net.connect({ port, host: '127.0.0.1' });
    socket.on('error', () => undefined);
    socket.on('close', () => closed++);
    socket.resume();
    socket.write(upgradeRequest());
    socket.write(piece);
    sockets.push(socket);
    await once(socket, 'connect');
  }
  await eventually('those beyond the budget to be closed', () => closed > 150, 20_000);
  // The sockets of the attackers are in this process as well; reads that are over are garbage and do not count.
  expect(usedBytes() - before).toBeLessThan(budget + 32 * MIB);
  client.send('still served');
  expect((await log.next('message')).data).toBe('still served');
  for (const socket of sockets) socket.destroy();
  await eventually('all to be gone', () => server.getClients().size === 1);
});

test('a header that declares 2^63 - 1 bytes costs nothing', async () => {
  const { port, url } = await startEchoServer();
  const declared = frame({ opcode: 2, declare: 2n ** 63n - 1n, mask: RFC_MASK });
  const before = process.memoryUsage.rss();
  for (let i = 0; i < 200; i++) {
    const socket = net.connect({ port, host: '127.0.0.1' });
    socket.write(upgradeRequest());
    socket.write(declared);
    const chunks: Buffer[] = [];
    socket.on('data', (chunk: Buffer) => chunks.push(chunk));
    await once(socket, 'end');
    socket.destroy();
    expect(Buffer.concat(chunks).toString('latin1')).toContain('\x03\xf1Message too big');
  }
  expect(process.memoryUsage.rss() - before).toBeLessThan(50 * MIB);
  await connectClient(url);
});

test('131 000 fragments of one byte cost less than twice their payload, and one too many closes with 1008', async () => {
  const { port } = await startEchoServer({ maxFragments: 131_072 });
  const socket = net.connect({ port, host: '127.0.0.1' });
  const chunks: Buffer[] = [];
  socket.on('data', (chunk: Buffer) => chunks.push(chunk));
  socket.on('error', () => undefined);
  socket.write(upgradeRequest());
  const first = frame({ opcode: 2, fin: false, payload: 'x', mask: RFC_MASK });
  const more = Buffer.concat(
    Array.from({ length: 1000 }, () => frame({ opcode: 0, fin: false, payload: 'x', mask: RFC_MASK })),
  );
  socket.write(first);
  await once(socket, 'data');
  const before = usedBytes();
  for (let i = 0; i < 131; i++) if (!socket.write(more)) await once(socket, 'drain');
  await eventually('all to be read', () => socket.writableLength === 0);
  expect(usedBytes() - before).toBeLessThan(600_000);
  const ended = once(socket, 'end');
  socket.write(more);
  await ended;
  expect(Buffer.concat(chunks).toString('latin1')).toContain('\x03\xf0Too many fragments');
  socket.destroy();
});

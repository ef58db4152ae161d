import net from 'node:net';
import { expect, onTestFinished, test } from 'vitest';
import { attack, startGuardedServer, victims } from '../support/attacked.ts';
import { compressed } from '../support/bomb.ts';
import { Bystander } from '../support/bystander.ts';
import { noise } from '../support/deflate-pair.ts';
import { eventually } from '../support/eventually.ts';
import { frame, RFC_MASK } from '../support/frames.ts';
import { MemoryWatch } from '../support/memory-watch.ts';
import { patient } from '../support/patience.ts';
import { upgradeRequest } from '../support/raw-peer.ts';
import { connectPair } from '../support/running.ts';

const KIB = 1024;
const MIB = 1024 * KIB;

const takeover = { clientNoContextTakeover: false, serverNoContextTakeover: false, threshold: 0 };
const noTakeover = { clientNoContextTakeover: true, serverNoContextTakeover: true, threshold: 0 };

test('a thousand unfinished messages of 0.9 MiB stay within maxUnfinishedBytes of a server', async () => {
  const { server, port, url } = await startGuardedServer({ perMessageDeflate: true });
  const bystander = await Bystander.join(url);
  const memory = new MemoryWatch();
  const fields = { 'Sec-WebSocket-Extensions': 'permessage-deflate; client_max_window_bits' };
  const head = Buffer.from(upgradeRequest(fields), 'latin1');
  const whole = frame({ opcode: 1, rsv: 4, payload: compressed('hello'), mask: RFC_MASK });
  const payload = Buffer.alloc(900 * KIB, 1);
  // Half of them compressed; it is the same memory for all, so that the attackers cost little.
  const pieces = [0, 4].map((rsv) =>
    Buffer.concat([head, whole, frame({ opcode: 2, rsv, fin: false, payload, mask: RFC_MASK })]),
  );
  const sockets: net.Socket[] = [];
  onTestFinished(() => {
    for (const socket of sockets) socket.destroy();
  });
  let closed = 0;
  for (let i = 0; i < 1000; i++) {
    const socket = net.connect({ port, host: '127.0.0.1' });
    sockets.push(socket);
    socket.on('error', () => undefined);
    socket.on('end', () => closed++);
    socket.resume();
    socket.write(pieces[i % 2] ?? head);
    if (i % 20 === 19) await new Promise((resolve) => socket.once('connect', resolve));
  }
  await eventually('those beyond the budget to be closed', () => closed > 600, 60_000);
  expect(server.metrics().unfinishedBytes).toBeLessThanOrEqual(256 * MIB);
  expect(server.metrics().unfinishedBytes).toBeGreaterThan(128 * MIB);
  expect(memory.grown).toBeLessThan(256 * MIB + 64 * MIB);
  await bystander.stillServed();
  for (const socket of sockets) socket.destroy();
  await eventually('all to be gone', () => server.getClients().size === 1, 10_000);
  expect(server.metrics().unfinishedBytes).toBe(0);
  expect(memory.grown).toBeLessThan(32 * MIB);
});

test.each([
  ['with takeover', takeover],
  ['without takeover', noTakeover],
])('20 000 messages at once are compressed and inflated in bounded memory, %s', async (_name, deflate) => {
  const { client, peer } = await connectPair({ perMessageDeflate: deflate }, { perMessageDeflate: deflate });
  const text = JSON.stringify({ id: 17, text: noise(500).toString('hex') });
  const run = async (): Promise<void> => {
    let received = 0;
    const onMessage = (): void => void received++;
    peer.on('message', onMessage);
    for (let i = 0; i < 20_000; i++) {
      client.send(text);
      if (!client.canSendMore) await client.drain();
    }
    await eventually('all of them', () => received === 20_000, 60_000);
    peer.off('message', onMessage);
  };
  // Its log keeps what it sees.
  peer.setOnMessageCallback(undefined);
  await run();
  const memory = new MemoryWatch();
  await run();
  expect(memory.peak).toBeLessThan(96 * MIB);
});

test('while a long message is compressed for a send with progress, others are served', async () => {
  const options = { perMessageDeflate: takeover, maxMessageSize: 64 * MIB };
  const { client, peer } = await connectPair(options, options);
  const { url } = await startGuardedServer({ perMessageDeflate: true });
  const bystander = await Bystander.join(url);
  const done = new Promise((resolve) => peer.on('message', resolve));
  const content = Buffer.concat(Array.from({ length: 40 }, () => noise(MIB >> 1)));
  bystander.slowestMs = 0;
  expect(await client.send(content, () => true)).toMatchObject({ success: true });
  // All of it at once would be a second.
  expect(bystander.slowestMs).toBeLessThan(patient(500));
  await done;
  await bystander.stillServed();
});

test.each(victims)('a %s is given up by a million pings of a peer that does not read', async (victim) => {
  const { raw, connection, bystander, closed, frame: framed } = await attack(victim);
  raw.socket.pause();
  await eventually('the socket to be full', () => {
    connection.send(Buffer.alloc(MIB));
    connection.flush();
    return connection.bufferedAmount() > MIB;
  });
  const memory = new MemoryWatch();
  const thousand = Buffer.concat(Array.from({ length: 1000 }, () => framed({ opcode: 9, payload: 'p'.repeat(100) })));
  for (let i = 0; i < 1000 && raw.socket.writable; i++) raw.write(thousand);
  expect(await closed).toMatchObject({ code: 1008 });
  await bystander.stillServed();
  raw.socket.destroy();
  expect(memory.grown).toBeLessThan(4 * MIB);
});

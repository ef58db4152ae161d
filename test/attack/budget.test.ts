import net from 'node:net';
import { expect, onTestFinished, test } from 'vitest';
import { startGuardedServer } from '../support/attacked.ts';
import { compressed } from '../support/bomb.ts';
import { Bystander } from '../support/bystander.ts';
import { eventually, turns } from '../support/eventually.ts';
import { frame, RFC_MASK } from '../support/frames.ts';
import { MemoryWatch } from '../support/memory-watch.ts';
import { upgradeRequest } from '../support/raw-peer.ts';

const KIB = 1024;
const MIB = 1024 * KIB;

const offer = { 'Sec-WebSocket-Extensions': 'permessage-deflate; client_max_window_bits' };

interface Crowd {
  readonly sockets: readonly net.Socket[];
  /** How many ended with each close code; those that are open are not among them. */
  readonly closes: Map<number, number>;
}

/** Clients that send the same behind their request, and then nothing. */
async function crowd(port: number, count: number, behind: Buffer, fields: Record<string, string>): Promise<Crowd> {
  const closes = new Map<number, number>();
  const bytes = Buffer.concat([Buffer.from(upgradeRequest(fields), 'latin1'), behind]);
  const sockets: net.Socket[] = [];
  onTestFinished(() => {
    for (const socket of sockets) socket.destroy();
  });
  for (let i = 0; i < count; i++) {
    const socket = net.connect({ port, host: '127.0.0.1' });
    sockets.push(socket);
    let last: Buffer = Buffer.alloc(0);
    socket.on('error', () => undefined);
    socket.on('data', (chunk) => (last = chunk));
    socket.on('end', () => {
      const at = last.lastIndexOf(0x88);
      const code = last.readUInt16BE(at + 2);
      closes.set(code, (closes.get(code) ?? 0) + 1);
    });
    socket.write(bytes);
    if (i % 50 === 49) await new Promise((resolve) => socket.once('connect', resolve));
  }
  return { sockets, closes };
}

function leave({ sockets }: Crowd): void {
  for (const socket of sockets) socket.resetAndDestroy();
}

const part = { opcode: 2, fin: false, payload: Buffer.alloc(18 * KIB, 1), mask: RFC_MASK };

test.each([
  [1000, 'unfinished', frame(part), {}],
  [300, 'compressed and unfinished', frame({ ...part, rsv: 4 }), offer],
  [300, 'merely announced', frame({ opcode: 2, declare: BigInt(MIB), payload: 'x', mask: RFC_MASK }), {}],
])('%i messages that are %s stay within maxUnfinishedBytes, which they share', async (count, _name, behind, fields) => {
  const limit = count * 8 * KIB;
  const { server, port, url } = await startGuardedServer({ maxUnfinishedBytes: limit, perMessageDeflate: true });
  const bystander = await Bystander.join(url);
  const memory = new MemoryWatch();
  const attackers = await crowd(port, count, behind, fields);
  const refused = (): number => [...attackers.closes.values()].reduce((sum, closed) => sum + closed, 0);
  await eventually('all to be judged', () => server.getClients().size + refused() >= count + 1, 8000);
  await turns(5);
  expect([...attackers.closes.keys()]).toEqual([1013]);
  expect(refused()).toBeGreaterThan(count / 4);
  // A claim of a MiB alone keeps nobody out when memory is tight.
  expect(refused()).toBeLessThan(count * 0.9);
  expect(server.metrics().unfinishedBytes).toBeLessThanOrEqual(limit);
  expect(server.metrics().unfinishedBytes).toBeGreaterThan(limit / 2);
  // With what the sockets of both ends take in this process.
  expect(memory.grown).toBeLessThan(limit + count * 24 * KIB);
  await bystander.stillServed();
  leave(attackers);
  await eventually('all to be gone', () => server.getClients().size === 1);
  expect(server.metrics().unfinishedBytes).toBe(0);
});

test('300 clients with context takeover share maxUnfinishedBytes for their inflaters', async () => {
  const count = 300;
  const limit = 4 * MIB;
  const perInflater = 44 * KIB;
  const takeover = { clientNoContextTakeover: false, serverNoContextTakeover: true };
  const { server, port, url } = await startGuardedServer({ maxUnfinishedBytes: limit, perMessageDeflate: takeover });
  const bystander = await Bystander.join(url, { perMessageDeflate: false });
  const behind = frame({ opcode: 1, rsv: 4, payload: compressed('inflate me'), mask: RFC_MASK });
  const attackers = await crowd(port, count, behind, offer);
  const expected = Math.floor(limit / perInflater);
  await eventually('all to be judged', () => attackers.closes.get(1013) === count - expected, 8000);
  expect(server.metrics().unfinishedBytes).toBe(expected * perInflater);
  await bystander.stillServed();
  leave(attackers);
  await eventually('all to be gone', () => server.getClients().size === 1);
  expect(server.metrics().unfinishedBytes).toBe(0);
});

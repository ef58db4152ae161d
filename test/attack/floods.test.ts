import { describe, expect, test } from 'vitest';
import { type Attacked, attack, closeFrameOf, victims } from '../support/attacked.ts';
import { eventually } from '../support/eventually.ts';
import { MemoryWatch } from '../support/memory-watch.ts';

const MIB = 1024 * 1024;
const BURST = 200;
const FLOOD = 100_000;

/** Sends everything whatever happens, and does not wait to be read. */
function pour({ raw, frame }: Attacked, opcode: number, payload: string): void {
  const one = frame({ opcode, payload });
  const thousand = Buffer.concat(Array.from({ length: 1000 }, () => one));
  for (let i = 0; i < FLOOD / 1000; i++) raw.write(thousand);
}

/** Lets our side send until the kernel takes no more: from then on what it sends waits in this process. */
async function stall({ raw, connection }: Attacked): Promise<void> {
  raw.socket.pause();
  await eventually('the socket to be full', () => {
    connection.send(Buffer.alloc(MIB));
    connection.flush();
    return connection.bufferedAmount() > MIB;
  });
}

describe.each(victims)('a flood for a %s', (victim) => {
  test.each([
    ['pings', 9, ''],
    ['pings of 125 bytes', 9, 'p'.repeat(125)],
    ['pongs that nobody asked for', 10, ''],
  ])('of %s is closed with 1008, and answered within bounds', async (_name, opcode, payload) => {
    const attacked = await attack(victim);
    const { raw, bystander, closed, errors } = attacked;
    const memory = new MemoryWatch();
    pour(attacked, opcode, payload);
    expect(await closeFrameOf(raw)).toBe('1008 Too many control frames');
    const pongs = raw.framesSoFar().filter(({ first }) => first === 0x8a);
    // A few more than the burst, since the allowance fills up again while they arrive.
    if (opcode === 9) expect(pongs.length).toBeGreaterThanOrEqual(BURST);
    expect(pongs.length).toBeLessThan(opcode === 9 ? BURST + 200 : 1);
    raw.socket.destroy();
    expect(await closed).toMatchObject({ code: 1008, remote: false, layer: 'websocket' });
    await bystander.stillServed();
    expect(errors).toEqual([]);
    expect(memory.grown).toBeLessThan(2 * MIB);
  });

  test('of pings by a peer that does not read piles up no pongs, and ends', async () => {
    const attacked = await attack(victim, { closeTimeoutSecs: 0.2 });
    const { raw, connection, bystander, closed } = attacked;
    await stall(attacked);
    const waiting = connection.bufferedAmount();
    let most = 0;
    connection.on('ping', () => (most = Math.max(most, connection.bufferedAmount())));
    pour(attacked, 9, 'p'.repeat(125));
    expect(await closed).toMatchObject({ code: 1008, remote: false, layer: 'websocket' });
    // Not one of two hundred is in the queue.
    expect(most).toBeLessThanOrEqual(waiting + 131);
    await bystander.stillServed();
    raw.socket.destroy();
  });

  test('of pings is none when the pings are few at a time', async () => {
    const { raw, connection, bystander, frame } = await attack(victim);
    for (let i = 0; i < BURST; i++) raw.write(frame({ opcode: 9, payload: `${i}` }));
    const frames = await raw.frames(BURST);
    expect(frames.map(({ payload }) => payload.toString())).toEqual(Array.from({ length: BURST }, (_, i) => `${i}`));
    expect(connection.getReadyState()).toBe('open');
    await bystander.stillServed();
  });
});

import { describe, expect, test } from 'vitest';
import { type Attacked, attack, victims } from '../support/attacked.ts';
import { noise } from '../support/deflate-pair.ts';
import { eventually, turns } from '../support/eventually.ts';
import { MemoryWatch } from '../support/memory-watch.ts';
import { patient } from '../support/patience.ts';

const KIB = 1024;
const MIB = 1024 * KIB;
const extensions = 'permessage-deflate; server_no_context_takeover; client_no_context_takeover';
const perMessageDeflate = { clientNoContextTakeover: true, serverNoContextTakeover: true, threshold: 0 };

/** Half a MiB that does not shrink. */
const dense = noise(512 * KIB);

/** Sends the same again and again until it is refused and the kernel takes no more either. */
async function fill({ connection }: Attacked, data: Buffer): Promise<void> {
  let sent = 0;
  let refusedInARow = 0;
  await eventually('the buffer to be full', () => {
    for (let i = 0; i < 100; i++) {
      const info = connection.send(data);
      if (!info.success) {
        expect(info.code).toBe('bufferFull');
        return ++refusedInARow > 5;
      }
      refusedInARow = 0;
      // Many times what may be buffered, and what the kernel takes.
      if (++sent > 1000) throw new Error('nothing is refused');
    }
    return false;
  });
}

describe.each(victims)('a peer of a %s that never reads fills maxBufferedBytes', (victim) => {
  test.each([['plain', false], ...(victim === 'server' ? [['compressed', true] as const] : [])] as const)(
    'costs what may be buffered and no more, %s',
    async (_name, isCompressed) => {
      const limit = MIB;
      const options = isCompressed ? { perMessageDeflate, extensions } : {};
      const attacked = await attack(victim, {
        maxBufferedBytes: limit,
        highWaterMark: limit / 2,
        closeTimeoutSecs: 0.1,
        ...options,
      });
      const { raw, connection, bystander, closed } = attacked;
      raw.socket.pause();
      const memory = new MemoryWatch();
      const piece = dense.subarray(0, 64 * KIB);
      await fill(attacked, piece);
      expect(connection.bufferedAmount()).toBeLessThanOrEqual(limit + piece.length);
      expect(connection.bufferedAmount()).toBeGreaterThan(limit - 2 * piece.length);
      expect(connection.canSendMore).toBe(false);
      await bystander.stillServed();
      expect(memory.grown).toBeLessThan(2 * limit);
      connection.close();
      expect(await closed).toMatchObject({ code: 1006 });
      expect(memory.grown).toBeLessThan(MIB);
    },
  );

  test('and talks all the time gets no more answers than may be buffered', async () => {
    const limit = MIB;
    const attacked = await attack(victim, { maxBufferedBytes: limit });
    const { raw, connection, bystander, received, frame } = attacked;
    raw.socket.pause();
    let refused = 0;
    let most = 0;
    connection.on('message', (message) => {
      if (!connection.send(message.data).success) refused++;
      most = Math.max(most, connection.bufferedAmount());
    });
    const memory = new MemoryWatch();
    const bytes = frame({ opcode: 2, payload: Buffer.alloc(64 * KIB, 7) });
    await eventually('answers to be refused', () => {
      if (raw.socket.writableLength < 4 * MIB) for (let i = 0; i < 16; i++) raw.write(bytes);
      return refused > 100 || received.messages > 2000;
    });
    expect(refused).toBeGreaterThan(100);
    expect(most).toBeLessThanOrEqual(limit + 64 * KIB);
    await bystander.stillServed();
    raw.socket.destroy();
    await eventually('the end', () => connection.getReadyState() === 'closed');
    expect(memory.grown).toBeLessThan(2 * MIB);
  });
});

describe.each(victims)('a peer of a %s that does not let it close within closeTimeoutSecs', (victim) => {
  test('answers no close frame, and talks on and on', async () => {
    const { raw, connection, bystander, closed, received, frame } = await attack(victim, { closeTimeoutSecs: 0.1 });
    const noise = Buffer.concat(Array.from({ length: 50 }, () => frame({ opcode: 1, payload: 'still here' })));
    const talking = setInterval(() => raw.write(noise), 1);
    try {
      await eventually('messages', () => received.messages > 50);
      const start = performance.now();
      connection.close(3000, 'enough');
      const before = received.messages;
      expect(await closed).toMatchObject({ code: 1006, remote: false, layer: 'transport' });
      expect(performance.now() - start).toBeLessThan(patient(2000));
      expect(received.messages).toBe(before);
      await raw.closed();
    } finally {
      clearInterval(talking);
    }
    await bystander.stillServed();
  });

  test('answers with a close frame, and then talks on and never ends the stream', async () => {
    const { raw, connection, bystander, closed, frame } = await attack(victim, { closeTimeoutSecs: 0.1 });
    connection.close(3000, 'enough');
    await raw.frames(1);
    raw.write(frame({ opcode: 8, payload: Buffer.from([0x0b, 0xb8]) }));
    const talking = setInterval(() => raw.write(Buffer.alloc(1000, 0xff)), 1);
    try {
      expect(await closed).toMatchObject({ code: 3000, remote: false, layer: 'websocket' });
      await raw.closed();
    } finally {
      clearInterval(talking);
    }
    await bystander.stillServed();
  });

  test('breaks the protocol, and then talks on and neither reads nor ends the stream', async () => {
    const { raw, bystander, closed, frame } = await attack(victim, { closeTimeoutSecs: 0.1 });
    raw.socket.pause();
    raw.write(frame({ opcode: 3 }));
    const talking = setInterval(() => raw.write(frame({ opcode: 1, payload: 'x'.repeat(1000) })), 1);
    try {
      expect(await closed).toMatchObject({ code: 1002, remote: false, layer: 'websocket' });
      raw.socket.resume();
      await raw.closed();
    } finally {
      clearInterval(talking);
    }
    await bystander.stillServed();
  });

  test('ends its stream, and never reads what is left for it', async () => {
    const attacked = await attack(victim, { closeTimeoutSecs: 0.1 });
    const { raw, connection, bystander, closed } = attacked;
    raw.socket.pause();
    for (let i = 0; i < 20; i++) connection.send(dense);
    await turns(2);
    raw.socket.end();
    expect(await closed).toMatchObject({ code: 1006, remote: true, layer: 'transport' });
    await bystander.stillServed();
  });
});

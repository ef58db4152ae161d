import { describe, expect, test } from 'vitest';
import { attack, closeFrameOf, victims } from '../support/attacked.ts';
import { compressed } from '../support/bomb.ts';
import { eventually, turns } from '../support/eventually.ts';
import { MemoryWatch } from '../support/memory-watch.ts';

const KIB = 1024;
const MIB = 1024 * KIB;
const FRAGMENTS = 131_000;
const extensions = 'permessage-deflate; server_no_context_takeover; client_no_context_takeover';
const perMessageDeflate = { clientNoContextTakeover: true, serverNoContextTakeover: true };

describe.each(victims)('tiny fragments for a %s, which has maxFragments', (victim) => {
  test('131 000 of one byte are held in less than twice their payload, and are the message', async () => {
    const { raw, bystander, received, frame } = await attack(victim);
    const middle = frame({ opcode: 0, fin: false, payload: 'x' });
    const thousand = Buffer.concat(Array.from({ length: 1000 }, () => middle));
    const memory = new MemoryWatch();
    raw.write(frame({ opcode: 2, fin: false, payload: 'x' }));
    for (let i = 0; i < FRAGMENTS / 1000; i++) raw.write(thousand);
    await eventually('all to be sent', () => raw.socket.writableLength === 0);
    await turns(20);
    await bystander.stillServed();
    expect(received.messages).toBe(0);
    // The sender lives here too, and has a few hundred pieces of 7 KB to remember.
    expect(memory.grown).toBeLessThan(600_000);
    raw.write(frame({ opcode: 0, payload: 'x' }));
    await eventually('the message', () => received.messages === 1);
    expect(received.bytes).toBe(FRAGMENTS + 2);
  });

  test.each([
    ['empty ones', '', 'no pings'],
    ['of one byte', 'x', 'no pings'],
    ['empty ones, with pings', '', 'pings'],
  ])('%s without end are closed with 1008', async (_name, payload, pings) => {
    const { raw, bystander, closed, received, frame } = await attack(victim, { maxFragments: 5000 });
    const ping = frame({ opcode: 9, payload: 'p' });
    const middle = frame({ opcode: 0, fin: false, payload });
    const hundred = Buffer.concat(Array.from({ length: 100 }, () => middle));
    raw.write(frame({ opcode: 1, fin: false, payload }));
    const knock = setInterval(() => {
      for (let i = 0; i < 5; i++)
        if (raw.socket.writable) raw.write(pings === 'pings' && i === 0 ? Buffer.concat([ping, hundred]) : hundred);
    }, 1);
    try {
      expect(await closeFrameOf(raw)).toBe('1008 Too many fragments');
      raw.socket.end();
      expect(await closed).toMatchObject({ code: 1008, remote: false, layer: 'websocket' });
    } finally {
      clearInterval(knock);
    }
    expect(received.messages).toBe(0);
    await bystander.stillServed();
  });

  test('of a compressed message are counted as well', async () => {
    const { raw, closed, frame } = await attack(victim, { maxFragments: 1000, perMessageDeflate, extensions });
    const middle = frame({ opcode: 0, fin: false });
    raw.write(frame({ opcode: 1, rsv: 4, fin: false }));
    raw.write(Buffer.concat(Array.from({ length: 1000 }, () => middle)));
    expect(await closeFrameOf(raw)).toBe('1008 Too many fragments');
    raw.socket.end();
    expect(await closed).toMatchObject({ code: 1008 });
  });

  test('that together are too long are closed with 1009, before the one that is too much', async () => {
    const { raw, closed, received, frame } = await attack(victim, { maxMessageSize: MIB });
    const memory = new MemoryWatch();
    raw.write(frame({ opcode: 2, fin: false, payload: Buffer.alloc(600 * KIB) }));
    // Nothing but the header of it.
    raw.write(frame({ opcode: 0, fin: false, declare: BigInt(424 * KIB + 1) }));
    expect(await closeFrameOf(raw)).toBe('1009 Message too big');
    raw.socket.end();
    expect(await closed).toMatchObject({ code: 1009 });
    expect(received.messages).toBe(0);
    expect(memory.grown).toBeLessThan(2 * MIB);
  });
});

describe.each(victims)('one byte in each TCP segment for a %s', (victim) => {
  test.each(['plain', 'compressed'])('is a message in the end, and costs no memory: %s', async (form) => {
    const isCompressed = form === 'compressed';
    const { raw, connection, bystander, received, frame } = await attack(victim, { perMessageDeflate, extensions });
    let reads = 0;
    connection.on('fragment', () => reads++);
    const length = 40 * KIB;
    const content = Buffer.alloc(length, 'abcdefghijklmnopqrstuvwxyz0123456789');
    const payload = isCompressed ? compressed(content) : content;
    const bytes = Buffer.concat([
      frame({ opcode: 1, rsv: isCompressed ? 4 : 0, fin: false, payload: payload.subarray(0, -1) }),
      frame({ opcode: 0, payload: payload.subarray(-1) }),
    ]);
    // What is longer than 32 KiB reports its progress at each read, so that these can be counted.
    const together = Math.max(0, bytes.length - 2500);
    raw.write(bytes.subarray(0, together));
    await turns(3);
    const memory = new MemoryWatch();
    for (let at = together; at < bytes.length; at++) {
      raw.write(bytes.subarray(at, at + 1));
      if (at % 4 === 0) await turns(1);
      else await new Promise<void>((resolve) => process.nextTick(resolve));
    }
    await eventually('the message', () => received.messages === 1);
    expect(received.bytes).toBe(length);
    if (!isCompressed) expect(reads).toBeGreaterThan(500);
    await bystander.stillServed();
    expect(memory.grown).toBeLessThan(MIB);
  });
});

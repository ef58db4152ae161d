import { expect, test } from 'vitest';
import { attack, closeFrameOf, victims } from '../support/attacked.ts';
import { MemoryWatch } from '../support/memory-watch.ts';

const MIB = 1024 * 1024;
const extensions = 'permessage-deflate; server_no_context_takeover; client_no_context_takeover';
const perMessageDeflate = { clientNoContextTakeover: true, serverNoContextTakeover: true };

const lengths = [
  ['2^24 + 2^15', 2n ** 24n + 2n ** 15n, 64, 1009],
  ['2^31', 2n ** 31n, 64, 1009],
  ['2^32 - 1', 2n ** 32n - 1n, 64, 1009],
  ['2^32 + 1, which is 1 in 32 bits', 2n ** 32n + 1n, 64, 1009],
  ['2^53', 2n ** 53n, 64, 1009],
  ['2^53 + 1, which no number can be', 2n ** 53n + 1n, 64, 1009],
  ['2^63 - 1', 2n ** 63n - 1n, 64, 1009],
  ['2^63', 2n ** 63n, 64, 1002],
  ['2^64 - 1', 2n ** 64n - 1n, 64, 1002],
  ['125 in 16 bits', 125n, 16, 1002],
  ['0 in 16 bits', 0n, 16, 1002],
  ['65535 in 64 bits', 65_535n, 64, 1002],
  ['0 in 64 bits', 0n, 64, 1002],
] as const;

test.each(victims)(
  'a header for a %s that declares a wrong length is closed at once, and costs nothing',
  async (victim) => {
    const memory = new MemoryWatch();
    for (const [name, declare, lengthForm, code] of lengths) {
      for (const rsv of [0, 4]) {
        const settings = { perMessageDeflate, extensions };
        const { raw, bystander, closed, received, errors, frame } = await attack(victim, settings);
        raw.write(frame({ opcode: 2, rsv, declare, lengthForm }));
        expect(await closeFrameOf(raw), name).toMatch(new RegExp(`^${code} `));
        raw.socket.end();
        expect(await closed, name).toMatchObject({ code, remote: false, layer: 'websocket' });
        expect([received.messages, errors]).toEqual([0, []]);
        await bystander.stillServed();
      }
    }
    expect(memory.peak).toBeLessThan(64 * MIB);
  },
);

test.each(victims)(
  'as much as is allowed takes a %s memory for what arrives, not for what is declared',
  async (victim) => {
    const memory = new MemoryWatch();
    for (let i = 0; i < 4; i++) {
      const { raw, bystander, frame } = await attack(victim);
      raw.write(frame({ opcode: 2, declare: BigInt(16 * MIB), payload: 'a few bytes' }));
      await bystander.stillServed();
    }
    expect(memory.grown).toBeLessThan(8 * MIB);
  },
);
